"""The names that an inventory holds, for completing them at a prompt: quick, and silent about every mistake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inventory.errors import InventoryError
from inventory.textfile import decode, read_bytes
from inventory.tree import Map, parse

LIMIT = 1024 * 1024  # bytes; more takes longer than a person waits for a completion


def names(path: Path) -> tuple[str, ...]:
    """Return the names of hosts, then of groups, as they stand in the file; none of a file that is big or unreadable."""
    try:
        if path.stat().st_size > LIMIT:
            return ()
        tree = parse(decode(read_bytes(path, what="inventory"), str(path)), str(path), [], tags=True)
    except (InventoryError, OSError, ValueError):
        return ()
    found = [*_keys(tree, "hosts"), *_groups(tree, "groups")]
    return tuple(dict.fromkeys(found))


def _keys(tree: Any, key: str) -> tuple[str, ...]:
    below = tree.get(key) if isinstance(tree, Map) else None
    return tuple(below) if isinstance(below, Map) else ()


def _groups(tree: Any, key: str) -> Iterator[str]:
    for name in _keys(tree, key):
        yield name
        yield from _groups(tree[key][name], "children")
