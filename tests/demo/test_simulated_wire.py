"""A simulated host over the wire, with pypsrp as a client that knows nothing of it."""

from __future__ import annotations

import gc
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import RunningHost, SimulatedHost
from orchestrator.demo.scenes.rows import ROWS
from orchestrator.demo.scenes.scenario import KEY, VALUES
from orchestrator.demo.wire.auth import Account
from orchestrator.demo.wire.wsman import MAX_SHELLS
from orchestrator.domain.reading import Kind
from tests.demo.hosts import ask, make_machine, run_script


@pytest.fixture(scope="module")
def fleet(net: str) -> Iterator[SimulatedFleet]:
    """One host for each way to log on, and a few with something special."""
    local = Account("Administrator", "lökal")
    hosts = [
        SimulatedHost(name="sealed", machine=make_machine(), transport="http"),
        SimulatedHost(name="raw-ntlm", machine=make_machine(), transport="http", auth="ntlm"),
        SimulatedHost(name="https", machine=make_machine()),
        SimulatedHost(name="https-ntlm", machine=make_machine(), auth="ntlm"),
        SimulatedHost(name="basic", machine=make_machine(), auth="basic", account=local, credential="local"),
        SimulatedHost(name="changed", machine=make_machine(), behaviours=(ROWS["logon-failed"],)),
        SimulatedHost(name="big", machine=make_machine()),
    ]
    key = hosts[-1].machine.registry.create(64, KEY)
    for number in range(40):
        key.set(f"Note {number:02}", Kind.SZ, "é" * 250)
    with serve_in_thread(SimulatedFleet(hosts, address=f"{net}.20")) as served:
        yield served


@pytest.fixture(scope="module")
def ca(fleet: SimulatedFleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the fleet's CA as a file."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(fleet.authority.pem)
    return path


@pytest.mark.parametrize("name", ["sealed", "raw-ntlm", "https", "https-ntlm", "basic"])
def test_every_way_to_log_on_gets_the_host_s_own_answer(fleet: SimulatedFleet, ca: Path, name: str) -> None:
    """The probe runs, gives one text and no error, and leaves no shell behind."""
    host = fleet.host(name)
    shell = run_script(host, ca)
    assert (len(shell.output), shell.streams.error, shell.had_errors) == (1, [], False)
    views = json.loads(shell.output[0])["views"]
    assert [value["d"] for value in views[0]["values"]] == ["2147", "2147"]
    assert (host.counters.shells_opened, host.counters.shells_closed, host.open_shells) == (1, 1, 0)
    assert host.counters.accepted == {host.spec.account.username: 1}
    assert (host.counters.scripts, host.counters.logons) == ({"probe": 1}, 1)


def test_a_wrong_password_is_counted_and_opens_nothing(fleet: SimulatedFleet, ca: Path) -> None:
    """The host turns it away before any shell."""
    host = fleet.host("changed")
    with pytest.raises(AuthenticationError):
        run_script(host, ca)
    assert host.counters.rejected == {host.spec.account.username: 1}
    assert (host.counters.accepted, host.counters.shells_opened) == ({}, 0)


def test_a_script_that_nobody_shipped_is_not_run(fleet: SimulatedFleet, ca: Path) -> None:
    """It ends with an error record that names its SHA-256."""
    shell = run_script(fleet.host("https"), ca, text="Get-Process")
    assert shell.had_errors
    assert shell.output == []
    assert shell.streams.error[0].fq_error == "UnknownScript"


def test_parameters_that_do_not_fit_end_in_an_error_record(fleet: SimulatedFleet, ca: Path) -> None:
    """As PowerShell would refuse to bind them."""
    shell = run_script(fleet.host("https"), ca, parameters=ask() | {"Desired": [1]})
    assert (shell.had_errors, shell.streams.error[0].fq_error) == (
        True,
        "ParameterArgumentTransformationError",
    )


def test_a_long_answer_arrives_whole_in_several_fragments(fleet: SimulatedFleet, ca: Path) -> None:
    """64 KB of text cross the wire unchanged."""
    text = run_script(fleet.host("big"), ca).output[0]
    assert 32 * 1024 < len(text) <= 65_536
    values = {value["n"]: value["d"] for value in json.loads(text)["views"][0]["values"]}
    assert values["Note 39"] == "é" * 250


def test_a_registry_that_changes_meanwhile_is_seen_by_the_next_probe(fleet: SimulatedFleet, ca: Path) -> None:
    """The model is state, not a recording."""
    host = fleet.host("sealed")
    key = host.machine.registry.key(64, KEY)
    assert key is not None
    key.set(VALUES["primary"], Kind.SZ, "443")
    values = json.loads(run_script(host, ca).output[0])["views"][0]["values"]
    assert values[1] == {"n": "PrimaryTunnelPort", "k": "SZ", "d": "443", "cut": False}


def open_shell(host: RunningHost, ca: Path, *, idle: int) -> None:
    """Open a shell and walk away from it."""
    account = host.spec.account
    with WSMan(
        host.address,
        port=host.port,
        username=account.username,
        password=account.password,
        ssl=True,
        cert_validation=str(ca),  # type: ignore[arg-type]  # pypsrp hands it to requests, which takes a path
        no_proxy=True,
    ) as wsman:
        RunspacePool(wsman, idle_timeout=idle).open()


def test_shells_that_clients_left_behind_count_until_they_are_idle_too_long(net: str, tmp_path: Path) -> None:
    """The quota is one of open shells, and time gives it back, as on Windows."""
    fleet = SimulatedFleet([SimulatedHost(name="web1", machine=make_machine())], address=f"{net}.28")
    ca = tmp_path / "ca.pem"
    ca.write_text(fleet.authority.pem)
    with serve_in_thread(fleet):
        host = fleet.host("web1")
        for _ in range(MAX_SHELLS):
            open_shell(host, ca, idle=60)
        with pytest.raises(WSManFaultError) as caught:
            open_shell(host, ca, idle=60)
        assert (caught.value.code, host.open_shells) == (2150859173, MAX_SHELLS)
        for shell in host._service.shells.values():
            shell.used -= 61
        open_shell(host, ca, idle=60)
        assert (host.counters.shells_expired, host.open_shells) == (MAX_SHELLS, 1)


def held() -> tuple[int, int]:
    """Count this process's threads and descriptors, without what only waits for the collector."""
    gc.collect()
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_is_left_when_a_fleet_ends(net: str, tmp_path: Path) -> None:
    """Ports, descriptors, threads and shells are given back, those of rude clients too."""
    before = held()
    hosts = [SimulatedHost(name=f"h{n}", machine=make_machine(), transport="http") for n in range(5)]
    hosts.append(SimulatedHost(name="dropped", machine=make_machine(), behaviours=(ROWS["no-answer"],)))
    fleet = SimulatedFleet(hosts, address=f"{net}.29")
    with serve_in_thread(fleet):
        run_script(fleet.host("h0"), tmp_path / "none")
        rude = socket.create_connection((f"{net}.29", fleet.host("h1").port), timeout=5)
        rude.sendall(b"POST /wsman HTTP/1.1\r\nContent-Length: 99\r\n\r\n")
    rude.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((f"{net}.29", fleet.host("h1").port), timeout=5)
    assert held() == before
