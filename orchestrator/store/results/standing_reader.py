"""Questions about what results came to: the fleet now, two scans side by side, a host over time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from operator import itemgetter
from typing import cast

from orchestrator.domain.standing import HostNow, Pair, Standing
from orchestrator.store.database.connection import ReadingConnection
from orchestrator.store.results.load import of_scan
from orchestrator.store.results.standings import Standings, now, of_host

CHUNK = 1000  # hosts a transaction, as long as a writer's log may wait to be folded in


class StandingReader(ReadingConnection):
    """Every method raises DatabaseError where the database gives trouble."""

    def fleet_now(
        self, hosts: Collection[str] | None = None, *, before: bool = True, sources: bool = False
    ) -> Iterator[HostNow]:
        """Yield every host that ever had a result, or those of `hosts` that had one, by name.

        `before=False` leaves the reading before the last one out, for who does not compare: it takes half the
        time. `sources`: with what they say of their network and the last reading of the key, which takes as
        long again.
        """
        with self._snapshot() as using:
            rows = using.execute(now(before=before, readable=sources)).all()
        rows = sorted((row for row in rows if hosts is None or row[0] in hosts), key=itemgetter(0))
        standings = Standings(self._place, sources=sources)
        numbers = iter(rows)
        while chunk := list(islice(numbers, CHUNK)):
            found = self._read(standings, {number for row in chunk for number in row[1:]})
            for row in chunk:
                latest, known, earlier, readable = (found.get(number) for number in row[1:])
                if latest is not None:  # else it was pruned meanwhile
                    yield HostNow(latest=latest, known=known, before=earlier, readable=readable)

    def side_by_side(self, earlier: int, later: int) -> Iterator[Pair]:
        """Yield the results of each host that either scan has, by the host's name."""
        with self._snapshot() as using:
            first = {row.host: row.id for row in using.execute(of_scan(earlier))}
            second = {row.host: row.id for row in using.execute(of_scan(later))}
        standings = Standings(self._place)
        names = iter(sorted(first.keys() | second.keys()))
        while chunk := list(islice(names, CHUNK)):
            numbers = {each.get(name) for name in chunk for each in (first, second)}
            found = self._read(standings, numbers)
            for name in chunk:
                yield found.get(first.get(name)), found.get(second.get(name))

    def history(self, host: str, limit: int | None = None) -> Iterator[Standing]:
        """Yield a host's results, newest first, at most `limit`."""
        with self._snapshot() as using:
            numbers = list(using.execute(of_host(host, limit)).scalars())
        standings = Standings(self._place)
        left = iter(numbers)
        while chunk := list(islice(left, CHUNK)):
            found = self._read(standings, set(chunk))
            yield from (found[number] for number in chunk if number in found)

    def _read(self, standings: Standings, numbers: Collection[int | None]) -> Mapping[int | None, Standing]:
        wanted = [number for number in numbers if number is not None]
        with self._snapshot() as using:
            found = standings.read(using, wanted)
        return cast("Mapping[int | None, Standing]", found)  # a look-up of None finds nothing
