"""What we believe of a (role, port) after all attempts and canaries of a reading."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Sequence

from orchestrator.domain.judgement import Belief
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.reading import Attempt, Reading, Result, Target


class _Rank(enum.IntEnum):
    """What the tries at one address say, all together."""

    UNTRIED = 0
    CLOSED = 1
    CONNECTED = 2


_RANKS = dict.fromkeys(Result, _Rank.CLOSED) | {
    Result.CONNECTED: _Rank.CONNECTED,
    Result.NAME_ERROR: _Rank.UNTRIED,
    Result.ERROR: _Rank.UNTRIED,  # it says nothing about the gateway: no ephemeral ports, cut by the deadline
}


class Beliefs:
    """The beliefs of one reading. Only attempts at the target that decides for a role count."""

    def __init__(self, reading: Reading) -> None:
        hits = [canary for canary in reading.canaries if canary.result is Result.CONNECTED]
        self._ports_hit = {canary.port for canary in hits if canary.kind == "address"}
        self._addresses_hit = {canonical(canary.address) for canary in hits if canary.kind == "port"}
        self._targets: dict[str, Target] = {}
        for target in reading.targets:
            if target.decides:
                self._targets.setdefault(target.role, target)
        self._cut = reading.deadline_hit
        self._tries: dict[tuple[str, int], dict[str | None, list[Attempt]]] = {}
        for attempt in reading.attempts:
            if at(attempt, self._targets.get(attempt.role)):
                self._count(attempt)

    def target(self, role: str) -> Target | None:
        """Return the gateway that decides for a role, None where there is none."""
        return self._targets.get(role)

    def over(self, role: str, ports: Iterable[int], *, twice: Collection[int]) -> dict[int, Belief]:
        """Return what is believed of each of these ports in order; `twice` holds those that `of` takes so."""
        found = dict.fromkeys(ports, Belief.UNTRIED)
        for tried, port in self._tries:  # of a healthy host two or three, where the list has sixteen
            if tried == role and port in found:
                found[port] = self.of(role, port, twice=port in twice)
        return found

    def of(self, role: str, port: int, *, twice: bool = False) -> Belief:
        """Return what is believed of a port to a role's gateway.

        Open where one address connects and no canary says that something else answers there; intercepted
        where all that connect are like that; untried where an address was not asked or told nothing; closed
        otherwise. `twice`: a pin or a desired pin, which a time-out alone does not close: it is tried once
        more first, and where the probe's deadline took that second try it is untried.
        """
        target = self._targets.get(role)
        tries = self._tries.get((role, port))
        if target is None or tries is None:
            return Belief.UNTRIED
        ranks = {address: self._rank(made, twice=twice) for address, made in tries.items()}
        connected = [address for address, rank in ranks.items() if rank is _Rank.CONNECTED]
        if connected:
            return Belief.INTERCEPTED if self._all_hit(port, connected) else Belief.OPEN
        asked_all = all(canonical(address) in ranks for address in target.addresses)
        return Belief.CLOSED if asked_all and _Rank.UNTRIED not in ranks.values() else Belief.UNTRIED

    def refused(self, role: str, ports: Iterable[int]) -> bool:
        """Tell whether each of these ports was asked and answered with a refusal, at every address of the
        role's gateway.

        How long it took says nothing: Windows repeats a refused SYN, so that a refusal within a millisecond
        is told after one or two seconds.
        """
        target = self._targets.get(role)
        asked = {
            (port, address)
            for port in ports
            for address in map(canonical, target.addresses if target else ())
        }
        last = {
            (port, address): max(made, key=lambda attempt: attempt.number).result
            for port in ports
            for address, made in self._tries.get((role, port), {}).items()
        }
        return bool(last) and asked <= last.keys() and set(last.values()) == {Result.REFUSED}

    def _count(self, attempt: Attempt) -> None:
        tries = self._tries.setdefault((attempt.role, attempt.port), {})
        address = None if attempt.address is None else canonical(attempt.address)
        tries.setdefault(address, []).append(attempt)

    def _rank(self, made: Sequence[Attempt], *, twice: bool) -> _Rank:
        if any(attempt.result is Result.CONNECTED for attempt in made):
            return _Rank.CONNECTED
        last = max(made, key=lambda attempt: attempt.number)
        unrepeated = twice and self._cut and last.number == 1 and last.result is Result.TIMED_OUT
        return _Rank.UNTRIED if unrepeated else _RANKS[last.result]

    def _all_hit(self, port: int, connected: Iterable[str | None]) -> bool:
        return port in self._ports_hit or self._addresses_hit.issuperset(connected)


def at(attempt: Attempt, target: Target | None) -> bool:
    """Tell whether an attempt went to this target."""
    return target is not None and (attempt.role, attempt.source, attempt.target) == (
        target.role,
        target.source,
        target.name,
    )
