"""Small random fleets for a re-pin: results, the inventory of today, and what is typed.

The same seed gives the same fleet. Of all that a plan looks at something is there in every form now and
then: kinds of values, two views, ports untried, closed, open and intercepted, failures, old evidence,
changed settings, several scans.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from inventory.load import loads
from inventory.model import Host
from orchestrator.domain.cause import Cause
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

SHARED = """\
title: Shared
key: SOFTWARE\\Shared\\Agent
roles:
  primary: {port_value: Port}
  backup: {port_value: PORT}
ports: [{number: 2147}, {number: 443}, {number: 80}]
tunnel: on-demand
canary_port: 9
"""
POLICIES = ("desired", "vendor-order", "keep-if-working", "prefer:443,2147", "prefer:8443", "fleet-common")
_PINS = ("2147", "443", "80", "8443", "{primary: 443, backup: 80}", "{primary: 443}", "")
PRODUCTS = ("livevault", "livevault", "livevault", "./shared.yaml")
_HOSTS = (1, 9)  # of a fleet
_SCANS = 3


@dataclass(frozen=True, slots=True)
class RandomFleet:
    """A fleet: what the inventory says today, results scan by scan, oldest first, and a plan's options."""

    today: str
    scans: tuple[tuple[HostRecord, ...], ...]
    options: tuple[str, ...]


def random_fleet(seed: int, folder: Path, now: datetime, products: Sequence[str] = PRODUCTS) -> RandomFleet:
    """Make the fleet of a seed; the profile SHARED has to lie in `folder` as shared.yaml."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    names = [f"h{seed}x{number}" for number in range(chance.randint(*_HOSTS))]
    then = {name: _settings(chance, products) for name in names}
    today = {name: _settings(chance, products) if chance.random() < 0.2 else then[name] for name in names}
    asked = loads(_inventory(then).encode(), folder / "then.yaml")
    usual = {name: _reading(chance, asked.hosts[name]) for name in names}
    scans = tuple(
        tuple(
            _result(
                chance,
                asked.hosts[name],
                usual[name] if chance.random() < 0.8 else _reading(chance, asked.hosts[name]),
                scan,
                now,
            )
            for name in names
            if chance.random() < 0.93
        )
        for scan in range(_SCANS)
    )
    options = ["--policy", chance.choice(POLICIES)]
    if chance.random() < 0.3:
        options += ["--force-closed", "change 4711"]
    return RandomFleet(_inventory(today), scans, tuple(options))


def _inventory(hosts: dict[str, dict[str, str]]) -> str:
    lines = ["defaults: {auth: kerberos}", "hosts:"]
    for name, settings in hosts.items():
        keys = ", ".join(f"{key}: {value}" for key, value in settings.items())
        lines.append(f"  {name}: {{{keys}}}")
    return "\n".join(lines) + "\n"


def _settings(chance: random.Random, products: Sequence[str]) -> dict[str, str]:
    pin = chance.choice(_PINS)
    profile = chance.choice(products)
    if profile == "./shared.yaml" and "," in pin:
        pin = "443"
    return {
        "gateways": f"{{primary: 203.0.113.{chance.choice((10, 10, 10, 11))}, backup: 203.0.113.20}}",
        "profile": profile,
        **({"pin": pin} if pin else {}),
        **({"repin": "forbid"} if chance.random() < 0.05 else {}),
        **({"site": "paris"} if chance.random() < 0.5 else {}),
    }


def _result(chance: random.Random, host: Host, reading: Reading, scan: int, now: datetime) -> HostRecord:
    hours = 24 * (_SCANS - 1 - scan) + chance.choice((1, 1, 1, 1, 2, 30))
    started = now - timedelta(hours=hours, seconds=chance.randint(0, 99))
    trace = Trace(started=started, ended=started + timedelta(seconds=4))
    outcome: Outcome = Probed(host=host.name, reading=reading, trace=trace)
    if chance.random() < 0.1:
        phase, cause = chance.choice(((Phase.AUTH, Cause.LOGON_FAILED), (Phase.CONNECT, Cause.NO_ANSWER)))
        outcome = Failed(host=host.name, phase=phase, cause=cause, detail="seen", advice="look", trace=trace)
    known = {"profile": host.profile, "desired": host.desired, "gateways": host.gateways}
    return HostRecord(
        host=host.name,
        address=host.address,
        port=host.port,
        outcome=outcome,
        judgement=judge_outcome(outcome, **known),  # type: ignore[arg-type]  # three kinds of value
        site=host.site,
        repin=host.repin,
        **known,  # type: ignore[arg-type]
    )


def _reading(chance: random.Random, host: Host) -> Reading:
    ports = [*host.profile.port_numbers[:4], 8443, 443, 80]
    views = tuple(_views(chance, host))
    targets = tuple(
        Target(
            role=role,
            source=Source.INVENTORY,
            name=address,
            addresses=() if chance.random() < 0.03 else (address,),
            decides=chance.random() < 0.97,
        )
        for role, address in host.gateways.items()
    )
    return Reading(
        mode="full",
        identity=Identity(
            computer=chance.choice((*[host.name.upper()] * 20, None, "")),
            machine_id=chance.choice((*[f"id-{host.name}"] * 20, None)),
        ),
        views=views,
        targets=targets,
        attempts=tuple(_attempts(chance, targets, ports)),
        canaries=tuple(_canaries(chance, host)),
        connections=tuple(
            Connection(
                local_address="10.0.0.1",
                local_port=50_000,
                remote_address=address,
                remote_port=chance.choice((2147, 443)),
                state=chance.choice(("Established", "SynSent")),
            )
            for address in host.gateways.values()
            if chance.random() < 0.4
        ),
        connections_complete=chance.random() < 0.9,
        parts=(),
        whole_list=True,
        deadline_hit=chance.random() < 0.1,
    )


def _views(chance: random.Random, host: Host) -> Iterator[View]:
    key = host.profile.key
    first = View(view=64, state=ViewState.PRESENT, path=key, values=tuple(_values(chance, host)))
    kind = chance.random()
    if kind < 0.06:
        first = View(view=64, state=chance.choice((ViewState.ABSENT, ViewState.DENIED, ViewState.FAILED)))
    yield first
    if kind < 0.7:
        yield View(view=32, state=ViewState.ABSENT)
    elif kind < 0.8:
        yield replace(first, view=32)
    elif kind < 0.9:
        path = chance.choice((key, key + "\\Other"))
        yield View(view=32, state=ViewState.PRESENT, path=path, values=tuple(_values(chance, host)))


def _values(chance: random.Random, host: Host) -> Iterator[Value]:
    yield Value(name="Naïve \\ name", kind=Kind.SZ, data="x")
    pin = chance.choice((2147, 2147, 443, 80))
    for role in host.profile.roles:
        name = chance.choice((role.port_value, role.port_value.upper()))
        port = pin if chance.random() < 0.9 else chance.choice((443, 8443, 0, 70_000))
        match chance.random():
            case odds if odds < 0.75:
                yield Value(name=name, kind=Kind.DWORD, data=port)
            case odds if odds < 0.95:
                yield Value(
                    name=name, kind=Kind.SZ, data=f"{port:05}" if chance.random() < 0.5 else str(port)
                )
            case _:
                yield Value(name=name, kind=Kind.BINARY, data="00ff")
    yield Value(name="Other", kind=Kind.MULTI_SZ, data=("a", "b"))


def _attempts(chance: random.Random, targets: tuple[Target, ...], ports: list[int]) -> Iterator[Attempt]:
    words = (*[Result.CONNECTED] * 4, Result.TIMED_OUT, Result.TIMED_OUT, Result.REFUSED, Result.ERROR)
    alike = {port: chance.choice(words) for port in ports}
    for target in targets:
        shut = chance.random() < 0.05
        for port, usual in alike.items():
            if chance.random() < 0.02:
                continue
            for number in (1, 2) if chance.random() < 0.2 else (1,):
                word = usual if chance.random() < 0.95 else chance.choice(words)
                result = Result.TIMED_OUT if shut else word
                yield Attempt(
                    role=target.role,
                    source=target.source,
                    target=target.name,
                    address=next(iter(target.addresses), None),
                    port=port,
                    result=result,
                    milliseconds=chance.randint(1, 3000),
                    number=number,
                )


def _canaries(chance: random.Random, host: Host) -> Iterator[Canary]:
    if chance.random() < 0.1:
        yield Canary(kind="address", address="192.0.2.1", port=443, result=Result.CONNECTED, milliseconds=1)
    if chance.random() < 0.05:
        address = next(iter(host.gateways.values()))
        yield Canary(kind="port", address=address, port=9, result=Result.CONNECTED, milliseconds=1)
