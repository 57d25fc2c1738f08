"""Read-only questions about scans and their results, also while a scan writes to the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import ColumnElement, exists, func, select

from inventory.verdicts import Verdict
from orchestrator.domain.execution.tally import Counts, Tally
from orchestrator.domain.record import PORTS, HostRecord, ScanRecord, ScanState
from orchestrator.domain.repin.journal import State
from orchestrator.store.database.lock import file_holder
from orchestrator.store.database.presence import of_scan, present
from orchestrator.store.database.server_lock import server_holder
from orchestrator.store.errors import Owner
from orchestrator.store.journal.tables import operation
from orchestrator.store.place import SqlitePlace
from orchestrator.store.results import load, scans
from orchestrator.store.results.brief_reader import BriefReader
from orchestrator.store.tables import MOST, host_result, scan

_RESULT = host_result.c
CHUNK = 100  # hosts a transaction: a long report must not keep a writer's log from being folded in


@dataclass(frozen=True, slots=True, kw_only=True)
class LastKnown:
    """What was concluded about a host when it last gave a reading. `role` as in `Judgement`."""

    scan_id: int
    at: datetime
    verdict: Verdict
    role: str | None


class ScanReader(BriefReader):
    """Scans and what came of their hosts: what a scan and its exports ask for, which never re-pin.

    Every method raises DatabaseError where the database gives trouble, and only what it names besides.
    """

    def scans(
        self, limit: int | None = None, *, finished: bool = False, counted: bool = False
    ) -> tuple[ScanRecord, ...]:
        """Return the scans, or those alone that ran to their end, newest first;
        one whose process is gone is `killed`.
        """
        most = None if limit is None else min(limit, MOST)
        with self._snapshot() as using:
            query = scans.query().order_by(scan.c.id.desc()).limit(most)
            if counted:
                query = query.where(scan.c.mode != PORTS)
            if finished:
                query = query.where(scan.c.state == ScanState.FINISHED.value)
            found = [scans.of_row(row) for row in using.execute(query)]
        return tuple(map(self._as_it_stands, found))

    def scan(self, scan_id: int) -> ScanRecord:
        """Return one scan; one whose process is gone is `killed`. Raises UnknownScanError."""
        with self._snapshot() as using:
            found = scans.load(using, scan_id, self._place)
        return self._as_it_stands(found)

    def latest_scan(self) -> ScanRecord | None:
        """Return the newest scan, of those that reports are about; None where there is none."""
        return next(iter(self.scans(1, counted=True)), None)

    def done(self, scan_id: int) -> set[str]:
        """Return the hosts that have a result in this scan, failed ones too. Raises UnknownScanError."""
        with self._snapshot() as using:
            names = using.execute(select(_RESULT.host).where(_RESULT.scan_id == scan_id)).scalars()
            done = set(names)
        if not done:
            self.scan(scan_id)
        return done

    def tally(self, scan_id: int) -> Mapping[Verdict, int]:
        """Count a scan's hosts by verdict, without reading their records."""
        query = (
            select(_RESULT.verdict, func.count())
            .where(_RESULT.scan_id == scan_id, load.final())
            .group_by(_RESULT.verdict)
        )
        with self._snapshot() as using:
            return {Verdict(verdict): count for verdict, count in using.execute(query)}

    def counts(self, scans: Iterable[ScanRecord]) -> tuple[Counts, ...]:
        """Count the hosts of each stored scan as its summary does, without reading their records."""
        tallies = {scan.id: Tally(len(scan.hosts)) for scan in scans}
        waived = _RESULT.waived.is_not(None).label("waived")
        query = (
            select(_RESULT.scan_id, _RESULT.verdict, waived, func.count())
            .where(_RESULT.scan_id.in_([number for number in tallies if number is not None]), load.final())
            .group_by(_RESULT.scan_id, _RESULT.verdict, waived)
        )
        with self._snapshot() as using:
            for number, verdict, accepted, hosts in using.execute(query):
                tallies[number].add(Verdict(verdict), waived=bool(accepted), hosts=hosts)
        return tuple(tally.counts() for tally in tallies.values())

    def records(
        self, scan_id: int, hosts: Iterable[str] | None = None, *, whole: bool = True
    ) -> Iterator[HostRecord]:
        """Yield the results of a scan in the scan's order, or of these hosts in theirs; hosts without one are
        left out.

        Reads a hundred at a time. `whole=False` leaves attempts, registry values and connections out of the
        readings, for who looks at the judgement only: it takes less than half the time. What a host said is
        uncleaned. Raises UnknownScanError.
        """
        order = self.scan(scan_id).hosts
        if hosts is None:
            done = self.done(scan_id)
            hosts = [*(name for name in order if name in done), *sorted(done.difference(order))]
        names = iter(dict.fromkeys(hosts))
        while chunk := list(islice(names, CHUNK)):
            where = (_RESULT.scan_id == scan_id, _RESULT.host.in_(chunk), load.final())
            found = {record.host: record for record in self._load(*where, whole=whole)}
            yield from (found[name] for name in chunk if name in found)

    def latest(self, host: str, *, probed: bool = False) -> tuple[ScanRecord, HostRecord] | None:
        """Return a host's newest result with its scan; `probed`: the newest that has a reading.

        None for none.
        """
        query = (
            select(_RESULT.id, _RESULT.scan_id)
            .where(_RESULT.host == host, load.counted())
            .order_by(_RESULT.started.desc(), _RESULT.id.desc())
        )
        if probed:
            query = query.where(_RESULT.phase.is_(None))
        with self._snapshot() as using:
            row = using.execute(query.limit(1)).first()
        if row is None:
            return None
        (record,) = self._load(_RESULT.id == row.id)
        return self.scan(row.scan_id), record

    def latest_records(
        self, hosts: Iterable[str], *, limit: int = 1, since: datetime | None = None
    ) -> Mapping[str, tuple[tuple[int, HostRecord], ...]]:
        """Return each host's newest results, failed ones too, with the ids of their scans: newest first, one
        a scan.

        At most `limit` a host, and none that started before `since`. A host without one is left out.
        """
        latest: dict[str, tuple[tuple[int, HostRecord], ...]] = {}
        names = iter(dict.fromkeys(hosts))
        while chunk := list(islice(names, CHUNK)):
            with self._snapshot() as using:
                found = {host: load.newest(using, host, limit, since) for host in chunk}
                wanted = [number for each in found.values() for number, _ in each]
                records = load.records(using, self._place, _RESULT.id.in_(wanted), whole=True)
            for host, each in found.items():
                if each:
                    latest[host] = tuple((scan_id, records[number]) for number, scan_id in each)
        return latest

    def last_known(self, hosts: Iterable[str], *, before: datetime | None = None) -> Mapping[str, LastKnown]:
        """Return what was last concluded from a reading of each host, of results started `before` then
        (default: now).

        A host that never gave a reading is left out.
        """
        known: dict[str, LastKnown] = {}
        names = iter(dict.fromkeys(hosts))
        while chunk := list(islice(names, CHUNK)):
            with self._snapshot() as using:
                for row in using.execute(load.last_reading(chunk, before)):
                    known[row.host] = LastKnown(
                        scan_id=row.scan_id, at=row.started, verdict=Verdict(row.verdict), role=row.role
                    )
        return known

    def hosts(self) -> tuple[str, ...]:
        """Return the names of all hosts that reports have a result of, sorted."""
        with self._snapshot() as using:
            return tuple(
                sorted(using.execute(select(_RESULT.host).where(load.counted()).distinct()).scalars())
            )

    def reported(self) -> bool:
        """Whether the journal holds what a stand-alone script reported and no scan has proved yet."""
        query = select(exists().where(operation.c.state == State.REPORTED.value))
        with self._snapshot() as using:
            return bool(using.execute(query).scalar())

    def runner(self, scan_id: int) -> Owner | None:
        """Say which process runs a scan now, and since when; None: it has ended or was killed."""
        with self._snapshot() as using:
            return present(self._place, using, of_scan(scan_id))

    def writing(self) -> Owner | None:
        """Say which process holds the writing lock now."""
        if isinstance(self._place, SqlitePlace):
            return file_holder(self._place.path)
        with self._snapshot() as using:
            return server_holder(using)

    def _as_it_stands(self, found: ScanRecord) -> ScanRecord:
        """Tell a scan that was killed from one that runs."""
        if found.state is not ScanState.RUNNING or found.id is None or self.runner(found.id) is not None:
            return found
        with self._snapshot() as using:  # it may have ended between the two looks
            again = scans.load(using, found.id, self._place)
        return replace(again, state=ScanState.KILLED) if again.state is ScanState.RUNNING else again

    def _load(self, *where: ColumnElement[bool], whole: bool = True) -> list[HostRecord]:
        with self._snapshot() as using:
            return list(load.records(using, self._place, *where, whole=whole).values())
