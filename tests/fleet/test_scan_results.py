"""Every host that was started has a result, whatever happens to it, to its neighbours or to the display."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from inventory.model import Waiver
from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase, Probed
from orchestrator.domain.record import HostRecord, ScanState
from orchestrator.fleet.control.events import Event, HostFinished, HostStarted, Remark, ScanStarted
from orchestrator.remote.session import Logon
from orchestrator.store.errors import StoreError
from tests.fleet.fakes import (
    FakeSession,
    ListWriter,
    answers,
    fails,
    hangs,
    host,
    hosts,
    record_of,
    run_scan,
)
from tests.fleet.travel import NEW_YEAR


def test_every_host_has_a_judged_record_and_the_summary_counts_them() -> None:
    """Three hosts answer, one fails: four records, each with its verdict, and counts that add up."""
    scanned = run_scan(hosts(4), {"h3": fails(Phase.CONNECT, Cause.CONNECTION_REFUSED)})
    assert {record.host: record.judgement.verdict for record in scanned.writer.records} == {
        "h1": Verdict.NO_AGENT,
        "h2": Verdict.NO_AGENT,
        "h3": Verdict.UNKNOWN,
        "h4": Verdict.NO_AGENT,
    }
    counts = scanned.summary.counts
    assert (counts.selected, counts.attention, counts.unknown, counts.not_started) == (4, 3, 1, 0)
    assert scanned.summary.causes == (("connection-refused", 1),)
    assert (scanned.summary.state, scanned.summary.exit_code) == (ScanState.FINISHED, 5)


def test_the_scan_s_row_is_begun_and_ended() -> None:
    """The scan has a row before its first host, and an end after its last."""
    scanned = run_scan(hosts(1))
    assert [begun.hosts for begun in scanned.writer.begun] == [("h1",)]
    assert [(scan_id, state) for scan_id, state, _ in scanned.writer.ended] == [(7, ScanState.FINISHED)]


def test_a_probed_host_s_trace_says_how_it_went() -> None:
    """The record of a host says when it was asked, by which script, how it logged on, in how many tries."""
    scanned = run_scan(hosts(1), default=answers(2.0))
    outcome = scanned.writer.of("h1").outcome
    assert isinstance(outcome, Probed)
    trace = outcome.trace
    assert ((trace.ended - trace.started).total_seconds(), trace.tries, trace.auth) == (2.0, 1, "ntlm")
    assert trace.script is not None


def test_a_programming_error_over_one_host_is_that_host_s_result() -> None:
    """What nobody foresaw becomes the cause `bug` with type and place,
    and the other hosts have their results.
    """

    async def breaks(_session: FakeSession) -> str:
        message = "a password might stand here"
        raise ZeroDivisionError(message)

    scanned = run_scan(hosts(3), {"h2": breaks})
    outcome = scanned.writer.of("h2").outcome
    assert isinstance(outcome, Failed)
    assert outcome.cause == Cause.BUG
    assert outcome.detail.startswith("ZeroDivisionError at ")
    assert "password" not in outcome.detail
    assert len(scanned.writer.records) == 3


def test_a_stray_cancellation_is_that_host_s_result() -> None:
    """Something that cancels itself deep inside costs its own host a result, no other."""

    async def cancels(_session: FakeSession) -> str:
        raise asyncio.CancelledError

    scanned = run_scan(hosts(2), {"h1": cancels})
    outcome = scanned.writer.of("h1").outcome
    assert isinstance(outcome, Failed)
    assert outcome.cause == Cause.BUG
    assert len(scanned.writer.records) == 2


def test_a_stray_time_out_is_no_deadline() -> None:
    """A TimeoutError that slipped out of somewhere is told as the fault of ours that it is."""

    async def slips(_session: FakeSession) -> str:
        raise TimeoutError

    outcome = run_scan(hosts(1), default=slips).writer.of("h1").outcome
    assert isinstance(outcome, Failed)
    assert outcome.cause == Cause.BUG


def test_a_garbled_answer_is_a_failed_host() -> None:
    """An answer that is no document of ours is the cause `garbled`."""
    outcome = run_scan(hosts(1), default=answers(text="<html>")).writer.of("h1").outcome
    assert isinstance(outcome, Failed)
    assert (outcome.phase, outcome.cause) == (Phase.DECODE, Cause.GARBLED)


def test_a_result_survives_a_close_that_hangs() -> None:
    """The reading is kept when closing the session takes for ever; that it did is a remark."""

    async def hang() -> tuple[str, ...]:
        await asyncio.sleep(1e9)
        return ()

    async def behave(session: FakeSession) -> str:
        session.closing = hang
        return await answers()(session)

    scanned = run_scan(hosts(1), default=behave)
    outcome = scanned.writer.of("h1").outcome
    assert isinstance(outcome, Probed)
    assert outcome.trace.remarks == (
        "the session could not be closed in time; the host ends it by itself after its idle time-out",
    )
    assert scanned.seconds == 6.0


def test_a_display_that_breaks_costs_no_result() -> None:
    """When what draws the progress raises, it is left out, and the scan goes on to its end."""

    def draw(event: Event) -> None:
        if isinstance(event, HostFinished):
            raise BrokenPipeError

    scanned = run_scan(hosts(3), listener=draw)
    assert len(scanned.writer.records) == 3
    assert scanned.summary.remarks[0].startswith(
        "the progress display broke and was left out: BrokenPipeError at "
    )


def test_events_tell_the_start_each_host_and_each_result() -> None:
    """Who watches sees the scan begin with its id, each host start, and each result after it is committed."""
    events = run_scan(hosts(2), jobs=1).events
    assert [type(event) for event in events] == [
        ScanStarted,
        HostStarted,
        HostFinished,
        HostStarted,
        HostFinished,
    ]
    first = events[0]
    assert isinstance(first, ScanStarted)
    assert (first.scan, first.hosts, first.selected, first.jobs) == (7, 2, 2, 1)


def test_a_waived_verdict_counts_apart() -> None:
    """A verdict that the inventory waives needs no attention, and the record says why."""
    waiver = Waiver(hosts=("h1",), verdict="no-agent", reason="change 4711", until=date(2026, 1, 1))
    scanned = run_scan(hosts(1), waivers=(waiver,))
    assert (scanned.writer.of("h1").waived, scanned.summary.counts.waived) == ("change 4711", 1)
    assert scanned.summary.exit_code == 0


def test_database_trouble_ends_the_run_with_words_and_true_counts() -> None:
    """The disk is full at the third result: nothing new starts, what is committed is counted,
    the exit code is 1.
    """

    class Full(ListWriter):
        async def put(self, scan_id: int, record: HostRecord) -> None:
            if len(self.records) == 2:
                message = "database x: the disk is full"
                raise StoreError(message)
            await super().put(scan_id, record)

    scanned = run_scan(hosts(50), writer=Full(), jobs=1)
    summary = scanned.summary
    assert (summary.trouble, summary.exit_code) == ("database x: the disk is full", 1)
    assert (summary.counts.selected - summary.counts.not_started, len(scanned.writer.records)) == (2, 2)
    assert len(scanned.transport.sessions) == 3
    assert scanned.writer.ended == []


def test_a_database_that_hangs_up_ends_hosts_in_flight_at_once() -> None:
    """What cannot be stored is not waited for: hosts in flight are left when the database fails."""

    class Gone(ListWriter):
        async def put(self, _scan_id: int, _record: HostRecord) -> None:
            message = "gone"
            raise StoreError(message)

    scanned = run_scan(hosts(5), {"h3": hangs(Phase.RUN)}, writer=Gone())
    assert (scanned.summary.trouble, scanned.seconds < 3) == ("gone", True)


class Slow(ListWriter):
    """Takes ten seconds for each result."""

    async def put(self, scan_id: int, record: HostRecord) -> None:
        """Keep a host's record, late."""
        await asyncio.sleep(10)
        await super().put(scan_id, record)


def test_a_host_does_not_wait_for_another_one_s_result() -> None:
    """While a result is on its way to the disk the next host is asked; the scan ends when all are there."""
    scanned = run_scan(hosts(5), writer=Slow(), jobs=4, default=answers(1))
    started = [(event.at - NEW_YEAR).total_seconds() for event in scanned.told(HostStarted)]
    assert (started, scanned.summary.counts.not_started) == ([0, 0, 0, 0, 1], 0)


def test_one_host_at_a_time_is_stored_before_the_next() -> None:
    """Who asks one host at a time has its result on the disk before another one is asked."""
    scanned = run_scan(hosts(2), writer=Slow(), jobs=1, default=answers(1))
    started = [(event.at - NEW_YEAR).total_seconds() for event in scanned.told(HostStarted)]
    assert started == [0, 11]


def test_a_result_that_the_store_chokes_on_is_kept_as_a_bug() -> None:
    """A record that the writer cannot write for a reason nobody foresaw still leaves the host a result."""

    class Chokes(ListWriter):
        async def put(self, scan_id: int, record: HostRecord) -> None:
            if isinstance(record.outcome, Probed) and record.host == "h2":
                raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
            await super().put(scan_id, record)

    scanned = run_scan(hosts(3), writer=Chokes())
    outcome = scanned.writer.of("h2").outcome
    assert isinstance(outcome, Failed)
    assert (outcome.cause, scanned.summary.trouble) == (Cause.BUG, "")


def test_missing_secret_comes_out_before_anything_starts() -> None:
    """A password that cannot be had is the user's to know before the first host is asked,
    and no scan is begun.
    """
    writer = ListWriter()

    def logons(_name: str | None) -> Logon:
        message = "FC_PASSWORD is not set"
        raise LookupError(message)

    with pytest.raises(LookupError):
        run_scan(hosts(3), writer=writer, logons=logons)
    assert writer.begun == []


def test_each_logon_is_asked_for_once() -> None:
    """A hundred hosts with two credentials: two passwords are fetched."""
    asked: list[str | None] = []

    def logons(name: str | None) -> Logon:
        asked.append(name)
        return Logon(username="CORP\\u", password="p")

    run_scan([*hosts(50), *(host(f"x{n}", credential="other") for n in range(50))], logons=logons)
    assert asked == ["ops", "other"]


def test_width_is_lowered_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where descriptors are short the user reads it, and the scan runs narrower."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (100, 100))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    scanned = run_scan(hosts(30), jobs=64, default=answers(1.0))
    assert len(scanned.told(Remark)) == 1
    assert scanned.summary.remarks[0].startswith("18 hosts at a time instead of 64")
    assert scanned.seconds == 2.0


def test_a_scan_that_goes_on_is_not_begun_again() -> None:
    """A resumed scan keeps its id; hosts that have a result already are counted apart."""
    everyone = hosts(5)
    scanned = run_scan(everyone[3:], scanned=record_of(everyone, id=3))
    assert (scanned.writer.begun, scanned.summary.scan, scanned.summary.already) == ([], 3, 3)


@pytest.mark.parametrize("timeout", [5.0, 33.0, 600.0])
def test_a_probe_s_own_deadline_lies_inside_the_host_s(timeout: float) -> None:
    """The script on the host is told to end before the host's total deadline does."""
    (session,) = run_scan(hosts(1, timeout=timeout)).transport.sessions
    told = session.parameters["DeadlineMs"]
    assert isinstance(told, int)
    assert told / 1000 <= timeout - 2
