"""Questions of who plans a re-pin: conclusions, whole readings of a few, machines of who is chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

from sqlalchemy import select

from orchestrator.domain.reading import Reading
from orchestrator.domain.repin.conclusion import Conclusion, Machine
from orchestrator.store.database.connection import ReadingConnection
from orchestrator.store.results import conclusions, load
from orchestrator.store.tables import host_result

CHUNK = 500  # results a transaction, as long as a writer's log may wait to be folded in
_WHOLE = 100  # ... where all that was read of them is
_RESULT = host_result.c


class PlanReader(ReadingConnection):
    """Every method raises DatabaseError where the database gives trouble."""

    def latest_conclusions(
        self, hosts: Iterable[str], *, limit: int = 1, asked: bool = False
    ) -> Mapping[str, tuple[Conclusion, ...]]:
        """Return what each host's newest results came to, at most `limit`, newest first, one a scan.

        Failed ones count. A host without one is left out. `asked`: those of scans that a plan asked for;
        else of all the others.
        """
        found: dict[str, list[Conclusion]] = {}
        known = conclusions.Conclusions(self._place)
        names = iter(dict.fromkeys(hosts))
        at_once = max(1, CHUNK // limit)  # their results are asked for by id, and a query takes only so many
        while chunk := list(islice(names, at_once)):
            with self._snapshot() as using:
                ids = [
                    number
                    for place in range(limit)
                    for number in conclusions.newest(using, chunk, place, asked=asked)
                ]
                for host, each in known.read(using, ids):
                    found.setdefault(host, []).append(each)
        return {host: tuple(each) for host, each in found.items()}

    def conclusions_of(self, scan_id: int, hosts: Iterable[str]) -> Mapping[str, tuple[Conclusion, ...]]:
        """Return what came of these hosts in a scan; a host without a result in it is left out."""
        found: dict[str, tuple[Conclusion, ...]] = {}
        known = conclusions.Conclusions(self._place)
        names = iter(dict.fromkeys(hosts))
        while chunk := list(islice(names, CHUNK)):
            with self._snapshot() as using:
                where = (_RESULT.scan_id == scan_id, _RESULT.host.in_(chunk), load.final())
                ids = list(using.execute(select(_RESULT.id).where(*where)).scalars())
                found.update((host, (each,)) for host, each in known.read(using, ids))
        return found

    def readings(self, ids: Iterable[int], values: Collection[str]) -> Iterator[tuple[int, Reading]]:
        """Yield the readings of results, by ids and in no order, with registry values as for `machines`."""
        numbers = iter(ids)
        while chunk := list(islice(numbers, _WHOLE)):
            with self._snapshot() as using:
                found = load.readings(using, self._place, chunk, values)
            yield from found.items()

    def machines(self, ids: Iterable[int], values: Collection[str]) -> Mapping[int, Machine]:
        """Return the machines of results that have a reading, by ids, with registry values of these names.

        A name may be in any case. Values that SQL cannot compare are among them all the same.
        """
        found: dict[int, Machine] = {}
        numbers = iter(ids)
        while chunk := list(islice(numbers, CHUNK)):
            with self._snapshot() as using:
                found.update(conclusions.machines(using, self._place, chunk, values))
        return found
