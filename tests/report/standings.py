"""Results in short, made by hand: a fleet over three days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from inventory.verdicts import Verdict
from orchestrator.domain.firewall.collapsed import CollapsedRows, collapse
from orchestrator.domain.firewall.firewall import Firewall, firewall
from orchestrator.domain.firewall.subnets import Subnets
from orchestrator.domain.firewall.unblock import Unblocking, unblock
from orchestrator.domain.judgement import Belief, Judgement, Pin, RoleJudgement
from orchestrator.domain.standing import HostNow, Network, Standing
from orchestrator.domain.views.diff import diff
from orchestrator.domain.views.fleet_now import fleet_now
from orchestrator.domain.whatif.assumption import Assumptions, parse
from orchestrator.domain.whatif.what_if import WhatIf, what_if
from orchestrator.report.views.diff import DiffReport
from orchestrator.report.views.fleet_now import FleetReport
from tests.report.samples import BACKUP, NOON, NOW, PORTS, PRIMARY, PROFILE, scan


def role(
    name: str = "primary",
    verdict: Verdict = Verdict.OK,
    *,
    pin: int | None = 2147,
    opened: tuple[int, ...] = (2147, 443),
    tried: tuple[int, ...] = tuple(number for number, _ in PORTS),
    desired: int | None = 2147,
) -> RoleJudgement:
    """Make a role's conclusion: what was tried and is not open is closed."""
    return RoleJudgement(
        role=name,
        verdict=verdict,
        pin=Pin(port=pin, kind="DWORD" if pin else None, shown=str(pin) if pin else None),
        desired=desired,
        beliefs={
            port: Belief.UNTRIED if port not in tried else Belief.OPEN if port in opened else Belief.CLOSED
            for port, _ in PORTS
        },
        live=(2147,) if verdict is Verdict.OK else (),
        evidence=(),
        action="",
    )


def standing(host: str = "web1", *roles: RoleJudgement, **changes: object) -> Standing:
    """Make a host's result; its verdict is its worst role's."""
    listed = roles or (role(), role("backup"))
    verdict = min((each.verdict for each in listed), key=lambda each: each.severity)
    made = Standing(
        host=host,
        scan=12,
        at=NOON,
        address=f"{host}.corp.example",
        profile=PROFILE,
        judgement=Judgement(
            verdict=verdict,
            role=None if len({each.verdict for each in listed}) == 1 else "backup",
            roles=listed,
            view=64,
            any_live=verdict is Verdict.OK,
            action="" if verdict is Verdict.OK else "look at it",
        ),
        site="paris",
        groups=("paris",),
        gateways={"primary": (PRIMARY,), "backup": (BACKUP,)},
        sources=("10.1.2.3",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def unprobed(host: str = "db7", cause: str = "auth: logon-failed", **changes: object) -> Standing:
    """Make the result of a host that gave no reading."""
    judgement = Judgement(verdict=Verdict.UNKNOWN, action="try it by hand")
    return replace(standing(host), judgement=judgement, cause=cause, gateways={}, sources=(), **changes)  # type: ignore[arg-type]  # a test names fields that exist


def blocked(name: str = "primary") -> RoleJudgement:
    """Make a role whose pin is closed while 443 is open."""
    return role(name, Verdict.BLOCKED, opened=(443,))


def diff_report() -> DiffReport:
    """Compare two scans in which something of everything happened."""
    moved = {"primary": ("203.0.113.11",), "backup": (BACKUP,)}
    pairs = [
        *((standing(f"web{n:02}"), standing(f"web{n:02}", role(), blocked("backup"))) for n in range(14)),
        (standing("db1", role(pin=443), role("backup")), standing("db1")),
        (standing("db2"), standing("db2", gateways=moved)),
        (standing("db3"), unprobed("db3")),
        *((standing(f"same{n}"), standing(f"same{n}")) for n in range(40)),
        (standing("gone1"), None),
        (None, standing("new1")),
    ]
    earlier = scan(11, started=NOON - timedelta(days=1))
    return DiffReport(earlier=earlier, later=scan(12), diff=diff(pairs), code=3)


def now(latest: Standing, before: Standing | None = None) -> HostNow:
    """Make what is known of a host that was probed at last."""
    return HostNow(latest=latest, known=latest, before=before)


def hosts_now() -> Iterator[HostNow]:
    """Make a fleet in which something of everything happened, some of it long ago."""
    old = NOON - timedelta(days=9)
    for number in range(40):
        yield now(standing(f"ok{number:02}"), standing(f"ok{number:02}", scan=11))
    for number in range(14):
        name = f"berlin-web{number:02}"
        yield now(standing(name, role(), blocked("backup"), site="berlin"), standing(name, site="berlin"))
    yield now(standing("old1", blocked(), blocked("backup"), at=old, site=None, groups=()))
    yield now(standing("waived1", role(), role("backup", Verdict.DRIFTED, pin=443), waived="change 4711"))
    yield HostNow(latest=unprobed("db7"), known=standing("db7", at=old))
    yield HostNow(latest=unprobed("db8", "connect: no-answer", site="berlin"))


def fleet_report() -> FleetReport:
    """Report that fleet, read a few minutes ago."""
    return FleetReport(
        fleet=fleet_now(hosts_now(), now=NOW, max_age=timedelta(days=7)),
        now=NOW,
        max_age=timedelta(days=7).total_seconds(),
        by="site",
        place="/home/ops/.local/state/fleetcheck/fleetcheck.db",
        warnings=("fleet.yaml:40: the waiver for drifted ended on 2026-02-28 and counts no more: change 17",),
    )


def blocked_hosts() -> Iterator[Standing]:
    """Make hosts behind firewalls: most need 2147, some 443 too, and some that no rule can help."""
    for number, host in enumerate(_blocked_hosts()):
        yield replace(host, sources=(f"10.1.2.{number + 3}",)) if host.probed else host


def _blocked_hosts() -> Iterator[Standing]:
    for number in range(14):
        yield standing(f"ber-{number:02}", blocked(), role("backup"), site="berlin")
    for number in range(3):
        yield standing(f"par-{number:02}", blocked(), blocked("backup"))
    both = [role(name, Verdict.CUT_OFF, pin=80, desired=443, opened=()) for name in ("primary", "backup")]
    yield standing("mad-01", *both, site=None)
    yield standing("mad-02", role("primary", Verdict.SUSPECT), role("backup"), site=None)
    yield standing("ok-01")
    yield unprobed("db7")


def _in_subnets() -> list[Standing]:
    return [
        replace(
            host,
            sources=(f"10.1.{number % 3}.{number + 10}",) if host.probed else (),
            site=host.site or "madrid",
        )
        for number, host in enumerate(blocked_hosts())
    ]


def walls() -> Firewall:
    """Work out their firewall rows: beside them one that claims another's address, one long not read,
    one that is no more.
    """
    hosts = _in_subnets()
    hosts[0] = replace(hosts[0], network=Network(dialled=hosts[0].sources[0]))
    liar = standing("ber-liar", site="berlin", sources=(*hosts[0].sources, "10.1.0.200"))
    old = standing("par-old", role(pin=443), role("backup"), sources=("10.1.9.9",), at=NOON)
    long_ago = HostNow(latest=unprobed("par-old", at=NOW), known=old)
    return firewall([*hosts, liar, long_ago, unprobed("gone1")], set_aside={"gone1"})


def merged() -> tuple[CollapsedRows, ...]:
    """Merge these: two subnets of Berlin are named, Paris has none."""
    named = {host.host: ("10.1.0.0/24", "10.1.1.0/24") for host in _in_subnets() if host.site == "berlin"}
    return collapse(walls().rows, Subnets(named), walls().needed)


def unblocking() -> Unblocking:
    """Choose rules for most of them."""
    return unblock(blocked_hosts(), target=0.95)


def results() -> tuple[Standing, ...]:
    """Make a host's results, newest first: long well, blocked, not probed once, re-pinned."""

    def day(number: int) -> datetime:
        return NOON - timedelta(days=number)

    repinned = tuple(role(name, pin=443, opened=(443,)) for name in ("primary", "backup"))
    return (
        standing("web1", *repinned, scan=60, at=day(0)),
        unprobed("web1", scan=59, at=day(1)),
        *(standing("web1", blocked(), role("backup"), scan=58 - n, at=day(2 + n)) for n in range(3)),
        *(standing("web1", scan=55 - n, at=day(5 + n)) for n in range(50)),
    )


def imagined() -> WhatIf:
    """Ask what becomes of a fleet of which something of everything would befall, if 443 closed and 636
    opened.
    """
    assumed = Assumptions(
        (*parse(["443@203.0.113.10"], Belief.CLOSED), *parse(["636@203.0.113.10"], Belief.OPEN))
    )

    def on_443(*opened: int) -> RoleJudgement:
        return role(pin=443, desired=None, opened=(443, *opened))

    def backup(*opened: int) -> RoleJudgement:
        return role("backup", opened=(443, *opened), pin=443, desired=None)

    tunnel = replace(blocked(), live=(2147,), desired=None)
    shut = replace(role("primary", Verdict.CUT_OFF, opened=()), live=(2147,), desired=None)
    hosts = [
        *(standing(f"web{n:02}", on_443(2147), backup(2147)) for n in range(14)),
        standing("mixed", on_443(80), backup()),
        standing("old1", replace(tunnel, beliefs=tunnel.beliefs | {80: Belief.OPEN}), backup(80)),
        standing("wall1", shut, role("backup", desired=None)),
        standing("wall2", on_443(), backup(636)),
        standing("auto1", role(pin=443, desired=None, opened=(443,), tried=(443,)), backup()),
        standing("wall3", on_443(), backup(), repin="forbid"),
        standing("gone", blocked(), role("backup")),
        standing("back", role(verdict=Verdict.BLOCKED, pin=636, desired=None), role("backup")),
        standing("fine"),
        unprobed("db7"),
    ]
    return what_if(hosts, assumed)
