"""Which gateway addresses a probe looks at, by steps 2 to 4 of the contract. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inventory.windows_names import fold
from orchestrator.demo.machine.parameters import Parameters, Role
from orchestrator.domain.pin import parse_pin
from orchestrator.domain.reading import Kind, Source, Value

MOST_WATCHED = 16
MOST_ADDRESSES = 4
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[0-9A-Za-z]+)?")
_NUMERIC = re.compile(r"(?:0[xX][0-9A-Fa-f]+|[0-9]+)(?:\.(?:0[xX][0-9A-Fa-f]+|[0-9]+)){0,3}")


@dataclass(slots=True)
class Found:
    """A gateway address on its way through a probe; `role` is the role's index,
    `asked` the ports asked of it.
    """

    role: int
    source: Source
    value: str | None
    name: str
    tried: bool
    decides: bool = False
    addresses: tuple[str, ...] = ()
    error: str | None = None
    asked: list[int] = field(default_factory=list)


def important_ports(asked: Parameters, values: Sequence[Value]) -> tuple[list[list[int]], list[bool]]:
    """Return each role's pins and desired pin, and whether it has a valid pin."""
    ports, pinned = [], []
    for role in asked.roles:
        pins = [parse_pin(value).port for value in values if fold(value.name) == fold(role.port_value)]
        valid = list(dict.fromkeys(port for port in pins if port is not None))
        pinned.append(bool(valid))
        if role.desired and role.desired not in valid:
            valid.append(role.desired)
        ports.append(valid)
    return ports, pinned


def find_targets(
    asked: Parameters, values: Sequence[Value], names: Mapping[str, tuple[str, ...]]
) -> list[Found]:
    """Return every target in the answer's order, resolved by `names` (lower case -> addresses)."""
    targets: list[Found] = []
    for index, role in enumerate(asked.roles):
        _add_named(targets, index, role, values)
    looking = [value for value in values if _is_ipv4(value) and not _is_named(value, asked.roles)]
    for index in range(len(asked.roles)):
        _add_guess(targets, index, asked.roles, looking)
    _add_watched(targets, asked.roles, looking)
    for target in targets:
        target.addresses, target.error = resolve(target.name, names)
    return targets


def _add_named(targets: list[Found], index: int, role: Role, values: Sequence[Value]) -> None:
    for value in values:
        if (
            role.address_value
            and fold(value.name) == fold(role.address_value)
            and _is_text(value)
            and value.data
        ):
            _add(targets, index, Source.REGISTRY, value.name, str(value.data))
    if role.gateway:
        _add(targets, index, Source.INVENTORY, None, role.gateway)


def _add_guess(targets: list[Found], index: int, roles: Sequence[Role], looking: Sequence[Value]) -> None:
    if any(target.role == index for target in targets):
        return
    own = (value for value in looking if _mentions(value, roles[index].name))
    free = (
        value
        for value in looking
        if not any(_mentions(value, role.name) for role in roles) and not _has(targets, None, str(value.data))
    )
    guess = next(own, None) or next(free, None)
    if guess is not None:
        _add(targets, index, Source.GUESS, guess.name, str(guess.data))


def _add_watched(targets: list[Found], roles: Sequence[Role], looking: Sequence[Value]) -> None:
    most = len(targets) + MOST_WATCHED
    for value in looking:
        owners = [index for index, role in enumerate(roles) if _mentions(value, role.name)]
        if not owners and _has(targets, None, str(value.data)):
            continue
        for index in owners or range(len(roles)):
            if len(targets) < most:
                _add(targets, index, Source.GUESS, value.name, str(value.data), tried=False)


def _add(
    targets: list[Found], role: int, source: Source, value: str | None, name: str, *, tried: bool = True
) -> None:
    if not _has(targets, role, name):
        decides = tried and not any(target.role == role for target in targets)
        targets.append(Found(role, source, value, name, tried, decides))


def _has(targets: Iterable[Found], role: int | None, name: str) -> bool:
    return any(fold(target.name) == fold(name) for target in targets if role is None or target.role == role)


def _is_text(value: Value) -> bool:
    return value.kind in (Kind.SZ, Kind.EXPAND_SZ)


def _is_ipv4(value: Value) -> bool:
    return _is_text(value) and _IPV4.fullmatch(str(value.data)) is not None


def _is_named(value: Value, roles: Iterable[Role]) -> bool:
    return fold(value.name) in {
        fold(name) for role in roles for name in (role.port_value, role.address_value) if name
    }


def _mentions(value: Value, role: str) -> bool:
    return fold(role) in fold(value.name)


def resolve(name: str, names: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], str | None]:
    """Return a name's addresses, or () and the resolver's word."""
    if _IPV4.fullmatch(name):
        return (name,), None
    if _IPV6.fullmatch(name):
        try:
            address = ipaddress.IPv6Address(name)
        except ValueError:
            pass
        else:
            return (str(address.ipv4_mapped or address),), None
    if _NUMERIC.fullmatch(name):
        return (), "BadAddress"
    addresses = names.get(name.lower(), ())[:MOST_ADDRESSES]
    return (addresses, None) if addresses else ((), "HostNotFound")
