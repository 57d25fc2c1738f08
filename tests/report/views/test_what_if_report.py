"""What would be if firewalls changed, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from orchestrator.domain.whatif.what_if import StepKind
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


def test_many_hosts_are_written_down_before_the_first_step() -> None:
    """The hosts of a step with more than are named here go to a file before the first step is taken, since
    each step changes the numbers, with the database that was named; its commands read that file.
    """
    lines = [line.strip() for line in render(what_if_screen(standings.imagined(), HINTS), 200).splitlines()]
    options = "--assume-closed 443@203.0.113.10 --assume-open 636@203.0.113.10"
    written = f"fleetcheck unblock {options} --step 2 --db fleet.db > step-2.txt"
    planned = "fleetcheck repin plan --policy vendor-order --limit @step-2.txt -o step-2.json --db fleet.db"
    first = next(number for number, line in enumerate(lines) if line.startswith("1. "))
    assert written in lines[:first]
    assert planned in lines[first:]


def test_a_scan_and_its_plan_read_the_same_file() -> None:
    """A step that scans first takes the hosts of its plan from where it took those of its scan: the scan has
    changed what a number means.
    """
    found = standings.imagined()
    long = replace(found.steps[1], kind=StepKind.SCAN_AND_REPIN)
    found = replace(found, steps=(found.steps[0], long, *found.steps[2:]))
    screen = render(what_if_screen(found, HINTS), 200)
    assert "fleetcheck scan --probe full --limit @step-2.txt --db fleet.db\n" in screen
    assert "--limit @step-2.txt -o step-2.json --db fleet.db\n" in screen
    assert "|" not in screen
