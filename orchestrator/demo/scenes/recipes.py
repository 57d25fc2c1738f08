"""What happens to one host of the demo: a healthy draft, and a recipe for each way to be unwell."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orchestrator.demo.behaviour import Behaviour
from orchestrator.demo.host import OPS
from orchestrator.demo.machine.model import KeyState, Machine, Row
from orchestrator.demo.machine.plot import Event
from orchestrator.demo.scenes.rows import ROWS, flaky
from orchestrator.demo.wire.auth import Account
from orchestrator.domain.reading import Kind, Result

KEY = r"SOFTWARE\LiveVault Corporation\LiveVault.net\LVRT\Static Route"
GATEWAYS: Mapping[str, str] = {"primary": "203.0.113.10", "backup": "203.0.113.20"}
VALUES: Mapping[str, str] = {"primary": "PrimaryTunnelPort", "backup": "BackupTunnelPort"}
PORT = 2147
FALLBACK = 443


@dataclass(slots=True)
class Draft:
    """A host while it is made up: a healthy one, until a recipe changes it."""

    name: str
    turn: int  # how often the mix of recipes was gone through before this host
    machine: Machine
    inventory: dict[str, object] = field(default_factory=dict)
    behaviours: tuple[Behaviour, ...] = ()
    events: tuple[Event, ...] = ()
    transport: str = "https"
    auth: str = "negotiate"
    account: Account = OPS
    credential: str = "ops"
    tags: list[str] = field(default_factory=list)

    def pin(self, port: int, *, view: int = 64, kind: Kind = Kind.DWORD) -> None:
        """Write the pins of both roles."""
        data = port if kind in (Kind.DWORD, Kind.QWORD) else str(port)
        for value in VALUES.values():
            self.machine.registry.create(view, KEY).set(value, kind, data)

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


def ok(draft: Draft) -> None:
    """Pin 2147, let through and in use."""
    draft.pin(PORT)
    draft.network(PORT, FALLBACK)
    draft.live(PORT)


def ok_http(draft: Draft) -> None:
    """Reach it over http, with NTLM sealing the messages."""
    ok(draft)
    draft.transport, draft.auth = "http", "ntlm"


def ok_basic(draft: Draft) -> None:
    """Reach it with Basic inside TLS."""
    ok(draft)
    draft.auth = "basic"


def ok_slow(draft: Draft) -> None:
    """Take a while to answer."""
    ok(draft)
    draft.machine.latency = 2.5


def ok_flaky(draft: Draft) -> None:
    """Be busy at the first try."""
    ok(draft)
    draft.behaviours = (flaky(1),)


def ok_fallback(draft: Draft) -> None:
    """Want and use the fallback port."""
    draft.pin(FALLBACK)
    draft.network(FALLBACK)
    draft.live(FALLBACK)
    draft.inventory["pin"] = FALLBACK


def ok_hostile(draft: Draft) -> None:
    """Write values that would paint the screen, if they were shown as they are."""
    ok(draft)
    key = draft.machine.registry.create(64, KEY)
    key.set("Comment", Kind.SZ, "[bold red]all is well[/] \x1b[2J\x1b[31mred\x1b[0m \u202etxt.exe")


def twin(draft: Draft) -> None:
    """Answer with the identity of another host: two names for one machine."""
    ok(draft)
    pair = draft.turn
    draft.machine.machine_id = str(uuid.UUID(int=0x7E57 + pair))
    draft.machine.computer = f"CLUSTER-{pair + 1}"


def cut_off(draft: Draft) -> None:
    """Let nothing through."""
    draft.pin(PORT)


def cut_off_backup(draft: Draft) -> None:
    """Give it no route to the backup gateway."""
    draft.pin(PORT)
    draft.network(PORT, roles=("primary",))
    draft.machine.network.addresses[GATEWAYS["backup"]] = Result.UNREACHABLE


def cut_off_live(draft: Draft) -> None:
    """Change the firewall an hour ago: the old tunnel still stands."""
    draft.pin(PORT)
    draft.live(PORT)


def blocked(draft: Draft) -> None:
    """Refuse the pin, let two other ports through."""
    draft.pin(PORT)
    draft.network(FALLBACK, 80)
    draft.machine.network.ports[PORT] = Result.REFUSED


def blocked_backup(draft: Draft) -> None:
    """Let the pin through to one gateway only."""
    draft.pin(PORT)
    draft.network(PORT, FALLBACK, roles=("primary",))
    draft.network(FALLBACK, roles=("backup",))
    draft.live(FALLBACK)


def disconnected(draft: Draft) -> None:
    """Let everything through, with no tunnel up."""
    ok(draft)
    draft.machine.connections = []


def suspect(draft: Draft) -> None:
    """Put a proxy firewall in between, which takes every connection itself but for the tunnel's own port."""
    draft.pin(FALLBACK)
    draft.live(FALLBACK)
    draft.machine.network.ports[PORT] = Result.RESET
    draft.machine.network.otherwise = Result.CONNECTED


def split(draft: Draft) -> None:
    """Hold another pin in the 32-bit view."""
    ok(draft)
    draft.pin(FALLBACK, view=32)


def bad_pin(draft: Draft) -> None:
    """Hold a word where a port belongs."""
    ok(draft)
    draft.machine.registry.create(64, KEY).set(VALUES["backup"], Kind.SZ, "auto")


def unreadable(draft: Draft) -> None:
    """Deny the key."""
    draft.machine.registry.create(64, KEY, KeyState.DENIED)
    draft.network(PORT)


def untested(draft: Draft) -> None:
    """Name its gateways by names that the host cannot resolve."""
    ok(draft)
    draft.inventory["gateways"] = {"primary": "lvig1.old.example", "backup": "lvig2.old.example"}


def drift_blocked(draft: Draft) -> None:
    """Want a port that is closed."""
    draft.pin(FALLBACK)
    draft.network(FALLBACK)
    draft.live(FALLBACK)


def drifted(draft: Draft) -> None:
    """Want a port that is open, hold another one."""
    draft.pin(FALLBACK)
    draft.network(PORT, FALLBACK)
    draft.live(FALLBACK)


def drifted_waived(draft: Draft) -> None:
    """As drifted, with the tag that the waiver names."""
    drifted(draft)
    draft.tags.append("change-4711")


def stale(draft: Draft) -> None:
    """Have the tunnel up on another port than the pin."""
    ok(draft)
    draft.live(FALLBACK)


def no_agent(draft: Draft) -> None:
    """Hold no key at all."""
    draft.network(PORT)


def failing(row: str) -> Recipe:
    """Make a recipe for a host that gives no reading."""

    def fail(draft: Draft) -> None:
        ok(draft)
        draft.behaviours = (ROWS[row],)

    return fail


def wrong_password(draft: Draft) -> None:
    """Give it a credential of its own, so that the lock-out breaker stops no other host."""
    ok(draft)
    draft.behaviours = (ROWS["logon-failed"],)
    draft.credential = f"{draft.name}-local"
    draft.account = Account("Administrator", f"old-{draft.name}")
