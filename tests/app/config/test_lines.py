"""In which line of a TOML file a key stands."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.app.config.lines import Lines, deepest

TEXT = '''# a comment
jobs = 3

inventory = [
  "a.yaml",   # jobs = 4
  "b.yaml",
]
"pace" = 5
text = """
probe = "full"
"""
[repin]   # with a remark
batch = "1"
'max_failed' = 3
[notify.ops]
url = "x"
[report]
by = "site"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("jobs",), 2),
        (("inventory",), 4),
        (("pace",), 8),
        (("text",), 9),
        (("probe",), 0),
        (("repin",), 12),
        (("repin", "batch"), 13),
        (("repin", "max_failed"), 14),
        (("notify",), 15),
        (("notify", "ops"), 15),
        (("notify", "ops", "url"), 16),
        (("report", "by"), 18),
        (("report", "none"), 0),
    ],
)
def test_a_keys_line_is_where_its_statement_begins(path: tuple[str, ...], line: int) -> None:
    """Quoted or not, over several lines, in a table; what only looks like a key is none."""
    assert Lines(TEXT).line_of(path) == line


@given(
    st.lists(
        st.sampled_from(["", "# remark", "a{} = 1", 'b{} = """\nx = 1\n"""', "c{} = [\n1,\n\n2]"]),
        max_size=12,
    )
)
def test_every_statement_is_found(statements: list[str]) -> None:
    """In whatever order comments, texts and lists come."""
    text, expected = "", {}
    for number, statement in enumerate(statements):
        if "{}" in statement:
            expected[f"{statement[0]}{number}"] = text.count("\n") + 1
        text += statement.replace("{}", str(number)) + "\n"
    lines = Lines(text)
    assert {key: lines.line_of((key,)) for key in expected} == expected


def test_only_what_ends_a_line_for_toml_ends_one() -> None:
    """An editor shows the same numbers."""
    assert Lines("# a\u2028b\x85c\r\njobs = 3\n").line_of(("jobs",)) == 2


@pytest.mark.parametrize(
    "text",
    [
        'a = """x"""""\nb = 1',
        "a = '''\n#'\n'''\nb = 1",
        'a = "\\\\" # "\nb = 1',
        "a = [ # ]\n]\nb = 1",
        'a = {c.d = "}", e = [1, 2]}\nb = 1',
        '"a\\u005b" = 1\nb = 1',
    ],
)
def test_signs_within_a_text_or_a_remark_end_no_statement(text: str) -> None:
    """Three quotes and more, escapes, brackets in remarks and in keys."""
    assert Lines(text).line_of(("b",)) == text.count("\n") + 1


def test_keys_between_braces_and_below_dots_have_the_line_of_their_statement() -> None:
    """At every level of it."""
    lines = Lines("x = 1\na.b = {c = {d = 1}}\n[[t]]\ny = 1\n[u.v]\nw.z = 1\n")
    found = [lines.line_of(path.split(".")) for path in ("a", "a.b.c.d", "t", "u", "u.v.w.z", "a.c")]
    assert found == [2, 2, 3, 5, 6, 0]


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize(
    "make",
    [
        lambda count: "a = [\n" + "1,\n" * count + "]\n",
        lambda count: "\n".join(f"k{number} = 1" for number in range(count)),
        lambda count: f"[{'.'.join('a' * count)}]\n" + "\n".join(f"k{number} = 1" for number in range(99)),
    ],
    ids=["a value of many lines", "many keys", "a deep head"],
)
def test_a_file_is_gone_over_once(make: Callable[[int], str], size: int) -> None:
    """Four times the text takes four times the calls, however it is laid out."""
    text = make(2_000 * size)
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        lines = Lines(text)
        for number in range(0, 2_000 * size, 10):
            lines.line_of((f"k{number}",))
    finally:
        sys.setprofile(None)
    assert calls < 100 * 2_000 * size


@pytest.mark.parametrize("part", ['"\\', '"""\\', "'''\\", "'", '"'])
def test_texts_without_an_end_are_gone_over_once(part: str) -> None:
    """In a file as large as one may be the line is found in a moment, also where the rest is no TOML."""
    begun = time.process_time()
    assert deepest(f"jobs = 1\na = [[[1]]]\nb = {part * 60_000}") == 2
    assert time.process_time() - begun < 5
