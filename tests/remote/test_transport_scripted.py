"""Hosts that answer by any script at all: each ends as a reply or a fault, and nothing of it is left.

What hangs is ended by its deadline alone: the host hangs until the client goes. A session that did not end
would run into pytest's own time-out.
"""

from __future__ import annotations

from hypothesis import given, settings

from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.session import Reply
from tests.remote.hostile import GOOD, Script, outcome, scripts

BOTH_WIRES = True


def test_a_host_that_says_what_it_should_is_understood() -> None:
    """The script that the others are made of leads to a reply, so that they get as far as they mean to."""
    found, _, left = outcome(GOOD, deadline=10.0)
    assert isinstance(found, Reply)
    assert (found.text, left) == ("hello", 0)


@settings(deadline=None, max_examples=15)  # more by `tests/bench/bench_hostile.py`
@given(scripts())
def test_whatever_a_host_says_it_ends(said: Script) -> None:
    """Whole answers, halves, nonsense, silence, the end, at every step of a session."""
    found, _, left = outcome(said)
    assert isinstance(found, Reply | Fault)
    assert left == 0
