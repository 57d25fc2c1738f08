"""What is assumed of a firewall: that one port to one gateway address is open, or closed. Pure; nothing of it
is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inventory.errors import EXIT_USAGE, FleetcheckError
from orchestrator.domain.judgement import Belief
from orchestrator.domain.pin import HIGHEST_PORT, LOWEST_PORT
from orchestrator.domain.primitives.address import canonical

_FORM = re.compile(r"([0-9]{1,5})@(\S+)\Z", re.ASCII)


class AssumptionError(FleetcheckError, ValueError):
    """An assumption that says nothing usable; the message is for the user."""

    exit_code = EXIT_USAGE


@dataclass(frozen=True, slots=True, order=True)
class Assumption:
    """`state` (open or closed) of TCP `port` to the gateway `address`, which is in its one spelling."""

    state: Belief
    port: int
    address: str

    def __str__(self) -> str:
        """Write it as a person says it: `443 to 203.0.113.10 is closed`."""
        return f"{self.port} to {self.address} is {self.state}"

    @property
    def option(self) -> str:
        """The option that makes it."""
        return f"--assume-{self.state} {self.port}@{self.address}"


def parse(texts: Iterable[str], state: Belief) -> tuple[Assumption, ...]:
    """Read what stands behind `--assume-open` or `--assume-closed`. Raises AssumptionError."""
    return tuple(_parse(text, state) for text in texts)


def _parse(text: str, state: Belief) -> Assumption:
    match = _FORM.match(text.strip())
    if match is None or not LOWEST_PORT <= int(match[1]) <= HIGHEST_PORT:
        raise AssumptionError(
            f"--assume-{state}: found {text!r}, expected PORT@ADDRESS with a gateway's address, "
            "such as 443@203.0.113.10"
        )
    return Assumption(state, int(match[1]), canonical(match[2].removeprefix("[").removesuffix("]")))


@dataclass(frozen=True, slots=True)
class Assumptions:
    """All that is assumed at once. Raises AssumptionError where one port is to be both."""

    all: tuple[Assumption, ...]
    _open: Mapping[int, frozenset[str]] = field(init=False, repr=False, compare=False)
    _closed: Mapping[int, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put them in order, each once."""
        object.__setattr__(self, "all", tuple(sorted(set(self.all))))
        object.__setattr__(self, "_open", self._by_port(Belief.OPEN))
        object.__setattr__(self, "_closed", self._by_port(Belief.CLOSED))
        for port, addresses in self._open.items():
            if both := addresses & self._closed.get(port, frozenset()):
                raise AssumptionError(
                    f"--assume-open and --assume-closed both name {port}@{min(both)}: leave one of them out"
                )

    def _by_port(self, state: Belief) -> Mapping[int, frozenset[str]]:
        found: dict[int, set[str]] = {}
        for each in self.all:
            if each.state is state:
                found.setdefault(each.port, set()).add(each.address)
        return {port: frozenset(addresses) for port, addresses in found.items()}

    def of(self, state: Belief) -> tuple[Assumption, ...]:
        """Return those of a state."""
        return tuple(each for each in self.all if each.state is state)

    def opened(self, measured: Mapping[int, Belief], gateway: Sequence[str]) -> dict[int, Belief]:
        """Return beliefs once what is assumed open is open, and nothing has been closed yet.

        `measured` is what is believed of each port to a role's gateway, which has these addresses. A port
        that a middlebox answers stays intercepted: a firewall rule takes nobody out of the way.
        """
        here = {canonical(address) for address in gateway}
        return {
            port: Belief.OPEN
            if belief is not Belief.INTERCEPTED and here & self._open.get(port, _NOWHERE)
            else belief
            for port, belief in measured.items()
        }

    def then(self, measured: Mapping[int, Belief], gateway: Sequence[str]) -> dict[int, Belief]:
        """Return beliefs once all of it has come true.

        Where one of several addresses of a gateway is assumed closed, the measured belief does not say which
        of them answered, so the port counts as untried.
        """
        here = {canonical(address) for address in gateway}
        return {
            port: self._then(port, belief, here) for port, belief in self.opened(measured, gateway).items()
        }

    def _then(self, port: int, belief: Belief, here: set[str]) -> Belief:
        closing = here & self._closed.get(port, _NOWHERE)
        if not closing or here & self._open.get(port, _NOWHERE):
            return belief
        if closing == here or belief is Belief.CLOSED:
            return Belief.CLOSED
        return Belief.UNTRIED

    def closes(self, port: int, gateway: Sequence[str]) -> bool:
        """Tell whether a port to one of these addresses is assumed closed."""
        return bool({canonical(address) for address in gateway} & self._closed.get(port, _NOWHERE))


_NOWHERE: frozenset[str] = frozenset()
