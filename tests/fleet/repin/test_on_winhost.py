"""A re-pin on the real engine and a real registry: scanned, planned, applied, taken back,
looked at from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inventory.model import Fleet, Host, ListedPort, Profile, RoleValues
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunRecord
from orchestrator.domain.repin.plan import Plan
from orchestrator.domain.repin.planner import Rules
from orchestrator.domain.repin.policy import parse_policy
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.protocol import RepinServices, RunInput, apply
from orchestrator.fleet.repin.summary import RepinSummary
from orchestrator.fleet.repin.undo import Ticket, undo_plan
from orchestrator.fleet.run import Services
from orchestrator.fleet.scan import scan
from orchestrator.remote.apply import repin_script
from orchestrator.remote.session import Logon
from orchestrator.remote.transport_name import TransportName
from orchestrator.remote.transports import transport
from orchestrator.store.journal.journal import Journal
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests import winhosts as kit
from tests.domain.repin.builders import plan_on
from tests.fleet.fakes import record_of
from tests.remote.repin_host import outside

KEY = rf"{kit.ROOT}\Fleet\Static Route"
VALUES = {"primary": "PrimaryTunnelPort", "backup": "BackupTunnelPort"}
OLD, NEW = 2147, 443


class Bench:
    """Two real hosts, two gateways that listen on both ports, a database."""

    def __init__(self, hosts: Sequence[kit.Winhost], gateways: Mapping[str, str], folder: Path) -> None:
        self.real = {host.name: host for host in hosts}
        self.url = f"sqlite:///{folder / 'results.db'}"
        profile = Profile(
            name="agent",
            title="Agent",
            key=KEY,
            roles=tuple(RoleValues(role=role, port_value=value) for role, value in VALUES.items()),
            ports=(ListedPort(number=OLD), ListedPort(number=NEW)),
            connect_timeout=2.0,
        )
        self.hosts = {
            host.name: Host(
                name=host.name,
                address=host.address,
                port=host.port,
                transport="http",
                auth="ntlm",
                profile=profile,
                gateways=gateways,
                desired=dict.fromkeys(VALUES, NEW),
            )
            for host in hosts
        }
        self.fleet = Fleet(
            path=Path("fleet.yaml"), digest="ab" * 32, hosts=self.hosts, groups={}, credentials={}
        )

    def pins(self, name: str, view: int = 64) -> dict[str, tuple[str, str]]:
        """Read a host's pins behind the engine's back."""
        return {value: (kind, str(data)) for value, kind, data in outside(self.real[name], view, KEY) or ()}

    def plan(self) -> Plan:
        """Scan the hosts, and plan what the inventory wants."""
        asyncio.run(self._scan())
        with Reader.open(self.url) as reader:
            records = list(reader.records(1))
        now = datetime.now(UTC)
        drafted = plan_on(
            [(self.hosts[each.host], [(1, each)]) for each in records],
            Rules(policy=parse_policy("desired"), now=now),
        )
        return Plan(
            id="plan-1",
            created=now,
            expires=now + timedelta(hours=1),
            policy="desired",
            selection="",
            inventory="fleet.yaml",
            inventory_digest="ab" * 32,
            script=repin_script().sha256,
            version="0",
            user="me",
            hosts=drafted.hosts,
            left_out=drafted.left_out,
        )

    def apply(self, plan: Plan) -> RepinSummary:
        """Apply a plan."""
        return asyncio.run(self._apply(plan))

    def undo(self, plan: Plan) -> Plan:
        """Plan the way back of the first run."""
        with Reader.open(self.url) as reader:
            run, rows = reader.run(1), reader.operations(1)
        ticket = Ticket(
            id="plan-2",
            created=plan.created,
            expires=plan.expires,
            user="me",
            version="0",
            script=plan.script,
        )
        return undo_plan(run, plan, rows, self.fleet, ticket=ticket)

    async def _scan(self) -> None:
        made = transport(TransportName.NATIVE, jobs=2)
        with Writer.open(self.url, command="test", user="me") as writer:
            services = Services(
                transport=made,
                writer=writer,
                logons=_logon,
                clock=SystemClock(),
                chance=random.Random(1),  # noqa: S311  # jitter
            )
            hosts = list(self.hosts.values())
            await scan(
                record_of(hosts), hosts, options=ScanOptions(jobs=2, mode="full", pace=0), services=services
            )
        await made.aclose()

    async def _apply(self, plan: Plan) -> RepinSummary:
        made = transport(TransportName.NATIVE, jobs=2)
        record = RunRecord(
            id=None,
            plan=plan.id,
            started=datetime.now(UTC),
            user="me",
            command="test",
            version="0",
            options="{}",
            hosts=len(plan.hosts),
        )
        with Writer.open(self.url, command="test", user="me") as writer:
            given = RunInput(
                plan=plan,
                hosts=self.hosts,
                record=record,
                options=RepinOptions(jobs=2, pace=0),
                services=RepinServices(
                    transport=made,
                    logons=_logon,
                    clock=SystemClock(),
                    chance=random.Random(1),  # noqa: S311  # jitter
                ),
                journal=Journal(writer),
            )
            summary = await apply(given)
        await made.aclose()
        return summary


def _logon(_name: str | None) -> Logon:
    return Logon(username=kit.USER, password=kit.PASSWORD)


@pytest.fixture
def bench(winhosts: list[kit.Winhost], net: str, tmp_path: Path) -> Iterator[Bench]:
    """Yield the bench, with listeners for both gateways on both ports."""
    gateways = {"primary": f"{net}.61", "backup": f"{net}.62"}
    with contextlib.ExitStack() as stack:
        for address in gateways.values():
            for port in (OLD, NEW):
                stack.enter_context(socket.create_server((address, port), backlog=64))
        yield Bench(winhosts, gateways, tmp_path)
    for host in winhosts:
        host.clear()


def test_plan_apply_verify_undo_on_real_registries(bench: Bench) -> None:
    """Numbers in one host, texts in both views of the other: written, read again,
    put back with their kinds.
    """
    first, second = bench.real.values()
    first.arrange(64, KEY, [(value, "DWORD", OLD) for value in VALUES.values()])
    for view in (64, 32):
        second.arrange(view, KEY, [(value, "SZ", str(OLD)) for value in VALUES.values()])
    plan = bench.plan()
    assert [len(host.targets) for host in plan.hosts] == [2, 4]
    done = bench.apply(plan)
    assert {end.host: end.state for end in done.ends} == dict.fromkeys(bench.real, State.VERIFIED)
    assert bench.pins(first.name) == dict.fromkeys(VALUES.values(), ("DWORD", str(NEW)))
    for view in (64, 32):
        assert bench.pins(second.name, view) == dict.fromkeys(VALUES.values(), ("SZ", str(NEW)))

    kit.registry().set_value(first.prefix, rf"HKLM\{KEY}", VALUES["backup"], "DWORD", 8080)
    undone = bench.apply(bench.undo(plan))
    assert {end.host: end.state for end in undone.ends} == {
        first.name: State.CONFLICT,
        second.name: State.VERIFIED,
    }
    assert bench.pins(first.name)[VALUES["backup"]] == ("DWORD", "8080")
    for view in (64, 32):
        assert bench.pins(second.name, view) == dict.fromkeys(VALUES.values(), ("SZ", str(OLD)))


def test_a_change_from_outside_between_plan_and_apply_stays(bench: Bench) -> None:
    """The fresh reading sees it: no write is sent to that host, the other one is written."""
    for host in bench.real.values():
        host.arrange(64, KEY, [(value, "DWORD", OLD) for value in VALUES.values()])
    plan = bench.plan()
    first, second = bench.real.values()
    kit.registry().set_value(first.prefix, rf"HKLM\{KEY}", VALUES["primary"], "SZ", str(OLD))
    done = bench.apply(plan)
    assert {end.host: end.state for end in done.ends} == {
        first.name: State.CONFLICT,
        second.name: State.VERIFIED,
    }
    assert bench.pins(first.name)[VALUES["primary"]] == ("SZ", str(OLD))


def test_two_roles_in_one_value_are_written_once(bench: Bench) -> None:
    """One value in one view, and one in each of two: planned as one target a view, written, read again,
    taken back.
    """
    roles = tuple(RoleValues(role=role, port_value="TunnelPort") for role in VALUES)
    for name, host in bench.hosts.items():
        bench.hosts[name] = replace(host, profile=replace(host.profile, roles=roles))
    first, second = bench.real.values()
    first.arrange(64, KEY, [("TunnelPort", "DWORD", OLD)])
    for view in (64, 32):
        second.arrange(view, KEY, [("TUNNELPORT", "SZ", str(OLD))])
    plan = bench.plan()
    assert [len(host.targets) for host in plan.hosts] == [1, 2]
    done = bench.apply(plan)
    assert {end.host: end.state for end in done.ends} == dict.fromkeys(bench.real, State.VERIFIED)
    assert bench.pins(first.name) == {"TunnelPort": ("DWORD", str(NEW))}
    undone = bench.apply(bench.undo(plan))
    assert {end.host: end.state for end in undone.ends} == dict.fromkeys(bench.real, State.VERIFIED)
    for view in (64, 32):
        assert bench.pins(second.name, view) == {"TUNNELPORT": ("SZ", str(OLD))}
