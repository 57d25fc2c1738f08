"""docs/notices.md: its example works, and what it shows is what is sent."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.report.notices.message import notice_text
from tests.docs.conftest import World
from tests.docs.pages import blocks
from tests.report.notices.test_message import CHANGES

PAGE = "docs/notices.md"


def test_the_message_on_the_page_is_what_is_sent() -> None:
    """Word for word."""
    (screen,) = (block.text for block in blocks(PAGE) if block.about == "screen: notice")
    assert screen == notice_text(CHANGES)


def test_the_first_example_tells_once(world: World) -> None:
    """The program has the baseline; the quiet night after it said nothing."""
    test, first, second, listed, *changes = world.type(PAGE)
    assert test.out.startswith("sent to log, id ")
    assert (first.fine, second.fine) == (True, True)
    assert listed.out.split("\t")[:3] == ["log", "command", "0"]
    assert [done.fine for done in changes] == [True, True]
    event = json.loads((_folder(world) / "config/fleetcheck/last-notice.json").read_text("utf-8"))
    assert (event["data"]["about"], event["data"]["target"]) == ("baseline", "log")


def _folder(world: World) -> Path:
    return world._folder / PAGE.replace("/", "-")
