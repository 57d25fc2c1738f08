"""A host that hangs costs its own deadline and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase
from orchestrator.fleet.control.events import HostRetrying
from orchestrator.remote.faults.fault import Again
from tests.fleet.fakes import FakeSession, answers, fails, hangs, host, hosts, run_scan, then


@pytest.mark.parametrize("phase", list(Phase))
def test_deadline_names_the_phase_it_hung_in_and_after_how_long(phase: Phase) -> None:
    """A host that hangs anywhere ends at its deadline, and the result says where."""
    scanned = run_scan(hosts(1, timeout=30.0), default=hangs(phase))
    outcome = scanned.writer.of("h1").outcome
    assert isinstance(outcome, Failed)
    assert (outcome.phase, outcome.cause) == (phase, Cause.DEADLINE)
    assert outcome.detail == f"no end within 30 s: hung in phase {phase}"
    assert (scanned.seconds, scanned.transport.sessions[0].cut, bool(outcome.advice)) == (30.0, True, True)


def test_option_overrules_the_host_s_own_deadline() -> None:
    """`--timeout 5` ends every host after five seconds."""
    assert run_scan(hosts(1, timeout=60.0), default=hangs(Phase.RUN), timeout=5.0).seconds == 5.0


def test_deadline_is_derived_where_none_is_set() -> None:
    """Without a `timeout:` a hung host ends all the same."""
    assert 10 < run_scan(hosts(1, timeout=None), default=hangs(Phase.RUN)).seconds < 120


def test_hung_hosts_do_not_hold_the_run() -> None:
    """Five of a hundred hosts hang: the run ends when the last deadline does,
    and the others are done long before.
    """
    behaviours = {f"h{number}": hangs(Phase.RUN) for number in (7, 23, 42, 77, 99)}
    scanned = run_scan(hosts(100, timeout=20.0), behaviours, jobs=16)
    assert len(scanned.writer.records) == 100
    last = max(record.outcome.trace.started for record in scanned.writer.records)
    assert (scanned.summary.ended - last).total_seconds() <= 20.0


def test_a_try_that_passes_the_second_time_is_a_reading() -> None:
    """A host that is busy at first and answers then is probed; the trace counts the tries."""
    busy = fails(Phase.OPEN, Cause.SERVICE_UNAVAILABLE, Again.BACKOFF)
    scanned = run_scan(hosts(1), {"h1": then(busy, answers())})
    assert (scanned.writer.of("h1").outcome.trace.tries, scanned.summary.tries_again) == (2, 1)
    assert [(event.tried, event.cause) for event in scanned.told(HostRetrying)] == [
        (1, Cause.SERVICE_UNAVAILABLE)
    ]


@pytest.mark.parametrize(
    ("again", "tries"), [(Again.NEVER, 1), (Again.ONCE, 2), (Again.BACKOFF, 3), (Again.LATER, 3)]
)
def test_each_rule_has_its_number_of_tries(again: Again, tries: int) -> None:
    """What is worth another try gets it, as often as its rule says, and no more."""
    scanned = run_scan(hosts(1, timeout=200.0), default=fails(Phase.OPEN, Cause.QUOTA, again))
    assert (scanned.transport.tried("h1"), scanned.writer.of("h1").outcome.trace.tries) == (tries, tries)


def test_tries_stay_inside_the_deadline() -> None:
    """No try is begun that could not end: a host with a short deadline fails with its first fault, early."""
    scanned = run_scan(
        hosts(1, timeout=6.0), default=fails(Phase.OPEN, Cause.QUOTA, Again.BACKOFF, seconds=4.0)
    )
    outcome = scanned.writer.of("h1").outcome
    assert isinstance(outcome, Failed)
    assert (outcome.cause, scanned.seconds) == (Cause.QUOTA, 4.0)


def test_a_deadline_in_a_later_try_tells_how_the_earlier_one_ended() -> None:
    """A host that failed first and then hung says both."""
    lost = fails(Phase.RUN, Cause.SESSION_LOST, Again.BACKOFF)
    scanned = run_scan(hosts(1, timeout=30.0), {"h1": then(lost, hangs(Phase.CONNECT))})
    outcome = scanned.writer.of("h1").outcome
    assert isinstance(outcome, Failed)
    assert outcome.detail.startswith("no end within 30 s: hung in phase connect, ")
    assert outcome.detail.endswith(" into try 2; try 1 had ended with run: session-lost: as told")


def test_each_try_has_what_is_left_of_the_deadline() -> None:
    """A second try's session may take the rest, not the whole again."""
    given: list[float] = []

    async def behave(session: FakeSession) -> str:
        given.append(session.deadline)
        await asyncio.sleep(0)
        return await fails(Phase.OPEN, Cause.QUOTA, Again.ONCE)(session)

    run_scan([host("h1", timeout=50.0)], default=behave)
    first, second = given
    assert second < first - 1


def test_a_later_try_that_waits_for_another_host_s_logon_hangs_nowhere() -> None:
    """A host whose deadline passes while another one's logon is under way is told as it failed before."""
    gateway = fails(Phase.AUTH, Cause.GATEWAY, Again.BACKOFF)
    scanned = run_scan(
        [host("h1", timeout=60.0), host("h2", timeout=300.0)],
        {"h1": then(gateway, answers()), "h2": hangs(Phase.AUTH)},
    )
    outcome = scanned.writer.of("h1").outcome
    assert isinstance(outcome, Failed)
    assert (outcome.phase, outcome.cause, outcome.detail) == (Phase.AUTH, Cause.GATEWAY, "as told")
