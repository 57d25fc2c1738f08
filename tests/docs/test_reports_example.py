"""The page about reports: its worked example is what its reader sees."""

from __future__ import annotations

import re

from tests.docs.conftest import World
from tests.docs.pages import blocks

PAGE = "docs/reports.md"


def test_what_if_says_what_the_page_shows(world: World) -> None:
    """The first command of the example prints the screen below it, but for the time of the oldest reading."""
    (screen,) = (block.text for block in blocks(PAGE) if block.about == "screen: what if")
    typed = next(done for done in world.type(PAGE) if done.block.about == "commands: what if")
    time = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"
    assert re.sub(time, "TIME", typed.out) == re.sub(time, "TIME", screen)


def test_a_step_is_planned_as_it_was_promised(world: World) -> None:
    """The hosts of the first step go into a plan, and none is left out."""
    *_, names, planned = world.type(PAGE)
    assert (planned.code, names.out.split()) == (0, ["db7"])
    rows = [line.split("\t")[:2] for line in planned.out.splitlines()]
    assert rows == [[name, "planned"] for name in names.out.split()]
