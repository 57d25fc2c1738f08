"""What commands do with `--limit`: hosts without an option, patterns that take nothing, names in any case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Scanned, fleetcheck

TEXT = """\
credentials: {ops: {username: svc, password: {from: env, name: FC_PASSWORD}}}
defaults: {credential: ops}
groups:
  paris: {hosts: [web1, web2]}
hosts:
  web1: {address: web1.corp.example}
  web2: {}
  lyo-web-01: {}
waivers:
  - {hosts: "gone*", verdict: drifted, reason: x, until: 2020-01-31}
"""
NOTHING = "`lyoo*` takes no host; the nearest name is `lyo-web-01`\n"

Write = Callable[[str], Path]


@pytest.fixture
def inventory(inventory_file: Write) -> str:
    """Write an inventory of three hosts; its path."""
    return str(inventory_file(TEXT))


@pytest.mark.parametrize(
    "words",
    [
        ("web1", "WEB2"),
        ("paris[0:1]",),
        ("--limit", "web1", "-l", "web2"),
        ("all:!lyo*",),
        ("!lyo-web-01",),
    ],
)
def test_hosts_without_an_option_are_a_limit(inventory: str, words: tuple[str, ...]) -> None:
    """`scan HOST...` takes what `scan --limit HOST` takes, the whole grammar."""
    ended = fleetcheck("scan", "-i", inventory, "--list-hosts", *words)
    assert (ended.code, ended.out, ended.err) == (0, "web1\nweb2\n", "")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("web[0:2]", ["web0", "web1", "web2"]),
        ("web[1:]", ["web1", "web2", "web3"]),
        ("web[-1]", ["web3"]),
        ("all:!web[-1]:!laptop*", ["web0", "web1", "web2"]),
        ("laptop*[0:1]", ["laptop0001", "laptop0002"]),
        ("web[12]", []),
    ],
)
def test_a_slice_of_an_imported_group_is_ansibles(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    """A first wave by place is the one that Ansible would take,
    or none (Ansible's issues 4620, 9670, 13043).
    """
    ini = "[web]\nweb0\nweb1\nweb2\nweb3\n[site]\nlaptop[0001:1000]\n[all:vars]\nansible_connection=winrm\n"
    (tmp_path / "hosts.ini").write_text(ini, encoding="utf-8")
    assert fleetcheck("inventory", "import", "hosts.ini", "-o", "fleet.yaml").code == 0
    ended = fleetcheck("scan", "--list-hosts", "--limit", pattern)
    assert (ended.code, ended.out.split()) == (0 if expected else 2, expected)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("web1", "--limit", "web2"), "hosts are named twice, as 'web1' and by --limit 'web2'"),
        (("web1", "--resume", "1"), "leave the hosts out"),
        (("wbe1",), "no host or group is called `wbe1`; did you mean `web1`?"),
        (("web1.corp.example",), "that is the address of `web1`"),
        (("web1", "--no-match", "maybe"), "'maybe' is not one of 'ok', 'warn', 'error'"),
        (("paris[2]",), "index 2 of paris; for a class write `~paris[2]$`"),
    ],
)
def test_a_scan_refuses_hosts_with_words(inventory: str, words: tuple[str, ...], told: str) -> None:
    """Hosts in two places, and names that nobody has, are exit code 2 before anything is asked."""
    ended = fleetcheck("scan", "-i", inventory, *words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


@pytest.mark.parametrize(
    ("command", "words", "environment", "said"),
    [
        ("scan --list-hosts", (), None, f"warning: {NOTHING}"),
        ("scan --list-hosts", ("--quiet",), None, ""),
        ("scan --list-hosts", ("--no-match", "ok"), None, ""),
        ("scan --list-hosts", (), "ok", ""),
        ("scan --list-hosts", ("--no-match", "warn"), "ok", f"warning: {NOTHING}"),
        ("inventory list", (), None, f"warning: {NOTHING}"),
        ("inventory list", (), "ok", ""),
    ],
)
def test_a_pattern_that_takes_nothing_is_a_warning(
    inventory: str,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    words: tuple[str, ...],
    environment: str | None,
    said: str,
) -> None:
    """What only looks at hosts goes on, and says so unless that is allowed or `--quiet` is given."""
    if environment is not None:
        monkeypatch.setenv("FLEETCHECK_NO_MATCH", environment)
    ended = fleetcheck(*command.split(), "-i", inventory, "--limit", "all:!lyoo*", *words)
    assert (ended.code, ended.err) == (0, said)
    assert "lyo-web-01" in ended.out


@pytest.mark.parametrize("words", [("repin", "plan"), ("scan", "--list-hosts", "--no-match", "error")])
def test_a_plan_takes_no_pattern_that_takes_nothing(inventory: str, words: tuple[str, ...]) -> None:
    """`all:!lyoo*` would plan Lyon's hosts: exit code 2, with the nearest name and what allows it."""
    ended = fleetcheck(*words, "-i", inventory, "--limit", "all:!lyoo*")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"fleetcheck: {NOTHING}fleetcheck: where that is meant: --no-match ok\n"


@pytest.mark.parametrize("allowed", ["option", "environment"])
def test_a_plan_takes_it_where_that_is_allowed(
    scanned: Scanned, monkeypatch: pytest.MonkeyPatch, allowed: str
) -> None:
    """`--no-match ok`, or its variable, lets a plan go on without a word about the pattern."""
    if allowed == "environment":
        monkeypatch.setenv("FLEETCHECK_NO_MATCH", "ok")
    words = ("--no-match", "ok") if allowed == "option" else ()
    ended = fleetcheck("repin", "plan", *scanned.options, "--limit", "lyo-mail-02,gone*", *words)
    assert (ended.code, "gone" in ended.err) == (0, False)


@pytest.mark.parametrize("name", ["`nobody", "tag=x", "web9"])
def test_no_match_allows_no_unknown_name(inventory: str, name: str) -> None:
    """A name, tag or site that nothing has is an error whatever `--no-match` says."""
    ended = fleetcheck("scan", "-i", inventory, "--list-hosts", "--no-match", "ok", "--limit", f"all:!{name}")
    assert (ended.code, ended.out) == (2, "")


def test_a_waivers_pattern_that_takes_nothing_is_a_remark_of_the_check(inventory: str) -> None:
    """`inventory check` remarks it; a scan and a list say nothing, of its end neither."""
    remark = f"remark: {inventory}:10: waiver: `gone*` takes no host\n"
    assert fleetcheck("inventory", "check", inventory).err == remark
    assert "takes no host" in fleetcheck("inventory", "check", inventory, "--json").out
    assert fleetcheck("inventory", "list", "-i", inventory).err == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("inventory", "show", "wbe1"), "did you mean web1?"),
        (("inventory", "show", "lyo"), "did you mean lyo-web-01?"),
        (("inventory", "show", "WEB1.corp.example"), "that is the address of web1"),
        (("inventory", "show", "paris"), "it is a group: fleetcheck inventory list --limit paris"),
    ],
)
def test_an_unknown_host_is_told_with_what_was_meant(
    inventory: str, words: tuple[str, ...], told: str
) -> None:
    """A near name, the host of an address, or how a group's hosts are listed."""
    ended = fleetcheck(*words, "-i", inventory)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_an_inventorys_host_is_shown_whatever_its_case(inventory: str) -> None:
    """Windows names have no case."""
    assert fleetcheck("inventory", "show", "WEB1", "-i", inventory).out.startswith(
        "address\tweb1.corp.example\n"
    )


@pytest.mark.parametrize(
    "words", [("PAR-web-01",), ("Par-Web-01", "--scan", "1"), ("PAR-WEB-01", "--history")]
)
def test_a_stored_host_is_shown_whatever_its_case(scanned: Scanned, words: tuple[str, ...]) -> None:
    """The database's spelling is found by any; the screen is the same."""
    database = ("--db", str(scanned.database))
    expected = fleetcheck("show", "par-web-01", *words[1:], *database)
    assert fleetcheck("show", *words, *database) == expected
    assert expected.code == 0


def test_a_number_is_told_as_a_scans(scanned: Scanned) -> None:
    """`show 1` means a scan to many."""
    ended = fleetcheck("show", "1", "--db", str(scanned.database))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith("has no host '1'; for scan 1: fleetcheck show --scan 1\n")


def test_two_ways_to_show_results_are_one_too_many() -> None:
    """`--json` won in silence, and whoever typed `--table` waited for a table."""
    ended = fleetcheck("scans", "--json", "--table")
    assert (ended.code, ended.out) == (2, "")
    assert "--json shows the results in another way: leave one of them out" in ended.err
