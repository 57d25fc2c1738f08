"""What a Ctrl-C is answered with."""

from __future__ import annotations

import pytest

from orchestrator.cli.progress import stopping
from orchestrator.fleet.control.events import Stopping


@pytest.mark.parametrize(
    ("in_flight", "storing", "abandoned", "said"),
    [
        (3, 2, False, "nothing new starts, 3 hosts in flight to finish; once more leaves them"),
        (0, 2, False, "nothing new starts, 2 results to be stored; once more leaves them"),
        (0, 0, False, "nothing new starts, nothing is in flight"),
        (3, 0, True, "3 hosts in flight left"),
        (0, 1, True, "0 hosts in flight left; 1 result not stored yet, waited for 2 s more"),
    ],
)
def test_a_ctrl_c_is_answered_with_what_is_still_waited_for(
    in_flight: int, storing: int, said: str, *, abandoned: bool
) -> None:
    """Hosts, else results that the database has not taken yet; and what a second one does."""
    event = Stopping(reason="Ctrl-C", in_flight=in_flight, abandoned=abandoned, storing=storing)
    assert stopping(event) == f"Ctrl-C: {said}"


@pytest.mark.parametrize(
    ("abandoned", "said"),
    [
        (False, "nothing new starts, the run's end is to be stored; once more leaves that"),
        (True, "the run's end is not stored yet, waited for 2 s more"),
    ],
)
def test_a_ctrl_c_before_or_after_the_hosts_is_answered_with_what_is_not_stored(
    said: str, *, abandoned: bool
) -> None:
    """Nothing is in flight then, and the database is what holds the command."""
    event = Stopping(reason="Ctrl-C", in_flight=0, abandoned=abandoned, unstored="the run's end")
    assert stopping(event) == f"Ctrl-C: {said}"


def test_a_ctrl_c_between_hosts_says_that_the_database_is_waited_for() -> None:
    """Nothing is in flight, and yet the command does not end: a second one does that."""
    event = Stopping(reason="Ctrl-C", in_flight=0, abandoned=False, asking=True)
    assert stopping(event) == ("Ctrl-C: nothing new starts, the database is waited for; once more leaves it")
