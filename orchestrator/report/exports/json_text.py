"""JSON documents as text, piece by piece: ASCII, lossless,
and no longer in memory than one of their items.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def streamed(content: Mapping[str, Any], key: str, items: Iterable[Any]) -> Iterator[str]:
    """Write a document whose last key holds an array of any length: each item on a line, none kept."""
    head = json.dumps(content, indent=2, ensure_ascii=True).removesuffix("\n}")
    yield f'{head},\n  "{key}": ['
    separator = "\n    "
    for item in items:
        yield separator + json.dumps(item, ensure_ascii=True)
        separator = ",\n    "
    yield "\n  ]\n}\n"
