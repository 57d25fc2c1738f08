"""Two stored scans compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError, UsageError
from orchestrator.domain.primitives.exit_codes import EXIT_ATTENTION, EXIT_OK
from orchestrator.domain.views.diff import diff as compare
from orchestrator.domain.views.diff import of_what_both_asked
from orchestrator.report.views.diff import DiffReport

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.record import ScanRecord
    from orchestrator.store.reader import Reader


_LOOKED = 20  # finished scans among which the one to compare with is looked for


def diff(invocation: Invocation, earlier: int | None, later: int | None) -> DiffReport:
    """Compare two scans: those named, for the later one the latest that finished, for the earlier one the
    latest before it that covers it.

    Of the hosts that both asked. Raises UsageError, CommandError, StoreError.
    """
    with invocation.reader() as reader:
        first, second, passed = _two_scans(reader, earlier, later)
        assert first.id is not None and second.id is not None  # noqa: S101, PT018  # they came from the database
        found = of_what_both_asked(compare(reader.side_by_side(first.id, second.id)), first, second)
    code = EXIT_ATTENTION if found.groups else EXIT_OK
    return DiffReport(
        earlier=first, later=second, diff=found, code=code, passed=passed, hints=invocation.hints
    )


def _two_scans(
    reader: Reader, earlier: int | None, later: int | None
) -> tuple[ScanRecord, ScanRecord, tuple[int, ...]]:
    """Return the two scans, and those between them that were passed over."""
    if earlier is not None and earlier == later:
        raise UsageError(f"scan {earlier} is named twice: name two scans")
    if earlier is not None and later is not None:
        return reader.scan(earlier), reader.scan(later), ()
    first = None if earlier is None else reader.scan(earlier)
    finished = reader.scans(2, finished=True, counted=True)
    wanted = 2 if first is None else 1
    if len(finished) < wanted or (first is not None and finished[0].id == first.id):
        raise CommandError(
            "the database holds no two finished scans to compare: fleetcheck scan, or name two of "
            "`fleetcheck scans`"
        )
    if first is not None:
        return first, finished[0], ()
    if not _covers(finished[1], finished[0]):
        finished = reader.scans(_LOOKED, finished=True, counted=True)
    place = next((at for at, each in enumerate(finished) if at and _covers(each, finished[0])), 1)
    return finished[place], finished[0], tuple(each.id or 0 for each in finished[1:place])


def _covers(earlier: ScanRecord, later: ScanRecord) -> bool:
    """Whether a scan asked what a later one did: all of its hosts, or the whole of the same fleet."""
    asked, again = set(earlier.hosts), set(later.hosts)
    whole = not earlier.partial and earlier.fleet == later.fleet
    return again <= asked or (whole and not asked.isdisjoint(again))
