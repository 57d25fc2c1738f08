"""`fleetcheck show` and `fleetcheck scans`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Scanned, fleetcheck


def shown(scanned: Scanned, *words: str) -> str:
    """Run `show` on the scanned database; it has to end well."""
    ended = fleetcheck("show", *words, "--db", str(scanned.database))
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def test_a_host_is_shown_as_plain_records(scanned: Scanned) -> None:
    """Down a pipe, a host's report has a record per fact, and its kind in the first field."""
    rows = [line.split("\t") for line in shown(scanned, "mad-mail-02").splitlines()]
    assert rows[0][:2] == ["verdict", "blocked"]
    assert ["role", "primary", "blocked", "2147", "2147", ""] in rows
    assert ["attempt", "primary", "203.0.113.10", "443", "connected"] in [row[:5] for row in rows]


def test_a_host_is_drawn_with_its_port_grid(scanned: Scanned) -> None:
    """`--table` draws the port report, which fits 80 columns."""
    text = shown(scanned, "mad-mail-02", "--table")
    assert "2147  LiveVault tunnel        >*refused" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_host_is_one_json_document(scanned: Scanned) -> None:
    """`--json` gives the whole reading."""
    content = json.loads(shown(scanned, "mad-mail-02", "--json"))
    assert content["fleetcheck"]["document"] == "host"
    assert content["host"]["verdict"] == "blocked"
    assert {attempt["port"] for attempt in content["host"]["reading"]["attempts"]} >= {2147, 443, 80}


def test_a_failed_host_says_where_and_why(scanned: Scanned) -> None:
    """A host without a reading shows phase, cause, what was seen and what to do."""
    text = shown(scanned, "ber-file-03", "--table")
    assert "access-denied" in text
    assert "Remote Management Users" in text
    assert "no scan in this database has a reading of this host" in text


def test_a_scan_can_be_listed_by_state(scanned: Scanned) -> None:
    """`--only` lists the hosts that a word means; several words are joined."""
    text = shown(scanned, "--scan", "1", "--only", "failed", "--only", "split")
    assert [line.split("\t")[0] for line in text.splitlines()] == ["ber-file-03", "lyo-web-01", "mad-db-01"]


def test_listed_hosts_are_drawn_in_a_table(scanned: Scanned) -> None:
    """With `--table` the same hosts stand in a table with what was seen."""
    text = shown(scanned, "--only", "failed", "--table")
    assert "open: access-denied" in text
    assert "par-web-01" not in text


def test_without_a_host_the_latest_scan_is_shown(scanned: Scanned) -> None:
    """`show` alone is the newest scan's result, drawn or line by line."""
    assert shown(scanned).splitlines() == scanned.ended.out.splitlines()
    assert "Need attention: 2 hosts" in shown(scanned, "--table")


def test_show_ends_with_the_scans_code_when_asked(scanned: Scanned) -> None:
    """`--exit-code` turns the scan's result into the command's exit code."""
    assert fleetcheck("show", "--exit-code", "--db", str(scanned.database)).code == 5


def test_scans_are_listed(scanned: Scanned) -> None:
    """`scans` has a line per scan: id, start, state, mode, hosts."""
    ended = fleetcheck("scans", "--db", str(scanned.database))
    row = ended.out.rstrip("\n").split("\t")
    assert (row[0], row[2], row[3], row[4]) == ("1", "finished", "auto", "6")
    content = json.loads(fleetcheck("scans", "--json", "--db", str(scanned.database)).out)
    assert [scan["hosts"] for scan in content["scans"]] == [6]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("par-wbe-01",), "did you mean par-web-01"),
        (("par-web-01", "--scan", "9"), "no scan 9"),
        (("par-wbe-01", "--scan", "1"), "scan 1 has no host 'par-wbe-01'; did you mean par-web-01"),
        (("--scan", "9"), "no scan 9"),
        (("--only", "blokced"), "did you mean blocked?"),
        (("--scan", "9" * 30), "no scan 999"),
        (("par-web-01", "--only", "blocked"), "--only is for a whole scan"),
        (("par-web-01", "--exit-code"), "--exit-code is for a whole scan"),
    ],
)
def test_what_nobody_knows_is_a_usage_error(scanned: Scanned, words: tuple[str, ...], said: str) -> None:
    """An unknown host, scan or state is exit code 2 with the names that are near."""
    ended = fleetcheck("show", *words, "--db", str(scanned.database))
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_database_that_is_not_there_is_said() -> None:
    """Before the first scan, `show` and `scans` say how one is made; they create nothing."""
    for command in ("show", "scans"):
        ended = fleetcheck(command)
        assert (ended.code, "fleetcheck scan" in ended.err) == (1, True)
    assert list(Path().iterdir()) == []
