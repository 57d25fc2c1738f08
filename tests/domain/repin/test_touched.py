"""A host that was written since its evidence was read is not planned on that evidence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, Touch
from orchestrator.domain.repin.touched import SPEAKING, against, outdated
from tests.domain.repin.builders import NOW

READ = NOW - timedelta(hours=1)


def row(state: State, *, minutes: float = 30, run: int | None = 4, **changes: object) -> Operation:
    """Make a row that came into its state so many minutes ago."""
    changed = NOW - timedelta(minutes=minutes)
    made = {"id": 1, "run": run, "plan": "p", "host": "web1", "state": state, "changed": changed}
    return Operation(**(made | changes))  # type: ignore[arg-type]  # a test's own keys


def test_a_write_after_the_reading_asks_for_a_new_scan() -> None:
    """The values that the evidence shows are not the host's any more."""
    assert against([row(State.VERIFIED)], read=READ, now=NOW) == (
        "run 4 was at work there since it was read: scan again"
    )


def test_a_write_before_the_reading_says_nothing() -> None:
    """A scan after the write has read what it left."""
    assert against([row(State.VERIFIED, minutes=90)], read=READ, now=NOW) is None


@pytest.mark.parametrize("state", [State.INTENT, State.SENT, State.UNKNOWN, State.CONFIRMED])
def test_an_open_row_is_resolved_first(state: State) -> None:
    """Whatever the evidence: what nobody knows is read by `resume` before anything else."""
    said = against([row(state, minutes=90)], read=READ, now=NOW)
    assert said == f"run 4 has left it open ({state}): fleetcheck repin resume 4"


@pytest.mark.parametrize(("at_work", "word"), [({4}, "is at work there"), ({5}, "has left it open")])
def test_a_run_that_is_at_work_is_not_gone_on_with(at_work: set[int], word: str) -> None:
    """`resume` would be refused: another process has the run; where that has gone, it is to be resumed."""
    said = against([row(State.SENT)], read=READ, now=NOW, at_work=at_work)
    assert said is not None
    assert said.startswith(f"run 4 {word} (sent): fleetcheck repin ")
    assert said.endswith("status 4" if at_work == {4} else "resume 4")


@pytest.mark.parametrize(
    ("state", "run", "said"),
    [
        (State.VERIFIED, 4, "re-pinned since it was read (run 4), scan it again: fleetcheck scan"),
        (State.NOT_TAKEN_UP, 4, "re-pinned since it was read (run 4), scan it again: fleetcheck scan"),
        (State.RESTORED, 4, "run 4 was at work there since it was read: fleetcheck scan"),
        (State.REPORTED, None, "a stand-alone script was at work there since it was read: fleetcheck scan"),
        (State.UNKNOWN, 4, "run 4 has left it open (unknown): fleetcheck repin resume 4"),
    ],
)
def test_a_report_says_what_to_do_for_an_old_reading(state: State, run: int | None, said: str) -> None:
    """In place of what that reading advised; where it is newer than the write there is nothing to say."""
    touch = Touch("web1", run, state, NOW - timedelta(minutes=30), None)
    assert outdated(touch, read=READ, now=NOW) == said
    if state is not State.UNKNOWN:
        assert outdated(touch, read=NOW, now=NOW) == ""


def test_a_host_that_was_given_away_waits_for_its_answer() -> None:
    """Until the script has expired the host is its own; afterwards it may be planned again."""
    out = row(State.HANDED_OUT, run=None, deadline=NOW + timedelta(hours=1))
    assert "fleetcheck repin import" in (against([out], read=READ, now=NOW) or "")
    assert against([out], read=READ, now=NOW + timedelta(hours=2)) is None


def test_a_report_is_to_be_proved_by_a_scan() -> None:
    """What a script reported after the reading asks for a scan too."""
    said = against([row(State.REPORTED, run=None)], read=READ, now=NOW)
    assert said == "a stand-alone script was at work there since it was read: scan again"


def test_ends_without_a_write_say_nothing() -> None:
    """Only rows that may have changed a value are looked at."""
    assert State.CONFLICT not in SPEAKING
    assert State.ALREADY not in SPEAKING
    assert State.UNREACHABLE not in SPEAKING
