"""Every way of WinRM to fail, on the wire and through a whole scan: where, why, how often it was tried.

The table is written by hand from the design's page; the simulated hosts act the rows out, and only the stored
result counts. Kerberos without a domain fails before anything reaches a host; its codes are in
`tests/remote`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from inventory.load import load
from inventory.verdicts import Verdict
from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.scenes.rows import DELETE_CUTS, DELETE_FAILS, ROWS, flaky, lossy
from orchestrator.demo.wire.auth import Account
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase, Probed
from orchestrator.domain.record import HostRecord
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Services
from orchestrator.fleet.scan import scan
from orchestrator.remote.transport_name import TransportName
from orchestrator.remote.transports import transport
from tests.fleet.fakes import ListWriter, record_of
from tests.fleet.wire import logons_of
from tests.remote.wired import no_dns

pytestmark = pytest.mark.xdist_group("faults")  # one worker scans for all of them

NEVER, ONCE, AGAIN = 1, 2, 3  # tries in all
TIMEOUT = 30.0  # room for every try, with back-off waits that take no time
SHORT = 3.0  # of hosts that hang
UNANSWERED = 15.0  # of the host whose SYN nobody answers: three tries fit, on a busy machine too

# cause: tries, and the phase that the user reads: of its own accord, by a code, by an HTTP status
EXPECTED: Mapping[Cause, tuple[int, set[Phase]]] = {
    Cause.NO_ANSWER: (AGAIN, {Phase.CONNECT, Phase.OPEN}),
    Cause.CONNECTION_REFUSED: (AGAIN, {Phase.CONNECT, Phase.OPEN}),
    Cause.PUBLIC_NETWORK: (NEVER, {Phase.OPEN}),
    Cause.NO_LISTENER: (NEVER, {Phase.OPEN, Phase.AUTH}),
    Cause.SERVICE_UNAVAILABLE: (AGAIN, {Phase.OPEN, Phase.AUTH}),
    Cause.TOO_MANY_SHELLS: (AGAIN, {Phase.OPEN}),
    Cause.QUOTA: (AGAIN, {Phase.RUN}),
    Cause.SESSION_LOST: (AGAIN, {Phase.AUTH, Phase.OPEN, Phase.RUN}),
    Cause.SHELLS_FORBIDDEN: (NEVER, {Phase.OPEN}),
    Cause.NO_CONFIGURATION: (NEVER, {Phase.OPEN}),
    Cause.RUN_AS_FAILED: (NEVER, {Phase.OPEN}),
    Cause.ENVELOPE_TOO_LARGE: (ONCE, {Phase.RUN, Phase.AUTH}),
    Cause.NAME_NOT_RESOLVED: (ONCE, {Phase.RESOLVE, Phase.OPEN}),
    Cause.KERBEROS_NEEDS_NAME: (NEVER, {Phase.OPEN}),
    Cause.LOGON_NOT_OFFERED: (NEVER, {Phase.AUTH, Phase.OPEN}),
    Cause.ACCESS_DENIED: (NEVER, {Phase.OPEN}),
    Cause.LOGON_FAILED: (NEVER, {Phase.AUTH, Phase.OPEN}),
    Cause.LOGON_LOOP: (NEVER, {Phase.AUTH}),
    Cause.ABORTED: (AGAIN, {Phase.RUN}),
    Cause.HOST_ILL: (AGAIN, {Phase.OPEN}),
    Cause.NOT_WINRM: (NEVER, {Phase.AUTH}),
    Cause.PROXY: (NEVER, {Phase.AUTH}),
    Cause.GATEWAY: (AGAIN, {Phase.AUTH}),
    Cause.CONNECTION_NOT_KEPT: (NEVER, {Phase.AUTH}),
    Cause.REDIRECT: (NEVER, {Phase.AUTH}),
    Cause.TLS_UNKNOWN_CA: (NEVER, {Phase.TLS}),
    Cause.TLS_WRONG_NAME: (NEVER, {Phase.TLS}),
    Cause.TLS_EXPIRED: (NEVER, {Phase.TLS}),
    Cause.TLS_PIN_MISMATCH: (NEVER, {Phase.TLS}),
    Cause.TLS_TOO_OLD: (NEVER, {Phase.TLS}),
    Cause.TLS_BAD_CERTIFICATE: (NEVER, {Phase.TLS}),
    Cause.TLS_CLIENT_CERTIFICATE: (NEVER, {Phase.TLS}),
    Cause.NOT_TLS: (NEVER, {Phase.TLS}),
    Cause.NTLM_DISABLED: (NEVER, {Phase.AUTH}),
    Cause.GARBLED: (NEVER, {Phase.RUN, Phase.DECODE}),
    Cause.DEADLINE: (NEVER, {Phase.TLS, Phase.AUTH, Phase.RUN}),
    Cause.CONSTRAINED_LANGUAGE: (NEVER, {Phase.RUN}),
    Cause.TOO_OLD: (NEVER, {Phase.OPEN}),
    Cause.NO_LANGUAGE: (NEVER, {Phase.RUN}),
    Cause.SCRIPT_BLOCKED: (NEVER, {Phase.RUN}),
    Cause.UNCLASSIFIED: (NEVER, {Phase.OPEN}),
}
NOT_ON_THE_WIRE = {
    *(Cause.KERBEROS_NO_SPN, Cause.KERBEROS_CLOCK, Cause.KERBEROS_TICKET, Cause.KERBEROS_NO_KDC),
    *(Cause.KERBEROS_WRONG_KEY, Cause.KERBEROS_ENCRYPTION),
    Cause.CLIENT_CERTIFICATE_REFUSED,  # winhost asks for certificates, the simulated fleet does not
    Cause.NO_SECRET,  # nothing reaches a wire
    *(Cause.VIA_UNREACHABLE, Cause.VIA_REFUSED, Cause.VIA_NOT_ALLOWED, Cause.VIA_LOGON_REFUSED),
    *(Cause.VIA_KEY_UNKNOWN, Cause.VIA_KEY_CHANGED, Cause.VIA_HOST_REFUSED, Cause.VIA_HOST_UNREACHABLE),
    *(Cause.QUOTA_SUSPECT, Cause.BUG),  # the controller's own conclusions
    *(Cause.REFUSED_BY_SITE, Cause.LOST_BY_SITE),  # said of a site's worker: tests/fleet/dispatch
    *(
        cause for cause in Cause if cause.startswith("via-")
    ),  # said by what stands before a host: tests/remote/net/via
}
WELL = {"delete-fails": DELETE_FAILS, "delete-cuts": DELETE_CUTS, "flaky": flaky(2), "lossy": lossy(1)}


class Hasty(random.Random):
    """Chance that makes every wait between tries a short one."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002  # both ends are too long for a test
        """Return a fiftieth of a second."""
        return 0.02


def simulated(name: str, number: int) -> SimulatedHost:
    """Make a host for a row, with an account of its own: no breaker stops another row's host."""
    behaviour = ROWS[name] if name in ROWS else WELL[name]
    return SimulatedHost(
        name=f"h{number}",
        machine=Machine(computer=f"H{number}", machine_id=f"machine-{number}"),
        account=Account(f"CORP\\svc{number}", "Passw0rd!"),
        credential=f"own{number}",
        behaviours=(behaviour,),
        inventory={**behaviour.inventory, "timeout": _timeout(name)},
    )


def _timeout(name: str) -> float:
    if name == "no-answer":
        return UNANSWERED
    return SHORT if name.startswith("deadline") else TIMEOUT


async def scanned(folder: Path, address: str, wire: TransportName) -> dict[str, HostRecord]:
    """Scan a fleet with one host for each row; return the stored records by the row's name."""
    names = [*ROWS, *WELL]
    fleet = SimulatedFleet([simulated(name, number) for number, name in enumerate(names)], address=address)
    writer = ListWriter()
    async with fleet:
        inventory = load(fleet.inventory(folder))
        hosts = tuple(inventory.hosts.values())
        made = transport(wire, jobs=16, resolver=no_dns)
        try:
            await scan(
                record_of(hosts),
                hosts,
                options=ScanOptions(jobs=16, pace=0),
                services=Services(
                    transport=made,
                    writer=writer,
                    logons=logons_of(inventory),
                    clock=SystemClock(),
                    chance=Hasty(),
                ),
                stop=StopRequest(),
            )
        finally:
            await made.aclose()
    return {names[int(record.host[1:])]: record for record in writer.records}


@pytest.fixture(scope="module", params=list(TransportName))
def records(
    tmp_path_factory: pytest.TempPathFactory, net: str, request: pytest.FixtureRequest
) -> dict[str, HostRecord]:
    """Scan once over each transport, for all tests here: the stored records by the row's name."""
    return asyncio.run(scanned(tmp_path_factory.mktemp("rows"), f"{net}.31", request.param))


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_stored_with_its_cause_its_phase_and_its_tries(
    records: dict[str, HostRecord], name: str
) -> None:
    """A host that fails so has one result: this cause, where it happened, tried as often as that can help."""
    outcome = records[name].outcome
    assert isinstance(outcome, Failed)
    cause = Cause(name.partition("/")[0])
    tries, phases = EXPECTED[cause]
    assert (outcome.cause, outcome.trace.tries, outcome.phase in phases) == (cause, tries, True), outcome
    assert (bool(outcome.detail), bool(outcome.advice), records[name].judgement.verdict) == (
        True,
        True,
        Verdict.UNKNOWN,
    )


@pytest.mark.parametrize("name", ["logon-failed", "access-denied/5", "script-blocked", "deadline/receive"])
def test_a_failed_host_keeps_how_long_each_phase_took_and_the_certificate(
    records: dict[str, HostRecord], name: str
) -> None:
    """What was seen on the way is stored, though no answer came."""
    outcome = records[name].outcome
    assert isinstance(outcome, Failed)
    assert {"resolve", "connect", "tls", "auth"} <= set(outcome.trace.timings)
    assert (outcome.trace.certificate or "").startswith("sha256:")
    assert outcome.trace.dialled is not None


@pytest.mark.parametrize("name", ROWS)
def test_what_a_failed_host_said_is_shown_harmlessly(records: dict[str, HostRecord], name: str) -> None:
    """No control character, escape sequence or bidirectional mark of a host is in the words of its
    failure.
    """
    outcome = records[name].outcome
    assert isinstance(outcome, Failed)
    assert (outcome.detail + outcome.advice).isprintable()


@pytest.mark.parametrize(
    ("name", "tries", "remarks"),
    [("delete-fails", 1, 1), ("delete-cuts", 1, 1), ("flaky", 3, 0), ("lossy", 2, 0)],
)
def test_a_host_that_gets_well_has_its_reading(
    records: dict[str, HostRecord], name: str, tries: int, remarks: int
) -> None:
    """Busy twice, cut once, or closed badly: the reading is there, with its tries and remarks."""
    outcome = records[name].outcome
    assert isinstance(outcome, Probed), outcome
    assert (outcome.trace.tries, len(outcome.trace.remarks)) == (tries, remarks)


def test_every_cause_is_on_the_wire_or_named_as_not() -> None:
    """No cause is left untested by forgetting it: each has a row, or a reason why it cannot have one here."""
    acted_out = {Cause(name.partition("/")[0]) for name in ROWS}
    assert (acted_out, set(EXPECTED) | NOT_ON_THE_WIRE) == (set(EXPECTED), set(Cause))
