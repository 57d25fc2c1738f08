"""A fleet that replays recorded answers, proved against the one that works them out."""

from __future__ import annotations

import base64
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import OPS, SimulatedHost
from orchestrator.demo.lean.fleet import LeanFleet
from orchestrator.demo.lean.host import LeanHost
from orchestrator.demo.lean.hosts import DEFAULTS, WAYS, Way, healthy_hosts
from orchestrator.demo.scenes.rows import ROWS
from orchestrator.demo.wire.soap import UNKNOWN_ACTION
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Probed
from orchestrator.remote.session import Script
from tests.demo.hosts import ask, make_machine, run_script
from tests.eventually import eventually
from tests.fleet.wire import Served, scan_wire

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASIC = "Basic " + base64.b64encode(f"{OPS.username}:{OPS.password}".encode()).decode()


@pytest.fixture(scope="module")
def lean(net: str) -> Iterator[LeanFleet]:
    """One host for each way to reach one."""
    with serve_in_thread(LeanFleet(healthy_hosts(3, WAYS), address=f"{net}.31", defaults=DEFAULTS)) as fleet:
        yield fleet


@pytest.fixture
def ca(lean: LeanFleet, tmp_path: Path) -> Path:
    """Return the fleet's CA as a file."""
    path = tmp_path / "ca.pem"
    path.write_text(lean.authority.pem)
    return path


def host_of(fleet: LeanFleet, way: str) -> LeanHost:
    """Return the host that is reached in this way."""
    return fleet.hosts[f"h{WAYS.index(way):05}"]  # type: ignore[arg-type]  # a test's own word


def scanned(fleet: Any, folder: Path, **options: Any) -> dict[str, Any]:
    """Scan a fleet, served while this lasts; return each host's outcome."""
    with serve_in_thread(fleet):
        fleet.inventory(folder)
        place = Served(fleet, folder)
        scan_wire(place, **options)
        return {name: record.outcome for name, record in place.records().items()}


@pytest.mark.parametrize("mode", ["auto", "full"])
def test_a_scan_reads_of_a_recording_what_it_reads_of_the_host(net: str, tmp_path: Path, mode: str) -> None:
    """Both fleets give the same readings of the same hosts, by every way to reach them."""
    readings = []
    for kind in (LeanFleet, SimulatedFleet):
        fleet: Any = kind(healthy_hosts(6, WAYS), address=f"{net}.32", defaults=DEFAULTS, clock=lambda: NOON)
        outcomes = scanned(fleet, tmp_path / kind.__name__, mode=mode)
        assert {type(outcome) for outcome in outcomes.values()} == {Probed}
        readings.append({name: outcome.reading for name, outcome in outcomes.items()})
    assert readings[0] == readings[1]
    assert [reading.identity.computer for reading in readings[0].values()] == [f"H{n:05}" for n in range(6)]


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_password_is_refused(net: str, tmp_path: Path, way: Way) -> None:
    """The scan files it as a failed logon, and no shell is opened."""
    fleet = LeanFleet(healthy_hosts(1, (way,)), address=f"{net}.33", defaults=DEFAULTS)
    with serve_in_thread(fleet):
        fleet.inventory(tmp_path)
        (tmp_path / "secrets" / "ops").write_text("Wrong")
        place = Served(fleet, tmp_path)  # type: ignore[arg-type]  # it is asked for the inventory alone
        scan_wire(place)
    outcome, counters = place.records()["h00000"].outcome, fleet.hosts["h00000"].counters
    assert isinstance(outcome, Failed)
    assert outcome.cause == Cause.LOGON_FAILED
    assert (counters.rejected.total(), counters.accepted.total(), counters.shells_opened) == (1, 0, 0)


@pytest.mark.parametrize("way", WAYS)
def test_a_script_without_a_recording_gets_a_fault(lean: LeanFleet, ca: Path, way: str) -> None:
    """The fault names the script's SHA-256, and nothing else runs."""
    host = host_of(lean, way)
    with pytest.raises(
        WSManFaultError, match="Nothing is recorded for the script with the SHA-256"
    ) as caught:
        run_script(host, ca, text="Get-Process")  # type: ignore[arg-type]  # address, port and spec are there
    assert caught.value.code == UNKNOWN_ACTION
    assert "" not in host.counters.scripts


def test_parameters_that_do_not_fit_get_a_fault(lean: LeanFleet, ca: Path) -> None:
    """As for a script that is not known: there is no recording of that."""
    with pytest.raises(WSManFaultError, match="differ in length"):
        run_script(host_of(lean, "http-ntlm"), ca, parameters=ask() | {"Desired": [1]})  # type: ignore[arg-type]


def test_every_session_is_counted_and_leaves_no_shell(lean: LeanFleet, ca: Path) -> None:
    """Shells are opened and closed one for one, on whichever way."""
    for way in WAYS:
        host = host_of(lean, way)
        before = host.counters.scripts["probe"], host.open_shells
        answer = json.loads(run_script(host, ca).output[0])  # type: ignore[arg-type]
        assert answer["identity"]["computer"] == host.spec.machine.computer
        assert (host.counters.scripts["probe"], host.open_shells) == (before[0] + 1, before[1])


def test_the_clock_is_filled_in_at_each_replay(lean: LeanFleet, ca: Path) -> None:
    """A recording is as old as the session, no older."""
    host = host_of(lean, "http-ntlm")
    for _ in range(2):
        began = datetime.now(UTC)
        said = json.loads(run_script(host, ca).output[0])["identity"]["clock"]  # type: ignore[arg-type]
        clock = datetime.fromisoformat(said[:26] + "+00:00")
        assert began <= clock <= began + timedelta(seconds=20)


def test_a_script_in_small_envelopes_is_put_together(lean: LeanFleet, ca: Path) -> None:
    """The client spreads it over a Command and several Sends."""
    host = host_of(lean, "https-basic")
    wsman = WSMan(
        host.address,
        port=host.port,
        username=OPS.username,
        password=OPS.password,
        auth="basic",
        cert_validation=str(ca),  # type: ignore[arg-type]  # pypsrp hands it to requests, which takes a path
        no_proxy=True,
        max_envelope_size=8192,
    )
    before = host.counters.requests
    with wsman, RunspacePool(wsman) as pool:
        shell = PowerShell(pool)
        shell.add_script(Script.load("probe").text)
        shell.add_parameters(dict(ask()))
        shell.invoke()
    assert json.loads(shell.output[0])["script"] == "probe"
    assert host.counters.requests - before > 8


def test_a_delay_is_kept_over_receives_that_time_out(net: str, tmp_path: Path) -> None:
    """A Receive hears "timed out" until the answer is due, whose clock is that of the end."""
    with serve_in_thread(
        LeanFleet(healthy_hosts(1, ("http-ntlm",)), address=f"{net}.34", delay=1.3)
    ) as fleet:
        host, began = fleet.hosts["h00000"], datetime.now(UTC)
        output = run_script(host, tmp_path / "none", patience=1).output  # type: ignore[arg-type]
        assert host.counters.requests > 8  # two for the logon, six for a script whose answer is there at once
    clock = datetime.fromisoformat(json.loads(output[0])["identity"]["clock"][:26] + "+00:00")
    assert clock - began >= timedelta(seconds=1.3)


def connect(host: LeanHost, ca: Path) -> ssl.SSLSocket:
    """Open a TLS connection to a host."""
    context = ssl.create_default_context(cafile=str(ca))
    return context.wrap_socket(
        socket.create_connection((host.address, host.port), 10), server_hostname=host.address
    )


def test_requests_that_come_at_once_are_answered_in_turn(lean: LeanFleet, ca: Path) -> None:
    """Three requests in one write get their three answers, the last of which ends the connection."""
    identify = (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><q:Identify'
        b' xmlns:q="http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd"/></e:Body><e:Header/></e:Envelope>'
    )
    head = f"POST /wsman HTTP/1.1\r\nAuthorization: {BASIC}\r\nContent-Length: {len(identify)}\r\n".encode()
    with connect(host_of(lean, "https-basic"), ca) as sock:
        sock.sendall(
            head + b"\r\n" + identify
            + b"POST /wsman HTTP/1.1\r\nContent-Length: 0\r\nAuthorization: Basic eDp5\r\n\r\n"
            + head + b"Connection: close\r\n\r\n" + identify
        )  # fmt: skip
        said = b""
        while data := sock.recv(65536):
            said += data
    lines = [line for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ") or b"HTTP/1.1 " in line]
    assert [line[line.index(b"HTTP/1.1") + 9 :][:3] for line in lines] == [b"200", b"401", b"200"]
    assert said.count(b"ProductVendor>Microsoft Corporation<") == 2


@pytest.mark.parametrize(
    "words",
    [
        b"\x16\x03\x01 not HTTP",
        b"POST /wsman HTTP/1.1\r\nContent-Length: 99999\r\n\r\n<s:Env",
        b"POST /wsman HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST\r\n\r\n",
    ],
)
def test_a_rude_client_harms_no_other(lean: LeanFleet, ca: Path, words: bytes) -> None:
    """After nonsense, or half a request and a reset, the next session is served and nothing is left open."""
    host = host_of(lean, "https-basic")
    before = host.counters.open_connections  # the client of an earlier test may not have been collected yet
    with connect(host, ca) as sock:
        sock.sendall(words)
    assert len(run_script(host, ca).output) == 1  # type: ignore[arg-type]
    assert eventually(lambda: host.counters.open_connections <= before)
    assert host.open_shells == 0


def test_messages_in_clear_are_not_taken_without_tls(lean: LeanFleet) -> None:
    """Basic over plain HTTP gets the 500 that Windows gives, and no shell."""
    host = host_of(lean, "http-ntlm")
    with socket.create_connection((host.address, host.port), 10) as sock:
        sock.sendall(
            f"POST /wsman HTTP/1.1\r\nAuthorization: {BASIC}\r\nContent-Length: 4\r\n\r\n<a/>".encode()
        )
        assert sock.recv(4096).startswith(b"HTTP/1.1 500 ")


def test_what_cannot_be_replayed_is_refused() -> None:
    """A host that misbehaves has no place in this fleet, and the error says which one."""
    host = SimulatedHost(name="odd", machine=make_machine(), behaviours=(ROWS["logon-failed"],))
    with pytest.raises(ValueError, match="odd: what changes or misbehaves cannot be replayed"):
        LeanFleet([host])


def test_two_fleets_on_one_address_find_ports_of_their_own(net: str) -> None:
    """A port that is taken is left out."""
    hosts = healthy_hosts(3, ("http-ntlm",))
    with (
        serve_in_thread(LeanFleet(hosts, address=f"{net}.35")) as one,
        serve_in_thread(LeanFleet(hosts, address=f"{net}.35")) as other,
    ):
        ports = {host.port for fleet in (one, other) for host in fleet.hosts.values()}
    assert len(ports) == 6
