"""What can be wrong with a copy, in words for the user.

StoreError
  SamePlaceError    source and target are one database
  NotEmptyError     the target holds results already
  RunAliveError     a re-pin of the source is still going on
  CopyRefusedError  the target does not take a row
  CopyDiffersError  what was read back is not what was written
"""

from __future__ import annotations

from inventory.words import plural
from orchestrator.store.errors import Owner, StoreError


class SamePlaceError(StoreError):
    """Source and target are the same database, `place`."""

    def __init__(self, place: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: a copy needs another place to go to; this one is its source, too."
        )
        self.place = place


class NotEmptyError(StoreError):
    """The target at `place` holds `rows` rows in `table`: nothing is added to what is there."""

    def __init__(self, place: str, table: str, rows: int) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: it is not empty ({plural(rows, 'row')} in table {table!r}), and was left "
            "as it is. A copy goes into an empty database: make a new one and name it."
        )
        self.place, self.table, self.rows = place, table, rows


class RunAliveError(StoreError):
    """The run `run_id` of the source at `place` is in its pause: `owner` will go on writing to it."""

    def __init__(self, place: str, run_id: int, owner: Owner) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: run {run_id} of a re-pin is between two waves ({owner}). "
            "What it writes after the copy would be in the old database alone: "
            "wait for its end, or stop it and `fleetcheck repin resume` it in the new one."
        )
        self.place, self.run_id, self.owner = place, run_id, owner


class CopyRefusedError(StoreError):
    """The target at `place` does not take a row of `table`; `detail` is what its driver said, in one line."""

    def __init__(self, place: str, table: str, detail: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: it does not take a row of table {table!r} ({detail}). "
            "The source is as it was; the target stays marked as unfinished."
        )
        self.place, self.table, self.detail = place, table, detail


class CopyDiffersError(StoreError):
    """What was read back from `place` differs from the source: `found` says in what."""

    def __init__(self, place: str, found: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: what was read back from it is not what was copied: {found}. "
            "The source is as it was; the target stays marked as unfinished."
        )
        self.place, self.found = place, found
