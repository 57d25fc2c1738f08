"""Situations that a probe meets, as data: arranged on a real engine and on the simulated fleet, they answer
the same.

Each `Scenario` says what the host's registry holds, what the network lets through, what is connected, and
what is asked. `golden/NAME.json` is what `probe.ps1` answered on the real engine, after `normalise`; a
simulated host that is arranged likewise has to give the same after `normalise`. Addresses are made below a
loopback /24 (`net`, such as "127.0.9"), so that two test processes can arrange one scenario at the same time;
in a golden file they stand below `GOLDEN_NET`. Everything that a scenario does not open or silence refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inventory.model import Host, ListedPort, Profile, RoleValues, Rule
from orchestrator.remote.contract.probe import probe_parameters
from orchestrator.remote.session import Parameter

GOLDEN_NET = "127.0.9"
KEY = r"SOFTWARE\Fleetcheck Scenario\Agent\Static Route"
WILD = r"SOFTWARE\Fleetcheck Scenario\*\Static Route"
TIMEOUT_MS = 400
DEADLINE_MS = 20_000
ROOM = 60  # attempts in flight

LIST = (
    42147,
    40554,
    41090,
    40443,
)  # in the place of 2147, 554, 1090, 443: no test may need a port below 1024
CANARY_PORT = 40009
ODD = 45000  # a port outside the list

Entry = tuple[str, str, int | str | tuple[str, ...]]
"""Name, kind and data of a registry value; data as in `orchestrator.domain.reading.Value`."""

Place = tuple[str, int]
"""An address and a port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One situation. `views` maps a view to the keys it holds (path -> values, or None where reading it is
    denied).

    `opened` accept connections; `silent` never answer; `live` are established connections from the host, each
    to an opened place. `address_values` names the gateways' values where the profile knows them.
    """

    name: str
    about: str
    views: Mapping[int, Mapping[str, tuple[Entry, ...] | None]] = field(default_factory=dict)
    key: str = KEY
    address_values: Mapping[str, str] = field(default_factory=dict)
    gateways: Mapping[str, str] = field(default_factory=dict)
    desired: Mapping[str, int] = field(default_factory=dict)
    opened: tuple[Place, ...] = ()
    silent: tuple[Place, ...] = ()
    live: tuple[Place, ...] = ()
    mode: str = "auto"
    rule: Rule = Rule.COMMON_ELSE_PER_ROLE
    canary_address: str | None = None

    def host(self) -> Host:
        """Return the host as the inventory would give it; its own address does not matter here."""
        roles = tuple(
            RoleValues(
                role=role,
                port_value=f"{role.capitalize()}TunnelPort",
                address_value=self.address_values.get(role),
            )
            for role in ("primary", "backup")
        )
        profile = Profile(
            name="scenario",
            title="Scenario",
            key=self.key,
            roles=roles,
            ports=tuple(ListedPort(number=port) for port in LIST),
            rule=self.rule,
            connect_timeout=TIMEOUT_MS / 1000,
            canary_address=self.canary_address,
            canary_port=CANARY_PORT,
        )
        return Host(
            name=self.name,
            address="127.0.0.1",
            port=5985,
            profile=profile,
            gateways=dict(self.gateways),
            desired=dict(self.desired),
        )

    def parameters(self) -> dict[str, Parameter]:
        """Return what the script is given."""
        return probe_parameters(
            self.host(), mode=self.mode, canaries=True, deadline_ms=DEADLINE_MS, width=ROOM
        )


def _pins(
    primary: Entry | None = None, backup: Entry | None = None, *more: Entry
) -> dict[str, tuple[Entry, ...]]:
    return {KEY: tuple(entry for entry in (primary, backup, *more) if entry)}


def _primary(data: int | str, kind: str = "DWORD") -> Entry:
    return ("PrimaryTunnelPort", kind, data)


def _backup(data: int | str, kind: str = "DWORD") -> Entry:
    return ("BackupTunnelPort", kind, data)


def scenarios(net: str = GOLDEN_NET) -> tuple[Scenario, ...]:
    """Return every scenario, with its addresses below `net`."""
    one, two, three, four = (f"{net}.{number}" for number in (11, 12, 13, 14))
    gateways = {"primary": one, "backup": two}
    first, second, third, fourth = LIST
    return (
        Scenario(
            name="healthy",
            about="Both pins connect, both tunnels are up: only the pins are tried.",
            views={64: _pins(_primary(first), _backup(first))},
            gateways=gateways,
            desired={"primary": first, "backup": first},
            opened=((one, first), (two, first)),
            live=((one, first), (two, first)),
        ),
        Scenario(
            name="blocked",
            about="The primary pin is silent, tried twice; the whole list follows and finds one port for "
            "both.",
            views={64: _pins(_primary(first), _backup(str(first), "SZ"))},
            gateways=gateways,
            opened=((one, fourth), (two, first), (two, fourth)),
            silent=((one, first),),
            live=((two, first),),
        ),
        Scenario(
            name="full",
            about="Every port of the list and a desired pin outside it, at once.",
            views={32: _pins(_primary(second), _backup(str(third), "EXPAND_SZ"))},
            gateways=gateways,
            desired={"primary": ODD},
            opened=((one, second), (two, second)),
            silent=((one, third), (two, third)),
            mode="full",
        ),
        Scenario(
            name="middlebox",
            about="Something answers for a canary address on one port, and on the canary port of one "
            "gateway.",
            views={64: _pins(_primary(first), _backup(first))},
            gateways=gateways,
            opened=((one, first), (two, first), (four, first), (two, CANARY_PORT)),
            canary_address=four,
            mode="full",
        ),
        Scenario(
            name="split",
            about="Both views hold the key and differ: the pins and gateways of both are tried.",
            views={
                64: _pins(_primary(first), _backup(first), ("PrimaryGateway", "SZ", one)),
                32: _pins(_primary(second), _backup(70000), ("PrimaryGateway", "SZ", three)),
            },
            address_values={"primary": "PrimaryGateway", "backup": "BackupGateway"},
            gateways=gateways,
            opened=((one, first), (two, first), (three, second)),
            live=((three, second),),
        ),
        Scenario(
            name="ordered",
            about="One after another until one port connects to both gateways; what comes after it is left "
            "alone.",
            views={64: _pins(_primary(fourth), _backup(first))},
            gateways=gateways,
            opened=((one, second), (one, third), (two, third), (two, fourth), (two, first)),
            mode="ordered",
        ),
        Scenario(
            name="ordered_per_role",
            about="Each role stops at its own first open port.",
            views={64: _pins(_primary(ODD), _backup(ODD))},
            gateways=gateways,
            opened=((one, first), (two, third)),
            mode="ordered",
            rule=Rule.PER_ROLE,
        ),
        Scenario(
            name="ordered_to_the_end",
            about="No port serves both, so the list is gone through and the canaries follow.",
            views={64: _pins(_primary(first), _backup(first))},
            gateways=gateways,
            opened=((one, second), (two, third)),
            mode="ordered",
        ),
        Scenario(
            name="pinned",
            about="Only the pins and desired pins, though they are closed.",
            views={64: _pins(_primary(first, "QWORD"), _backup(second))},
            gateways=gateways,
            desired={"primary": third, "backup": third},
            opened=((two, third),),
            silent=((one, third),),
            mode="pinned",
        ),
        Scenario(
            name="guessed",
            about="Nobody names the gateways: values that look like addresses are guessed by their names, "
            "or watched.",
            views={
                64: _pins(
                    _primary(first),
                    _backup(first),
                    ("BackupServer", "SZ", two),
                    ("Last good", "SZ", three),
                    ("Odd address", "SZ", f"0{net}.11"),
                    ("Old primary", "EXPAND_SZ", one),
                    ("Primary server", "SZ", four),
                )
            },
            opened=((one, first), (two, first), (three, first)),
            live=((three, first),),
        ),
        Scenario(
            name="bad_pins",
            about="Pins that are no ports count as not connecting: the whole list is tried.",
            views={64: _pins(_primary(" 443 ", "SZ"), ("backupTUNNELport", "MULTI_SZ", ("443",)))},
            gateways=gateways,
            opened=((one, first), (two, first)),
        ),
        Scenario(
            name="no_agent",
            about="No key in any view: nothing is tried.",
            gateways=gateways,
            desired={"primary": first},
            opened=((one, first),),
        ),
        Scenario(
            name="no_agent_full",
            about="No key, but everything is asked for: the inventory's gateways are tried.",
            gateways={"primary": one},
            opened=((one, first),),
            mode="full",
        ),
        Scenario(
            name="denied",
            about="One view may not be read, the other one holds the key.",
            views={64: {KEY: None}, 32: _pins(_primary(first), _backup(first))},
            gateways=gateways,
            opened=((one, first), (two, first)),
        ),
        Scenario(
            name="unreadable",
            about="The only view that holds the key may not be read: nothing is tried.",
            views={64: {KEY: None}},
            gateways=gateways,
            opened=((one, first),),
        ),
        Scenario(
            name="wildcard",
            about="One subkey holds the key in one view, two do in the other.",
            key=WILD,
            views={
                64: {
                    WILD.replace("*", "Unit 7"): (_primary(first), _backup(first)),
                    r"SOFTWARE\Fleetcheck Scenario\Unit 8\Other": (_primary(third),),
                },
                32: {WILD.replace("*", letter): (_primary(first),) for letter in "BA"},
            },
            gateways=gateways,
            opened=((one, first), (two, first)),
        ),
        Scenario(
            name="names",
            about="A gateway's address in an odd spelling cannot be resolved, a name with a local answer "
            "can.",
            views={64: _pins(_primary(first), _backup(first))},
            gateways={"primary": "010.1.2.3", "backup": two},
            opened=((two, first),),
        ),
        Scenario(
            name="values",
            about="Every kind, foreign characters, no data, a lone surrogate: kept as they are.",
            views={
                64: _pins(
                    _primary(first),
                    _backup(first),
                    ("", "SZ", "the key's own value"),
                    ("binary", "BINARY", "00ff10"),
                    ("dword", "DWORD", 4294967295),
                    ("empty", "SZ", ""),
                    ("expand", "EXPAND_SZ", r"%SystemRoot%\bin"),
                    ("list", "MULTI_SZ", ("x", "y \u4e2d", "\u00e5")),
                    ("nothing", "NONE", ""),
                    ("qword", "QWORD", 18446744073709551615),
                    ('quote " and \\ and \u0007', "SZ", "\u0001\u00ad\u202e\U0001f600 \ud800 end"),
                    ("\u0130\u0131", "SZ", "\u00df"),
                )
            },
            gateways=gateways,
            opened=((one, first), (two, first)),
        ),
        Scenario(
            name="too_much",
            about="More data than the answer may have: values are cut from the first that does not fit, "
            "pins are not.",
            views={
                64: _pins(
                    _primary(first),
                    _backup(first),
                    *((f"blob {n}", "SZ", str(n) * 14_500) for n in range(1, 7)),
                    ("z", "SZ", "cut"),
                )
            },
            gateways=gateways,
            opened=((one, first), (two, first)),
        ),
        Scenario(
            name="connections",
            about="Connections only: what is up is seen, nothing is tried.",
            views={64: _pins(_primary(first), _backup(second))},
            gateways=gateways,
            opened=((one, first), (two, second), (two, ODD)),
            live=((one, first), (two, second), (two, ODD)),
            mode="connections",
        ),
    )


def normalise(document: Mapping[str, Any], net: str = GOLDEN_NET) -> dict[str, Any]:
    """Return a probe's document without what differs between two hosts, or between two runs on one host.

    Times become 0 (null stays null), an error's text "said", an identity its keys; local ends of connections
    go, and the rows are sorted. Addresses below `net` move below `GOLDEN_NET`.
    """
    made: dict[str, Any] = _moved(dict(document), f"{net}.", f"{GOLDEN_NET}.")
    made["identity"] = sorted(made["identity"])
    for part in made["parts"]:
        part.update(ms=0, e=part["e"] and "said")
    for view in made["views"]:
        view["e"] = view["e"] and (view["e"] if view["state"] == "failed" else "said")
    for attempt in (*made["attempts"], *made["canaries"]):
        attempt["ms"] = None if attempt["ms"] is None else 0
    made["connections"]["rows"] = sorted(row[2:] for row in made["connections"]["rows"])
    return made


def _moved(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [_moved(item, old, new) for item in value]
    if isinstance(value, dict):
        return {key: _moved(item, old, new) for key, item in value.items()}
    return value
