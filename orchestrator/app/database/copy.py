"""A database moved to another place, with the proof that both hold the same."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.store.copying.copy import Copied, CopiedTable
from orchestrator.store.copying.copy import copy as copy_rows
from orchestrator.store.place import database_url

__all__ = ["Copied", "CopiedTable", "copy"]


def copy(
    source: str, target: str, *, command: str, user: str, on_rows: Callable[[str, int, int], None]
) -> Copied:
    """Copy the database `source` to `target` (paths or URLs), both locked, and return what both then hold.

    `on_rows` is told a table's name, its rows copied so far and its rows in all. Raises StoreError.
    """
    return copy_rows(
        database_url(source, {}), database_url(target, {}), command=command, user=user, on_rows=on_rows
    )
