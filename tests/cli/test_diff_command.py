"""`fleetcheck diff`."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.scenes.scenario import GATEWAYS, demo_hosts
from orchestrator.domain.record import ScanState
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.cli.conftest import Scanned, fleetcheck
from tests.report import samples


@pytest.fixture(scope="module")
def twice(scanned: Scanned, net: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scan again, after the scan of six hosts: one has new pins, and one host is new."""
    folder = tmp_path_factory.mktemp("twice")
    database = folder / "twice.db"
    shutil.copy(scanned.database, database)
    machines = {host.name: host for host in demo_hosts()}
    machines["mad-mail-02"] = replace(machines["mad-mail-02"], machine=machines["par-web-01"].machine)
    fleet = SimulatedFleet(
        [machines[name] for name in ("par-web-01", "mad-mail-02", "par-db-01")],
        address=f"{net}.32",
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": 2147, "timeout": 30},
    )
    with serve_in_thread(fleet):
        ended = fleetcheck("scan", "-i", str(fleet.inventory(folder)), "--db", str(database))
    assert ended.code in {0, 3}, ended.err
    return database


def test_a_host_that_changed_ends_with_3(twice: Path) -> None:
    """The latest two finished scans are compared; each change is a line,
    and the exit code says that there is one.
    """
    ended = fleetcheck("diff", "--db", str(twice))
    assert (ended.code, ended.err) == (3, "")
    rows = [line.split("\t") for line in ended.out.splitlines()]
    assert ["mad-mail-02", "verdict", "", "blocked", "drift-blocked"] in rows
    assert ["par-db-01", "only-later", "", "", ""] in rows
    assert "par-web-01" not in ended.out


def test_the_other_way_round_it_got_worse(twice: Path) -> None:
    """Scans are taken as they are named, and the screen has what got worse on top."""
    ended = fleetcheck("diff", "2", "1", "--table", "--db", str(twice))
    assert ended.code == 3
    assert "Worse: 1 host\n1 host: drift-blocked -> blocked" in ended.out


def test_a_document_has_the_exit_code(twice: Path) -> None:
    """`--json` is one document; one scan named is compared with the latest."""
    ended = fleetcheck("diff", "1", "--json", "--db", str(twice))
    content = json.loads(ended.out)
    assert (content["fleetcheck"]["document"], content["exit_code"], ended.code) == ("diff", 3, 3)
    assert (content["earlier"]["id"], content["later"]["id"], content["changed"]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("1", "1"), 2, "named twice"),
        (("1", "9"), 2, "no scan 9"),
        (("2",), 1, "no two finished scans"),
    ],
)
def test_scans_that_cannot_be_compared_are_said(
    twice: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    """An unknown scan or the same one twice is a usage error; the latest has no later one to compare with."""
    ended = fleetcheck("diff", *words, "--db", str(twice))
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err


def test_one_scan_is_not_enough(scanned: Scanned) -> None:
    """With a single scan there is nothing to compare, and that is said."""
    ended = fleetcheck("diff", "--db", str(scanned.database))
    assert (ended.code, ended.out) == (1, "")
    assert "no two finished scans" in ended.err


def test_a_scan_of_a_part_is_compared_in_that_part(twice: Path, tmp_path: Path) -> None:
    """Hosts that `--limit` or `--from` left out have not gone: they are counted on the screen,
    and are no lines.
    """
    database = tmp_path / "part.db"
    shutil.copy(twice, database)
    with (
        Writer.open(f"sqlite:///{database}", command="test", user="test") as writer,
        Reader.open(f"sqlite:///{database}") as reader,
    ):
        part = replace(reader.scan(2), id=None, selection="mad-mail-02", hosts=("mad-mail-02", "par-db-01"))
        number = asyncio.run(writer.begin_scan(part))
        (record,) = reader.records(2, ["mad-mail-02"])
        asyncio.run(writer.put(number, record))
        asyncio.run(writer.end_scan(number, ScanState.FINISHED, part.started))
    ended = fleetcheck("diff", "2", "3", "--db", str(database))
    assert (ended.code, ended.out) == (
        0,
        "par-db-01\tonly-earlier\t\t\t\n",
    )  # it was meant, and has no result
    said = fleetcheck("diff", "2", "3", "--table", "--db", str(database)).out
    assert "1 host in both, 0 changed; 1 were asked in one scan only" in said
    which = "scan 3 asked a part of the hosts alone: --limit mad-mail-02"
    assert [line.strip() for line in said.splitlines()][1] == which
    assert f"remark: {which}\n" in ended.err
    assert f"fleetcheck scans --db {database} lists them" in ended.err
    assert json.loads(fleetcheck("diff", "2", "3", "--json", "--db", str(database)).out)["not_asked"] == 1


def test_a_scan_of_a_part_between_two_of_the_whole_is_passed_over(twice: Path, tmp_path: Path) -> None:
    """Two nights are compared, whoever scanned a few hosts in between, and which scan was left out is said; a
    scan of a part that is the last is compared with the one before it.
    """
    database = tmp_path / "night.db"
    shutil.copy(twice, database)
    with (
        Writer.open(f"sqlite:///{database}", command="test", user="test") as writer,
        Reader.open(f"sqlite:///{database}") as reader,
    ):
        whole = replace(reader.scan(2), id=None)
        for scan in (replace(whole, selection="mad-mail-02", hosts=("mad-mail-02",)), whole):
            number = asyncio.run(writer.begin_scan(scan))
            asyncio.run(writer.put(number, next(reader.records(2, ["mad-mail-02"]))))
            asyncio.run(writer.end_scan(number, ScanState.FINISHED, scan.started))
            found = fleetcheck("diff", "--json", "--db", str(database))
            content = json.loads(found.out)
            assert (content["earlier"]["id"], content["later"]["id"]) == (2, number)
    said = fleetcheck("diff", "--table", "--db", str(database)).out
    assert "passed over for asking other hosts, or a part of them: scan 3" in said


@pytest.mark.parametrize(
    ("command", "part"), [("scan --from 1 --only failed", True), ("scan --from=1", True), ("scan", False)]
)
def test_a_scan_from_an_earlier_one_is_a_part(command: str, part: bool) -> None:
    """Which hosts it was meant for stands in its command."""
    assert replace(samples.scan(), command=f"fleetcheck {command}").partial is part
