"""The probe's parameters as they came over the wire, checked: `orchestrator.remote.contract` says what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class BadParameters(Exception):  # noqa: N818  # PowerShell would end the pipeline with a binding error
    """A parameter is missing or of another type than the contract says."""


@dataclass(frozen=True, slots=True)
class Role:
    """What is asked about one role; "" and 0 where nobody named it."""

    name: str
    port_value: str
    address_value: str
    gateway: str
    desired: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the probe is asked, with its parallel lists put together. Times in milliseconds."""

    key: str
    views: tuple[int, ...]
    roles: tuple[Role, ...]
    ports: tuple[int, ...]
    mode: str
    rule: str
    timeout: int
    deadline: int
    width: int
    canary_addresses: tuple[str, ...]
    canary_ports: tuple[int, ...]

    @classmethod
    def read(cls, given: Mapping[str, object]) -> Parameters:
        """Take the parameters by their names; raises BadParameters."""
        roles = _texts(given, "Roles")
        columns = (
            _texts(given, "PortValues"),
            _texts(given, "AddressValues"),
            _texts(given, "Gateways"),
            _numbers(given, "Desired"),
        )
        if any(len(column) != len(roles) for column in columns):
            raise BadParameters("the lists that run parallel to Roles differ in length")
        return cls(
            key=_text(given, "Key"),
            views=_numbers(given, "Views"),
            roles=tuple(map(Role, roles, *columns)),
            ports=_numbers(given, "Ports"),
            mode=_text(given, "Mode"),
            rule=_text(given, "Rule"),
            timeout=_number(given, "TimeoutMs"),
            deadline=_number(given, "DeadlineMs"),
            width=max(1, min(60, _number(given, "Width"))),
            canary_addresses=_texts(given, "CanaryAddress"),
            canary_ports=_numbers(given, "CanaryPort"),
        )


def _numbers(given: Mapping[str, object], name: str) -> tuple[int, ...]:
    found = given.get(name)
    items = found if isinstance(found, list) else [found]
    if not all(type(item) is int for item in items):
        raise BadParameters(f"{name}: {found!r} is no list of numbers")
    return tuple(items)


def _texts(given: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = given.get(name)
    items = found if isinstance(found, list) else [found]
    if not all(isinstance(item, str) for item in items):
        raise BadParameters(f"{name}: {found!r} is no list of texts")
    return tuple(items)


def _text(given: Mapping[str, object], name: str) -> str:
    (found, *more) = _texts(given, name)
    if more:
        raise BadParameters(f"{name}: one text was expected")
    return found


def _number(given: Mapping[str, object], name: str) -> int:
    (found, *more) = _numbers(given, name)
    if more:
        raise BadParameters(f"{name}: one number was expected")
    return found
