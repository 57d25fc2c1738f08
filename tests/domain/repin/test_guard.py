"""What a fresh reading says before a write, and after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.reading import Kind, Reading, ViewState
from orchestrator.domain.repin.guard import Go, Refusal, conclude, guard
from orchestrator.domain.repin.journal import State
from tests.domain.repin.builders import ROLES, plan_one, reading, view

(CHANGE,) = plan_one(reading({2147: "timed_out", 443: "connected"})).hosts
OPEN = {443: "connected"}
NEW = dict.fromkeys(ROLES, 443)
HALF = {"primary": 443, "backup": 2147}


def ruling(before: Reading, *, force_closed: bool = False) -> State | None:
    """Return the state that the guard ends the row in; None: write."""
    ruled = guard(CHANGE, before, force_closed=force_closed)
    return None if isinstance(ruled, Go) else ruled.state


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (reading(OPEN), None),
        (reading(OPEN, machine="machine-2"), State.WRONG_HOST),
        (reading(OPEN, pins=NEW), State.ALREADY),
        (reading(OPEN, pins=HALF), State.CONFLICT),
        (reading(OPEN, pins=dict.fromkeys(ROLES, 80)), State.CONFLICT),
        (reading(OPEN, views=(view(dict.fromkeys(ROLES, "2147"), kind=Kind.SZ),)), State.CONFLICT),
        (reading(OPEN, views=(view({}, state=ViewState.ABSENT),)), State.CONFLICT),
        (reading(OPEN, views=(view({"primary": 2147}),)), State.CONFLICT),
        (reading({443: "refused"}), State.REFUSED),
        (reading({}), State.REFUSED),
    ],
)
def test_the_guard_rules(before: Reading, expected: State | None) -> None:
    """The machine, every value in kind and data, and the new port have to be as planned."""
    assert ruling(before) == expected


def test_a_forced_plan_may_write_a_closed_port_but_no_untried_one() -> None:
    """Force says: closed, and I know it; it does not say: never mind."""
    assert ruling(reading({443: "refused"}), force_closed=True) is None
    assert ruling(reading({}), force_closed=True) is State.REFUSED


def test_a_conflict_names_what_is_there_now() -> None:
    """The administrator sees the value that stands in the way."""
    assert guard(CHANGE, reading(OPEN, pins={"primary": 80, "backup": 2147}), force_closed=False) == Refusal(
        State.CONFLICT,
        "changed since the plan: PrimaryTunnelPort (64) is DWORD '80', expected DWORD '2147'",
    )


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (reading(pins=NEW), State.VERIFIED),
        (reading(), State.NOT_WRITTEN),
        (reading(pins=HALF), State.MIXED),
        (reading(pins={"primary": 443, "backup": 80}), State.CONFLICT),
        (reading(views=(view({}, state=ViewState.DENIED),)), State.CONFLICT),
        (reading(pins=NEW, machine="machine-2"), State.CONFLICT),
    ],
)
def test_the_reading_after_a_write_decides(after: Reading, expected: State) -> None:
    """What a fresh session reads is what the journal says."""
    assert conclude(CHANGE, after).state == expected


def test_a_time_out_that_was_not_repeated_is_untried_to_the_guard_too() -> None:
    """The deadline took the second try of the new port: nobody knows, so no force writes it,
    as no plan is made on it.
    """
    cut = replace(reading({2147: "timed_out", 443: "timed_out"}), deadline_hit=True)
    assert ruling(cut, force_closed=True) is State.REFUSED
    (left,) = plan_one(cut, force_closed="tonight").left_out
    assert left.reason == "the primary pin 2147 was not tried: scan again"
    ruled = guard(CHANGE, cut, force_closed=True)
    assert ruled == Refusal(State.REFUSED, "primary 443 could not be tried now: not written")


@given(
    words=st.fixed_dictionaries(
        {port: st.sampled_from(("connected", "refused", "timed_out", "error")) for port in (2147, 443)}
    ),
    forced=st.booleans(),
    cut=st.booleans(),
)
def test_what_is_planned_may_be_written_on_the_same_reading(
    words: dict[int, str], forced: bool, cut: bool
) -> None:
    """Planner and guard believe the same of the new port."""
    found = replace(reading(words), deadline_hit=cut)
    drafted = plan_one(found, force_closed="tonight" if forced else None)
    if drafted.hosts:
        assert isinstance(guard(drafted.hosts[0], found, force_closed=forced), Go)
    elif "new port" in drafted.left_out[0].reason or "is not open" in drafted.left_out[0].reason:
        assert ruling(found, force_closed=forced) is State.REFUSED
