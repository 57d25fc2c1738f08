"""The end that somebody asks for: once, and twice."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.events import HostStarted, Stopping
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.remote.faults.fault import Again
from orchestrator.store.errors import UnansweredError
from tests.fleet.fakes import ListWriter, answers, fails, hangs, hosts, run_scan


def _ask(*at: float) -> object:
    async def before(stop: StopRequest, clock: Clock) -> None:
        for moment in at:
            await clock.sleep(moment - clock.monotonic())
            stop.ask("Ctrl-C")

    return before


def test_first_ctrl_c_lets_those_in_flight_finish_and_starts_no_other() -> None:
    """Twenty of a hundred are done and ten in flight: after Ctrl-C there are thirty results,
    and the scan is interrupted.
    """
    scanned = run_scan(hosts(100), default=answers(1.0), jobs=10, before=_ask(2.5))
    assert (len(scanned.writer.records), len(scanned.told(HostStarted)), scanned.seconds) == (30, 30, 3.0)
    assert (scanned.summary.state, scanned.summary.exit_code) == (ScanState.INTERRUPTED, 130)
    assert scanned.writer.ended[0][1] is ScanState.INTERRUPTED
    assert scanned.summary.counts.not_started == 70


def test_who_watches_is_told_how_many_are_in_flight() -> None:
    """The first Ctrl-C is answered with the number of hosts that are still waited for."""
    scanned = run_scan(hosts(100), default=answers(1.0), jobs=10, before=_ask(2.5))
    assert scanned.told(Stopping) == [Stopping(reason="Ctrl-C", in_flight=10, abandoned=False)]


def test_second_ctrl_c_leaves_what_hangs() -> None:
    """A hung host is left at the second Ctrl-C: no result for it, those that are done are kept,
    out at once.
    """
    scanned = run_scan(hosts(3, timeout=60.0), {"h3": hangs(Phase.RUN)}, before=_ask(5.0, 6.0))
    assert ({record.host for record in scanned.writer.records}, scanned.seconds) == ({"h1", "h2"}, 6.0)
    assert (scanned.summary.abandoned, scanned.summary.exit_code) == (True, 130)
    assert scanned.transport.sessions[-1].cut


def test_second_ctrl_c_waits_for_results_that_are_being_stored() -> None:
    """A result on its way to the disk is counted as what it is; it used to be stored,
    and told as not started.
    """

    class Slow(ListWriter):
        async def put(self, _scan_id: int, record: HostRecord) -> None:
            self.records.append(record)  # the thread that writes is not cancelled with who waits for it
            await asyncio.sleep(1.0)

    scanned = run_scan(hosts(3), writer=Slow(), default=answers(1.0), before=_ask(1.2, 1.5))
    assert (len(scanned.writer.records), scanned.summary.counts.not_started) == (3, 0)
    assert (scanned.summary.abandoned, scanned.seconds) == (True, 2.0)


class Hangs(ListWriter):
    """A database that takes `most` results, and says nothing of the others or of the end."""

    def __init__(self, most: int, *, ends: bool = True) -> None:
        super().__init__()
        self.most, self.ends = most, ends

    async def put(self, scan_id: int, record: HostRecord) -> None:
        """Keep a record, or hang."""
        self.most -= 1
        if self.most < 0:
            await asyncio.sleep(1e9)
        await super().put(scan_id, record)

    async def end_scan(self, scan_id: int, state: ScanState, ended: datetime) -> None:
        """Keep the end, or hang."""
        if not self.ends:
            await asyncio.sleep(1e9)
        await super().end_scan(scan_id, state, ended)


def test_second_ctrl_c_while_results_land_leaves_a_database_that_hangs() -> None:
    """Everybody has answered and two results do not land: after the second Ctrl-C they get two seconds, and
    what was stored is counted.
    """
    scanned = run_scan(hosts(3), writer=Hangs(1), default=answers(1.0), before=_ask(5.0, 9.0))
    summary = scanned.summary
    assert (scanned.seconds, summary.abandoned, summary.exit_code) == (11.0, True, 1)
    assert summary.unanswered
    assert summary.trouble == "the database does not answer: 2 results were not stored"
    assert (len(scanned.writer.records), summary.counts.not_started) == (1, 2)
    assert scanned.writer.ended == []  # it can be resumed


def test_results_that_land_after_the_second_ctrl_c_are_counted() -> None:
    """The disk is slow and does not hang: what it stores within two seconds is told as what it is."""

    class Slow(ListWriter):
        async def put(self, scan_id: int, record: HostRecord) -> None:
            await asyncio.sleep(5.0)
            await super().put(scan_id, record)

    scanned = run_scan(hosts(3), writer=Slow(), default=answers(1.0), before=_ask(4.0, 5.0))
    assert (scanned.seconds, scanned.summary.counts.not_started) == (6.0, 0)
    assert (scanned.summary.trouble, scanned.summary.state) == ("", ScanState.FINISHED)


def test_who_watches_is_told_of_a_ctrl_c_while_results_land() -> None:
    """Neither of the two is left without an answer, nor without how many results are not stored yet."""
    scanned = run_scan(hosts(3), writer=Hangs(1), default=answers(1.0), before=_ask(5.0, 9.0))
    told = [(step.abandoned, step.in_flight, step.storing) for step in scanned.told(Stopping)]
    assert told == [(False, 0, 2), (True, 0, 2)]


def test_second_ctrl_c_leaves_a_database_that_does_not_take_the_scan_s_end() -> None:
    """Every result is stored, and the end is not: that is told, and nobody is held."""
    scanned = run_scan(hosts(3), writer=Hangs(3, ends=False), default=answers(1.0), before=_ask(5.0, 9.0))
    summary = scanned.summary
    assert (scanned.seconds, summary.exit_code, summary.counts.not_started) == (11.0, 1, 0)
    assert summary.trouble == "the database does not answer: how the scan ended was not stored"


def _beginning(seconds: float) -> ListWriter:
    """Return a database that takes so long to take a scan's start."""

    class Slow(ListWriter):
        async def begin_scan(self, scan: ScanRecord) -> int:
            await asyncio.sleep(seconds)
            return await super().begin_scan(scan)

    return Slow()


def test_second_ctrl_c_leaves_a_database_that_does_not_take_the_scan_s_start() -> None:
    """Both are answered, two seconds after the second one the scan is over, and no host was asked."""
    told: list[object] = []
    with pytest.raises(UnansweredError) as raised:
        run_scan(hosts(2), writer=_beginning(8.0), before=_ask(5.0, 5.9), listener=told.append)
    assert str(raised.value) == (
        "the database does not answer: no host was asked; once it answers again, `fleetcheck scans` shows "
        "whether the scan was begun"
    )
    unstored = "the scan's start"
    assert told == [
        Stopping(reason="Ctrl-C", in_flight=0, abandoned=False, unstored=unstored),
        Stopping(reason="Ctrl-C", in_flight=0, abandoned=True, unstored=unstored),
    ]


def test_a_scan_that_a_slow_database_takes_after_all_is_interrupted() -> None:
    """Its start is stored within two seconds of the second Ctrl-C: it can be resumed."""
    scanned = run_scan(hosts(2), writer=_beginning(8.0), before=_ask(5.0, 6.1))
    assert (scanned.seconds, scanned.summary.exit_code, scanned.transport.tried("h1")) == (8.0, 130, 0)
    assert scanned.writer.ended[0][1] is ScanState.INTERRUPTED


def test_second_ctrl_c_is_not_held_by_a_session_that_does_not_let_go() -> None:
    """A session that ignores being cut holds nobody for more than five seconds."""

    async def clings(_session: object) -> str:
        for _ in range(3):
            try:
                await asyncio.sleep(4.0)
            except asyncio.CancelledError:
                continue
        return ""

    scanned = run_scan(hosts(1), default=clings, before=_ask(1.0, 1.5))
    assert scanned.seconds <= 6.5


def test_a_host_between_two_tries_ends_with_its_fault() -> None:
    """Ctrl-C while a host waits for its next try: no more tries, and its fault is its result."""
    scanned = run_scan(
        hosts(1, timeout=200.0),
        default=fails(Phase.OPEN, Cause.QUOTA, Again.LATER, seconds=1.0),
        before=_ask(2.0),
    )
    assert (scanned.transport.tried("h1"), scanned.writer.of("h1").outcome.trace.tries, scanned.seconds) == (
        1,
        1,
        2.0,
    )


def test_hosts_behind_a_gate_are_not_started_after_a_stop() -> None:
    """Hosts that wait for another's logon stay not started."""
    scanned = run_scan(hosts(10, timeout=20.0), {"h1": hangs(Phase.AUTH)}, before=_ask(3.0))
    assert ([record.host for record in scanned.writer.records], scanned.seconds) == (["h1"], 20.0)


def test_ctrl_c_when_all_are_in_flight_costs_nothing() -> None:
    """Where every host had started already the scan is as complete as any."""
    scanned = run_scan(hosts(5), default=answers(3.0), before=_ask(2.0))
    assert (scanned.summary.state, scanned.summary.exit_code) == (ScanState.FINISHED, 3)
