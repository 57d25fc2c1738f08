"""A pattern that takes nothing is right, worth a warning or a mistake: the caller says which,
and is told by a value.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.model import Fleet
from orchestrator.app.errors import UsageError
from orchestrator.app.events import Note, Warned
from orchestrator.app.select import NoMatch, limited
from tests.fleet.fakes import hosts

FLEET = Fleet(
    path=Path("fleet.yaml"),
    digest="",
    hosts={host.name: host for host in hosts(2)},
    groups={},
    credentials={},
)


@pytest.mark.parametrize(("no_match", "told"), [(NoMatch.OK, 0), (NoMatch.WARN, 1)])
def test_a_pattern_that_takes_nothing_is_told_or_not(no_match: NoMatch, told: int) -> None:
    """The hosts that the others take are chosen all the same."""
    events: list[Note] = []
    found = limited(FLEET, ["h1", "gone*"], no_match, stdin=None, on_event=events.append)
    assert [host.name for host in found] == ["h1"]
    assert [type(event) for event in events] == [Warned] * told


def test_a_pattern_that_takes_nothing_can_be_a_mistake() -> None:
    """The message says how it is allowed."""
    with pytest.raises(UsageError, match="--no-match ok"):
        limited(FLEET, ["h1", "gone*"], NoMatch.ERROR, stdin=None, on_event=lambda _note: None)
