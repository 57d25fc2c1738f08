"""`doctor` on the simulated fleet: the stage that fails, and the right next step,
for each kind of trouble.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from inventory.errors import SecretError
from inventory.load import load
from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.model import KeyState, Machine
from orchestrator.demo.scenes.rows import ROWS
from orchestrator.demo.wire.auth import Account
from orchestrator.domain.execution.examination import Examination, Stage, State
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.examine.run import ExamineServices, examine
from orchestrator.fleet.options import ScanOptions
from orchestrator.remote.look import Looker
from orchestrator.remote.session import Logon
from orchestrator.remote.transport_name import TransportName
from orchestrator.remote.transports import transport
from tests.demo.hosts import make_machine
from tests.fleet.wire import logons_of
from tests.remote.wired import no_dns

pytestmark = pytest.mark.xdist_group("examine")

# Row of the simulated fleet: the stage that has to be named, the fault, and what the next step has to speak
# of.
TROUBLES: Mapping[str, tuple[Stage, str, str]] = {
    "name-not-resolved": (Stage.RESOLVE, "name-not-resolved", "set `address:`"),
    "connection-refused": (Stage.TCP, "connection-refused", "winrm enumerate winrm/config/listener"),
    "no-answer": (Stage.TCP, "no-answer", "does a firewall let this machine reach"),
    "not-tls": (Stage.TLS, "not-tls", "set `transport: http`"),
    "tls-unknown-ca": (Stage.TLS, "tls-unknown-ca", "add the certificate of CN=Nobody knows this CA"),
    "tls-wrong-name": (Stage.TLS, "tls-wrong-name", "set `address:`"),
    "tls-expired": (Stage.TLS, "tls-expired", "Renew it on the host"),
    "tls-pin-mismatch": (Stage.TLS, "tls-pin-mismatch", "compare the fingerprint on the host"),
    "tls-too-old": (Stage.TLS, "tls-too-old", "TLS 1.2"),
    "tls-client-certificate": (Stage.TLS, "tls-client-certificate", "let"),
    "deadline/silent": (Stage.TLS, "deadline", "is this a WinRM https port (5986)?"),
    "ntlm-disabled": (Stage.OFFERS, "ntlm-disabled", "Use `auth: kerberos`"),
    "logon-not-offered": (Stage.OFFERS, "logon-not-offered", "Change `auth:`"),
    "proxy/http-407": (Stage.OFFERS, "proxy", "without the proxy"),
    "no-listener/http-404": (Stage.OFFERS, "no-listener", "winrm enumerate winrm/config/listener"),
    "not-winrm/http-400": (Stage.OFFERS, "not-winrm", "the right port"),
    "redirect/http-302": (Stage.OFFERS, "redirect", "Set `address:` and `port:`"),
    "deadline/logon": (Stage.OFFERS, "deadline", "is it WinRM that listens there"),
    "logon-failed": (Stage.LOGON, "logon-failed", "Are the user name and the password of credential"),
    "logon-loop": (Stage.LOGON, "logon-loop", "a load balancer"),
    "access-denied/5": (Stage.RIGHTS, "access-denied", "Remote Management Users"),
    "shells-forbidden/2150859180": (Stage.RIGHTS, "shells-forbidden", "Allow Remote Shell Access"),
    "no-configuration/2150858811": (Stage.SHELL, "no-configuration", "Name another with `configuration:`"),
    "too-many-shells/2150859173": (Stage.SHELL, "too-many-shells", "idle time-out"),
    "too-old": (Stage.SHELL, "too-old", "Windows Management Framework"),
    "constrained-language": (Stage.SCRIPT, "constrained-language", "App Control"),
    "script-blocked": (Stage.SCRIPT, "script-blocked", "Allow it by its SHA-256"),
    "no-language": (Stage.SCRIPT, "no-language", "`configuration:`"),
    "session-lost/receive": (Stage.SCRIPT, "session-lost", "between closed the connection"),
    "deadline/receive": (Stage.SCRIPT, "deadline", "longer `timeout:`"),
}
SHORT = 2.0  # seconds that a host which hangs gets
HANGING = {"no-answer", *(name for name in TROUBLES if name.startswith("deadline"))}


def own(name: str, number: int) -> SimulatedHost:
    """Make a host for a row, with an account of its own: no breaker keeps it from another row's refusal."""
    behaviour = ROWS[name]
    return SimulatedHost(
        name=f"h{number}",
        machine=Machine(computer=f"H{number}", machine_id=f"machine-{number}"),
        account=Account(f"CORP\\svc{number}", "Passw0rd!"),
        credential=f"own{number}",
        behaviours=(behaviour,),
        inventory={**behaviour.inventory, "timeout": SHORT if name in HANGING else 20.0},
    )


async def examined(
    fleet: SimulatedFleet,
    folder: Path,
    wire: TransportName = TransportName.NATIVE,
    *,
    logons: Callable[[str | None], Logon] | None = None,
) -> tuple[Examination, ...]:
    """Serve a fleet, examine all of it, and stop it."""
    async with fleet:
        inventory = load(fleet.inventory(folder))
        made = transport(wire, jobs=16, resolver=no_dns)
        try:
            return await examine(
                tuple(inventory.hosts.values()),
                options=ScanOptions(jobs=16),
                services=ExamineServices(
                    transport=made,
                    looker=Looker(resolver=no_dns),
                    logons=logons or logons_of(inventory),
                    clock=SystemClock(),
                ),
                stop=StopRequest(),
            )
        finally:
            await made.aclose()


@pytest.fixture(scope="module", params=list(TransportName))
def found(
    tmp_path_factory: pytest.TempPathFactory, net: str, request: pytest.FixtureRequest
) -> Mapping[str, Examination]:
    """Examine a host for each row, all at once over each transport, for the tests here."""
    fleet = SimulatedFleet([own(name, n) for n, name in enumerate(TROUBLES)], address=f"{net}.33")
    results = asyncio.run(examined(fleet, tmp_path_factory.mktemp("rows"), request.param))
    return dict(zip(TROUBLES, results, strict=True))


@pytest.mark.parametrize("name", TROUBLES)
def test_the_failing_stage_is_named_with_the_right_next_step(
    found: Mapping[str, Examination], name: str
) -> None:
    """Where the host fails stands its stage, the fault, and what to do about it."""
    stage, cause, advice = TROUBLES[name]
    at = found[name].stopped
    assert at is not None
    assert (at.stage, at.state, at.cause) == (stage, State.FAILED, cause), at
    assert advice in at.advice


@pytest.mark.parametrize("name", TROUBLES)
def test_all_before_the_failing_stage_is_filled_and_nothing_after_it(
    found: Mapping[str, Examination], name: str
) -> None:
    """What was gone through says what was seen and its time, the rest that it was not reached."""
    stages = found[name].stages
    at = next(number for number, one in enumerate(stages) if one.state is State.FAILED)
    known = [one for one in stages[:at] if one.state is not State.NOT_REACHED]
    assert [one.stage for one in stages] == [stage for stage in Stage if stage is not Stage.HOP]
    assert {one.state for one in stages[at + 1 :]} <= {State.NOT_REACHED}
    assert all(one.seen for one in [*known, stages[at]])
    assert all(one.milliseconds is not None for one in known if one.stage is not Stage.RIGHTS)
    # Whether the user may have a shell is not known where none was given for another reason.
    missing = {one.stage for one in stages[:at]} - {one.stage for one in known}
    assert missing <= ({Stage.RIGHTS} if stages[at].stage is Stage.SHELL else set())


@pytest.mark.parametrize("name", ["logon-failed", "access-denied/5", "script-blocked"])
def test_a_host_that_fails_late_shows_its_certificate_and_its_offers(
    found: Mapping[str, Examination], name: str
) -> None:
    """The certificate's subject, issuer, dates and fingerprint are there,
    and the schemes with the Server header.
    """
    seen = {one.stage: " ".join(one.seen) for one in found[name].stages}
    assert "issuer CN=Simulated fleet CA" in seen[Stage.TLS]
    assert "SHA-256" in seen[Stage.TLS]
    assert "Negotiate, Basic" in seen[Stage.OFFERS]
    assert "Microsoft-HTTPAPI/2.0" in seen[Stage.OFFERS]


@pytest.mark.parametrize("name", ["ntlm-disabled", "logon-not-offered", "no-listener/http-404"])
def test_a_host_that_offers_nothing_fit_says_its_clock(found: Mapping[str, Examination], name: str) -> None:
    """Kerberos is what is left there, and it needs the clocks to agree."""
    at = found[name].stopped
    assert at is not None
    assert at.seen[-1] == "its clock: as this machine's"


def test_a_host_that_is_well_passes_every_stage(tmp_path: Path, net: str) -> None:
    """Each stage passes; the script says that the key is there."""
    fleet = SimulatedFleet([SimulatedHost(name="web1", machine=make_machine())], address=f"{net}.33")
    (one,) = asyncio.run(examined(fleet, tmp_path))
    assert one.stopped is None
    assert {stage.state for stage in one.stages} == {State.PASSED}
    assert "64-bit view present" in one.stages[-1].seen[1]
    assert one.date is not None


def test_over_plain_http_tls_is_not_needed(tmp_path: Path, net: str) -> None:
    """The stage says so, and the way goes on."""
    spec = SimulatedHost(name="web1", machine=make_machine(), transport="http", auth="ntlm")
    (one,) = asyncio.run(examined(SimulatedFleet([spec], address=f"{net}.33"), tmp_path))
    assert [stage.state for stage in one.stages if stage.stage is Stage.TLS] == [State.NOT_NEEDED]
    assert one.stopped is None


def test_a_key_that_may_not_be_read_fails_the_script(tmp_path: Path, net: str) -> None:
    """The session works; the account lacks the right to read the key, and the advice names it."""
    machine = make_machine()
    for key in machine.registry.keys(64):
        key.state = KeyState.DENIED
    fleet = SimulatedFleet([SimulatedHost(name="web1", machine=machine)], address=f"{net}.33")
    (one,) = asyncio.run(examined(fleet, tmp_path))
    assert one.stopped is not None
    assert (one.stopped.stage, one.stopped.cause) == (Stage.SCRIPT, "key-unreadable")
    assert "the right to read that key" in one.stopped.advice


def test_fifty_hosts_and_a_wrong_password_cost_one_proof(tmp_path: Path, net: str) -> None:
    """One host refuses the password; it is sent to none of the others, which say so."""
    hosts = [
        SimulatedHost(name=f"web{n}", machine=make_machine(f"WEB{n}"), transport="http", auth="ntlm")
        for n in range(50)
    ]
    fleet = SimulatedFleet(hosts, address=f"{net}.33")
    wrong = Logon(username="CORP\\svc-fleetcheck", password="wrong")
    found = asyncio.run(examined(fleet, tmp_path, logons=lambda _: wrong))
    assert sum(host.counters.rejected.total() for host in fleet.hosts.values()) == 1
    states = [one.stopped.state for one in found if one.stopped is not None]
    assert (states.count(State.FAILED), states.count(State.NOT_TRIED)) == (1, 49)


def test_a_host_is_asked_with_the_secret_that_is_its_own(tmp_path: Path, net: str) -> None:
    """Where the source gives one the host passes; where it gives none the logon is what failed,
    and nothing was sent.
    """
    names = ("own-a", "own-b")
    hosts = [
        SimulatedHost(
            name=name,
            machine=make_machine(name),
            account=Account("Administrator", f"right-{name}"),
            credential=f"of-{name}",
        )
        for name in names
    ]

    def ask(host: str, _address: str) -> str:
        if host == "own-b":
            raise SecretError("the vault knows no such host")
        return f"right-{host}"

    logon = Logon(username=".\\Administrator", password=None, of_host=True, ask=ask)
    fleet = SimulatedFleet(hosts, address=f"{net}.33")
    well, other = asyncio.run(examined(fleet, tmp_path, logons=lambda _: logon))
    assert well.stopped is None, well.stopped
    assert other.stopped is not None
    assert (other.stopped.stage, other.stopped.cause) == (Stage.LOGON, "no-secret")
    assert "the vault knows no such host" in " ".join(other.stopped.seen)
    assert fleet.hosts["own-b"].counters.rejected.total() == 0
