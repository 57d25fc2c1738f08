"""Words for a name that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable


def unknown_host(name: str, known: Iterable[str], place: str) -> str:
    """Say that `place` has no such host, and which names are near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"{place} has no host {name!r}{hint}"
