"""The formats that a scan can be handed on in.

Light: the command line reads it before anything else is loaded.
"""

from __future__ import annotations

import enum


class Format(enum.StrEnum):
    """What a scan is written as; `docs/exports.md` describes each."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    JUNIT = "junit"
    PROMETHEUS = "prometheus"
    NAGIOS = "nagios"

    @property
    def marker(self) -> str:
        """What stands in the head of every file of this format: nothing else is ever replaced by one."""
        return _MARKERS[self]

    @property
    def sentences(self) -> bool:
        """Whether it quotes the evidence."""
        return self in (Format.CSV, Format.JUNIT)

    @property
    def logons(self) -> bool:
        """Whether it says what the logons used."""
        return self in (Format.JSON, Format.JSONL)


_MARKERS = {
    Format.JSON: '"fleetcheck": {',
    Format.JSONL: '{"scan": ',
    Format.CSV: '"scan","host","address"',
    Format.JUNIT: '<testsuites name="fleetcheck"',
    Format.PROMETHEUS: "# HELP fleetcheck_",
    Format.NAGIOS: "FLEETCHECK ",
}
