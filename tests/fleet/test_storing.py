"""Results on their way to the disk wait for others that share their commit, and never for nobody."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.domain.record import HostRecord
from tests.fleet.fakes import ListWriter, answers, hosts, run_scan

LINGER = 100.0  # seconds, so that each wait for nobody shows


class Lingering(ListWriter):
    """Commits what was put when it is flushed, else after `LINGER`."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed = asyncio.Event()

    async def put(self, scan_id: int, record: HostRecord) -> None:
        """Keep a record with the next commit."""
        waited = self.flushed
        try:
            async with asyncio.timeout(LINGER):
                await waited.wait()
        except TimeoutError:
            pass
        await super().put(scan_id, record)

    def flush(self) -> None:
        """Commit."""
        self.flushed.set()
        self.flushed = asyncio.Event()


def test_the_last_results_of_a_scan_wait_for_no_others() -> None:
    """Nothing more can come: they are committed at once."""
    scanned = run_scan(hosts(3), writer=Lingering(), default=answers(1.0))
    assert (len(scanned.writer.records), scanned.seconds) == (3, 1.0)


@pytest.mark.parametrize(("jobs", "seconds"), [(1, 6.0), (3, 3.0)])
def test_results_that_every_job_waits_for_wait_for_no_others(jobs: int, seconds: float) -> None:
    """Nobody is asked meanwhile, so that no further result can come."""
    scanned = run_scan(hosts(6), writer=Lingering(), default=answers(1.0), jobs=jobs)
    assert (len(scanned.writer.records), scanned.seconds) == (6, seconds)


def test_a_result_waits_for_others_while_hosts_are_asked() -> None:
    """One flush for each result would be a flush of the disk for each."""
    flushes = 0

    class Counting(Lingering):
        def flush(self) -> None:
            nonlocal flushes
            flushes += 1
            super().flush()

    run_scan(hosts(6), {"h6": answers(5.0)}, writer=Counting(), default=answers(1.0))
    assert flushes == 1
