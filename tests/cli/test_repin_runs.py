"""What becomes of a run: shown, stopped, killed, gone on with, and kept in the audit."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.repin.audit import AuditCheck
from orchestrator.domain.repin.planfile import digest, dumps, loads
from orchestrator.store.reader import Reader
from tests.cli.conftest import fleetcheck
from tests.cli.drifted import HOSTS, Drifted, states
from tests.eventually import eventually

MAIN = "from orchestrator.cli.main import main; main()"
ROOT = Path(__file__).parents[2]


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
    half = fleetcheck("audit", "verify", "--last", lines[3]["hash"][:32])
    assert (half.code, half.out) == (2, "")
    gone = fleetcheck("audit", "verify", "--last", "ab" * 32, "--json")
    assert (gone.code, json.loads(gone.out)["whole"]) == (1, False)
    assert fleetcheck("audit", "export", "--after", str(len(lines) - 1)).out.count("\n") == 1


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
