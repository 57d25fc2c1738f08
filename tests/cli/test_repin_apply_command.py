"""`fleetcheck repin apply`, `status`, `resume`, `undo` and `fleetcheck audit` on a fleet that is re-pinned
for real.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pytest

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.machine.plot import ACCESS_DENIED
from orchestrator.demo.scenes.repin_scenario import repin_hosts
from orchestrator.demo.scenes.scenario import GATEWAYS
from orchestrator.domain.repin.audit import AuditCheck
from orchestrator.domain.repin.planfile import digest, dumps, loads
from orchestrator.store.reader import Reader
from tests.cli.conftest import Ended, fleetcheck
from tests.eventually import eventually

MAIN = "from orchestrator.cli.main import main; main()"
ROOT = Path(__file__).parents[2]
HOSTS = 6


@dataclass(frozen=True)
class Drifted:
    """A fleet whose hosts are all pinned to 443 and wanted on 2147, scanned and planned."""

    served: SimulatedFleet
    inventory: Path
    plan: Path

    def pins(self) -> dict[str, set[str]]:
        """Look at every host's pins from outside."""
        return {name: _pins(self.served, name) for name in self.served.hosts}

    def apply(self, *words: str) -> Ended:
        """Run `repin apply` on the plan."""
        return fleetcheck("repin", "apply", str(self.plan), "-i", str(self.inventory), *words)


def _pins(served: SimulatedFleet, name: str) -> set[str]:
    registry = served.host(name).machine.registry
    return {
        str(entry.data)
        for view in (64, 32)
        for key in registry.keys(view)
        for entry in key.values.values()
        if entry.name.endswith("TunnelPort")
    }


@contextmanager
def drifted(net: str, folder: Path) -> Iterator[Drifted]:
    """Serve the fleet, scan and plan it."""
    fleet = SimulatedFleet(
        repin_hosts(HOSTS),
        address=f"{net}.33",
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": 2147, "timeout": 30},
    )
    with serve_in_thread(fleet) as served:
        inventory = served.inventory(folder)
        assert fleetcheck("scan", "-i", str(inventory), "--quiet").code == 3
        plan = folder / "plan.json"
        assert fleetcheck("repin", "plan", "-i", str(inventory), "-o", str(plan)).code == 0
        yield Drifted(served, inventory, plan)


@pytest.fixture(scope="module")
def once(net: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Drifted, Path]]:
    """Serve a drifted fleet of six hosts, scanned and planned once; yield it with its database."""
    folder = tmp_path_factory.mktemp("drifted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLEETCHECK_DB", str(folder / "default.db"))
        with drifted(net, folder) as made:
            patch.undo()
            yield made, folder / "default.db"


@pytest.fixture
def fleet(once: tuple[Drifted, Path], tmp_path: Path) -> Iterator[Drifted]:
    """Yield the fleet as it was when it was planned, with files and a database of the test's own."""
    made, database = once
    shutil.copy(database, tmp_path / "default.db")
    shutil.copytree(made.inventory.parent, tmp_path, dirs_exist_ok=True)
    machines = [host.machine for host in made.served.hosts.values()]
    before = copy.deepcopy(machines)
    yield replace(made, inventory=tmp_path / made.inventory.name, plan=tmp_path / made.plan.name)
    for machine, had in zip(machines, before, strict=True):
        for each in fields(machine):
            setattr(machine, each.name, getattr(had, each.name))


def states(ended: Ended) -> dict[str, str]:
    """Return each host's state from plain lines."""
    return dict(line.split("\t")[:2] for line in ended.out.splitlines())  # type: ignore[misc]  # two fields


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


def test_a_run_is_shown_later_as_json(fleet: Drifted) -> None:
    """`status RUN --json` has every host with its state; `status --json` lists the runs."""
    assert fleet.apply("--yes", "--quiet").code == 0
    content = json.loads(fleetcheck("repin", "status", "1", "--json").out)
    assert content["counts"] == {"verified": HOSTS}
    assert {host["state"] for host in content["hosts"]} == {"verified"}
    assert all(host["operation"] for host in content["hosts"])
    runs = json.loads(fleetcheck("repin", "status", "--json").out)
    assert [(run["id"], run["state"]) for run in runs["runs"]] == [(1, "finished")]


def test_a_complete_run_cannot_be_resumed(fleet: Drifted) -> None:
    """Where nothing is left to do, `resume` says so and exits 2."""
    assert fleet.apply("--yes", "--quiet").code == 0
    ended = fleetcheck("repin", "resume", "1", "-i", str(fleet.inventory), "--yes")
    assert ended.code == 2
    assert "run 1 is complete" in ended.err


def test_a_killed_run_is_gone_on_with(fleet: Drifted, tmp_path: Path) -> None:
    """After kill -9 in a pause, `status` tells it from the live one that it was,
    and `resume` brings every host to its new pin.
    """
    command = [sys.executable, "-c", MAIN, "repin", "apply", str(fleet.plan), "-i", str(fleet.inventory)]
    with subprocess.Popen(
        [*command, "--yes", "--batch", "1", "--pause", "2s"],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "before wave 3" in line:
                break
        # The lock is given back right after the words.
        assert eventually(lambda: fleetcheck("repin", "status").out.split("\t")[2] == "pausing")
        shown = fleetcheck("repin", "status", "1", "--table").out
        assert f"process {process.pid} on " in shown
        assert "resume" not in shown
        os.kill(process.pid, signal.SIGKILL)
    assert fleetcheck("repin", "status").out.split("\t")[2] == "killed"
    before = states(fleetcheck("repin", "status", "1"))
    assert sorted(before.values()) == ["not-started"] * (HOSTS - 2) + ["verified"] * 2
    ended = fleetcheck("repin", "resume", "1", "-i", str(fleet.inventory), "--yes", "--pause", "0s")
    assert (ended.code, set(states(ended).values())) == (0, {"verified"}), ended.err
    assert set(map(frozenset, fleet.pins().values())) == {frozenset({"2147"})}


def test_a_host_that_was_given_away_is_left_alone_and_said(fleet: Drifted) -> None:
    """Its stand-alone script may still write: a dry run, the run and its status all say so,
    and what to type.
    """
    name = next(iter(fleet.served.hosts))
    other = fleet.plan.with_name("one.json")
    fleetcheck("repin", "plan", "-i", str(fleet.inventory), "-l", name, "-o", str(other))
    script = fleet.plan.with_name("one.ps1")
    assert fleetcheck("repin", "export", str(other), "-i", str(fleet.inventory), "-o", str(script)).code == 0
    tried = fleet.apply("--dry-run")
    assert (tried.code, states(tried)[name]) == (4, "not-started"), tried.err
    ended = fleet.apply("--yes", "--quiet")
    for told in (tried, ended, fleetcheck("repin", "status", "1")):
        rows = {line.split("\t")[0]: line.split("\t") for line in told.out.splitlines()}
        assert rows[name][1] == "not-started"
        assert rows[name][4] == "given away in a stand-alone script whose answer has not come in"
        assert "fleetcheck repin import" in rows[name][5]
    assert ended.code == 4
    assert fleet.pins()[name] == {"443"}
    assert sum(pins == {"2147"} for pins in fleet.pins().values()) == HOSTS - 1


def test_ctrl_c_ends_a_run_in_good_order(fleet: Drifted, tmp_path: Path) -> None:
    """One signal in a pause: nothing new starts, exit code 130, and the words say how to go on."""
    command = [sys.executable, "-c", MAIN, "repin", "apply", str(fleet.plan), "-i", str(fleet.inventory)]
    with subprocess.Popen(
        [*command, "--yes", "--batch", "1", "--pause", "60s", "--table"],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT), COLUMNS="80"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "pause of" in line:
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"{HOSTS - 1} not-started, 1 verified" in out
    assert "fleetcheck repin resume 1" in out


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


@pytest.mark.parametrize("command", ["status", "resume", "undo"])
def test_an_unknown_run_is_a_usage_error(fleet: Drifted, command: str) -> None:
    """A run's id that nobody knows is exit code 2 with where to find the known ones."""
    more = () if command == "status" else ("-i", str(fleet.inventory))
    ended = fleetcheck("repin", command, "9", *more)
    assert ended.code == 2
    assert "no run 9" in ended.err


def test_a_state_that_nobody_knows_is_a_usage_error(fleet: Drifted) -> None:
    """`--only` names the state that is near."""
    del fleet
    ended = fleetcheck("repin", "status", "1", "--only", "conflcit")
    assert ended.code == 2
    assert "did you mean conflict?" in ended.err


def test_the_audit_is_whole_and_goes_out_as_json_lines(fleet: Drifted) -> None:
    """Every move of every row is in the chain; its last hash can be noted and asked for later."""
    assert fleet.apply("--yes", "--quiet").code == 0
    verified = dict(line.split("\t") for line in fleetcheck("audit", "verify").out.splitlines())
    lines = [json.loads(line) for line in fleetcheck("audit", "export").out.splitlines()]
    assert verified == {"chain": "whole", "entries": str(len(lines)), "last": lines[-1]["hash"]}
    moves = [line["details"]["to"] for line in lines if line["subject"] == next(iter(fleet.served.hosts))]
    assert moves == ["intent", "sent", "confirmed", "verified"]
    assert fleetcheck("audit", "verify", "--last", lines[3]["hash"]).code == 0
    gone = fleetcheck("audit", "verify", "--last", "ab" * 32, "--json")
    assert (gone.code, json.loads(gone.out)["whole"]) == (1, False)
    assert fleetcheck("audit", "export", "--after", str(len(lines) - 1)).out.count("\n") == 1


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


def test_a_run_under_way_is_told_from_a_killed_one(fleet: Drifted, tmp_path: Path) -> None:
    """While the process writes, `status` says `running`, and another `apply` says which process has the plan,
    since when.
    """
    for name in fleet.served.hosts:
        fleet.served.host(name).machine.latency = 1.0
    command = [sys.executable, "-c", MAIN, "repin", "apply", str(fleet.plan), "-i", str(fleet.inventory)]
    with subprocess.Popen(
        [*command, "--yes", "--batch", "1"],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "run 1" in process.stderr.readline()
        assert fleetcheck("repin", "status").out.split("\t")[2] == "running"
        other = fleet.apply("--yes")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert (other.code, other.out) == (6, "")
    assert f"run 1 is at work (process {process.pid} on " in other.err
    assert "since 20" in other.err
    assert "resume" not in other.err


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


def test_a_run_that_was_edited_in_the_database_is_neither_resumed_nor_undone(fleet: Drifted) -> None:
    """What was changed behind the audit's back is found by `verify` (1),
    and refused before anything is done (6).
    """
    assert fleet.apply("--yes", "--quiet").code == 0
    database = Path(os.environ["FLEETCHECK_DB"])
    forged = loads(fleet.plan.read_bytes(), "plan")
    text = dumps(replace(forged, policy="forged"))  # its digest fits
    acts = {
        "plan": ("UPDATE plan SET text = ?, digest = ?", (text, digest(loads(text.encode(), "plan")))),
        "run": ("UPDATE run SET options = ?", ("{}",)),
    }
    whole = database.read_bytes()
    for table, (act, values) in acts.items():
        with contextlib.closing(sqlite3.connect(database)) as using:
            using.execute("DROP TRIGGER tr_plan_update")
            using.execute(act, values)
            using.commit()
        verified = fleetcheck("audit", "verify")
        assert (verified.code, f"{table} " in verified.out, "is not what was written" in verified.out) == (
            1,
            True,
            True,
        )
        for command in ("resume", "undo"):
            ended = fleetcheck("repin", command, "1", "-i", str(fleet.inventory), "--yes")
            assert (ended.code, ended.out) == (6, "")
            assert "run 1 cannot be trusted" in ended.err
            assert "is not what was written: its last entry tells of other content" in ended.err
        database.write_bytes(whole)


def test_a_run_of_before_the_audit_covered_it_is_asked_about(
    fleet: Drifted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing proves what an older version stored: `undo` and `resume` say so, and want a clear yes."""
    assert fleet.apply("--yes", "--quiet", "--batch", "2", "--max-conflicts", "1").code == 0
    older = AuditCheck(entries=1, last="ab" * 32, not_covered=("plan x", "run 1"))
    monkeypatch.setattr(Reader, "prove", lambda _self, _run: older)
    said = "run 1 was stored before the audit covered plans and runs (plan x, run 1)"
    asked = fleetcheck("repin", "undo", "1", "-i", str(fleet.inventory))
    assert (asked.code, said in asked.err, "--yes goes ahead" in asked.err) == (2, True, True)
    assert fleetcheck("repin", "undo", "1", "-i", str(fleet.inventory), "--yes").code == 0
