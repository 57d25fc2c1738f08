"""What the audit says of the rows that a re-pin acts on: each entry about one holds a digest of the row.
Pure.

A digest covers a list of fields, and the entry holds the list's number: a field that is added later makes a
new list, and what was written before is still checked by its own. Entries of 0.1 hold no number, and digests
of operations alone: the entry `BOUND`, made by the upgrade, says from where on runs and plans are covered
too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain.primitives.digest import sha256
from orchestrator.domain.repin.operation import AuditEntry

OPERATION = "operation"
"""The audit's word for a row of the journal that was made or moved."""
RUN, PLAN = "run", "plan"
BOUND = "bound from here"
"""The audit's word for the upgrade from which on every entry about a run holds its digest and its plan's."""

Key = tuple[str, int | str]
"""A row: OPERATION, RUN or PLAN, and its id."""

FIELDS: dict[str, Mapping[int, tuple[str, ...]]] = {
    OPERATION: {
        1: (
            "id", "run", "plan", "host", "state", "changed", "wave", "detail", "before", "after", "deadline",
            "undoes", "started",
        ),
    },
    RUN: {
        1: (
            "id", "plan_id", "started", "ended", "state", "reason", "hosts", "options", "command",
            "user_name", "version", "controller",
        ),
    },
    PLAN: {1: ("id", "digest", "text", "created", "expires")},
}  # fmt: skip
NEWEST = {kind: max(lists) for kind, lists in FIELDS.items()}


def digest(kind: str, row: Mapping[str, Any], version: int | None = None) -> str:
    """Hash a row over the fields of list `version` (None: the newest); hex. Raises KeyError for another."""
    names = FIELDS[kind][NEWEST[kind] if version is None else version]
    return sha256({name: _plain(row[name]) for name in names})


def told(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry's details hold to bind a row."""
    row_key, version_key = _KEYS[kind]
    return {row_key: digest(kind, row), version_key: NEWEST[kind]}


_KEYS = {OPERATION: ("row", "fields"), RUN: ("row", "fields"), PLAN: ("plan_row", "plan_fields")}
_SUBJECT_OF_RUN = "run "


@dataclass(slots=True)
class Told:
    """What the entries noted so far say of each row: its last digest with its list,
    and who spoke of it first.
    """

    digests: dict[Key, tuple[str, int]] = field(default_factory=dict)
    first: dict[Key, int] = field(default_factory=dict)
    bound: int = 0
    run_of: dict[Key, object] = field(default_factory=dict)

    def noting(self, chain: Iterable[AuditEntry]) -> Iterator[AuditEntry]:
        """Pass the entries on, and note what each one says."""
        for entry in chain:
            self._note(entry)
            yield entry

    def covered(self, key: Key) -> bool:
        """Say whether an entry holds the row's digest, or should:
        only rows of before `BOUND` are not covered.
        """
        return key in self.digests or not 0 < self.first.get(key, self.bound) < self.bound

    def difference(self, key: Key, row: Mapping[str, Any]) -> str | None:
        """Say how a covered row differs from what its last entry says; None: it does not."""
        said = self.digests.get(key)
        if said is None:
            return "no entry tells of it" if key not in self.first else "no entry tells of its content"
        value, version = said
        if version not in FIELDS[key[0]]:
            return f"its last entry is by a list of fields that this program does not know ({version})"
        return None if digest(key[0], row, version) == value else "its last entry tells of other content"

    def operations_of(self, run: int) -> set[Key]:
        """Return the operations that belong to a run by what is said of them."""
        return {key for key, owner in self.run_of.items() if owner == run and key in self.digests}

    def _note(self, entry: AuditEntry) -> None:
        details = _object(entry.details)
        if entry.what == BOUND:
            self.bound = self.bound or entry.number
        elif entry.what == OPERATION:
            key = (OPERATION, details.get("operation", 0))
            self._hold(entry, key, details)
            if isinstance(key[1], (int, str)):
                self.run_of[key] = details.get("run")
        elif entry.subject.startswith(_SUBJECT_OF_RUN) and entry.subject[len(_SUBJECT_OF_RUN) :].isdecimal():
            self._hold(entry, (RUN, int(entry.subject[len(_SUBJECT_OF_RUN) :])), details)
        if "plan" in details:
            self._hold(entry, (PLAN, details["plan"]), details)

    def _speak(self, entry: AuditEntry, key: Key) -> None:
        if isinstance(key[1], (int, str)):  # an entry that was changed may say anything
            self.first.setdefault(key, entry.number)

    def _hold(self, entry: AuditEntry, key: Key, details: Mapping[str, Any]) -> None:
        self._speak(entry, key)
        row_key, version_key = _KEYS[key[0]]
        if row_key in details and isinstance(key[1], (int, str)):
            version = details.get(version_key, 1)
            self.digests[key] = (str(details[row_key]), version if isinstance(version, int) else 0)


def _object(text: str) -> dict[str, Any]:
    """Read an entry's details; what is no object says nothing here, and the chain breaks at it."""
    try:
        details = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return details if isinstance(details, dict) else {}


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
