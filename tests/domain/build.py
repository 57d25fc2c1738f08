"""Small readings, made from what a test is about: pins, beliefs per port, live connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from inventory.model import Host, ListedPort, Profile, RoleValues
from orchestrator.domain.judgement import Belief
from orchestrator.domain.outcome import Failed, Outcome, Phase, Probed, Trace
from orchestrator.domain.reading import (
    Attempt,
    Canary,
    Connection,
    Identity,
    Kind,
    Reading,
    Result,
    Source,
    Target,
    Value,
    View,
    ViewState,
)
from orchestrator.domain.record import HostRecord
from orchestrator.domain.verdict import judge_outcome

PRIMARY, BACKUP = "203.0.113.10", "203.0.113.20"
GATEWAYS = {"primary": PRIMARY, "backup": BACKUP}
PORT_VALUES = {"primary": "PrimaryTunnelPort", "backup": "BackupTunnelPort"}
PORTS = (2147, 443, 80)
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TRACE = Trace(started=NOON, ended=NOON, auth="kerberos")


def profile(*roles: str, **changes: object) -> Profile:
    """Make a product with three ports, and both roles unless some are named."""
    base = Profile(
        name="small",
        title="Small",
        key=r"SOFTWARE\Small",
        roles=tuple(
            RoleValues(role=role, port_value=PORT_VALUES[role]) for role in roles or ("primary", "backup")
        ),
        ports=tuple(ListedPort(number=port) for port in PORTS),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def dword(name: str, number: int) -> Value:
    """Make a DWORD."""
    return Value(name=name, kind=Kind.DWORD, data=number)


def view(bits: int = 64, *values: Value, state: ViewState = ViewState.PRESENT) -> View:
    """Make a registry view."""
    return View(view=bits, state=state, path=r"SOFTWARE\Small", values=values)


def target(role: str, name: str = "", *, source: Source = Source.INVENTORY, decides: bool = True) -> Target:
    """Make a gateway that is an address; the role's usual one where none is named."""
    name = name or GATEWAYS[role]
    return Target(role=role, source=source, name=name, addresses=(name,), decides=decides)


def attempt(at: Target, port: int, result: Result, number: int = 1, address: str | None = None) -> Attempt:
    """Make an attempt at a target, at its first address unless one is named."""
    waited = {Result.TIMED_OUT: 3000, Result.NAME_ERROR: None}.get(result, 12)
    return Attempt(
        role=at.role,
        source=at.source,
        target=at.name,
        address=address or at.addresses[0],
        port=port,
        result=result,
        milliseconds=waited,
        number=number,
    )


def live(address: str, port: int, state: str = "Established") -> Connection:
    """Make a row of the host's TCP table."""
    return Connection(
        local_address="10.0.0.5", local_port=50000, remote_address=address, remote_port=port, state=state
    )


def reading(
    views: Sequence[View] = (),
    *,
    targets: Sequence[Target] = (),
    attempts: Sequence[Attempt] = (),
    canaries: Sequence[Canary] = (),
    connections: Sequence[Connection] = (),
    **changes: object,
) -> Reading:
    """Make a reading; the connection table was read to its end unless the test says otherwise."""
    base = Reading(
        mode="auto",
        identity=Identity(computer="WEB1"),
        views=tuple(views),
        targets=tuple(targets),
        attempts=tuple(attempts),
        canaries=tuple(canaries),
        connections=tuple(connections),
        connections_complete=True,
        parts=(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def believed(
    beliefs: Mapping[str, Mapping[int, Belief]],
    pins: Mapping[str, int | str],
    connections: Sequence[Connection] = (),
    **changes: object,
) -> Reading:
    """Make the reading of a host of which this is to be believed; a pin may be a text,
    which is then an SZ.
    """
    values = [
        dword(PORT_VALUES[role], pin)
        if isinstance(pin, int)
        else Value(name=PORT_VALUES[role], kind=Kind.SZ, data=pin)
        for role, pin in pins.items()
    ]
    attempts, canaries, targets = [], [], []
    for role, ports in beliefs.items():
        addresses = (f"{GATEWAYS[role]}", f"{GATEWAYS[role]}1")  # the second one has a middlebox before it
        where = Target(
            role=role, source=Source.INVENTORY, name=f"{role}.example", addresses=addresses, decides=True
        )
        targets.append(where)
        canaries.append(
            Canary(kind="port", address=addresses[1], port=9, result=Result.CONNECTED, milliseconds=1)
        )
        for port, belief in ports.items():
            attempts += [attempt(where, port, result, address=to) for to, result in _shape(belief, addresses)]
    return reading(
        [view(64, *values)],
        targets=targets,
        attempts=attempts,
        canaries=canaries,
        connections=connections,
        **changes,
    )


def _shape(belief: Belief, addresses: tuple[str, str]) -> list[tuple[str, Result]]:
    results = {
        Belief.OPEN: (Result.CONNECTED, Result.REFUSED),
        Belief.CLOSED: (Result.TIMED_OUT, Result.REFUSED),
        Belief.INTERCEPTED: (Result.REFUSED, Result.CONNECTED),
        Belief.UNTRIED: (Result.TIMED_OUT, Result.ERROR),
    }
    return list(zip(addresses, results[belief], strict=True))


def failed(cause: str = "no-answer", host: str = "web1", advice: str = "look at the firewall") -> Failed:
    """Make the outcome of a host that did not answer."""
    return Failed(host=host, phase=Phase.CONNECT, cause=cause, detail="no answer", advice=advice, trace=TRACE)


def record(
    host: str,
    outcome: Outcome | Reading,
    *,
    product: Profile | None = None,
    desired: Mapping[str, int] | None = None,
    waived: str | None = None,
    trace: Trace = TRACE,
) -> HostRecord:
    """Make a host's record, judged."""
    product = product or profile()
    whole = Probed(host=host, reading=outcome, trace=trace) if isinstance(outcome, Reading) else outcome
    return HostRecord(
        host=host,
        address=host,
        port=5986,
        profile=product,
        outcome=whole,
        judgement=judge_outcome(whole, profile=product, desired=desired or {}, gateways=GATEWAYS),
        desired=desired or {},
        gateways=GATEWAYS,
        waived=waived,
    )


def host(name: str = "web1", **changes: object) -> Host:
    """Make a host of the inventory."""
    base = Host(name=name, address=name, port=5986, profile=profile(), gateways=GATEWAYS, ca=Path("ca.pem"))
    return replace(base, **changes)  # type: ignore[arg-type]  # a test names fields that exist
