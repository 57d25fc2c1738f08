"""The exit codes, each with its meaning, in one table: the help,
the pages and the commands all take them from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inventory import errors

EXIT_OK = 0
EXIT_FAILED = errors.EXIT_FAILED
EXIT_USAGE = errors.EXIT_USAGE
EXIT_ATTENTION = 3
EXIT_UNPROBED = 4
EXIT_BOTH = 5
EXIT_GATE = errors.EXIT_GATE
EXIT_INTERRUPTED = 130

MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        EXIT_OK: "nothing needs attention",
        EXIT_FAILED: "the command failed",
        EXIT_USAGE: "usage or no host selected",
        EXIT_ATTENTION: "hosts need attention",
        EXIT_UNPROBED: "hosts could not be reached or were not started",
        EXIT_BOTH: "both",
        EXIT_GATE: "stopped by a safety gate",
        EXIT_INTERRUPTED: "interrupted",
    }
)
"""What each code says of a scan and a re-pin."""


def in_words() -> str:
    """Write the whole table as one line: `0 nothing needs attention, 1 the command failed, ...`."""
    return ", ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items())
