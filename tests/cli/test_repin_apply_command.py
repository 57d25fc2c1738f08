"""`fleetcheck repin apply` and `undo` on a fleet that is re-pinned for real."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.demo.machine.plot import ACCESS_DENIED
from tests.cli.conftest import fleetcheck
from tests.cli.drifted import HOSTS, Drifted, states

MAIN = "from orchestrator.cli.main import main; main()"
ROOT = Path(__file__).parents[2]


def test_a_plan_is_applied_in_waves_and_undone(fleet: Drifted) -> None:
    """What the journal says is what the registries hold: after apply the new pins,
    after undo the old ones.
    """
    ended = fleet.apply("--yes", "--batch", "1,50%")
    assert (ended.code, set(states(ended).values())) == (0, {"verified"}), ended.err
    assert set(map(frozenset, fleet.pins().values())) == {frozenset({"2147"})}
    assert re.findall(r"wave (\d) of 3: (\d) hosts?", ended.err) == [("1", "1"), ("2", "3"), ("3", "2")]
    host = next(iter(fleet.served.hosts))
    since = "run 1 was at work there since it was read: scan again"
    assert f"Since then\n  - {since}\n" in fleetcheck("show", host, "--table").out
    assert json.loads(fleetcheck("show", host, "--json").out)["since"] == since
    back = fleet.plan.with_name("undo.json")
    made = fleetcheck("repin", "undo", "1", "-i", str(fleet.inventory), "-o", str(back), "--table")
    assert made.code == 0
    assert "takes back run 1" in made.out
    ended = fleetcheck("repin", "apply", str(back), "-i", str(fleet.inventory), "--yes", "--quiet")
    assert (ended.code, ended.err) == (0, "")
    assert set(map(frozenset, fleet.pins().values())) == {frozenset({"443"})}


def test_a_dry_run_writes_and_journals_nothing(fleet: Drifted) -> None:
    """`--dry-run` reads every host and rules on it; no value and no run is left behind."""
    before = fleet.pins()
    ended = fleet.apply("--dry-run")
    assert (ended.code, set(states(ended).values())) == (0, {"would-write"}), ended.err
    assert fleet.pins() == before
    assert fleetcheck("repin", "status").out == ""


def test_a_dry_run_advises_no_waves_that_are_configured(
    fleet: Drifted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command to type is what was typed without `--dry-run`; the rest is set already."""
    advised = "fleetcheck repin apply"
    with_waves = fleet.apply("--dry-run", "--table").out
    monkeypatch.setenv("FLEETCHECK_REPIN_PAUSE", "2m")
    without = fleet.apply("--dry-run", "--table").out
    assert [advised in out for out in (with_waves, without)] == [True, True]
    assert ["--max-failed 2" in out.partition(advised)[2] for out in (with_waves, without)] == [True, False]


def test_nobody_to_ask_is_a_refusal(fleet: Drifted) -> None:
    """On no terminal and without --yes nothing is written, and the words show hosts, counts, the way out."""
    ended = fleet.apply("--batch", "1,5%,25%", "--max-failed", "2")
    assert (ended.code, ended.out) == (2, "")
    assert f"re-pin: {2 * HOSTS} registry values on {HOSTS} hosts" in ended.err
    for name in fleet.served.hosts:
        assert f"  {name}  primary and backup 443 -> 2147\n" in ended.err
    assert f"in {HOSTS} waves of 1, 1, 1, 1, 1, 1 hosts" in ended.err
    assert "stops at 2 failed, or 1 that changed since the plan" in ended.err
    assert "--yes goes ahead without asking" in ended.err
    assert fleetcheck("repin", "status").out == ""


def test_a_host_that_changed_is_left_and_said(fleet: Drifted) -> None:
    """A value set by somebody else since the plan stays as it is: `conflict`, exit code 3 or 6,
    and what to type.
    """
    name = next(iter(fleet.served.hosts))
    key = fleet.served.host(name).machine.registry.keys(64)[0]
    for entry in list(key.values.values()):
        key.set(entry.name, entry.kind, 80)
    ended = fleet.apply("--yes", "--max-conflicts", "2", "--quiet")
    rows = {line.split("\t")[0]: line.split("\t") for line in ended.out.splitlines()}
    assert ended.code == 3
    assert [row[1] for row in rows.values() if row[0] != name] == ["verified"] * (HOSTS - 1)
    assert rows[name][1] == "conflict"
    assert f"fleetcheck repin plan --limit {name}" in rows[name][5]
    assert fleet.pins()[name] == {"80"}
    listed = fleetcheck("repin", "status", "1", "--only", "attention")
    assert list(states(listed)) == [name]
    assert fleetcheck("repin", "status", "1", "--exit-code").code == 3


def test_limits_stop_a_run_as_a_safety_gate(fleet: Drifted) -> None:
    """At the Nth failure no further host starts: exit code 6, and the others are untouched."""
    for host in fleet.served.hosts:
        fleet.served.host(host).machine.registry.keys(64)[0].locked = ACCESS_DENIED
    ended = fleet.apply("--yes", "--batch", "1", "--max-failed", "1")
    assert ended.code == 6
    assert sorted(states(ended).values()) == ["denied"] + ["not-started"] * (HOSTS - 1)
    assert "1 failed, --max-failed 1" in ended.err
    assert set(map(frozenset, fleet.pins().values())) == {frozenset({"443"})}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--batch", "0"), "--batch: found '0'"),
        (("--batch", "150%"), "--batch: found '150%'"),
        (("--max-failed", "none"), "--max-failed: found 'none'"),
        (("--pause", "2"), "--pause: found '2'"),
        (("--revert-if-not-live",), "--revert-if-not-live needs --wait-live"),
        (("--dry-run", "--wait-live", "1m"), "--dry-run writes nothing"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(fleet: Drifted, words: tuple[str, ...], said: str) -> None:
    """A size, limit or time that says nothing is exit code 2 before any host is asked."""
    ended = fleet.apply("--yes", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_plan_that_holds_no_more_is_refused_host_by_host(fleet: Drifted) -> None:
    """An inventory that changed for a planned host is a safety gate (6): nothing is sent,
    and each host is named.
    """
    text = fleet.inventory.read_text("utf-8").replace("pin: 2147", "pin: 443")
    fleet.inventory.write_text(text, "utf-8")
    before = fleet.pins()
    ended = fleet.apply("--yes")
    assert (ended.code, ended.out) == (6, "")
    for name in fleet.served.hosts:
        assert f"{name}: the inventory has changed for it since it was planned" in ended.err
    assert fleet.pins() == before


@pytest.mark.parametrize(("typed", "pins"), [(b"yes\n", "2147"), (b"y\n", "443"), (b"\n", "443")])
def test_a_person_is_asked_with_counts(fleet: Drifted, tmp_path: Path, typed: bytes, pins: str) -> None:
    """On a terminal the counts are shown and only `yes` writes; anything else leaves every value as it is."""
    ours, theirs = os.openpty()
    try:
        ended = _answered(fleet, tmp_path, theirs, ours, typed)
    finally:
        os.close(ours)
    assert ended.returncode == 0, ended.stderr
    assert f"re-pin: {2 * HOSTS} registry values on {HOSTS} hosts" in ended.stderr
    assert ("nothing was written" in ended.stderr) is (pins == "443")
    assert set(map(frozenset, fleet.pins().values())) == {frozenset({pins})}


def _answered(
    fleet: Drifted, folder: Path, theirs: int, ours: int, typed: bytes
) -> subprocess.CompletedProcess[str]:
    """Run `apply` with a terminal as its input, and type into it."""
    command = [sys.executable, "-c", MAIN, "repin", "apply", str(fleet.plan), "-i", str(fleet.inventory)]
    os.write(ours, typed)
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(theirs)


def test_an_edited_plan_is_never_applied(fleet: Drifted) -> None:
    """One bit makes a plan no plan: exit code 1, and no host is asked."""
    data = bytearray(fleet.plan.read_bytes())
    data[len(data) // 2] ^= 1
    fleet.plan.write_bytes(data)
    before = {name: fleet.served.host(name).counters.shells_opened for name in fleet.served.hosts}
    ended = fleet.apply("--yes")
    assert (ended.code, ended.out) == (1, "")
    assert {name: fleet.served.host(name).counters.shells_opened for name in fleet.served.hosts} == before


def test_a_host_is_not_planned_again_on_old_evidence(fleet: Drifted) -> None:
    """After a run, a plan from the scan before it leaves its hosts out until they have been read again."""
    assert fleet.apply("--yes", "--quiet").code == 0
    ended = fleetcheck("repin", "plan", "-i", str(fleet.inventory))
    rows = [line.split("\t") for line in ended.out.splitlines()]
    assert {(row[1], row[3]) for row in rows} == {
        ("left-out", "run 1 was at work there since it was read: scan again")
    }


def test_a_report_advises_no_re_pin_of_hosts_that_were_written_since(fleet: Drifted) -> None:
    """Their readings are of before: report and page say to scan them, the scan's summary that it is old; a
    scan ends that.
    """
    assert fleet.apply("--yes", "--quiet").code == 0
    inventory = ("-i", str(fleet.inventory))
    (group,) = json.loads(fleetcheck("report", "--json", *inventory).out)["groups"]
    assert (
        group["action"]
        == group["since"]
        == ("re-pinned since it was read (run 1), scan it again: fleetcheck scan")
    )
    lines = fleetcheck("report", *inventory).out.splitlines()
    assert all("repin plan" not in line and "fleetcheck scan --limit" in line for line in lines)
    assert "repin plan" not in fleetcheck("report", "--html", "-", *inventory).out
    (warning,) = json.loads(fleetcheck("show", "--scan", "1", "--json").out)["warnings"]
    assert warning.startswith("re-pinned since, so what this scan says of them is old")

    fleetcheck("scan", "--quiet", *inventory)
    assert {
        group["since"] for group in json.loads(fleetcheck("report", "--json", *inventory).out)["groups"]
    } == {""}
