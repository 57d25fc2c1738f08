"""One stale password locks nobody out, and one dead host keeps nobody waiting for long."""

from __future__ import annotations

import pytest

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase
from orchestrator.domain.record import ScanState
from orchestrator.fleet.control.events import BreakerTripped, HostRequeued
from orchestrator.remote.faults.fault import RefusedBy
from orchestrator.remote.session import Logon
from tests.fleet.fakes import REFUSED_BY_DOMAIN, REJECTS, answers, fails, hangs, host, hosts, run_scan, then


@pytest.mark.parametrize("jobs", [1, 2, 64])
def test_a_stale_password_is_tried_twice_and_never_again(jobs: int) -> None:
    """Sixty-four workers, two hundred hosts, one stale password: two logons."""
    scanned = run_scan(hosts(200), default=REJECTS, jobs=jobs)
    assert len(scanned.transport.sessions) == 2
    summary = scanned.summary
    assert (summary.counts.unknown, summary.counts.not_started, summary.exit_code) == (2, 198, 6)
    assert summary.state is ScanState.FINISHED


def test_the_summary_says_which_credential_why_and_what_to_type() -> None:
    """Who reads the summary knows what to put right, and the command that goes on."""
    summary = run_scan(hosts(5), default=REJECTS).summary
    (account,) = summary.given_up
    assert account.words("fleetcheck scan --resume 1") == (
        r"credential ops (corp\ops) was rejected by h1 and h2 in a row: nothing more was tried with it, so "
        "that the account is not locked; 3 hosts not started. Put its password, or the account, right, "
        "try it alone with "
        "`fleetcheck scan --limit h1`, then `fleetcheck scan --resume 1`"
    )


def test_a_scan_whose_hosts_were_all_asked_is_not_to_be_gone_on_with() -> None:
    """With no host left `--resume` would be refused: the summary says what to put right, and no more."""
    (account,) = run_scan(hosts(1), default=REFUSED_BY_DOMAIN).summary.given_up
    assert account.words(None) == (
        r"credential ops (corp\ops) was rejected by a domain controller, asked for h1: nothing more was "
        "tried with it, so that the account is not locked. Put its password, or the account, right, "
        "and try it alone with "
        "`fleetcheck scan --limit h1`"
    )


def test_the_trip_is_told_when_it_happens() -> None:
    """Who watches reads at once that a credential was given up."""
    tripped = run_scan(hosts(5), default=REJECTS).told(BreakerTripped)
    assert [(one.credential, one.rejected, one.host) for one in tripped] == [("ops", ("h1", "h2"), None)]


def test_another_credential_s_hosts_are_all_asked() -> None:
    """A stale password stops its own hosts and no other."""
    scanned = run_scan(
        [*hosts(20), *(host(f"x{number}", credential="fine") for number in range(20))],
        {f"h{number}": REJECTS for number in range(1, 21)},
        jobs=4,
    )
    assert {name for name in (record.host for record in scanned.writer.records) if name[0] == "x"} == {
        f"x{number}" for number in range(20)
    }
    assert scanned.summary.counts.not_started == 18


def test_local_accounts_are_counted_per_host() -> None:
    """A local administrator with another password on each host is no reason to stop:
    each host has its own account.
    """
    scanned = run_scan(
        hosts(10),
        default=REJECTS,
        logons=lambda _name: Logon(username=".\\admin", password="p"),
    )
    assert len(scanned.transport.sessions) == 10


def test_a_dead_first_host_passes_the_role_on() -> None:
    """Nothing listens on the first host: the second one opens the gate for all."""
    scanned = run_scan(hosts(60), {"h1": fails(Phase.CONNECT, Cause.CONNECTION_REFUSED)}, jobs=8)
    assert scanned.summary.counts.attention == 59


def test_the_gate_opens_when_the_logon_is_taken_not_when_the_script_answers() -> None:
    """A first host with a slow script lets the others in as soon as its logon is accepted."""
    scanned = run_scan(hosts(3), {"h1": answers(50.0)}, jobs=3)
    assert scanned.seconds == 50.0
    assert (scanned.writer.of("h2").outcome.trace.ended - scanned.summary.started).total_seconds() == 1.0


def test_hosts_that_are_down_hold_nobody_up() -> None:
    """A rack that is switched off stands first: the others do not wait for it."""
    dark = {f"h{number}": hangs(Phase.CONNECT) for number in range(1, 5)}
    scanned = run_scan(hosts(40, timeout=60.0), dark, jobs=8)
    ends = {record.host: record.outcome.trace.ended for record in scanned.writer.records}
    lit = max(
        (end - scanned.summary.started).total_seconds() for name, end in ends.items() if name not in dark
    )
    assert (lit, scanned.seconds) == (9.0, 60.0)


def test_hosts_silent_before_the_logon_hold_the_others_up_for_seconds_only() -> None:
    """Hosts that hang in TLS stand first: each is left after five seconds,
    and asked again later with all its time.
    """
    silent = {f"h{number}": hangs(Phase.TLS) for number in range(1, 5)}
    scanned = run_scan(hosts(40, timeout=60.0), silent, jobs=8)
    starts = [r.outcome.trace.started for r in scanned.writer.records if r.host not in silent]
    assert (max(starts) - scanned.summary.started).total_seconds() <= 4 * 5 + 10
    assert {event.host for event in scanned.told(HostRequeued)} >= set(silent)
    for name in silent:
        outcome = scanned.writer.of(name).outcome
        assert isinstance(outcome, Failed)
        assert (outcome.cause, outcome.detail) == (Cause.DEADLINE, "no end within 60 s: hung in phase tls")


def test_hosts_that_wait_for_another_s_logon_leave_their_workers_to_other_accounts() -> None:
    """While one account's first logon hangs, few workers still ask all hosts of another account."""
    slow = hosts(10, timeout=60.0)
    other = [host(f"x{number}", credential="other") for number in range(10)]
    scanned = run_scan([*slow, *other], {"h1": hangs(Phase.AUTH)}, jobs=4)
    ends = [r.outcome.trace.ended for r in scanned.writer.records if r.host.startswith("x")]
    assert (max(ends) - scanned.summary.started).total_seconds() <= 10
    assert len(scanned.writer.records) == 20


def test_a_first_host_that_hangs_with_the_logon_sent_keeps_the_role() -> None:
    """Where a password is on its way nobody else tries it: the role passes on at the deadline."""
    scanned = run_scan(hosts(3, timeout=20.0), {"h1": hangs(Phase.AUTH)})
    starts = {record.host: record.outcome.trace.started for record in scanned.writer.records}
    assert (starts["h2"] - starts["h1"]).total_seconds() == 20.0
    assert len(scanned.writer.records) == 3


def test_a_silent_host_that_nobody_waits_for_is_given_its_time() -> None:
    """A single host is not cut short for others that are not there."""
    scanned = run_scan(hosts(1, timeout=20.0), {"h1": then(hangs(Phase.CONNECT))})
    assert (scanned.seconds, scanned.told(HostRequeued)) == (20.0, [])


def test_a_rejection_where_it_worked_before_is_a_quota_suspect() -> None:
    """One host of many refuses a credential that the others take: filed as such, and it says so."""
    scanned = run_scan(hosts(10), {"h5": REJECTS}, jobs=1)
    outcome = scanned.writer.of("h5").outcome
    assert isinstance(outcome, Failed)
    assert outcome.cause == Cause.QUOTA_SUSPECT
    assert outcome.advice.startswith("the same credential was accepted before in this run")
    assert scanned.summary.counts.not_started == 0


def test_accepted_logons_reset_the_count() -> None:
    """Bad hosts with good ones between them do not give the credential up."""
    scanned = run_scan(hosts(30), {f"h{number}": REJECTS for number in range(2, 31, 2)}, jobs=1)
    assert (len(scanned.writer.records), scanned.summary.given_up) == (30, ())


def test_access_denied_is_a_logon_that_was_taken() -> None:
    """`access denied` after the logon does not count towards the breaker."""
    scanned = run_scan(hosts(10), default=fails(Phase.AUTH, Cause.ACCESS_DENIED))
    assert len(scanned.writer.records) == 10


def test_hosts_that_never_come_to_the_password_stop_nobody() -> None:
    """Two hosts that ask for a logon again and again have a trouble of their own:
    the other twelve are asked.
    """
    loop = fails(Phase.AUTH, Cause.LOGON_LOOP)
    scanned = run_scan(hosts(14), {"h1": loop, "h2": loop, "h3": fails(Phase.AUTH, Cause.LOGON_FAILED)})
    assert (scanned.summary.counts.attention, scanned.summary.given_up) == (11, ())
    assert scanned.summary.counts.not_started == 0


def test_a_loop_after_the_proof_counts() -> None:
    """A proof that was sent may lock, however the host words its refusal."""
    loop = fails(Phase.AUTH, Cause.LOGON_LOOP, refused_by=RefusedBy.HOST)
    assert len(run_scan(hosts(14), default=loop).transport.sessions) == 2


@pytest.mark.parametrize("jobs", [1, 64])
def test_a_domain_s_refusal_is_tried_once_and_never_again(jobs: int) -> None:
    """A domain controller that refused the account need not be asked for a second host."""
    scanned = run_scan(hosts(4), default=REFUSED_BY_DOMAIN, jobs=jobs, rejections=5)
    assert len(scanned.transport.sessions) == 1
    assert (scanned.summary.counts.not_started, scanned.summary.exit_code) == (3, 6)
    (account,) = scanned.summary.given_up
    assert account.words("fleetcheck scan --resume 1") == (
        r"credential ops (corp\ops) was rejected by a domain controller, asked for h1: nothing more was "
        "tried with it, so that the account is not locked; 3 hosts not started. "
        "Put its password, or the account, right, "
        "try it alone with `fleetcheck scan --limit h1`, then `fleetcheck scan --resume 1`"
    )


def test_a_domain_s_refusal_is_no_quota_of_a_host() -> None:
    """A password that was changed while a scan runs is told as what it is, and the scan stops."""
    scanned = run_scan(hosts(10), {"h5": REFUSED_BY_DOMAIN}, jobs=1)
    outcome = scanned.writer.of("h5").outcome
    assert isinstance(outcome, Failed)
    assert (outcome.cause, scanned.summary.counts.not_started) == (Cause.LOGON_FAILED, 5)


def test_limit_can_be_set() -> None:
    """With a limit of four rejections four logons are tried."""
    assert len(run_scan(hosts(50), default=REJECTS, rejections=4).transport.sessions) == 4


def test_sixty_hosts_behind_a_gate_do_not_deadlock_narrow_widths() -> None:
    """However narrow the run, the host that all others wait for has a worker."""

    def interleaved() -> list[Host]:
        return [
            host(f"{credential}{number}", credential=credential)
            for number in range(20)
            for credential in "abc"
        ]

    behaviours = {"a0": hangs(Phase.CONNECT), "b0": hangs(Phase.AUTH), "b1": REJECTS, "c0": REJECTS}
    scanned = run_scan(interleaved(), behaviours, jobs=2)
    assert len(scanned.writer.records) == 60


def test_a_ticket_has_no_password_to_lock() -> None:
    """Without a password (Kerberos ticket) hosts do not wait for each other."""
    scanned = run_scan(hosts(10), default=REJECTS, logons=lambda _name: Logon(username="u", password=None))
    assert len(scanned.writer.records) == 10
