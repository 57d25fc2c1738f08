"""What a shell may offer for a word.

Read where the database is there and current, so that nothing is made or upgraded.

Raises LookupError where it is not, StoreError.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.record import ScanRecord
    from orchestrator.domain.repin.operation import RunRecord
    from orchestrator.store.reader import Reader

_NEWEST = 20  # scans or runs that are offered


def hosts(invocation: Invocation) -> tuple[str, ...]:
    """Return the names of hosts that have results."""
    with _reader(invocation) as reader:
        return reader.hosts()


def scans(invocation: Invocation) -> tuple[ScanRecord, ...]:
    """Return the newest scans."""
    with _reader(invocation) as reader:
        return reader.scans(_NEWEST)


def runs(invocation: Invocation) -> tuple[RunRecord, ...]:
    """Return the newest runs of a re-pin."""
    with _reader(invocation) as reader:
        return reader.runs(_NEWEST)


@contextmanager
def _reader(invocation: Invocation) -> Iterator[Reader]:
    from orchestrator.store.database.migrating import look
    from orchestrator.store.database.schema import State
    from orchestrator.store.place import parse

    if look(parse(invocation.url)) is not State.CURRENT:
        raise LookupError(invocation.place)
    with invocation.reader() as reader:
        yield reader
