"""When a host is tried again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.execution.backoff import LONG, SHORT, Curve, next_wait


def chance(seed: int = 1) -> random.Random:
    """Make chance that can be repeated."""
    return random.Random(seed)  # noqa: S311 - jitter is no secret


@pytest.mark.parametrize("curve", [SHORT, LONG])
@pytest.mark.parametrize("tried", [3, 4, 100, 0, -1])
def test_three_tries_are_the_most(curve: Curve, tried: int) -> None:
    """After the third try there is no other one."""
    assert next_wait(tried, left=1000, need=1, chance=chance(), curve=curve) is None


def test_a_host_that_may_be_tried_once_more_is_tried_twice_in_all() -> None:
    """With two tries allowed the second one is the last."""
    assert next_wait(1, left=1000, need=1, chance=chance(), tries=2) is not None
    assert next_wait(2, left=1000, need=1, chance=chance(), tries=2) is None


@pytest.mark.parametrize("left", [0, 5, 5.9])
def test_a_wait_that_leaves_no_time_is_not_begun(left: float) -> None:
    """Where the deadline would pass before another try could end, the host is given up at once."""
    assert next_wait(1, left=left, need=5, chance=chance()) is None


def test_a_wait_is_shortened_to_what_is_left() -> None:
    """Where a shorter wait still leaves time for a try, it is taken."""
    assert next_wait(1, left=6, need=5, chance=chance()) == 1.0


@given(st.integers(1, 2), st.floats(0, 300), st.floats(0, 60), st.integers(), st.sampled_from((SHORT, LONG)))
def test_every_wait_is_between_one_and_thirty_seconds_and_leaves_time(
    tried: int, left: float, need: float, seed: int, curve: Curve
) -> None:
    """A wait is inside its curve, and what is left after it is enough for a try."""
    wait = next_wait(tried, left=left, need=need, chance=chance(seed), curve=curve)

    if wait is None:
        assert left - need < curve.floor
    else:
        assert 1 <= curve.floor <= wait <= curve.ceilings[tried - 1] <= 30
        assert left - wait >= need - 1e-9


def test_hosts_that_failed_together_do_not_come_back_together() -> None:
    """Full jitter spreads the waits over the whole range."""
    dice = chance()

    waits = [next_wait(2, left=1000, need=1, chance=dice) or 0 for _ in range(500)]

    assert min(waits) < 3
    assert max(waits) > 28


def test_a_quota_is_given_more_time_than_a_cut_connection() -> None:
    """The long curve starts where it makes sense to ask again."""
    assert LONG.floor > SHORT.floor
