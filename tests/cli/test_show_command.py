"""`fleetcheck show` and `fleetcheck scans`."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.record import ScanState
from orchestrator.report.advice import pieces, told
from orchestrator.report.hints import Hints
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
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
        (("zzz",), "where the inventory has it, `fleetcheck scan --limit zzz --db "),
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


@pytest.fixture
def killed(scanned: Scanned, tmp_path: Path) -> Iterator[tuple[Path, Writer]]:
    """Yield a copy of the database in which a scan with one result runs, in this process; closed,
    it was killed.
    """
    database = tmp_path / "killed.db"
    shutil.copy(scanned.database, database)
    url = f"sqlite:///{database}"
    with Writer.open(url, command="fleetcheck scan", user="ann") as writer, Reader.open(url) as reader:
        begun = replace(reader.scan(1), id=None, state=ScanState.RUNNING, ended=None)
        (record,) = reader.records(1, ["par-web-01"])
        asyncio.run(writer.put(asyncio.run(writer.begin_scan(begun)), record))
        yield database, writer


def test_a_killed_scan_is_told_from_a_running_one(killed: tuple[Path, Writer], scanned: Scanned) -> None:
    """Everywhere a scan is named: the word, and as long as nobody runs it,
    the whole command that goes on with it.
    """
    database, writer = killed
    db = ("--db", str(database))
    resume = f"fleetcheck scan --resume 2 -i {scanned.inventory} --db {database}"
    assert fleetcheck("scans", *db).out.splitlines()[0].split("\t")[2] == "running"
    assert "still running" in fleetcheck("show", *db, "--table").out
    assert "--resume" not in fleetcheck("show", *db, "--table").out
    assert "scan 2 (running)" in fleetcheck("export", "--format", "nagios", *db).out
    writer.close()
    assert fleetcheck("scans", *db).out.splitlines()[0].split("\t")[2] == "killed"
    assert resume in fleetcheck("scans", "--table", *db).out
    said = fleetcheck("show", *db, "--table").out
    assert "killed before it ended" in said
    assert f"    {resume}\n" in said
    assert json.loads(fleetcheck("show", "--json", *db).out)["scan"]["state"] == "killed"
    assert (
        f"warning: scan 2 was killed before it ended; its results so far are kept. Go on with it: {resume}\n"
        in (fleetcheck("report", "-i", str(scanned.inventory), *db).err)
    )
    check = fleetcheck("export", "--format", "nagios", *db).out
    assert "scan 2 (killed)" in check
    assert "go on with it: fleetcheck scan --resume 2" in check


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (("scans",), "id started state mode hosts inventory selection"),
        (("show",), "host state verdict seen action"),
        (("show", "mad-mail-02"), "record fields"),
        (("show", "mad-mail-02", "--history"), "scan time role port belief pin"),
        (("report",), "host state verdict ports since old cause place action"),
        (("firewall",), "source destination service action found why host site"),
        (("unblock",), "record port gateways site hosts names subnet"),
        (("audit", "verify"), "record value"),
        (("repin", "status"), "run started state plan hosts reason"),
    ],
    ids=" ".join,
)
def test_lines_for_a_pipe_begin_with_the_columns_names_where_asked(
    scanned: Scanned, words: tuple[str, ...], columns: str
) -> None:
    """`--header` puts one line in front of what is there without it."""
    plain = fleetcheck(*words, "--db", str(scanned.database)).out
    head, *lines = fleetcheck(*words, "--header", "--db", str(scanned.database)).out.splitlines()
    assert (head.split("\t"), lines) == (columns.split(), plain.splitlines())


def test_advice_about_a_host_can_be_typed_as_it_stands(scanned: Scanned) -> None:
    """The command names the host, the inventory and the database, and stands whole on a line of its own."""
    where = f"--limit mad-db-01 -i {scanned.inventory} --db {scanned.database}"
    assert told(
        "scan it again: fleetcheck scan with a longer `timeout:`", "a b", Hints(database=" --db x")
    ) == ("scan it again: fleetcheck scan --limit 'a b' --db x with a longer `timeout:`")
    text = shown(scanned, "mad-mail-02")
    found = [
        line for line in text.splitlines() if "fleetcheck scan" in line or "fleetcheck repin plan" in line
    ]
    assert all(where.replace("mad-db-01", "mad-mail-02") in line for line in found)


def test_advice_about_many_hosts_means_them_alone() -> None:
    """Few are named; more are meant by the scan that they were in; a plan is of the fleet."""
    hosts = [f"h{number}" for number in range(9)]
    again = " --from 12 --only blocked"
    said = (
        "try every port: fleetcheck scan --probe full; or: fleetcheck repin plan --policy vendor-order; done"
    )
    typed = [
        piece for command, piece in pieces(said, hosts, Hints(inventory=" -i f"), again=again) if command
    ]
    assert typed == [
        "fleetcheck scan --probe full --from 12 --only blocked -i f",
        "fleetcheck repin plan --policy vendor-order -i f",
    ]
    assert [piece for command, piece in pieces(said, hosts[:2], Hints()) if command] == [
        "fleetcheck scan --probe full --limit h0,h1",
        "fleetcheck repin plan --policy vendor-order --limit h0,h1",
    ]
