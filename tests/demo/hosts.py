"""What the tests of the simulated fleet share: hosts to serve, and pypsrp as a plain client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from inventory.model import Host, ListedPort, Profile, RoleValues
from orchestrator.demo.host import RunningHost
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.scenes.scenario import GATEWAYS, KEY, VALUES
from orchestrator.domain.reading import Kind
from orchestrator.domain.repin.plan import PlannedHost, RoleChange, WriteTarget
from orchestrator.remote.contract.probe import probe_parameters
from orchestrator.remote.contract.repin import repin_parameters
from orchestrator.remote.session import Parameter, Script

LIVEVAULT = Profile(
    name="livevault",
    title="LiveVault",
    key=KEY,
    roles=tuple(RoleValues(role=role, port_value=value) for role, value in VALUES.items()),
    ports=tuple(ListedPort(number=number) for number in (2147, 554, 1090, 443, 80)),
    canary_port=9,
)


def make_machine(name: str = "WEB1", *, pins: tuple[int, int] = (2147, 2147)) -> Machine:
    """Make a healthy host's state: both pins set, open and in use nowhere."""
    machine = Machine(computer=name, machine_id="00000000-0000-4000-8000-000000000001")
    key = machine.registry.create(64, KEY)
    for value, pin in zip(VALUES.values(), pins, strict=True):
        key.set(value, Kind.DWORD, pin)
    machine.network.open(GATEWAYS.values(), [2147, 443])
    return machine


def make_host(**changes: object) -> Host:
    """Make the inventory's view of a host; no name in it is ever looked up."""
    given: dict[str, object] = {
        "name": "web1",
        "address": "127.0.0.1",
        "port": 5986,
        "profile": LIVEVAULT,
        "gateways": GATEWAYS,
        "desired": {"primary": 2147, "backup": 2147},
    }
    return Host(**(given | changes))  # type: ignore[arg-type]  # a test's own dictionary


def ask(mode: str = "auto", *, host: Host | None = None, **changes: Parameter) -> dict[str, Parameter]:
    """Make the probe's parameters, some of them changed."""
    parameters = probe_parameters(host or make_host(), mode=mode, canaries=True, deadline_ms=60_000, width=60)
    return parameters | changes


def run_script(
    host: RunningHost,
    ca: Path,
    *,
    text: str | None = None,
    parameters: Mapping[str, Parameter] | None = None,
    patience: int = 5,
) -> PowerShell:
    """Run a script with pypsrp as anybody would, the probe unless told otherwise; return the ended pipeline.

    `patience` is the operation time-out in seconds.
    """
    spec = host.spec
    wsman = WSMan(
        host.address,
        port=host.port,
        username=spec.account.username,
        password=spec.account.password,
        ssl=spec.transport == "https",
        auth=spec.auth,
        cert_validation=str(ca),  # type: ignore[arg-type]  # pypsrp hands it to requests, which takes a path
        no_proxy=True,
        read_timeout=10,
        operation_timeout=patience,
    )
    with wsman, RunspacePool(wsman) as pool:
        shell = PowerShell(pool)
        shell.add_script(Script.load("probe").text if text is None else text)
        if text is None or parameters:
            shell.add_parameters(dict(parameters or ask()))
        shell.invoke()
        return shell


def plan_both(
    machine: Machine, *, old: int = 2147, new: int = 443, views: tuple[int, ...] = (64,)
) -> PlannedHost:
    """Plan both DWORD pins of a host as it stands."""
    return PlannedHost(
        host="web1",
        address="127.0.0.1",
        port=5986,
        site=None,
        facts="0" * 64,
        key=KEY,
        computer=machine.computer,
        machine_id=machine.machine_id,
        roles=tuple(RoleChange(role=role, old=old, new=new) for role in VALUES),
        targets=tuple(
            WriteTarget(view=view, value=value, kind="DWORD", expected=str(old), new=str(new), role=role)
            for view in views
            for role, value in VALUES.items()
        ),
        evidence=(),
        why="a test",
    )


def write_parameters(change: PlannedHost, deadline: datetime, operation: str = "1") -> dict[str, Parameter]:
    """Make the write script's parameters."""
    return repin_parameters(change, operation=operation, deadline=deadline)
