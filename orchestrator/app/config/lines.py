"""In which line of a TOML file a key stands. `tomllib` does not tell; a file's beginning, parsed, does."""

from __future__ import annotations

import bisect
import tomllib
from collections.abc import Mapping, Sequence


def line_of(text: str, path: Sequence[str]) -> int:
    """Return the line (from 1) where the statement that gives `path` begins; 0 where nothing does.

    A key is in what the first n lines say from its own last line on: the smallest such n is found by halving.
    """
    lines = [f"{line}\n" for line in text.split("\n")]  # as TOML counts: no other mark ends a line
    last = bisect.bisect_left(range(len(lines) + 1), 1, key=lambda count: _has(_tree(lines, count)[0], path))
    if last > len(lines):
        return 0
    return _tree(lines, last - 1)[1] + 1


def _tree(lines: Sequence[str], count: int) -> tuple[Mapping[str, object], int]:
    """Parse the first `count` lines, or fewer where these end within a value; return how many they are."""
    while count:
        try:
            return tomllib.loads("".join(lines[:count])), count
        except tomllib.TOMLDecodeError:
            count -= 1
    return {}, 0


def _has(tree: object, path: Sequence[str]) -> bool:
    for key in path:
        if not isinstance(tree, Mapping) or key not in tree:
            return False
        tree = tree[key]
    return True
