"""What a host said, made safe to look at."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.primitives.text import clean

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))  # lone surrogates too

HOSTILE = {
    "escape sequence": ("\x1b[2Jgone", r"\x1b[2Jgone"),
    "line end": ("a\nb\r\tc", r"a\x0ab\x0d\x09c"),
    "delete": ("\x7f", r"\x7f"),
    "C1 control": ("\x9b31m", r"\x9b31m"),
    "NUL": ("a\x00b", r"a\x00b"),
    "right-to-left override": ("user\u202etxt.exe", r"user\u202etxt.exe"),
    "isolate": ("\u2066x\u2069", r"\u2066x\u2069"),
    "direction mark": ("\u200e\u200f\u061c", r"\u200e\u200f\u061c"),
    "zero width": ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
    "line separators": ("\u2028\u2029", r"\u2028\u2029"),
    "odd space": ("\xa0443", r"\xa0443"),
    "soft hyphen": ("a\xadb", r"a\xadb"),
    "lone surrogate": ("\ud800", r"\ud800"),
    "private use": ("\ue000", r"\ue000"),
    "unassigned": ("\U000e0080", r"\U000e0080"),
    "tag characters": ("\U000e0041", r"\U000e0041"),
    "variation selector": ("a\ufe0f", r"a\ufe0f"),
    "blank letter": ("\u3164", r"\u3164"),
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_what_a_screen_would_obey_or_hide_is_made_visible(text: str, shown: str) -> None:
    """Controls, marks without a shape and broken characters are shown as escapes."""
    assert clean(text) == shown


@pytest.mark.parametrize(
    "text", ["", "plain", r"C:\new\x1b", "Größe", "数据库", "\u0663", "e\u0301", "🙂", "[bold]x[/]"]
)
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    """Letters of any script, backslashes and markup characters are not touched."""
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("ab\x1bcd", 5, "ab…"),
        ("ab\x1b", 6, r"ab\x1b"),
        ("ab\x1bc", 6, "ab…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("abc", -1, ""),
        ("", 0, ""),
    ],
)
def test_a_limit_cuts_with_a_mark_and_never_inside_an_escape(text: str, limit: int, shown: str) -> None:
    """A text that is too long ends in a mark, and no escape is shown in half."""
    assert clean(text, limit=limit) == shown


@given(ANY_TEXT)
def test_nothing_unprintable_comes_through(text: str) -> None:
    """Whatever a host says, no control, format, surrogate or separator character reaches the screen."""
    shown = clean(text)

    assert {unicodedata.category(character)[0] for character in shown.replace(" ", "")} & {"C", "Z"} == set()


@given(ANY_TEXT, st.none() | st.integers(min_value=0, max_value=30))
def test_cleaning_twice_changes_nothing_and_keeps_to_the_limit(text: str, limit: int | None) -> None:
    """A cleaned text is clean, and no longer than asked."""
    shown = clean(text, limit=limit)

    assert clean(shown, limit=limit) == shown
    assert limit is None or len(shown) <= limit
