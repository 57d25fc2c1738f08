"""The formats that a scan can be handed on in, each with all that is fixed about it: one table.

Light: the command line reads it before anything else is loaded.
"""

from __future__ import annotations

import enum
from typing import Self


class Format(enum.StrEnum):
    """What a scan is written as; `docs/exports.md` describes each.

    Each: its word, what stands in the head of every such file (nothing else is ever replaced by one), whether
    it quotes the evidence, and whether it says what the logons used.
    """

    marker: str
    sentences: bool
    logons: bool

    JSON = "json", '"fleetcheck": {', False, True
    JSONL = "jsonl", '{"scan": ', False, True
    CSV = "csv", '"scan","host","address"', True
    JUNIT = "junit", '<testsuites name="fleetcheck"', True
    PROMETHEUS = "prometheus", "# HELP fleetcheck_"
    NAGIOS = "nagios", "FLEETCHECK "

    def __new__(cls, word: str, marker: str = "", sentences: bool = False, logons: bool = False) -> Self:
        """Make a format of its row in the table."""
        made = str.__new__(cls, word)
        made._value_ = word
        made.marker = marker
        made.sentences = sentences
        made.logons = logons
        return made

    @classmethod
    def words(cls) -> str:
        """List all of them: "json, csv or junit"."""
        *most, last = cls
        return f"{', '.join(most)} or {last}"
