"""A length of time is read, and refused, in the units that a user types."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.primitives.span import LONGEST, SpanError, parse_span, span_words


@pytest.mark.parametrize(
    ("text", "least", "said"),
    [
        ("2h", timedelta(days=1), "--attempts: 2h is too short, at least 1d"),
        ("3s", timedelta(minutes=1), "--attempts: 3s is too short, at least 1m"),
        ("20000d", timedelta(0), "--attempts: 20000d is too long, at most 3660d"),
        ("two", timedelta(0), "--attempts: found 'two', expected a number and s, m, h or d"),
    ],
)
def test_a_time_that_cannot_be_used_is_refused_in_units_to_type(
    text: str, least: timedelta, said: str
) -> None:
    """What is typed in its place is said as it is typed."""
    with pytest.raises(SpanError) as caught:
        parse_span(text, "--attempts", least=least)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["90s", "2m", "25h", "1d", "0d"])
def test_words_are_read_as_the_time_that_they_are_of(text: str) -> None:
    """They are the shortest way to type it."""
    assert span_words(parse_span(text, "")) == text
    assert parse_span(span_words(LONGEST), "") == LONGEST
