"""Questions of who lists a scan's hosts: each in short, or by its verdict alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sqlalchemy import select

from inventory.verdicts import Verdict
from orchestrator.domain.views.brief import Brief
from orchestrator.store.database.connection import ReadingConnection
from orchestrator.store.results.briefs import Briefs
from orchestrator.store.results.load import final, of_scan
from orchestrator.store.results.scans import load
from orchestrator.store.tables import host_result

CHUNK = 500  # hosts a transaction, as long as a writer's log may wait to be folded in
_RESULT = host_result.c


class BriefReader(ReadingConnection):
    """Every method raises DatabaseError where the database gives trouble."""

    def briefs(self, scan_id: int, *, sentences: bool = False, logons: bool = False) -> Iterator[Brief]:
        """Yield the results of a scan in short, in the scan's order; hosts without one are left out.

        `sentences` and `logons` as for `Briefs`: each takes half as long again. Raises UnknownScanError.
        """
        with self._snapshot() as using:
            order = load(using, scan_id, self._place).hosts
            ids = {row.host: row.id for row in using.execute(of_scan(scan_id))}
        names = [*(name for name in order if name in ids), *sorted(ids.keys() - set(order))]
        known = Briefs(self._place, sentences=sentences, logons=logons)
        numbers = iter([ids[name] for name in dict.fromkeys(names)])
        while chunk := list(islice(numbers, CHUNK)):
            with self._snapshot() as using:
                found = known.read(using, chunk)
            yield from (found[number] for number in chunk if number in found)

    def verdicts(self, scan_id: int) -> Iterator[tuple[str, Verdict, bool]]:
        """Yield each host with a result in a scan, in no order, its verdict and whether it is waived."""
        query = select(_RESULT.host, _RESULT.verdict, _RESULT.waived.is_not(None))
        with self._snapshot() as using:
            rows = using.execute(query.where(_RESULT.scan_id == scan_id, final())).all()
        for host, verdict, waived in rows:
            yield host, Verdict(verdict), bool(waived)
