"""The demo's fleet: sites with web servers, databases and file servers, in which every verdict occurs at least once.

Deterministic: one seed and one number of hosts always give the same fleet, and a larger one has the same mix. The
gateways are documentation addresses (RFC 5737) that exist in the model alone: nothing is ever sent to them.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from orchestrator.demo.auth import Account
from orchestrator.demo.behaviour import Behaviour
from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.host import OPS, SimulatedHost
from orchestrator.demo.model import KeyState, Machine, Row
from orchestrator.demo.rows import ROWS, flaky
from orchestrator.domain.reading import Kind, Result

KEY = r"SOFTWARE\LiveVault Corporation\LiveVault.net\LVRT\Static Route"
GATEWAYS: Mapping[str, str] = {"primary": "203.0.113.10", "backup": "203.0.113.20"}
VALUES: Mapping[str, str] = {"primary": "PrimaryTunnelPort", "backup": "BackupTunnelPort"}
PORT = 2147
FALLBACK = 443

_SITES = ("paris", "lyon", "berlin", "madrid")
_KINDS = ("web", "db", "file", "app", "mail")
_SYSTEMS = (
    ("Windows Server 2019 Standard", "10.0.17763.5329", "5.1.17763.5328"),
    ("Windows Server 2022 Standard", "10.0.20348.2227", "5.1.20348.2227"),
    ("Windows Server 2016 Standard", "10.0.14393.6614", "5.1.14393.6614"),
    ("Windows Server 2012 R2 Standard", "6.3.9600.21765", "4.0"),
)


@dataclass(slots=True)
class Draft:
    """A host while it is made up: a healthy one, until a recipe changes it."""

    name: str
    number: int  # of its recipe: every MIX_SIZE the mix begins anew
    machine: Machine
    inventory: dict[str, object] = field(default_factory=dict)
    behaviours: tuple[Behaviour, ...] = ()
    transport: str = "https"
    auth: str = "negotiate"
    account: Account = OPS
    credential: str = "ops"
    tags: list[str] = field(default_factory=list)

    def pin(self, port: int, *, view: int = 64) -> None:
        """Write the pins of both roles."""
        for value in VALUES.values():
            self.machine.registry.create(view, KEY).set(value, Kind.DWORD, port)

    def network(self, *ports: int, roles: tuple[str, ...] = ("primary", "backup")) -> None:
        """Let these ports through to the gateways of these roles."""
        self.machine.network.open((GATEWAYS[role] for role in roles), ports)

    def live(self, *ports: int) -> None:
        """Have a tunnel up to each gateway on these ports."""
        local = next(iter(self.machine.interfaces.values()))[0]
        self.machine.connections = [
            Row(address, port, local_address=local, local_port=49700 + number)
            for number, (address, port) in enumerate((a, p) for a in GATEWAYS.values() for p in ports)
        ]


Recipe = Callable[[Draft], None]


def _ok(draft: Draft) -> None:
    draft.pin(PORT)
    draft.network(PORT, FALLBACK)
    draft.live(PORT)


def _ok_http(draft: Draft) -> None:
    _ok(draft)
    draft.transport, draft.auth = "http", "ntlm"


def _ok_basic(draft: Draft) -> None:
    _ok(draft)
    draft.auth = "basic"


def _ok_slow(draft: Draft) -> None:
    _ok(draft)
    draft.machine.latency = 2.5


def _ok_flaky(draft: Draft) -> None:
    _ok(draft)
    draft.behaviours = (flaky(1),)


def _ok_fallback(draft: Draft) -> None:
    draft.pin(FALLBACK)
    draft.network(FALLBACK)
    draft.live(FALLBACK)
    draft.inventory["pin"] = FALLBACK


def _ok_hostile(draft: Draft) -> None:
    """Write values that would paint the screen, if they were shown as they are."""
    _ok(draft)
    key = draft.machine.registry.create(64, KEY)
    key.set("Comment", Kind.SZ, "[bold red]all is well[/] \x1b[2J\x1b[31mred\x1b[0m \u202etxt.exe")


def _twin(draft: Draft) -> None:
    """Answer with the identity of another host: two names for one machine."""
    _ok(draft)
    pair = draft.number // MIX_SIZE
    draft.machine.machine_id = str(uuid.UUID(int=0x7E57 + pair))
    draft.machine.computer = f"CLUSTER-{pair + 1}"


def _cut_off(draft: Draft) -> None:
    draft.pin(PORT)


def _cut_off_backup(draft: Draft) -> None:
    draft.pin(PORT)
    draft.network(PORT, roles=("primary",))
    draft.machine.network.addresses[GATEWAYS["backup"]] = Result.UNREACHABLE


def _cut_off_live(draft: Draft) -> None:
    """Change the firewall an hour ago: the old tunnel still stands."""
    draft.pin(PORT)
    draft.live(PORT)


def _blocked(draft: Draft) -> None:
    draft.pin(PORT)
    draft.network(FALLBACK, 80)
    draft.machine.network.ports[PORT] = Result.REFUSED


def _blocked_backup(draft: Draft) -> None:
    draft.pin(PORT)
    draft.network(PORT, FALLBACK, roles=("primary",))
    draft.network(FALLBACK, roles=("backup",))
    draft.live(FALLBACK)


def _disconnected(draft: Draft) -> None:
    _ok(draft)
    draft.machine.connections = []


def _suspect(draft: Draft) -> None:
    """Put a proxy firewall in between, which takes every connection itself but for the tunnel's own port."""
    draft.pin(FALLBACK)
    draft.live(FALLBACK)
    draft.machine.network.ports[PORT] = Result.RESET
    draft.machine.network.otherwise = Result.CONNECTED


def _split(draft: Draft) -> None:
    _ok(draft)
    draft.pin(FALLBACK, view=32)


def _bad_pin(draft: Draft) -> None:
    _ok(draft)
    draft.machine.registry.create(64, KEY).set(VALUES["backup"], Kind.SZ, "auto")


def _unreadable(draft: Draft) -> None:
    draft.machine.registry.create(64, KEY, KeyState.DENIED)
    draft.network(PORT)


def _untested(draft: Draft) -> None:
    """Name its gateways by names that the host cannot resolve."""
    _ok(draft)
    draft.inventory["gateways"] = {"primary": "lvig1.old.example", "backup": "lvig2.old.example"}


def _drift_blocked(draft: Draft) -> None:
    draft.pin(FALLBACK)
    draft.network(FALLBACK)
    draft.live(FALLBACK)


def _drifted(draft: Draft) -> None:
    draft.pin(FALLBACK)
    draft.network(PORT, FALLBACK)
    draft.live(FALLBACK)


def _drifted_waived(draft: Draft) -> None:
    _drifted(draft)
    draft.tags.append("change-4711")


def _stale(draft: Draft) -> None:
    _ok(draft)
    draft.live(FALLBACK)


def _no_agent(draft: Draft) -> None:
    draft.network(PORT)


def _failing(row: str, timeout: int | None = None) -> Recipe:
    """Make a recipe for a host that gives no reading."""

    def fail(draft: Draft) -> None:
        _ok(draft)
        draft.behaviours = (ROWS[row],)
        if timeout is not None:  # its retries or its silence would hold up the demo
            draft.inventory["timeout"] = timeout

    return fail


def _wrong_password(draft: Draft) -> None:
    """Give it a credential of its own, so that the lock-out breaker stops no other host."""
    _ok(draft)
    draft.behaviours = (ROWS["logon-failed"],)
    draft.credential = f"{draft.name}-local"
    draft.account = Account("Administrator", f"old-{draft.name}")


_MIX: tuple[tuple[Recipe, int], ...] = (
    (_ok, 17), (_ok_http, 6), (_ok_fallback, 4), (_ok_basic, 2), (_ok_slow, 2), (_ok_flaky, 1), (_ok_hostile, 1),
    (_twin, 2), (_cut_off, 1), (_cut_off_live, 1), (_cut_off_backup, 1), (_blocked, 1), (_blocked_backup, 1),
    (_disconnected, 2), (_suspect, 1), (_split, 1), (_bad_pin, 1), (_unreadable, 1), (_untested, 1),
    (_drift_blocked, 1), (_drifted, 1), (_drifted_waived, 1), (_stale, 1), (_no_agent, 1),
    (_failing("connection-refused", 6), 1), (_failing("deadline/receive", 8), 1), (_failing("tls-unknown-ca"), 1),
    (_failing("access-denied/5"), 1), (_failing("constrained-language"), 1), (_failing("script-blocked"), 1),
    (_wrong_password, 2),
)  # fmt: skip
MIX_SIZE = sum(count for _, count in _MIX)
_RECIPES = tuple(recipe for recipe, count in _MIX for _ in range(count))


def demo_hosts(count: int = MIX_SIZE, *, seed: int = 1) -> tuple[SimulatedHost, ...]:
    """Make up `count` hosts. Fewer than MIX_SIZE take the kinds in the mix's order, the healthy ones first."""
    chance = random.Random(seed)  # noqa: S311  # a made-up fleet, no secret
    order = list(range(count))
    chance.shuffle(order)
    return tuple(_host(place, number, chance) for place, number in enumerate(order))


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


def _host(place: int, number: int, chance: random.Random) -> SimulatedHost:
    site = _SITES[place % len(_SITES)]
    kind = _KINDS[place // len(_SITES) % len(_KINDS)]
    serial = place // (len(_SITES) * len(_KINDS)) + 1
    name = f"{site[:3]}-{kind}-{serial:02}"
    system, version, powershell = chance.choice(_SYSTEMS)
    draft = Draft(
        name,
        number,
        Machine(
            computer=name.upper(),
            fqdn=f"{name}.corp.example",
            machine_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            os_name=system,
            os_version=version,
            powershell=powershell,
            interfaces={
                "Ethernet0": (f"10.{10 + number % len(_SITES)}.{number // 250 % 250}.{number % 250 + 1}",)
            },
        ),
        {},
        tags=[kind, "prod"],
    )
    _RECIPES[number % MIX_SIZE](draft)
    return _finished(draft, site)


def _finished(draft: Draft, site: str) -> SimulatedHost:
    return SimulatedHost(
        name=draft.name,
        machine=draft.machine,
        account=draft.account,
        credential=draft.credential,
        transport="http" if draft.transport == "http" else "https",
        auth="ntlm" if draft.auth == "ntlm" else "basic" if draft.auth == "basic" else "negotiate",
        behaviours=draft.behaviours,
        group=site,
        inventory=draft.inventory | {"tags": draft.tags},
    )
