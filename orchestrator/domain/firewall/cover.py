"""Which permits bring hosts back: the fewest for all of them, or few for a share. Pure.

A host is back when each of its needs has a permit. For all hosts every need has to be met, and since a need
is met by one of two ports to one gateway, the fewest permits are a smallest vertex cover of each gateway's
ports: exact. For a share of the hosts nobody knows a fast way: the greedy choice (what helps most of what is
left) is compared with the fewest for all, what is not needed is dropped from either, and the shorter one is
taken. So a share never takes more permits than all hosts do, and none of them could be left out.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.domain.firewall.vertex_cover import STEPS, TooHardError, fewest

Gateway = tuple[str, ...]
Permit = tuple[int, Gateway]
"""A port, and the addresses of the gateway that it is to be open to."""


@dataclass(frozen=True, slots=True)
class Need:
    """A closed role of a host: any of `permits`, one or two ports to one gateway, helps."""

    host: str
    role: str
    permits: tuple[Permit, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A permit, the hosts that it helps beyond those before it,
    and how many hosts are back with it and those.
    """

    permit: Permit
    helped: tuple[str, ...]
    back: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Permits, what helps most first, and the hosts that are back.

    `fewest`: it is proved that no fewer do.
    """

    chosen: tuple[Chosen, ...]
    back: frozenset[str]
    fewest: bool


def choose(needs: Sequence[Need], wanted: int, places: Mapping[int, int], *, steps: int = STEPS) -> Choice:
    """Choose permits until `wanted` hosts, one at least, are back.

    `places` are the ports' places in the profile's list: of permits that help as many the earlier one comes
    first. After so many `steps` the search for the fewest is given up, and the greedy choice has to do.
    """
    everybody = len({need.host for need in needs})
    greedy = _greedy(needs, wanted, places)
    try:
        every = _greedy(_only(needs, _fewest(needs, places, steps)), everybody, places)
    except TooHardError:
        return _tidied(needs, greedy, wanted, places)
    if wanted == everybody:
        return replace(every, fewest=True)
    found = [_tidied(needs, each, wanted, places) for each in (greedy, every)]
    return min(found, key=lambda each: len(each.chosen))


def _fewest(needs: Iterable[Need], places: Mapping[int, int], steps: int) -> set[Permit]:
    helped = Counter(permit for need in needs for permit in need.permits)
    order = sorted(helped, key=lambda permit: (-helped[permit], _place(permit, places), permit))
    return fewest(dict.fromkeys((need.permits[0], need.permits[-1]) for need in needs), order, steps=steps)


def _place(permit: Permit, places: Mapping[int, int]) -> int:
    return places.get(permit[0], len(places))


def _only(needs: Iterable[Need], permits: Collection[Permit]) -> list[Need]:
    """Leave to each need only what is in a choice."""
    return [replace(need, permits=tuple(each for each in need.permits if each in permits)) for need in needs]


def _greedy(needs: Sequence[Need], wanted: int, places: Mapping[int, int]) -> Choice:
    """Choose what helps most of what is left, until `wanted` hosts are back or nothing helps any more."""
    helped = _helped(needs)
    left = Counter(need.host for need in needs)

    def entry(permit: Permit) -> tuple[int, int, Permit]:
        return -len(helped[permit]), _place(permit, places), permit

    heap = [entry(permit) for permit in helped]
    heapq.heapify(heap)
    chosen: list[Chosen] = []
    back: set[str] = set()
    while heap and len(back) < wanted:
        count, _, permit = heapq.heappop(heap)
        if count != -len(helped[permit]):  # it helps fewer by now: put back where it belongs
            if helped[permit]:
                heapq.heappush(heap, entry(permit))
            continue
        met = sorted(helped[permit])
        for number in met:
            need = needs[number]
            left[need.host] -= 1
            if not left[need.host]:
                back.add(need.host)
            for other in need.permits:
                helped[other].discard(number)
        chosen.append(Chosen(permit, tuple(dict.fromkeys(needs[number].host for number in met)), len(back)))
    return Choice(tuple(chosen), frozenset(back), fewest=len(chosen) == 1)


def _helped(needs: Iterable[Need]) -> dict[Permit, set[int]]:
    """Return the numbers of the needs that each permit helps."""
    helped: dict[Permit, set[int]] = {}
    for number, need in enumerate(needs):
        for permit in need.permits:
            helped.setdefault(permit, set()).add(number)
    return helped


def _tidied(needs: Sequence[Need], choice: Choice, wanted: int, places: Mapping[int, int]) -> Choice:
    """Drop what is not needed for `wanted` hosts, what brings the fewest back first,
    and put the rest in order.
    """
    kept = _Kept(needs, [each.permit for each in choice.chosen])
    while kept.dropped(wanted):
        pass  # what a dropped permit shared with another one may be of no use to that one any more
    return _greedy(_only(needs, kept.permits), len(kept.hosts), places)


class _Kept:
    """Permits of which some are dropped; knows how many hosts each of them costs."""

    def __init__(self, needs: Sequence[Need], permits: Iterable[Permit]) -> None:
        self.permits = dict.fromkeys(permits)
        self._needs = needs
        self._helped = _helped(_only(needs, self.permits))
        self._met = Counter(number for numbers in self._helped.values() for number in numbers)
        unmet = {need.host for number, need in enumerate(needs) if not self._met[number]}
        self.hosts = {need.host for need in needs} - unmet

    def dropped(self, wanted: int) -> bool:
        """Drop what can go, the cheapest first and of equal ones what was chosen last;
        False where nothing can.
        """
        last_first = list(self.permits)[::-1]
        cheapest_first = sorted(last_first, key=lambda permit: len(self._lost(permit)))
        before = len(self.permits)
        for permit in cheapest_first:
            lost = self._lost(permit)
            if len(self.hosts) - len(lost) >= wanted:
                self.hosts -= lost
                del self.permits[permit]
                self._met.subtract(self._helped.pop(permit))
        return len(self.permits) < before

    def _lost(self, permit: Permit) -> set[str]:
        numbers = self._helped[permit]
        return {self._needs[n].host for n in numbers if self._met[n] == 1} & self.hosts
