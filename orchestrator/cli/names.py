"""Words that several commands say: a name that nobody knows, a waiver that has ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.model import Fleet

_NAMED = 3  # hosts of an ended waiver; the inventory has the others


def unknown_host(name: str, known: Iterable[str], place: str) -> str:
    """Say that `place` has no such host, and which names are near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"{place} has no host {name!r}{hint}"


def expired_words(fleet: Fleet, today: date) -> Iterator[str]:
    """Say of each waiver whose last day has passed where it stands, and for which hosts it counts no more."""
    from inventory.waivers import expired

    for waiver in expired(fleet, today):
        hosts = ", ".join(waiver.hosts[:_NAMED])
        more = f" and {len(waiver.hosts) - _NAMED:,} more" if len(waiver.hosts) > _NAMED else ""
        yield (
            f"{fleet.path}:{waiver.line}: the waiver for {waiver.verdict} ended on {waiver.until} and counts "
            f"no more: {waiver.reason} ({hosts}{more})"
        )
