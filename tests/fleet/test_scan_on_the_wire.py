"""Scans of a simulated fleet over real WinRM: what hangs, what is rejected, what is let go."""

from __future__ import annotations

import gc
import socket
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from inventory.verdicts import Verdict
from orchestrator.demo.scenes.rows import ROWS, flaky
from orchestrator.demo.wire.auth import Account
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase, Probed
from orchestrator.fleet.control.events import HostRetrying
from tests.fleet.wire import scan_wire, served, simulated

STALE = ROWS["logon-failed"]
REFUSED = ROWS["connection-refused"]


def test_every_host_s_result_is_in_the_database(tmp_path: Path, net: str) -> None:
    """Twelve hosts over NTLM: twelve stored readings, logged on as the host saw it, by our script."""
    with served([simulated(f"h{n}") for n in range(12)], tmp_path, f"{net}.20") as place:
        summary = scan_wire(place, jobs=4, pace=0).summary
        records = place.records(summary.scan)
    assert summary.counts.attention == 12
    assert {record.judgement.verdict for record in records.values()} == {Verdict.NO_AGENT}
    assert {record.outcome.trace.auth for record in records.values()} == {"ntlm"}


def test_hung_hosts_cost_their_own_deadline_and_leave_nothing_behind(tmp_path: Path, net: str) -> None:
    """Four of forty hosts hang, each in its own way: the run ends with the last deadline,
    no thread or descriptor stays.
    """
    ways = ("deadline/silent", "deadline/create", "deadline/drip", "deadline/never-done")
    hosts = [simulated(f"h{n}", *((ROWS[ways[n // 10]],) if n % 10 == 5 else ())) for n in range(40)]
    with served(hosts, tmp_path, f"{net}.20", timeout=3) as place:
        scan_wire(
            place, jobs=16, pace=0
        )  # what a first run keeps for good (imports, a thread for names) is there now
        before = _resources()
        summary = scan_wire(place, jobs=16, pace=0).summary
        after = _resources()
        records = place.records(summary.scan)
    hung = [record.outcome for record in records.values() if isinstance(record.outcome, Failed)]
    assert (len(records), summary.causes) == (40, (("deadline", 4),))
    assert ["no end within 3 s" in outcome.detail for outcome in hung] == [True] * 4
    assert after == before


def test_two_hosts_behind_a_proxy_that_strips_the_logon_stop_nobody(tmp_path: Path, net: str) -> None:
    """Two of fourteen hosts answer 401 to everything: no password was tried there,
    and the other twelve are asked.
    """
    hosts = [simulated(f"h{n:02}", *((ROWS["logon-loop"],) if n < 2 else ())) for n in range(14)]
    with served(hosts, tmp_path, f"{net}.20") as place:
        summary = scan_wire(place, jobs=4, pace=0).summary
    assert (summary.causes, summary.counts.attention) == ((("logon-loop", 2),), 12)
    assert (summary.given_up, summary.counts.not_started) == ((), 0)


def test_one_stale_password_is_two_logons_on_the_wire(tmp_path: Path, net: str) -> None:
    """Sixty-four hosts, sixty-four workers, a password that nobody takes any more:
    the hosts see two logons.
    """
    with served([simulated(f"h{n}", STALE) for n in range(64)], tmp_path, f"{net}.20") as place:
        summary = scan_wire(place, jobs=64, pace=0).summary
        assert (place.total(lambda seen: seen.rejected.total()), place.total(lambda seen: seen.logons)) == (
            2,
            2,
        )
    assert (summary.counts.not_started, summary.exit_code) == (62, 6)


def test_a_dead_first_host_passes_the_role_on(tmp_path: Path, net: str) -> None:
    """Nothing listens on the first two hosts: the third one's logon opens the gate,
    and no host is left out.
    """
    hosts = [simulated(f"h{n}", *((REFUSED,) if n < 2 else ()), timeout=5) for n in range(30)]
    with served(hosts, tmp_path, f"{net}.20") as place:
        summary = scan_wire(place, jobs=16, pace=0).summary
    assert (summary.counts.attention, summary.counts.unknown, summary.counts.not_started) == (28, 2, 0)


def test_other_credentials_go_on_when_one_is_given_up(tmp_path: Path, net: str) -> None:
    """Half the fleet has a stale password, the other half another credential: that half is all asked."""
    stale = Account("CORP\\old", "gone")
    hosts = [
        simulated(f"h{n}") if n % 2 else simulated(f"h{n}", STALE, account=stale, credential="old")
        for n in range(40)
    ]
    with served(hosts, tmp_path, f"{net}.20") as place:
        summary = scan_wire(place, jobs=8, pace=0).summary
        assert place.total(lambda seen: seen.rejected.total()) == 2
    assert (summary.counts.attention, summary.counts.not_started) == (20, 18)


def test_a_flaky_host_is_read_at_its_second_try(tmp_path: Path, net: str) -> None:
    """A host that is busy at first answers within its deadline,
    and the record says that it took two tries.
    """
    with served([simulated("h0", flaky(1))], tmp_path, f"{net}.20") as place:
        asked = scan_wire(place, pace=0)
        outcome = place.records()["h0"].outcome
    assert isinstance(outcome, Probed)
    assert outcome.trace.tries == 2
    assert [(event.cause, event.tried) for event in asked.events if isinstance(event, HostRetrying)] == [
        (Cause.SERVICE_UNAVAILABLE, 1)
    ]


def test_a_host_that_drops_packets_is_told_apart_from_one_that_hangs(tmp_path: Path, net: str) -> None:
    """Where no SYN is answered the result says so, at the host's deadline at the latest."""
    with served([simulated("h0", ROWS["no-answer"])], tmp_path, f"{net}.20", timeout=3) as place:
        scan_wire(place, pace=0)
        outcome = place.records()["h0"].outcome
    assert isinstance(outcome, Failed)
    assert (outcome.phase, outcome.cause) == (Phase.CONNECT, Cause.NO_ANSWER)


def test_a_dead_name_server_holds_neither_the_run_nor_its_end(
    tmp_path: Path, net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty names that nobody answers for: each host ends at its deadline in `resolve`,
    and the program ends then too.
    """
    release = threading.Event()
    asked = socket.getaddrinfo

    def silent(name: str, *rest: Any, **more: Any) -> Any:
        if name.endswith(".invalid"):
            release.wait()
        return asked(name, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    hosts = [simulated(f"h{n}", timeout=2, address=f"h{n}.invalid") for n in range(20)]
    with served([*hosts, simulated("known")], tmp_path, f"{net}.20") as place:
        try:
            summary = scan_wire(place, pace=0, jobs=64).summary  # it ends before anybody has answered
        finally:
            release.set()
        phases = Counter(
            record.outcome.phase for record in place.records().values() if isinstance(record.outcome, Failed)
        )
    assert (summary.counts.attention, phases) == (1, {Phase.RESOLVE: 20})


def _resources() -> tuple[int, set[str]]:
    """Count descriptors, name threads; those of the simulated fleet, in this process too,
    are the same each time.
    """
    gc.collect()
    descriptors = Path("/proc/self/fd")  # where there is none only the threads are compared
    count = len(list(descriptors.iterdir())) if descriptors.exists() else 0
    return count, {thread.name for thread in threading.enumerate()}
