"""What a probe costs before it runs: connects per gateway, and seconds, by mode and time-outs.

Seconds are upper bounds for a host where nothing answers; a healthy one takes a fraction.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from inventory.model import Host
from inventory.words import digits
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.reading import Reading

MODES = ("auto", "full", "ordered", "pinned", "connections")
WIDTH = 60  # connects in flight at once on a host: what one wait of Windows can watch

_LOCAL = 5.0  # seconds for identity, registry and connections on a slow host
_NAMES = 5.0  # seconds for resolving the gateways' names
_SESSION = 30.0  # seconds for resolve, connect, TLS, logon, opening the shell; leaves room for one more try
_QUICK_SESSION = 5.0  # the least of that on a host that is well
_ANSWER = 2.0  # seconds kept back for the answer's way home
_LEAST = 1.0  # a script is never given less, however late it is
_TARGETS = 2  # gateway addresses per role: the registry's and the inventory's may differ


def usual_attempts(host: Host, mode: str, *, canaries: bool) -> Mapping[str, int]:
    """Return the connects that a healthy host makes in this mode, by gateway as the inventory names it.

    A gateway that the inventory does not name is not counted: nobody knows it before the answer.
    """
    first = host.profile.port_numbers[:1]
    ports: dict[str, set[int | str]] = {}
    for role in host.profile.role_names:
        gateway = host.gateways.get(role)
        if gateway is None or mode == "connections":
            continue
        asked = ports.setdefault(gateway, set())
        # The pin is not known yet: it is taken to be the desired pin, else one port of this role's own.
        asked.add(host.desired.get(role, role))
        if mode == "full":
            asked.update(host.profile.port_numbers)
            if canaries and host.profile.canary_port is not None:
                asked.add(host.profile.canary_port)
        elif mode == "ordered":
            asked.update(first)
    return {gateway: len(asked) for gateway, asked in ports.items()}


def actual_attempts(reading: Reading, gateways: Mapping[str, str]) -> Mapping[str, int]:
    """Return the connects that a probe really made, by gateway: the inventory's name where it is one, else
    the address.

    `gateways` is what the inventory names, by role. Connects to a canary address are nobody's load.
    """
    named = set(gateways.values())
    names = {
        canonical(address): target.name
        for target in reading.targets
        if target.name in named
        for address in target.addresses
    }
    made = {
        (canonical(attempt.address), attempt.port, attempt.number)
        for attempt in reading.attempts
        if attempt.address is not None and attempt.milliseconds is not None
    }
    made.update(
        (canonical(canary.address), canary.port, 0) for canary in reading.canaries if canary.kind == "port"
    )
    return Counter(names.get(address, address) for address, _, _ in made)


def script_need(host: Host, mode: str, *, canaries: bool, width: int = WIDTH) -> float:
    """Return the seconds that the script may take at most where no connect is answered."""
    return (
        _LOCAL + _NAMES + _rounds(host, mode, canaries=canaries, width=width) * host.profile.connect_timeout
    )


def script_deadline(need: float, left: float) -> float:
    """Return the seconds that the script gets: what it may need, inside what is left of the host's
    deadline.
    """
    return max(_LEAST, min(need, left - _ANSWER))


def host_deadline(host: Host, mode: str, *, canaries: bool, width: int = WIDTH) -> float:
    """Return the seconds that a host may take in all: its own `timeout`,
    else derived from mode and time-outs.
    """
    if host.timeout is not None:
        return host.timeout
    return script_need(host, mode, canaries=canaries, width=width) + _ANSWER + _SESSION


def too_short(host: Host, mode: str, *, canaries: bool, width: int = WIDTH) -> str | None:
    """Say in words that a host's own `timeout` is too short for the mode; None where it is not,
    or is derived.
    """
    if host.timeout is None:
        return None
    need = math.ceil(script_need(host, mode, canaries=canaries, width=width) + _ANSWER + _QUICK_SESSION)
    if host.timeout >= need:
        return None
    return (
        f"{host.name}: `timeout: {digits(host.timeout)}` is too short for `--probe {mode}`, which may take "
        f"{need} s where nothing answers: raise it, or leave it out"
    )


def _rounds(host: Host, mode: str, *, canaries: bool, width: int) -> int:
    """Count how often a connect time-out may pass, one after the other."""
    profile = host.profile
    extra = set(host.desired.values()) - set(profile.port_numbers)
    ports = len(profile.port_numbers) + len(extra) + 1  # one for a pin that is not in the list
    targets = len(profile.roles) * _TARGETS
    guards = (ports if host.canary_address or profile.canary_address else 0) + targets if canaries else 0
    important = 2  # a pin or desired pin that timed out is tried once more
    rounds = {
        "connections": 0,
        "pinned": important,
        "auto": important + math.ceil((ports * targets + guards) / width),
        "full": important - 1 + math.ceil((ports * targets + guards) / width),
        "ordered": important + ports + math.ceil(guards / width),
    }
    return rounds[mode]
