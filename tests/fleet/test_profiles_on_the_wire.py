"""Other products than the built-in one, over the wire: a port that is a string, a key with a wildcard,
one gateway.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from inventory.verdicts import Verdict
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.model import Machine, Row
from orchestrator.domain.reading import Kind, Result, Source
from orchestrator.domain.record import HostRecord
from tests.fleet.wire import scan_wire, served, simulated

KMS = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform"
SCOM = (
    r"SOFTWARE\Microsoft\Microsoft Operations Manager\3.0\Agent Management Groups\{}\Parent Health Services\0"
)
ADDRESS = "203.0.113.50"

Make = Callable[[Machine], None]


def host(name: str, *makes: Make, **inventory: object) -> SimulatedHost:
    """Make a host whose network refuses what nothing lets through,
    and whose DNS knows the product's server.
    """
    found = simulated(name, **inventory)
    found.machine.names = {"server.corp.example": (ADDRESS,)}
    found.machine.network.otherwise = Result.REFUSED
    for make in makes:
        make(found.machine)
    return found


def lets(*ports: int) -> Make:
    """Let connects to these ports of the server through."""
    return lambda machine: machine.network.open([ADDRESS], ports)


def kms(port: object = "1688", kind: Kind = Kind.SZ, server: str = "server.corp.example") -> Make:
    """Write what `slmgr /skms` writes."""

    def make(machine: Machine) -> None:
        key = machine.registry.create(64, KMS)
        key.set("KeyManagementServiceName", Kind.SZ, server)
        if port is not None:
            key.set("KeyManagementServicePort", kind, port)  # type: ignore[arg-type]  # what a test wants

    return make


def scom(group: str = "CONTOSO-MG", port: int = 5723) -> Make:
    """Write what an agent's setup writes for a management group."""

    def make(machine: Machine) -> None:
        key = machine.registry.create(64, SCOM.format(group))
        key.set("NetworkName", Kind.SZ, "Server.corp.example")
        key.set("Port", Kind.DWORD, port)

    return make


def live(machine: Machine) -> None:
    """Have the agent's connection up."""
    machine.connections = [Row(ADDRESS, 5723)]


def scanned(profile: str, hosts: list[SimulatedHost], folder: Path, address: str) -> dict[str, HostRecord]:
    """Scan hosts that have a product, over WinRM; their records by name."""
    with served(hosts, folder, address, profile=profile, timeout=30) as place:
        summary = scan_wire(place, jobs=8, pace=0).summary
        return place.records(summary.scan)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory, net: str) -> dict[str, HostRecord]:
    """Scan KMS clients in every state."""
    hosts = [
        host("ok", kms(), lets(1688)),
        host("closed", kms()),
        host("moved", kms("1689"), lets(1688, 1689), pin=1688),
        host("wrong", kms("1690"), lets(1688), pin=1688),
        host("odd", kms("16 88"), lets(1688)),
        host("by-dns", kms(None), lets(1688)),
        host("no-name", kms(server="gone.corp.example"), lets(1688)),
        host("none"),
    ]
    return scanned("kms-client", hosts, tmp_path_factory.mktemp("kms"), f"{net}.20")


def test_kms_clients_get_their_verdicts(clients: dict[str, HostRecord]) -> None:
    """A port that is text is a pin as any other; without a connection a client is well,
    for it connects on demand.
    """
    assert {name: record.judgement.verdict for name, record in clients.items()} == {
        "ok": Verdict.OK,
        "closed": Verdict.CUT_OFF,
        "moved": Verdict.DRIFTED,
        "wrong": Verdict.BLOCKED,
        "odd": Verdict.BAD_PIN,
        "by-dns": Verdict.BAD_PIN,
        "no-name": Verdict.UNTESTED,
        "none": Verdict.NO_AGENT,
    }


def test_the_one_gateway_comes_from_the_registry(clients: dict[str, HostRecord]) -> None:
    """The KMS host's name is read from the value that the profile names, and resolved on the client."""
    record = clients["ok"]
    (target,) = record.outcome.reading.targets
    assert (target.role, target.source, target.name, target.addresses) == (
        "primary",
        Source.REGISTRY,
        "server.corp.example",
        (ADDRESS,),
    )
    (role,) = record.judgement.roles
    assert (role.role, role.pin.port, role.pin.kind) == ("primary", 1688, "SZ")


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory, net: str) -> dict[str, HostRecord]:
    """Scan SCOM agents in every state."""
    hosts = [
        host("ok", scom(), lets(5723), live),
        host("other-group", scom("Fabrikam 2"), lets(5723), live),
        host("down", scom(), lets(5723)),
        host("closed", scom()),
        host("moved", scom(port=5724), lets(5723, 5724), live, pin=5723),
        host("two-groups", scom("A"), scom("B"), lets(5723), live),
        host("none"),
    ]
    return scanned("scom-agent", hosts, tmp_path_factory.mktemp("scom"), f"{net}.21")


def test_scom_agents_get_their_verdicts(agents: dict[str, HostRecord]) -> None:
    """An agent keeps its connection up, so one without is disconnected;
    two management groups cannot be told apart.
    """
    assert {name: record.judgement.verdict for name, record in agents.items()} == {
        "ok": Verdict.OK,
        "other-group": Verdict.OK,
        "down": Verdict.DISCONNECTED,
        "closed": Verdict.CUT_OFF,
        "moved": Verdict.DRIFTED,
        "two-groups": Verdict.UNREADABLE,
        "none": Verdict.NO_AGENT,
    }


def test_the_management_group_is_named(agents: dict[str, HostRecord]) -> None:
    """The key that the wildcard turned out to be is in the reading; where there are two, both are."""
    paths = {name: record.outcome.reading.views[0].path for name, record in agents.items()}
    assert (paths["ok"], paths["other-group"]) == (SCOM.format("CONTOSO-MG"), SCOM.format("Fabrikam 2"))
    assert "2 subkeys hold it: A, B" in str(agents["two-groups"].outcome.reading.views[0].error)


def test_one_group_of_two_is_read_by_a_profile_of_ones_own(tmp_path: Path, net: str) -> None:
    """`extends:` with the group's name in the key reads that group."""
    (tmp_path / "mine.yaml").write_text(f"extends: scom-agent\nkey: {SCOM.format('A')}\n", "utf-8")
    both = host("two-groups", scom("A"), scom("B", 5724), lets(5723), live)
    (record,) = scanned("./mine.yaml", [both], tmp_path, f"{net}.22").values()
    assert (record.judgement.verdict, record.profile.name) == (Verdict.OK, "mine")
