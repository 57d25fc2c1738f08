"""Whatever a fleet is made of, however narrow the run, whenever it is stopped: a scan ends, and adds up."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase
from orchestrator.domain.record import ScanState
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.remote.faults.fault import Again
from tests.fleet.fakes import REJECTS, answers, fails, hangs, host, run_scan, then

WAYS = {
    "answers": lambda: answers(1.0),
    "slow": lambda: answers(12.0),
    "garbled": lambda: answers(0.5, text="{}"),
    "rejects": lambda: REJECTS,
    "refused": lambda: fails(Phase.CONNECT, Cause.CONNECTION_REFUSED, Again.BACKOFF),
    "denied": lambda: fails(Phase.OPEN, Cause.ACCESS_DENIED),
    "busy": lambda: then(fails(Phase.OPEN, Cause.SERVICE_UNAVAILABLE, Again.BACKOFF), *[answers()] * 4),
    "dark": lambda: hangs(Phase.CONNECT),
    "silent": lambda: hangs(Phase.TLS),
    "deaf": lambda: hangs(Phase.AUTH),
    "stuck": lambda: hangs(Phase.RUN),
}
FLEETS = st.lists(st.tuples(st.sampled_from(sorted(WAYS)), st.sampled_from("abc")), min_size=1, max_size=14)


@settings(deadline=None, max_examples=150)
@given(fleet=FLEETS, jobs=st.integers(1, 6), stops=st.lists(st.floats(0.1, 60.0), max_size=2))
def test_any_scan_ends_and_every_host_is_accounted_for(
    fleet: list[tuple[str, str]], jobs: int, stops: list[float]
) -> None:
    """No host is lost, counted twice, or tried with a password that was given up; nothing waits for ever."""
    selected = [host(f"h{n}", credential=key, timeout=20.0) for n, (_, key) in enumerate(fleet)]
    behaviours = {f"h{n}": WAYS[way]() for n, (way, _) in enumerate(fleet)}

    async def before(stop: StopRequest, clock: Clock) -> None:
        for moment in sorted(stops):
            await clock.sleep(moment - clock.monotonic())
            stop.ask("Ctrl-C")

    scanned = run_scan(selected, behaviours, jobs=jobs, before=before)
    summary, records = scanned.summary, scanned.writer.records
    barred = sum(len(account.barred) for account in summary.given_up)
    names = Counter(record.host for record in records)
    assert set(names.values()) <= {1}
    assert summary.counts.not_started == len(fleet) - len(records)
    if not stops:
        assert (len(records) + barred, summary.state) == (len(fleet), ScanState.FINISHED)
    for key in {key for way, key in fleet} - {key for way, key in fleet if way != "rejects"}:
        assert (
            sum(
                made.endpoint.host in names
                for made in scanned.transport.sessions
                if key == made.logon.username[-1]
            )
            <= 2
        )
    assert all(
        isinstance(r.outcome, Failed)
        for r in records
        if fleet[int(r.host[1:])][0] in {"dark", "deaf", "stuck"}
    )
    assert scanned.seconds <= 40.0 * len(fleet) + 60
