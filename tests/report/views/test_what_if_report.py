"""What would be if firewalls changed, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.report.hints import Hints
from orchestrator.report.views.what_if import what_if_document, what_if_rows, what_if_screen
from tests.report import standings
from tests.report.conftest import render

HINTS = Hints(database=" --db fleet.db")


@pytest.mark.parametrize("width", [80, 200])
def test_the_answer_is_shown_as_agreed(golden: Callable[..., None], width: int) -> None:
    """What is assumed comes first, then who loses the backup, then the steps in their order with their
    commands.
    """
    golden("what-if", what_if_screen(standings.imagined(), Hints()), width)


def test_what_is_assumed_stands_in_every_output() -> None:
    """Screen, lines and document name each assumption before they say anything else."""
    found = standings.imagined()
    screen = render(what_if_screen(found, HINTS), 200)
    assert screen.startswith("What if  443 to 203.0.113.10 is closed, 636 to 203.0.113.10 is open?\n")
    assert [row[:3] for row in what_if_rows(found)][:2] == [
        ("assumed", "closed", "443@203.0.113.10"),
        ("assumed", "open", "636@203.0.113.10"),
    ]
    assert [each["state"] for each in what_if_document(found)["assumed"]] == ["closed", "open"]


def test_many_hosts_come_down_a_pipe() -> None:
    """A step with more hosts than are named here is typed as a pipe from `--step`, with the database that was
    named.
    """
    screen = render(what_if_screen(standings.imagined(), HINTS), 200)
    assert (
        "fleetcheck unblock --assume-closed 443@203.0.113.10 --assume-open 636@203.0.113.10 --step 2 "
        "--db fleet.db | fleetcheck repin plan --policy vendor-order --limit - -o step-2.json --db fleet.db\n"
    ) in screen
