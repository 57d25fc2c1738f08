"""The probe's parameters as they came over the wire, checked:
`orchestrator.remote.contract.probe` says what they mean.
"""

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
        roles = texts(given, "Roles")
        columns = (
            texts(given, "PortValues"),
            texts(given, "AddressValues"),
            texts(given, "Gateways"),
            numbers(given, "Desired"),
        )
        if any(len(column) != len(roles) for column in columns):
            raise BadParameters("the lists that run parallel to Roles differ in length")
        return cls(
            key=text(given, "Key"),
            views=numbers(given, "Views"),
            roles=tuple(map(Role, roles, *columns)),
            ports=numbers(given, "Ports"),
            mode=text(given, "Mode"),
            rule=text(given, "Rule"),
            timeout=number(given, "TimeoutMs"),
            deadline=number(given, "DeadlineMs"),
            width=max(1, min(60, number(given, "Width"))),
            canary_addresses=texts(given, "CanaryAddress"),
            canary_ports=numbers(given, "CanaryPort"),
        )


def numbers(given: Mapping[str, object], name: str) -> tuple[int, ...]:
    """Take a list of numbers, or one alone; raises BadParameters."""
    found = given.get(name)
    items = found if isinstance(found, list) else [found]
    if not all(type(item) is int for item in items):
        raise BadParameters(f"{name}: {found!r} is no list of numbers")
    return tuple(items)


def texts(given: Mapping[str, object], name: str) -> tuple[str, ...]:
    """Take a list of texts, or one alone; raises BadParameters."""
    found = given.get(name)
    items = found if isinstance(found, list) else [found]
    if not all(isinstance(item, str) for item in items):
        raise BadParameters(f"{name}: {found!r} is no list of texts")
    return tuple(items)


def text(given: Mapping[str, object], name: str) -> str:
    """Take one text; raises BadParameters."""
    (found, *more) = texts(given, name)
    if more:
        raise BadParameters(f"{name}: one text was expected")
    return found


def number(given: Mapping[str, object], name: str) -> int:
    """Take one number; raises BadParameters."""
    (found, *more) = numbers(given, name)
    if more:
        raise BadParameters(f"{name}: one number was expected")
    return found
