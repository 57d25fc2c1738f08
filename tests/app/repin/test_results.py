"""How a run stands is decided on what was read: its rows, its process, and what the journal keeps back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.app.repin.results import blocked_hosts, process_of, results
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunState
from orchestrator.report.repin.run import Process
from orchestrator.store.errors import Owner
from tests.store.repin_rows import NOW, plan_of, row, run_record

ME = Owner(pid=11, host="ops1")
RUNNING = run_record(id=1, state=RunState.RUNNING)


@pytest.mark.parametrize(
    ("alive", "writing", "expected"),
    [
        (None, None, Process.GONE),
        (None, ME, Process.GONE),
        (ME, ME, Process.THERE),
        (ME, None, Process.PAUSING),
        (ME, Owner(pid=12, host="ops1"), Process.PAUSING),
    ],
)
def test_a_runs_process_is_known_by_who_is_alive_and_who_writes(
    alive: Owner | None, writing: Owner | None, expected: Process
) -> None:
    """One that keeps the run without the lock on the database pauses between two waves."""
    assert process_of(RUNNING, alive, writing)[0] is expected


def test_a_run_that_has_ended_has_no_process() -> None:
    """Whoever writes now writes something else."""
    ended = replace(RUNNING, state=RunState.FINISHED)
    assert process_of(ended, ME, ME) == (Process.GONE, "")


def test_a_host_that_no_run_may_begin_says_why() -> None:
    """An earlier write has to be read first; a script that is out may write until its plan expires,
    and not after.
    """
    plan = plan_of("web1", "web2", "web3")
    out = {
        "web2": row(None, State.HANDED_OUT, "web2", deadline=NOW + timedelta(hours=1)),
        "web3": row(None, State.HANDED_OUT, "web3", deadline=NOW),
    }
    kept = blocked_hosts([row(9, State.UNKNOWN, "web1", id=4)], out, NOW)
    assert set(kept) == {"web1", "web2"}
    found = {each.host: (each.state, bool(each.detail)) for each in results(plan, [], kept=kept)}
    assert found == {
        "web1": (State.NOT_STARTED, True),
        "web2": (State.NOT_STARTED, True),
        "web3": (State.NOT_STARTED, False),
    }
