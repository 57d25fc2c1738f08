"""In which line of a TOML file a key stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.app.config.lines import line_of

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
    assert line_of(TEXT, path) == line


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
    assert {key: line_of(text, (key,)) for key in expected} == expected


def test_only_what_ends_a_line_for_toml_ends_one() -> None:
    """An editor shows the same numbers."""
    assert line_of("# a\u2028b\x85c\r\njobs = 3\n", ("jobs",)) == 2
