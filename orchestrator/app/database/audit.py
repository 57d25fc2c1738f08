"""The record of who did what to which host: proved, or handed out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.audit import AuditCheck
    from orchestrator.domain.repin.operation import AuditEntry


@dataclass(frozen=True, slots=True)
class Verification:
    """What the chain came to.

    `missing` says that the hash which had to stand in it does not, None where it does.
    """

    found: AuditCheck
    missing: str | None

    @property
    def whole(self) -> bool:
        """Whether nothing was changed or cut off."""
        return not self.found.broken and not self.missing


def verify(invocation: Invocation, last: str | None) -> Verification:
    """Check the whole chain, and that the hash `last` (None: none was noted) stands in it.

    Raises StoreError.
    """
    with invocation.reader() as reader:
        found = reader.verify_audit()
        known = last is None or any(entry.hash == last for entry in reader.audit())
    missing = None if known else f"no entry has the hash {last}: the chain was cut off or begun anew"
    return Verification(found, missing)


@contextmanager
def entries(invocation: Invocation, after: int) -> Iterator[Iterator[AuditEntry]]:
    """Open the entries after number `after`, oldest first, to be read while the block runs.

    Raises StoreError.
    """
    with invocation.reader() as reader:
        yield reader.audit(after)
