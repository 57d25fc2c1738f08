"""The audit's chain: each entry holds the hash of the one before it, so nothing in it changes unseen. Pure.

A chain proves what stands in it, not where it ends: its last entries could be cut off. So `audit verify`
shows how many there are and the last hash, to be compared with what was noted elsewhere, and holds the
journal against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain.primitives.digest import canonical_json, sha256
from orchestrator.domain.repin.operation import AuditEntry, Operation

FIRST = "0" * 64
"""What the first entry names as the hash before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLink:
    """Where the audit is not what was written.

    `number` is the entry's, None where no entry is at fault alone.
    """

    number: int | None
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """What `verify` found: how many entries hold together from the first on, the last one's hash, what broke.

    `not_covered` names the runs and plans stored before entries held their digests: nothing proves them.
    """

    entries: int
    last: str
    broken: BrokenLink | None = None
    not_covered: tuple[str, ...] = ()


def link(
    before: tuple[int, str] | None,
    *,
    time: datetime,
    who: str,
    what: str,
    subject: str,
    details: Mapping[str, Any],
) -> AuditEntry:
    """Make the entry that follows `before` (number and hash; None: the first one). `time` is aware."""
    number, previous = before or (0, FIRST)
    entry = AuditEntry(
        number=number + 1,
        time=time.astimezone(UTC),
        who=who,
        what=what,
        subject=subject,
        details=canonical_json(dict(details)),
        previous=previous,
        hash="",
    )
    return replace(entry, hash=content_hash(entry))


def content_hash(entry: AuditEntry) -> str:
    """Hash an entry's content with the hash before it: everything but its own hash."""
    hashed = document(entry)
    del hashed["hash"]
    return sha256(hashed)


def document(entry: AuditEntry) -> dict[str, Any]:
    """Write an entry as `audit export` shows it: one JSON object;
    `details` is an object in it where it can be one.
    """
    shown = content(entry)
    shown["details"] = _details(entry.details)
    return shown


def _details(text: str) -> Any:
    """Read the details; text that is not in the canonical spelling (so: changed) stays text,
    and hashes as such.
    """
    try:
        details = json.loads(text)
        return details if canonical_json(details) == text else text
    except (ValueError, RecursionError):
        return text


def check(entries: Iterable[AuditEntry]) -> AuditCheck:
    """Go along the chain from its first entry to the first broken link, or to its end."""
    number, last = 0, FIRST
    for entry in entries:
        wrong = _wrong(entry, number, last)
        if wrong is not None:
            broken = BrokenLink(number=entry.number, found=wrong)
            return AuditCheck(entries=number, last=last, broken=broken)
        number, last = entry.number, entry.hash
    return AuditCheck(entries=number, last=last)


def _wrong(entry: AuditEntry, before: int, last: str) -> str | None:
    if entry.number != before + 1:
        return f"entry {entry.number} follows entry {before}: what was between is gone"
    if entry.previous != last:
        return f"entry {entry.number} does not follow entry {before}: it names another hash before it"
    if entry.hash != content_hash(entry):
        return f"entry {entry.number} was changed: its hash does not fit its content"
    return None


def content(value: AuditEntry | Operation) -> dict[str, Any]:
    """Return an entry or a row of the journal as plain values, by the names of its fields."""
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
