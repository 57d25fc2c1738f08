"""The write script under the cultures that break scripts: other case rules, other calendars,
other letters.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests import winhosts as kit
from tests.remote.repin_host import perform
from tests.remote.repins import repins

GOLDEN = Path(__file__).parents[1] / "golden" / "repin"
SCENES = {scene.name: scene for scene in repins()}


def test_writing_ends_the_same_in_every_culture(foreign: kit.Winhost) -> None:
    """Numbers and texts in both views are written, and names match without case,
    as in the invariant culture.
    """
    for name in ("both_views", "names_of_any_case", "changed_invisibly"):
        golden: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text("ascii"))
        assert perform(foreign, SCENES[name]) == golden, name


def test_deadline_is_read_by_the_calendar_of_iso_8601(foreign: kit.Winhost) -> None:
    """A deadline that has passed has passed, in whatever year the host's own calendar is."""
    golden: dict[str, Any] = json.loads((GOLDEN / "expired.json").read_text("ascii"))
    assert perform(foreign, SCENES["expired"]) == golden
