"""Scans that are told, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.notices.notice import Notice
from orchestrator.domain.notices.subscription import Subscription
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.store.notices.adding import Notices
from orchestrator.store.notices.waiting import NoticeReader
from orchestrator.store.writer import Writer

MakeRecord = Callable[..., HostRecord]
MakeScan = Callable[..., ScanRecord]
Put = Callable[[Writer, int, Iterable[HostRecord]], None]
OPS = Subscription(target="ops")
LATER = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)


class Nights:
    """Scans that are told, one after the other."""

    def __init__(
        self, writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
    ) -> None:
        self.writer, self._url = writer, url
        self._scan, self._record, self._put = make_scan, make_record, put

    def results(self, verdicts: dict[str, Verdict | None]) -> list[HostRecord]:
        """Make results; None is a host that could not be probed."""
        return [
            self._record(host, cause=Cause.LOGON_FAILED)
            if verdict is None
            else self._record(host, verdict=verdict)
            for host, verdict in verdicts.items()
        ]

    def begin(self, *hosts: str) -> int:
        """Begin a scan of these hosts."""
        return asyncio.run(self.writer.begin_scan(self._scan(*hosts)))

    def end(
        self,
        scan: int,
        verdicts: dict[str, Verdict | None],
        *told: Subscription,
        state: ScanState = ScanState.FINISHED,
    ) -> None:
        """Store results and end the scan, for these targets."""
        self.writer.at_end(Notices(told).add)
        self._put(self.writer, scan, self.results(verdicts))
        asyncio.run(self.writer.end_scan(scan, state, LATER))

    def night(self, verdicts: dict[str, Verdict | None], *told: Subscription) -> None:
        """Scan once, for `ops` unless others are named."""
        self.end(self.begin(*verdicts), verdicts, *(told or (OPS,)))

    def waiting(self, target: str = "ops") -> tuple[Notice, ...]:
        """Read what waits for a target."""
        with NoticeReader.open(self._url) as reader:
            return reader.waiting([target])
