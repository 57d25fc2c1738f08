"""Hosts, readings and plans for the re-pin's tests, from the few things that each test is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from inventory.model import Host, ListedPort, Profile, RoleValues, Rule
from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.outcome import Failed, Probed, Trace
from orchestrator.domain.reading import (
    Attempt,
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
from orchestrator.domain.repin.conclusion import Conclusion, Machine, judged_anew
from orchestrator.domain.repin.plan import Plan
from orchestrator.domain.repin.planner import Candidate, Draft, Rules, draft, sift
from orchestrator.domain.repin.policy import parse_policy
from orchestrator.version import VERSION

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
GATEWAYS = {"primary": "127.9.0.1", "backup": "127.9.0.2"}
ROLES = tuple(GATEWAYS)
ORDER = (2147, 554, 443, 80)
KEY = r"SOFTWARE\Agent\Route"


def profile(rule: Rule = Rule.COMMON_ELSE_PER_ROLE) -> Profile:
    """Return a product of four ports and two roles."""
    return Profile(
        name="agent",
        title="Agent",
        key=KEY,
        roles=tuple(RoleValues(role=role, port_value=f"{role.title()}TunnelPort") for role in ROLES),
        ports=tuple(ListedPort(number=number) for number in ORDER),
        rule=rule,
    )


def host(name: str = "web1", *, rule: Rule = Rule.COMMON_ELSE_PER_ROLE, **changes: object) -> Host:
    """Return a host; its desired pin is 443 for both roles unless the test says otherwise."""
    settings: dict[str, object] = {
        "address": "127.9.1.1",
        "port": 5986,
        "profile": profile(rule),
        "gateways": GATEWAYS,
        "desired": dict.fromkeys(ROLES, 443),
    }
    return Host(name=name, **(settings | changes))  # type: ignore[arg-type]  # a test's own keys


def view(
    pins: Mapping[str, object],
    number: int = 64,
    kind: Kind = Kind.DWORD,
    state: ViewState = ViewState.PRESENT,
) -> View:
    """Return a registry view that holds these pins."""
    values = tuple(
        Value(name=f"{role.title()}TunnelPort", kind=kind, data=data)  # type: ignore[arg-type]  # any data
        for role, data in pins.items()
    )
    return View(view=number, state=state, path=KEY, values=values if state is ViewState.PRESENT else ())


def reading(
    ports: Mapping[int, str] | None = None,
    *,
    pins: Mapping[str, object] | None = None,
    views: tuple[View, ...] | None = None,
    only: Mapping[str, Mapping[int, str]] | None = None,
    machine: str = "machine-1",
) -> Reading:
    """Return a reading. `ports` maps a port to a `Result` word at both gateways, `only` adds per role."""
    results = {role: dict(ports or {}) | dict((only or {}).get(role, {})) for role in ROLES}
    return Reading(
        mode="full",
        identity=Identity(computer="WEB1", machine_id=machine),
        views=views or (view(pins or dict.fromkeys(ROLES, 2147)),),
        targets=tuple(
            Target(role=role, source=Source.INVENTORY, name=address, addresses=(address,), decides=True)
            for role, address in GATEWAYS.items()
        ),
        attempts=tuple(
            Attempt(
                role=role,
                source=Source.INVENTORY,
                target=GATEWAYS[role],
                address=GATEWAYS[role],
                port=port,
                result=Result(word),
                milliseconds=1,
            )
            for role, by_port in results.items()
            for port, word in by_port.items()
        ),
        canaries=(),
        connections=(),
        connections_complete=True,
        parts=(),
        whole_list=True,
    )


def record(found: Reading, *, age: timedelta = timedelta(hours=1), name: str = "web1") -> HostRecord:
    """Return a stored result of that age; the planner does not look at its verdict."""
    moment = NOW - age
    return HostRecord(
        host=name,
        address="127.9.1.1",
        port=5986,
        profile=profile(),
        outcome=Probed(host=name, reading=found, trace=Trace(started=moment, ended=moment)),
        judgement=Judgement(verdict=Verdict.OK),
    )


def concluded(of: Host, found: HostRecord, scan: int = 12) -> Conclusion:
    """Return what a stored result came to by the host's settings, as the store does; its id is the scan's."""
    stored = Conclusion(
        result=scan,
        scan=scan,
        read=found.outcome.trace.started,
        cause=found.outcome.cause if isinstance(found.outcome, Failed) else "",
        judgement=None,
        profile=found.profile,
        desired=found.desired,
        gateways=found.gateways,
        version="",
    )
    if isinstance(found.outcome, Failed):
        return stored
    return judged_anew(stored, found.outcome.reading, of, VERSION)


def plan_on(hosts: Iterable[tuple[Host, Sequence[tuple[int, HostRecord]]]], rules: Rules) -> Draft:
    """Plan hosts on their records, newest first, each with the id of its scan."""
    candidates, machines = [], {}
    for place, (of, records) in enumerate(hosts):
        found = []
        for scan, each in records:
            number = place * 1000 + scan  # one host's result in one scan
            found.append(replace(concluded(of, each, scan), result=number))
            if isinstance(each.outcome, Probed):
                machines[number] = machine_of(each.outcome.reading)
        candidates.append(Candidate(host=of, conclusions=tuple(found)))
    return draft(sift(candidates, rules), machines, rules)


def plan_one(found: Reading, policy: str = "desired", *, of: Host | None = None, **rules: object) -> Draft:
    """Plan one host on one reading."""
    told = Rules(policy=parse_policy(policy), now=NOW, **rules)  # type: ignore[arg-type]
    return plan_on([(of or host(), [(12, record(found))])], told)


def whole_plan(**changes: object) -> Plan:
    """Return a plan of one host from 2147 to 443."""
    drafted = plan_one(reading({2147: "timed_out", 443: "connected"}))
    settings: dict[str, object] = {
        "id": "0b6f0f3e-0000-4000-8000-000000000001",
        "created": NOW,
        "expires": NOW + timedelta(hours=24),
        "policy": "desired",
        "selection": "",
        "inventory": "fleet.yaml",
        "inventory_digest": "ab" * 32,
        "script": "cd" * 32,
        "version": "0.1.0",
        "user": "ops",
        "hosts": drafted.hosts,
        "left_out": drafted.left_out,
    }
    return Plan(**(settings | changes))  # type: ignore[arg-type]  # a test's own keys


def machine_of(reading: Reading) -> Machine:
    """Return what a plan needs of a whole reading beside the conclusion."""
    identity = reading.identity
    return Machine(computer=identity.computer, machine_id=identity.machine_id, views=reading.views)
