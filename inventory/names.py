"""The names that an inventory holds, for completing them at a prompt: quick,
and silent about every mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inventory.errors import InventoryError
from inventory.files.regular import kind
from inventory.files.textfile import decode, read_bytes
from inventory.schema import shapes
from inventory.sources.program import is_program
from inventory.yamlfile.tree import Map, parse

LIMIT = 1024 * 1024  # bytes; more takes longer than a person waits for a completion


def names(path: Path) -> tuple[str, ...]:
    """Return the names of hosts, then of groups, that the loader would take; none of a big or unreadable
    file.

    A shell pastes what is offered: `$(...)` in the place of a name must not come out of here.
    """
    try:
        found_at = path.stat()
        if is_program(path):
            return ()  # nothing is run for a prompt
        if found_at.st_size > LIMIT or kind(found_at.st_mode) is not None:
            return ()
        tree = parse(decode(read_bytes(path, what="inventory"), str(path)), str(path), [], tags=True)
    except (InventoryError, OSError, ValueError):
        return ()
    found = [*_keys(tree, "hosts"), *_groups(tree, "groups")]
    return tuple(name for name in dict.fromkeys(found) if is_name(name))


def is_name(text: str) -> bool:
    """Say whether a text can be the name of a host or a group."""
    try:
        return bool(shapes.name(text))
    except ValueError:
        return False


def _keys(tree: Any, key: str) -> tuple[str, ...]:
    below = tree.get(key) if isinstance(tree, Map) else None
    return tuple(below) if isinstance(below, Map) else ()


def _groups(tree: Any, key: str) -> Iterator[str]:
    for name in _keys(tree, key):
        yield name
        yield from _groups(tree[key][name], "children")
