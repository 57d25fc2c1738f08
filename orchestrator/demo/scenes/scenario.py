"""The demo's fleet: sites with web servers, databases and file servers, in which every verdict occurs at
least once.

Deterministic: one seed and one number of hosts always give the same fleet, and a larger one has the same mix.
The gateways are documentation addresses (RFC 5737) that exist in the model alone: nothing is ever sent to
them.
"""

from __future__ import annotations

import random
import uuid
from datetime import date, timedelta

from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.model import Agent, Machine
from orchestrator.demo.scenes import recipes
from orchestrator.demo.scenes.recipes import GATEWAYS, KEY, PORT, VALUES, Draft, Recipe

__all__ = [
    "GATEWAYS",
    "KEY",
    "MIX_SIZE",
    "PORT",
    "VALUES",
    "demo_fleet",
    "demo_hosts",
    "finished",
    "new_draft",
]

RECONNECTS = 5.0  # seconds after a re-pin
_SITES = ("paris", "lyon", "berlin", "madrid")
_KINDS = ("web", "db", "file", "app", "mail")
_SYSTEMS = (
    ("Windows Server 2019 Standard", "10.0.17763.5329", "5.1.17763.5328"),
    ("Windows Server 2022 Standard", "10.0.20348.2227", "5.1.20348.2227"),
    ("Windows Server 2016 Standard", "10.0.14393.6614", "5.1.14393.6614"),
    ("Windows Server 2012 R2 Standard", "6.3.9600.21765", "4.0"),
)


_MIX: tuple[tuple[Recipe, int], ...] = (
    (recipes.ok, 17),
    (recipes.ok_http, 6),
    (recipes.ok_fallback, 4),
    (recipes.ok_basic, 2),
    (recipes.ok_slow, 2),
    (recipes.ok_flaky, 1),
    (recipes.ok_hostile, 1),
    (recipes.twin, 2),
    (recipes.cut_off, 1),
    (recipes.cut_off_live, 1),
    (recipes.cut_off_backup, 1),
    (recipes.blocked, 1),
    (recipes.blocked_backup, 1),
    (recipes.disconnected, 2),
    (recipes.suspect, 1),
    (recipes.split, 1),
    (recipes.bad_pin, 1),
    (recipes.unreadable, 1),
    (recipes.untested, 1),
    (recipes.drift_blocked, 1),
    (recipes.drifted, 1),
    (recipes.drifted_waived, 1),
    (recipes.stale, 1),
    (recipes.no_agent, 1),
    (recipes.failing("connection-refused"), 1),
    (recipes.failing("session-lost/receive"), 1),
    (recipes.failing("tls-unknown-ca"), 1),
    (recipes.failing("access-denied/5"), 1),
    (recipes.failing("constrained-language"), 1),
    (recipes.failing("script-blocked"), 1),
    (recipes.wrong_password, 2),
)
MIX_SIZE = sum(count for _, count in _MIX)
_RECIPES = tuple(recipe for recipe, count in _MIX for _ in range(count))


_FIRST = (
    recipes.ok,
    recipes.cut_off,
    recipes.drifted,
    recipes.blocked,
    recipes.disconnected,
    recipes.wrong_password,
    recipes.suspect,
    recipes.split,
    recipes.bad_pin,
    recipes.stale,
    recipes.drift_blocked,
    recipes.no_agent,
)


def _small_order() -> tuple[Recipe, ...]:
    """Put the mix in the order of a fleet that is smaller than it: each kind once,
    what is worth seeing first.
    """
    kinds = [recipe for recipe, _ in _MIX]
    again = [recipe for recipe, count in _MIX for _ in range(count - 1)]
    return (*_FIRST, *(recipe for recipe in kinds if recipe not in _FIRST), *again)


def demo_hosts(count: int = MIX_SIZE, *, seed: int = 1) -> tuple[SimulatedHost, ...]:
    """Make up `count` hosts. Fewer than MIX_SIZE show as many kinds as they can."""
    chance = random.Random(seed)  # noqa: S311  # a made-up fleet, no secret
    order = list(range(count))
    chance.shuffle(order)
    kinds = _RECIPES if count >= MIX_SIZE else _small_order()
    hosts = []
    for place, number in enumerate(order):
        draft, site = new_draft(place, number, chance, turn=number // MIX_SIZE)
        kinds[number % MIX_SIZE](draft)
        hosts.append(finished(draft, site))
    return tuple(hosts)


def demo_fleet(
    count: int = MIX_SIZE, *, seed: int = 1, address: str = "127.0.0.1", today: date | None = None
) -> SimulatedFleet:
    """Make the demo's fleet, not yet served; its one waiver ends 90 days after `today`."""
    until = (today or date.today()) + timedelta(days=90)  # noqa: DTZ011  # a waiver's day is the user's own
    hosts = demo_hosts(count, seed=seed)
    waived = [host.name for host in hosts if "change-4711" in _tags(host)]
    waiver = {
        "hosts": "tag=change-4711",
        "verdict": "drifted",
        "reason": "change 4711 moves them in one night",
    }
    return SimulatedFleet(
        hosts,
        address=address,
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": PORT, "timeout": 30},
        waivers=[waiver | {"until": until.isoformat()}] if waived else [],
    )


def _tags(host: SimulatedHost) -> list[str]:
    tags = host.inventory.get("tags")
    return tags if isinstance(tags, list) else []


def new_draft(place: int, number: int, chance: random.Random, *, turn: int) -> tuple[Draft, str]:
    """Make up a host and its site: the name by its place in the fleet, its address by its number.

    No pin yet.
    """
    site = _SITES[place % len(_SITES)]
    kind = _KINDS[place // len(_SITES) % len(_KINDS)]
    serial = place // (len(_SITES) * len(_KINDS)) + 1
    name = f"{site[:3]}-{kind}-{serial:02}"
    system, version, powershell = chance.choice(_SYSTEMS)
    machine = Machine(
        computer=name.upper(),
        fqdn=f"{name}.corp.example",
        machine_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        os_name=system,
        os_version=version,
        powershell=powershell,
        interfaces={
            "Ethernet0": (f"10.{10 + number % len(_SITES)}.{number // 250 % 250}.{number % 250 + 1}",)
        },
        agent=Agent(key=KEY, values=VALUES, gateways=GATEWAYS, reconnects=RECONNECTS),
    )
    return Draft(name, turn, machine, {}, tags=[kind, "prod"]), site


def finished(draft: Draft, site: str) -> SimulatedHost:
    """Make the host to be served."""
    return SimulatedHost(
        name=draft.name,
        machine=draft.machine,
        account=draft.account,
        credential=draft.credential,
        transport="http" if draft.transport == "http" else "https",
        auth="ntlm" if draft.auth == "ntlm" else "basic" if draft.auth == "basic" else "negotiate",
        behaviours=draft.behaviours,
        events=draft.events,
        group=site,
        inventory=draft.inventory | {"tags": draft.tags},
    )
