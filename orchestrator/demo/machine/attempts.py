"""Which ports a probe tries and what comes of it, by steps 6 to 8 of the contract. Pure: time passes on paper
only.

Attempts run `width` at a time in the order of asking, each as long as its result takes, so that a deadline
falls where it would on a host with this network.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.demo.machine.model import Network
from orchestrator.demo.machine.parameters import Parameters
from orchestrator.demo.machine.targets import Found, resolve
from orchestrator.domain.reading import Result

_SOCKET_ERRORS = {
    Result.REFUSED: "ConnectionRefused",
    Result.UNREACHABLE: "HostUnreachable",
    Result.RESET: "ConnectionReset",
    Result.BLOCKED_LOCALLY: "AccessDenied",
    Result.ERROR: "NoBufferSpaceAvailable",
}


@dataclass(slots=True)
class Try:
    """One connect and what came of it; `milliseconds` None where it never began."""

    address: str
    port: int
    number: int
    result: Result | None = None
    milliseconds: int | None = None
    error: str | None = None


@dataclass(slots=True)
class Canary:
    """A connect that must fail; `address` is the canary's name where it has none."""

    kind: str
    address: str
    port: int
    tried: Try | None


@dataclass(slots=True)
class Attempts:
    """The attempts part of a probe: give it what was found, call `run`, read the rest."""

    asked: Parameters
    network: Network
    targets: Sequence[Found]
    important: Sequence[Sequence[int]]
    pinned: Sequence[bool]
    names: Mapping[str, tuple[str, ...]]
    elapsed: int = 0
    deadline_hit: bool = False
    canaries: list[Canary] = field(default_factory=list)
    _tries: dict[tuple[str, int], list[Try]] = field(default_factory=dict)
    _again: set[tuple[str, int]] = field(default_factory=set)
    _fresh: list[Try] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether every listed port was tried at every deciding target, and there is one."""
        deciding = [target for target in self.targets if target.decides]
        return bool(deciding) and all(
            self.of(target, port) for target in deciding for port in self._whole_list(target.role)
        )

    def of(self, target: Found, port: int) -> list[Try]:
        """Return a target's attempts at a port that have a result, in order."""
        if not target.addresses and port in target.asked:
            return [Try("", port, 1, Result.NAME_ERROR, None, target.error)]
        return [t for a in target.addresses for t in self._tries.get((a, port), []) if t.result is not None]

    def run(self, *, key_found: bool) -> None:
        """Try what the mode says. `key_found`: some view is present."""
        mode = self.asked.mode
        if mode == "connections" or not any(target.decides for target in self.targets):
            return
        if mode == "full":
            self._ask_whole_list()
            self._round()
            return
        if mode != "ordered" and not key_found:
            return
        self._ask_important()
        self._round()
        if mode == "ordered":
            self._in_order()
        elif mode == "auto" and self._needs_whole_list():
            self._ask_whole_list()
            self._round()

    def _whole_list(self, role: int) -> list[int]:
        return list(dict.fromkeys((*self.important[role], *self.asked.ports)))

    def _ask(self, target: Found, port: int) -> None:
        if port not in target.asked:
            target.asked.append(port)
        for address in target.addresses:
            self._ask_address(address, port)
            if port in self.important[target.role]:
                self._again.add((address, port))

    def _ask_address(self, address: str, port: int) -> Try:
        tries = self._tries.setdefault((address, port), [])
        if not tries:
            tries.append(Try(address, port, 1))
            self._fresh.append(tries[0])
        return tries[0]

    def _ask_important(self) -> None:
        for target in self.targets:
            for port in self.important[target.role] if target.tried else ():
                self._ask(target, port)

    def _ask_whole_list(self) -> None:
        for target in self.targets:
            for port in self._whole_list(target.role) if target.tried else ():
                self._ask(target, port)
        self._ask_canaries()

    def _ask_canaries(self) -> None:
        tried = [target for target in self.targets if target.tried]
        ports = list(dict.fromkeys(port for target in tried for port in target.asked))
        gateways = list(dict.fromkeys(address for target in tried for address in target.addresses))
        if not gateways:
            return
        for name in self.asked.canary_addresses:
            addresses, _ = resolve(name, self.names)
            if not addresses or addresses[0] not in gateways:
                for port in ports:
                    made = self._ask_address(addresses[0], port) if addresses else None
                    self.canaries.append(Canary("address", addresses[0] if addresses else name, port, made))
        for port in self.asked.canary_ports:
            for address in gateways if port not in ports else ():
                self.canaries.append(Canary("port", address, port, self._ask_address(address, port)))

    def _in_order(self) -> None:
        met: set[int] = set()
        deciding = [target for target in self.targets if target.decides]
        for port in self.asked.ports:
            for target in self.targets:
                if target.tried and target.role not in met:
                    self._ask(target, port)
            self._round()
            opened = {target.role for target in deciding if self._is_open(target, port)}
            if self.asked.rule == "per role":
                met |= opened
            if (
                len(opened) == len(deciding)
                or len(met) == len(deciding)
                or self.elapsed >= self.asked.deadline
            ):
                return
        self._ask_canaries()
        self._round()

    def _needs_whole_list(self) -> bool:
        return any(
            not self.pinned[target.role]
            or not all(self._is_open(target, p) for p in self.important[target.role])
            for target in self.targets
            if target.decides
        )

    def _is_open(self, target: Found, port: int) -> bool:
        return any(one.result is Result.CONNECTED for one in self.of(target, port))

    def _round(self) -> None:
        """Run what was asked since the last round, then once more what timed out and matters."""
        fresh, self._fresh = self._fresh, []
        self._fly(fresh)
        again = []
        for place, tries in self._tries.items():
            if place in self._again and len(tries) == 1 and tries[0].result is Result.TIMED_OUT:
                tries.append(Try(*place, 2))
                again.append(tries[1])
        if self.elapsed < self.asked.deadline:
            self._fly(again)

    def _fly(self, queue: Sequence[Try]) -> None:
        lanes = [self.elapsed] * min(self.asked.width, len(queue))
        for one in queue:
            start = heapq.heappop(lanes)
            end = self._connect(one, start)
            heapq.heappush(lanes, end)
            self.elapsed = max(self.elapsed, end)

    def _connect(self, one: Try, start: int) -> int:
        """Let one connect happen from `start` on; return when it is over."""
        if start >= self.asked.deadline:
            self.deadline_hit = True
            return start
        result = self.network.connect(one.address, one.port, number=one.number)
        took = _milliseconds(one, result, self.asked.timeout)
        if start + took > self.asked.deadline:
            self.deadline_hit = True
            one.result, one.error = Result.ERROR, "Deadline"
            took = self.asked.deadline - start
        else:
            one.result, one.error = result, _SOCKET_ERRORS.get(result)
        one.milliseconds = took
        return start + took


def _milliseconds(one: Try, result: Result, timeout: int) -> int:
    """Make up how long a connect takes: always the same for the same place."""
    if result is Result.TIMED_OUT:
        return timeout
    return 2 + (one.port * 7 + sum(one.address.encode())) % 23
