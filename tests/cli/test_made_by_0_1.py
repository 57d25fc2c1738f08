"""A database and plans that fleetcheck 0.1 wrote (`tests/domain/repin/made_by_0_1`): read as they are,
and not applied.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path

import pytest

from orchestrator.domain.repin.planfile import loads
from tests.cli.conftest import fleetcheck

DATA = Path(__file__).parents[1] / "domain" / "repin" / "made_by_0_1"


@pytest.fixture(autouse=True)
def _as_0_1_left_it(tmp_path: Path) -> None:
    """Put the database, the inventory and the plans where the commands look."""
    Path(os.environ["FLEETCHECK_DB"]).write_bytes(gzip.decompress((DATA / "fleet.db.gz").read_bytes()))
    for name in ("fleet.yaml", "ca.pem", "two.json", "killed.json"):
        shutil.copy(DATA / name, tmp_path)


def states(run: str) -> dict[str, str]:
    """Return each host's state in a run."""
    lines = fleetcheck("repin", "status", run).out.splitlines()
    return {name: state for name, state, *_ in (line.split("\t") for line in lines)}


def test_its_runs_are_listed_and_shown() -> None:
    """Also those of one plan that was applied twice, which 0.1 allowed."""
    lines = [line.split("\t") for line in fleetcheck("repin", "status").out.splitlines()]
    assert [(line[0], line[2]) for line in lines] == [
        ("5", "killed"),
        ("4", "finished"),
        ("3", "finished"),
        ("2", "finished"),
        ("1", "finished"),
    ]
    assert lines[1][3] == lines[2][3]
    assert states("2") == {"par-web-01": "verified", "lyo-web-01": "denied"}
    assert states("5") == {
        "mad-web-01": "verified",
        "par-db-01": "sent",
        "lyo-db-01": "not-started",
        "ber-db-01": "not-started",
    }


def test_its_audit_is_whole() -> None:
    """The chain of then is checked by the rules of then."""
    ended = fleetcheck("audit", "verify")
    assert (ended.code, ended.out.splitlines()[0]) == (0, "chain\twhole")


def test_its_plan_is_shown_with_a_word_about_its_age() -> None:
    """What it holds, by its own digest; it is not offered for apply."""
    ended = fleetcheck("repin", "show", "two.json")
    assert [line.split("\t")[:2] for line in ended.out.splitlines()] == [
        ["par-web-01", "planned"],
        ["lyo-web-01", "planned"],
    ]
    assert ended.err == "warning: made by 0.1: apply refuses it, plan again\n"
    shown = json.loads(fleetcheck("repin", "show", "two.json", "--json").out)
    written = json.loads((DATA / "two.json").read_bytes())
    assert (shown["sha256"], shown["plan"]["file_version"]) == (written["sha256"], 1)


@pytest.mark.parametrize("words", [("apply", "killed.json", "--yes"), ("apply", "killed.json", "--dry-run")])
def test_its_plan_is_not_applied(words: tuple[str, ...]) -> None:
    """Whether it was used or not: exit code 6, and the words say what to do."""
    ended = fleetcheck("repin", *words)
    assert (ended.code, ended.out) == (6, "")
    assert "made by 0.1: plan again" in ended.err
    assert "fleetcheck repin plan" in ended.err


def test_its_plan_is_not_given_away() -> None:
    """A script would write as apply does."""
    ended = fleetcheck("repin", "export", "two.json", "-o", "two.ps1")
    assert (ended.code, Path("two.ps1").exists()) == (6, False)
    assert "made by 0.1: plan again" in ended.err


def undone(run: str) -> dict[str, str]:
    """Plan the way back of a run; return each host with `planned`, or why it is left out."""
    ended = fleetcheck("repin", "undo", run, "-o", f"back-{run}.json", "--yes")
    assert ended.code == 0, ended.err
    plan = loads(Path(f"back-{run}.json").read_bytes(), "back.json")
    assert (plan.file_version, plan.undoes) == (2, run)
    assert all(
        dict(host.facts)["port"] == host.port for host in plan.hosts if not isinstance(host.facts, str)
    )
    return {host.host: "planned" for host in plan.hosts} | {left.host: left.reason for left in plan.left_out}


def test_its_runs_are_undone_with_plans_of_today() -> None:
    """Half of run 1 is taken back by run 2: the other half is planned; run 2 can be undone itself."""
    assert undone("1") == {
        "lyo-web-01": "planned",
        "par-web-01": "taken back already, by run 2; to write it again: fleetcheck repin undo 2",
    }
    assert undone("2") == {
        "par-web-01": "planned",
        "lyo-web-01": "run 2 left nothing there to take back: denied",
    }
    assert undone("3") == {"ber-web-01": "planned"}
    assert undone("4") == {"ber-web-01": "run 4 left nothing there to take back: already"}


def test_a_plan_of_today_is_made_from_its_scan() -> None:
    """What its runs have touched is left out until it is read again; its evidence is old by now."""
    ended = fleetcheck("repin", "plan", "--max-age", "3650d")
    rows = {line.split("\t")[0]: line.split("\t")[3] for line in ended.out.splitlines()}
    assert rows["par-db-01"] == "run 5 has left it open (sent): fleetcheck repin resume 5"
    assert rows["mad-db-01"].startswith("given away in a stand-alone script")
    assert rows["ber-db-01"].startswith("desired: primary 443 is open, 2147 is open")
