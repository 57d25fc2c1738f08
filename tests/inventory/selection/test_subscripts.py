"""Subscripts of a selection, and what its patterns say that take nothing or are too long."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from inventory.errors import InventoryError, SelectionError
from inventory.load import loads
from inventory.model import Fleet
from inventory.selection import evaluate, lines, patterns
from inventory.selection.select import select
from tests.inventory import texts

TEXT = """\
groups:
  web: {hosts: [web0, WEB1, web2, web3], site: paris}
  db: {hosts: [db2, db1]}
  prod: {hosts: [db3], children: {web: , db: }}
  empty: {}
hosts:
  db1: {address: db1.corp.example}
  db2: {}
  db3: {}
  web0: {tags: [front]}
  web1: {tags: [front]}
  web2: {}
  web3: {}
  lone: {}
"""
FLEET = loads((texts.HEAD + TEXT).encode(), Path("fleet.yaml"))


def chosen(
    expression: str | list[str], *, fleet: Fleet = FLEET, stdin: str = "", seconds: float = 60
) -> tuple[list[str], list[str]]:
    """Return the names of the chosen hosts, and what was said of patterns that take nothing."""
    said: list[str] = []
    hosts = select(fleet, expression, stdin=io.StringIO(stdin), unmatched=said.append, seconds=seconds)
    return [host.name for host in hosts], said


def refused(expression: str | list[str], stdin: str = "", seconds: float = 60) -> list[str]:
    """Return the problems of a selection."""
    with pytest.raises(SelectionError) as caught:
        chosen(expression, stdin=stdin, seconds=seconds)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("web[0]", ["web0"]),
        ("web[-1]", ["web3"]),
        ("web[-4]", ["web0"]),
        ("web[0:2]", ["web0", "web1", "web2"]),
        ("web[0-2]", ["web0", "web1", "web2"]),
        ("web[1:]", ["web1", "web2", "web3"]),
        ("web[2-]", ["web2", "web3"]),
        ("web[0:0]", ["web0"]),
        ("web[2:99]", ["web2", "web3"]),
        ("web[00:01]", ["web0", "web1"]),
        ("db[0]", ["db2"]),
        ("prod[0]", ["db3"]),
        ("prod[1:2]", ["web0", "web1"]),
        ("prod[-1]", ["db1"]),
        ("WEB2[0]", ["web2"]),
        ("all[0]", ["db1"]),
        ("*[-1]", ["lone"]),
        ("web*[0:1]", ["web0", "web1"]),
        ("[wd][eb]*[-1]", ["db3"]),
        ("web[0]*[0]", ["web0"]),
        ("tag=front[-1]", ["web1"]),
        ("site=par*[0:1]", ["web0", "web1"]),
        ("ungrouped[0]", ["lone"]),
        ("all:!web[-1]:!prod[0]", ["db1", "db2", "web0", "web1", "web2", "lone"]),
        ("web:&prod[0:1]", ["web0"]),
        ("lone,web[0:1],!web[0]", ["web1", "lone"]),
        ("~web[12]$", ["web1", "web2"]),
    ],
)
def test_a_subscript_takes_hosts_by_their_place(expression: str, expected: list[str]) -> None:
    """Both ends count, in the order of the group or of the file, in every term but a regular expression."""
    assert chosen(expression) == (expected, [])


CLASS = "for a class write "
NO_RANGE = (
    "is no subscript: a range begins at an index and counts both ends, `[0:B]` or `[A:]`; `[-N]` is one "
    "host, from the end"
)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("web[12]", f"`web[12]` is index 12 of web; {CLASS}`~web[12]$`: web has 4 hosts, index 0 to 3"),
        ("wbe[12]", (f"`wbe[12]` is index 12 of wbe; {CLASS}`~wbe[12]$`: no host or group is called `wbe`; "
         "did you mean `web`?")),
        ("db?[1-3]:!db*", None),
        ("web?[1.5]", "`web?[1.5]` takes no host; the nearest name is `web1`"),
        ("w?b.[4]", (f"`w?b.[4]` is index 4 of w?b.; {CLASS}`~w.b\\.[4]$`: `w?b.` takes no host; the "
         "nearest name is `web0`")),
        ("web[4:]", "`web[4:]` is index 4 to the last of web: web has 4 hosts, index 0 to 3"),
        ("web[-5]", "`web[-5]` is index -5 of web: web has 4 hosts, index 0 to 3"),
        ("web1[1]", f"`web1[1]` is index 1 of web1; {CLASS}`~web1[1]$`: web1 has 1 host, index 0"),
        ("empty[0]", f"`empty[0]` is index 0 of empty; {CLASS}`~empty[0]$`: empty has no hosts"),
        ("tag=front[2]", (f"`tag=front[2]` is index 2 of tag=front; {CLASS}`~tag=front[2]$`: tag=front has "
         "2 hosts, index 0 to 1")),
        ("web[" + "9" * 5000 + "]", None),
        ("web[" + "9" * 50 + "]", None),
        ("web[2:1]", "`web[2:1]`: the range ends before it begins"),
        ("web[:2]", f"`web[:2]` {NO_RANGE}; `web[0:2]` takes index 0 to 2"),
        ("web[-2:]", f"`web[-2:]` {NO_RANGE}"),
        ("web[-3:-1]", f"`web[-3:-1]` {NO_RANGE}"),
        ("web[0:-1]", f"`web[0:-1]` {NO_RANGE}"),
        ("web[:]", f"`web[:]` {NO_RANGE}"),
        ("web[0:1]*", ("`web[0:1]*`: a `:` in `[0:1]` is in no host's name; a subscript such as `[0:2]` "
         "stands at the end, and a class is made of letters and digits")),
        ("web[0,2]", ("`web[0,2]`: a `,` in `[0,2]` is in no host's name; a subscript such as `[0:2]` "
         "stands at the end, and a class is made of letters and digits")),
        ("web[-a]", ("`web[-a]`: a `-` in `[-a]` is in no host's name; a subscript such as `[0:2]` stands "
         "at the end, and a class is made of letters and digits")),
        ("[2001:db8::1]", "`[2001:db8::1]`: write the IPv6 address without brackets, `2001:db8::1`"),
        ("web[0", "`web[0`: a `[` with no `]` behind it, or nothing between them"),
        ("web[]", "`web[]`: a `[` with no `]` behind it, or nothing between them"),
    ],
)  # fmt: skip
def test_brackets_that_take_nothing_say_how_they_were_read(expression: str, problem: str | None) -> None:
    """An index that no host has is an error, as is what looks like a slice; None: an error,
    whatever its words.
    """
    problems = refused(expression)
    assert problem is None or problems[0] == problem


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("all:!wbe*", "`wbe*` takes no host; the nearest name is `web0`"),
        ("all:!*-oen", "`*-oen` takes no host"),
        ("web,~wbe\\d", "`~wbe\\d` takes no host; the nearest name is `web0`"),
        ("all:!empt*", "`empt*` takes no host; the nearest name is `empty`"),
        ("all:!tag=fornt*", "`tag=fornt*` takes no host; the nearest name is `front`"),
        ("all,!site=x?", "`site=x?` takes no host"),
        ("all:!wbe*[0]", None),
    ],
)
def test_a_pattern_that_takes_nothing_is_told(expression: str, said: str | None) -> None:
    """A glob, regex, tag or site glob that takes no host is told with the nearest name, in every term."""
    hosts, told = chosen(expression)
    assert hosts
    assert len(told) == 1
    assert said is None or told == [said]
    with pytest.raises(SelectionError) as caught:
        select(FLEET, expression, stdin=None)
    assert list(caught.value.problems) == told


def test_a_pattern_of_a_file_is_told_with_its_line() -> None:
    """What takes nothing in a file is said with the file's line."""
    assert chosen("-", stdin="web0\nx*\n") == (["web0"], ["standard input:2: `x*` takes no host"])


def test_an_address_leads_to_its_host() -> None:
    """Who types a host's address is told its name."""
    assert refused("db1.corp.example") == [
        "no host or group is called `db1.corp.example`; that is the address of `db1`"
    ]


def test_a_group_names_hosts_in_any_case() -> None:
    """`WEB1` in a group is the host `web1`."""
    assert FLEET.hosts["web1"].groups == ("web", "prod")


def test_a_waivers_pattern_that_takes_nothing_is_a_note() -> None:
    """Hosts leave a fleet before their waiver ends: `inventory check` says so, and nothing else does."""
    waiver = "waivers:\n  - {hosts: 'x*', verdict: drifted, reason: x, until: 2027-01-31}\n"
    fleet = loads((texts.HEAD + TEXT + waiver).encode(), Path("fleet.yaml"))
    assert fleet.waivers[0].hosts == ()
    assert fleet.remarks == ()
    assert fleet.notes == ("fleet.yaml:18: waiver: `x*` takes no host",)


def test_regular_expressions_end_in_time() -> None:
    """The time of a selection's regular expressions is over for a harmless one too where it gets none."""
    (problem,) = refused("~web.*", seconds=0)
    assert problem.startswith(
        "`~web.*` takes too long: the regular expressions of a selection get 0 s in all"
    )


def test_the_time_is_one_for_a_whole_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first regular expression spends is not there for the second."""
    clock = iter(range(1000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    (problem,) = refused("~web1,~db.*", seconds=20)
    assert problem.startswith("`~db.*` takes too long")


def test_a_slow_regular_expression_is_ended_within_one_name() -> None:
    """The time counts inside of one name too: what takes 50 ms there is ended after 5."""
    fleet = loads(
        (texts.HEAD + f"hosts: {{{'a' * 120}: {{address: a}}, web1: {{}}}}\n").encode(), Path("fleet.yaml")
    )
    with pytest.raises(SelectionError) as caught:
        chosen(r"~(.)*.*.*\1$(?<!a)", fleet=fleet, seconds=0.005)
    assert "takes too long" in caught.value.problems[0]


def test_waivers_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regular expressions of waivers are bounded together, and their mistake has the line."""
    monkeypatch.setattr(patterns.Patterns.__init__, "__defaults__", (0.0,))
    waiver = "waivers:\n  - {hosts: '~web', verdict: drifted, reason: x, until: 2027-01-31}\n"
    with pytest.raises(InventoryError) as caught:
        loads((texts.HEAD + TEXT + waiver).encode(), Path("fleet.yaml"))
    assert str(caught.value).startswith("fleet.yaml:18: waiver: `~web` takes too long")


def test_a_file_of_hosts_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or standard input that is no list of hosts is refused before it is read."""
    monkeypatch.setattr(lines, "LARGEST", 1024 * 1024)
    path = tmp_path / "hosts.txt"
    path.write_bytes(b"web0\n" * 209_716)
    assert refused(f"@{path}") == [
        f"{path}: larger than 1 MB: that is no file of hosts that people keep by hand; split it"
    ]
    assert refused("-", stdin="web0\n" * 209_716) == [
        "standard input has more than 1,024 kB: that is no list of hosts"
    ]


def test_terms_and_patterns_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many terms, too many patterns, and a term that is too long are refused with the number that is
    allowed.
    """
    monkeypatch.setattr(evaluate, "MOST_TERMS", 3)
    monkeypatch.setattr(patterns, "MOST", 2)
    assert refused("web0,web1,web2,web3") == ["a selection of more than 3 terms; name groups instead"]
    assert refused("web*,db*,l*") == [
        "more than 2 globs and regular expressions: name hosts or groups instead"
    ]
    assert refused("~" + "a" * 1000)[0].endswith(
        "has 1,001 characters, and a term at most 1,000: name hosts or groups instead, one a line in a "
        "file (`@hosts.txt`)"
    )


def test_many_mistakes_are_counted() -> None:
    """Of a long list of unknown names the first are told, and the others counted."""
    problems = refused("-", stdin="".join(f"nobody{number}\n" for number in range(500)))
    assert (len(problems), problems[-1]) == (21, "and 480 more like these")
