"""Words that several commands say: a name that nobody knows, a waiver that has ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.model import Fleet


def unknown_host(name: str, known: Iterable[str], place: str) -> str:
    """Say that `place` has no such host, and which names are near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"{place} has no host {name!r}{hint}"


def expired_words(fleet: Fleet, today: date) -> Iterator[str]:
    """Say of each waiver whose last day has passed where it stands and that it counts no more."""
    for waiver in fleet.waivers:
        if waiver.until < today:
            yield (
                f"{fleet.path}:{waiver.line}: the waiver for {waiver.verdict} ended on {waiver.until} and counts "
                f"no more: {waiver.reason}"
            )
