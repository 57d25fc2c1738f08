"""The grammar of `--limit`."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import SelectionError
from inventory.load import loads
from inventory.model import Fleet
from inventory.selection.select import select
from tests.inventory import texts

FLEET = loads((texts.HEAD + texts.CHOICE).encode(), Path("fleet.yaml"))
EVERY = ["web1", "web2", "web3", "db7", "db8", "2001:db8::5"]

Load = Callable[[str], Fleet]


def names(expression: str | list[str], stdin: str | None = None) -> list[str]:
    """Return the names of the chosen hosts."""
    stream = io.StringIO(stdin) if stdin is not None else None
    return [host.name for host in select(FLEET, expression, stdin=stream)]


def refusal(expression: str | list[str], stdin: str | None = None) -> list[str]:
    """Return the problems of a selection."""
    with pytest.raises(SelectionError) as caught:
        names(expression, stdin)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("web1", ["web1"]),
        ("all", EVERY),
        ("*", EVERY),
        ("paris", ["web1", "web2", "web3", "db7"]),
        ("paris-dmz", ["web3"]),
        ("db8:web1", ["web1", "db8"]),
        ("db8,web1", ["web1", "db8"]),
        (" db8 , web1 ,", ["web1", "db8"]),
        ("web*", ["web1", "web2", "web3"]),
        ("w[ae]b[1-2x]", ["web1", "web2"]),
        ("web[!12]", ["web3"]),
        ("w?b3", ["web3"]),
        ("par*", ["web1", "web2", "web3", "db7"]),
        ("~web[0-9]$", ["web1", "web2", "web3"]),
        ("~.*7", ["db7"]),
        ("~(web1|db8)$:web2", ["web1", "web2", "db8"]),
        ("~web1{1,1}$,db7", ["web1", "db7"]),
        ("~w[e:]b1", ["web1"]),
        ("~7", None),
        ("WEB1,Db8", ["web1", "db8"]),
        ("DB*", ["db7", "db8"]),
        ("~WEB[12]", ["web1", "web2"]),
        ("ungrouped", ["2001:db8::5"]),
        ("all:!ungrouped:!db*", ["web1", "web2", "web3"]),
        ("paris:~web[1:3]$", ["web1", "web2", "web3", "db7"]),
        ("lyon:~web\\d{1,1}$", ["web1", "web2", "web3", "db8"]),
        ("all:!~web\\d{1,2}", ["db7", "db8", "2001:db8::5"]),
        ("lyon,~web1{1,1}$,db7", ["web1", "db7", "db8"]),
        ("paris:&db*", ["db7"]),
        ("paris:&tag=prod:!web1", ["db7"]),
        ("!paris", ["db8", "2001:db8::5"]),
        ("&lyon", ["db8"]),
        ("paris:&db*:!db7", None),
        ("!db7:paris:&db*", None),
        ("!web1:paris", ["web2", "web3", "db7"]),
        ("!web1,paris", ["web2", "web3", "db7"]),
        ("tag=prod", ["web1", "db7"]),
        ("tag=pr*,tag=test", ["web1", "web2", "db7"]),
        ("site=lyon", ["db8"]),
        ("site=Paris Nord", ["web1", "web2", "web3", "db7"]),
        ("site=Par*:!db7", ["web1", "web2", "web3"]),
        ("2001:db8::5", ["2001:db8::5"]),
        ("2001:db8::5,web1", ["web1", "2001:db8::5"]),
        ("all,!2001:db8::5", ["web1", "web2", "web3", "db7", "db8"]),
        ("all:!2001:db8::5", ["web1", "web2", "web3", "db7", "db8"]),
        ("2001:db8::5:web1", ["web1", "2001:db8::5"]),
        ("2001:db8::*", ["2001:db8::5"]),
        ("web1:2001:db8::*:!db7", ["web1", "2001:db8::5"]),
        ("db8,2001:DB8::?", ["db8", "2001:db8::5"]),
        ("all:!2001:db8::*", ["web1", "web2", "web3", "db7", "db8"]),
        ("*::5", ["2001:db8::5"]),
        ("2001:db8::5,db*", ["db7", "db8", "2001:db8::5"]),
        ("web1:2001:DB8::5:!db7", ["web1", "2001:db8::5"]),
    ],
)
def test_an_expression_chooses_hosts_in_the_inventorys_order(
    expression: str, expected: list[str] | None
) -> None:
    """Each form of the grammar chooses what Ansible would; None: it matches nothing, which is an error."""
    if expected is None:
        assert refusal(expression)[-1] == f"no host matches `{expression}`"
    else:
        assert names(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("wbe1", ["no host or group is called `wbe1`; did you mean `web1`?"]),
        ("PARIS", ["no host or group is called `PARIS`; did you mean `paris`?"]),
        ("web1.corp.example", ["no host or group is called `web1.corp.example`; did you mean `web1`?"]),
        ("paris-d", ["no host or group is called `paris-d`; did you mean `paris-dmz`?"]),
        ("nobody,xerxes", ["no host or group is called `nobody`", "no host or group is called `xerxes`"]),
        (
            "nobody,paris:!web1",
            ["`paris:!web1`: in a list with commas a `:` separates nothing; write commas alone: `a,!b,&c`"],
        ),
        (
            "2001:db8::5:*,",
            [
                "`2001:db8::5:*` takes no host; the nearest name is `2001:db8::5`",
                "no host matches `2001:db8::5:*,`",
            ],
        ),
        (
            "2001:db8::5:db*",
            [
                (
                    "`2001:db8::5:db*` is a glob of addresses, or the address `2001:db8::5` and more: "
                    "separate terms by commas, `2001:db8::5,db*`, or end the glob with one, "
                    "`2001:db8::5:db*,`"
                )
            ],
        ),
        ("web1 web2", ["`web1 web2`: names are separated by commas, not by blanks"]),
        ("tags=web", ["`tags=web`: only `tag=` and `site=` choose by a value"]),
        ("web1|web2", ["`web1|web2`: no name has a `|`; a regular expression begins with `~`"]),
        (
            "web[^12]",
            ["`web[^12]`: all characters but some are `[!...]`, and a regular expression begins with `~`"],
        ),
        ("all:!pariss", ["no host or group is called `pariss`; did you mean `paris`?"]),
        ("tag=prd", ["no host has the tag `prd`; did you mean `prod`?"]),
        ("site=leon", ["no host has the site `leon`; did you mean `lyon`?"]),
        ("tag=x*", ["`tag=x*` takes no host", "no host matches `tag=x*`"]),
        ("tag=", ["a tag with no name: `tag=` needs one after it, or a glob"]),
        ("", ["an empty selection chooses nothing; leave the option out for every host"]),
        (" , ", ["an empty selection chooses nothing; leave the option out for every host"]),
        ("web1:!", ["a sign (`&` or `!`) with nothing after it"]),
        ("~(", ["`~(` is not a regular expression: missing ), unterminated subpattern at position 0"]),
        ("@nowhere", ["nowhere: no such file of hosts"]),
        ("-", ["standard input cannot be read: there is none"]),
        ("\x1b[31m", [r"`\x1b[31m`: a `[` with no `]` behind it, or nothing between them"]),
        ("@", ["an `@` with no file's name behind it"]),
        ("~", ["`~` has no regular expression behind it"]),
        ("~web{d}", ["`~web{d}`: the brace at position 3 is no count such as `{2}` or `{1,3}`"]),
        ("~[[:alpha:]]", ["`~[[:alpha:]]` is not a regular expression: Possible nested set at position 1"]),
    ],
)
def test_a_selection_that_cannot_be_used_says_why(expression: str, expected: list[str]) -> None:
    """Unknown names, empty selections, broken patterns and missing files are errors with words."""
    assert refusal(expression) == expected


def test_repeated_limits_join() -> None:
    """Several `--limit` options count as one with all their terms."""
    assert names(["paris", "!web1", "!web2"]) == ["web3", "db7"]


def test_no_limit_chooses_every_host() -> None:
    """Without a `--limit` every host is chosen."""
    assert names([]) == EVERY


def test_a_file_names_hosts_line_by_line(tmp_path: Path) -> None:
    """`@file` stands for the file's lines; blank ones and comments do not count."""
    path = tmp_path / "hosts.txt"
    path.write_text("# a comment\nweb1\n\n  db7  \nlyon:web2\n", encoding="utf-8")
    assert names(f"@{path}") == ["web1", "web2", "db7", "db8"]


def test_a_file_that_names_no_host_is_not_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in a wrong place may hold a secret: where no line of it names a host, none is shown."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pw").write_text("Zq9-Geheim: x\n", encoding="utf-8")
    (told,) = refusal("@pw")
    assert told.startswith("`@pw`: its line names no host or group of this inventory")
    assert "Geheim" not in told


def test_a_file_of_addresses_says_whose_they_are(tmp_path: Path) -> None:
    """A directory lists full names: each line says which host was meant, and none is hidden as a secret."""
    fleet = loads(
        (texts.HEAD + "hosts:\n  web1: {address: web1.corp.example}\n").encode(), Path("fleet.yaml")
    )
    path = tmp_path / "hosts.txt"
    path.write_text("WEB1.corp.example\n", encoding="utf-8")
    with pytest.raises(SelectionError) as caught:
        select(fleet, f"@{path}", stdin=None)
    words = "no host or group is called `WEB1.corp.example`; that is the address of `web1`"
    assert list(caught.value.problems) == [f"{path}:1: {words}"]


def test_a_file_of_windows_powershell_is_read(tmp_path: Path) -> None:
    """`> hosts.txt` writes UTF-16 there, with a mark and CRLF."""
    path = tmp_path / "hosts.txt"
    path.write_bytes("web1\r\nDB7\r\n".encode("utf-16"))
    assert names(f"@{path}") == ["web1", "db7"]


def test_a_mistake_in_a_file_says_its_line(tmp_path: Path) -> None:
    """An unknown name that stands in a file is said with file and line; one that was typed is not."""
    path = tmp_path / "hosts.txt"
    path.write_text("# a comment\nweb1\n!wbe2:lyon\n", encoding="utf-8")
    assert refusal(f"@{path},nobody") == [
        "no host or group is called `nobody`",
        f"{path}:3: no host or group is called `wbe2`; did you mean `web2`?",
    ]
    assert refusal("-", stdin="web1\nx\n") == ["standard input:2: no host or group is called `x`"]


def test_a_file_can_be_excluded(tmp_path: Path) -> None:
    """`!@file` takes the file's hosts out."""
    path = tmp_path / "hosts.txt"
    path.write_text("web1\nweb2\n", encoding="utf-8")
    assert names(f"paris:!@{path}") == ["web3", "db7"]


def test_standard_input_names_hosts() -> None:
    """`-` stands for the lines of standard input."""
    assert names("-", stdin="db7\nweb1\n") == ["web1", "db7"]


def test_an_empty_standard_input_chooses_nothing() -> None:
    """A pipe that brought nothing is an error and not every host."""
    assert "standard input names no host" in refusal("-", stdin="\n# nothing\n")


def test_a_file_cannot_name_a_file() -> None:
    """A selection's file does not lead to another one."""
    assert refusal("-", stdin="@other\nweb1\n") == [
        "`@other`: a file of a selection cannot name another file"
    ]


TERMS = {
    "web1": {"web1"},
    "db*": {"db7", "db8"},
    "paris": {"web1", "web2", "web3", "db7"},
    "~web": {"web1", "web2", "web3"},
    "tag=prod": {"web1", "db7"},
    "site=lyon": {"db8"},
    "all": set(EVERY),
}


@settings(deadline=None)  # a busy machine is no mistake
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "&", "!"]), st.sampled_from(sorted(TERMS))), min_size=1, max_size=6
    )
)
def test_selection_is_set_algebra(terms: list[tuple[str, str]]) -> None:
    """Unions, then intersections, then differences, whatever the order of the terms."""
    unions = [TERMS[term] for sign, term in terms if not sign]
    expected = set().union(*unions) if unions else set(EVERY)
    for sign, term in terms:
        expected = expected & TERMS[term] if sign == "&" else expected
    for sign, term in terms:
        expected = expected - TERMS[term] if sign == "!" else expected
    expression = ":".join(sign + term for sign, term in terms)
    if expected:
        assert names(expression) == [name for name in EVERY if name in expected]
    else:
        assert refusal(expression) == [
            f"no host matches `{expression[:60]}{'...' if len(expression) > 60 else ''}`"
        ]


@settings(deadline=None)  # a busy machine is no mistake
@given(st.text(max_size=30))
def test_any_expression_chooses_hosts_or_says_why(expression: str) -> None:
    """No text makes a selection fail with anything but SelectionError."""
    if re.match(r"\s*[&!]?\s*@", expression) or "@" in expression:
        expression = expression.replace("@", "")  # files are another test's
    try:
        outcome = set(names(expression)) <= set(EVERY)
    except SelectionError as error:
        outcome = bool(error.problems) and all(error.problems)
    assert outcome
