"""The small words of every screen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.reading import Result
from orchestrator.report import words
from tests.report.samples import NOON


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (273600, "3 d 4 h"),
        (86399, "1 d"),
        (84601, "23 h 30 min"),
        (3599.6, "1 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, expected: str) -> None:
    """A length of time is written in its two largest units."""
    assert words.duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "just now"),
        (0.5, "just now"),
        (30, "30 s ago"),
        (300, "5 min ago"),
        (7300, "2 h ago"),
        (200000, "2 d ago"),
    ],
)
def test_ages_are_rough(seconds: float, expected: str) -> None:
    """An age has one unit; a clock that ran back is `just now`, not a negative age."""
    assert words.age(NOON, NOON + timedelta(seconds=seconds)) == expected


def test_names_fold_after_ten() -> None:
    """The eleventh name is written out, since hiding one takes as much room; with twelve, two are a count."""
    eleven = [f"h{number}" for number in range(11)]
    assert words.folded(eleven) == (", ".join(eleven), 0)
    assert words.folded([*eleven, "h11"]) == (", ".join(eleven[:10]), 2)


def test_every_verdict_and_result_has_its_look() -> None:
    """No verdict is without meaning and style, and no result without words."""
    assert [verdict for verdict in Verdict if not (verdict.meaning and verdict.style)] == []
    assert set(words.RESULTS) == set(Result)
