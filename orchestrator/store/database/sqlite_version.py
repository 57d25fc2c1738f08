"""Which SQLite this Python has."""

from __future__ import annotations

import sqlite3

# Before it, a database can lose what was committed where two programs write or checkpoint at once
# (https://www.sqlite.org/releaselog/3_51_3.html). Only one of ours ever does.
SAFE_FOR_TWO_WRITERS = (3, 51, 3)


def version() -> tuple[int, int, int]:
    """Return the version of the library that is loaded."""
    return sqlite3.sqlite_version_info[:3]
