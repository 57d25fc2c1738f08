"""The journal's states and moves, and the waves and limits of a run."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.repin.journal import (
    FAILED,
    MOVES,
    UNRESOLVED,
    WROTE,
    IllegalJournalMoveError,
    State,
    diagram,
    ended,
    move,
)
from orchestrator.domain.repin.waves import BatchError, Count, Limits, parse_batch, waves


@pytest.mark.parametrize(("before", "after"), list(itertools.product([None, *State], State)))
def test_a_move_is_in_the_table_or_raises(before: State | None, after: State) -> None:
    """There is no way round the table."""
    if after in MOVES.get(before, ()):
        assert move(before, after) is after
    else:
        with pytest.raises(IllegalJournalMoveError):
            move(before, after)


def test_nothing_is_written_without_an_intent() -> None:
    """Every way from no row to a state in which we may have written goes through `intent` and `sent`."""
    reached, open_ways = set(), [State.ALREADY, State.CONFLICT, State.NOT_STARTED, State.REFUSED]
    while open_ways:
        state = open_ways.pop()
        reached.add(state)
        open_ways.extend(MOVES.get(state, frozenset()) - reached)
    assert reached & (WROTE | UNRESOLVED) == set()


def test_every_state_can_be_reached_and_every_way_ends() -> None:
    """No state is a word without a use, and none goes round in circles."""
    reached, open_ways = set[State](), list(MOVES[None])
    while open_ways:
        state = open_ways.pop()
        reached.add(state)
        open_ways.extend(MOVES.get(state, frozenset()) - reached)
    assert reached == set(State)
    assert all(any(ended(after) for after in MOVES[before]) or before is State.HANDED_OUT for before in MOVES)


def test_the_diagram_has_every_move() -> None:
    """What the docs show is what the table says."""
    drawn = {
        (line.split("->")[0].strip(), after)
        for line in diagram().splitlines()
        for after in line.split("-> ")[1].split(", ")
    }
    assert drawn == {
        (str(before or "(no row)"), str(after)) for before, afters in MOVES.items() for after in afters
    }


@pytest.mark.parametrize(
    ("total", "batch", "sizes"),
    [
        (100, "1,5%,25%", [1, 5, 25, 25, 25, 19]),
        (10, "1,5%,25%", [1, 1, 2, 2, 2, 2]),
        (3, "100%", [3]),
        (3, "10", [3]),
        (0, "1", []),
    ],
)
def test_waves_grow_and_the_last_size_repeats(total: int, batch: str, sizes: list[int]) -> None:
    """A percentage is of the plan, rounded down, at least 1."""
    assert [len(wave) for wave in waves(total, parse_batch(batch))] == sizes


@given(
    total=st.integers(0, 3000),
    sizes=st.lists(
        st.one_of(st.integers(1, 500).map(str), st.integers(1, 100).map("{}%".format)), min_size=1, max_size=5
    ),
)
def test_waves_cover_the_plan_once_and_in_order(total: int, sizes: list[str]) -> None:
    """No host is skipped, none comes twice."""
    covered = [index for wave in waves(total, parse_batch(",".join(sizes))) for index in wave]
    assert covered == list(range(total))


@pytest.mark.parametrize("text", ["", "0", "0%", "101%", "-1", "5 %", "1,,2", "half", "1.5"])
def test_a_batch_that_says_nothing_usable_is_refused(text: str) -> None:
    """The message says what was expected."""
    with pytest.raises(BatchError, match="expected a number of hosts"):
        parse_batch(text)


def test_the_run_stops_at_the_nth_failure() -> None:
    """`--max-failed 2` lets one failure pass and stops at the second; conflicts have their own limit."""
    limits = Limits(max_failed=2, max_conflicts=1)
    count = Count().plus(State.MIXED).plus(State.VERIFIED).plus(State.ALREADY)
    assert count.over(limits) is None
    assert count.plus(State.UNKNOWN).over(limits) == "2 failed, --max-failed 2"
    assert count.plus(State.WRONG_HOST).over(limits) == "1 in conflict, --max-conflicts 1"


def test_only_ends_that_harm_count_as_failed() -> None:
    """A host that was left alone on purpose does not stop a run."""
    assert {State.RESTORED, State.MIXED, State.UNKNOWN, State.DENIED, State.UNREACHABLE} == FAILED
