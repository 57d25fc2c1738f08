"""What is shown while a re-pin goes on."""

from __future__ import annotations

from orchestrator.domain.repin.journal import State
from orchestrator.report.repin.progress import RunProgress, run_progress_line, run_progress_view
from tests.report.conftest import render


def progress() -> RunProgress:
    """Make a run in its second wave: three ended, one at work."""
    made = RunProgress(total=40, began=0.0)
    made.begin_wave(1, 4, 1)
    made.finished("web1", State.VERIFIED)
    made.begin_wave(2, 4, 5)
    made.running = {"web2": "reading", "web3": "sent"}
    made.finished("web2", State.VERIFIED)
    made.finished("db1", State.CONFLICT)
    return made


def test_a_line_says_wave_counts_and_who_is_at_work() -> None:
    """A log line has all of it, worst first."""
    assert run_progress_line(progress(), 9.0) == (
        "3 of 40 hosts, wave 2 of 4: 2 of 5, 1 conflict, 2 verified, at work: web3 sent"
    )


def test_a_pause_is_counted_down() -> None:
    """Between waves the line says when the next one begins."""
    waiting = progress()
    waiting.running.clear()
    waiting.pause_ends = 120.0
    assert run_progress_line(waiting, 9.0).endswith("next wave in 1 min 51 s")


def test_agents_that_are_waited_for_are_counted() -> None:
    """With --wait-live the line says how many are missing and how long they still have."""
    waiting = progress()
    waiting.running.clear()
    waiting.watched, waiting.watch_ends = 2, 609.0
    assert run_progress_line(waiting, 9.0).endswith("2 agents not on the new port yet, 10 min left")


def test_stopping_says_what_is_in_flight() -> None:
    """Once it is asked to stop, the hosts that finish are counted."""
    stopped = progress()
    stopped.stopping = True
    assert "stopping: 1 host in flight" in run_progress_line(stopped, 9.0)


def test_the_view_fits_its_lines() -> None:
    """On a terminal it is a bar and two lines, never more, whatever the names."""
    long = progress()
    long.running = {f"a-very-long-host-name-{number}": "reading" for number in range(50)}
    lines = render(run_progress_view(long, 9.0), 80).splitlines()
    assert len(lines) == 3
    assert "wave 2 of 4" in lines[2]
