"""`fleetcheck diff`."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.scenes.scenario import GATEWAYS, demo_hosts
from tests.cli.conftest import Scanned, fleetcheck


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
    """The latest two finished scans are compared; each change is a line, and the exit code says that there is one."""
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
