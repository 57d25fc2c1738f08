"""The fewest vertices that touch every edge of a graph. Pure.

The vertices are the ports that firewall rules may open, the edges the hosts that either of two ports brings
back. Such graphs are small and have a few hubs, so the exact answer is cheap: branch on the vertex with most
edges (it, or all its neighbours), take the neighbour of a vertex with one edge, and give a branch up once a
matching shows that it cannot win.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

V = TypeVar("V", bound=Hashable)
Graph = dict[V, set[V]]

STEPS = 2_000_000  # ends of edges looked at in all, about two seconds; real fleets need some thousand
DEEPEST = 400  # branches within branches


class TooHardError(Exception):
    """The graph took more steps than allowed."""


def fewest(edges: Iterable[tuple[V, V]], order: Sequence[V], *, steps: int = STEPS) -> set[V]:
    """Find a smallest set of vertices that touches every edge; of several that with the earliest in `order`.

    An edge from a vertex to itself makes that one needed. Raises TooHardError after so many `steps`.
    """
    graph: Graph[V] = {}
    needed: set[V] = set()
    for one, other in edges:
        if one == other:
            needed.add(one)
        else:
            graph.setdefault(one, set()).add(other)
            graph.setdefault(other, set()).add(one)
    search, rank = _Search(steps), {vertex: place for place, vertex in enumerate(order)}
    cover = set(needed)
    for part in _parts(_without(graph, needed)):
        cover |= search.earliest(part, sorted(part, key=rank.__getitem__))
    return cover


class _Search:
    """Counts the steps over all parts of a graph."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def earliest(self, graph: Graph[V], order: Iterable[V]) -> set[V]:
        """Find the smallest cover of a graph that has the earliest vertices."""
        size, cover = self._size(graph, len(graph)), set[V]()
        for vertex in order:
            if size == 0:
                break
            if graph.get(vertex):
                rest = _without(graph, {vertex})
                if self._size(rest, size) == size - 1:
                    graph, size = rest, size - 1
                    cover.add(vertex)
        return cover

    def _size(self, graph: Graph[V], most: int, depth: int = 0) -> int:
        """Return the size of a smallest cover, or anything from `most` up where it is not smaller than
        that.
        """
        self._left -= 1 + sum(map(len, graph.values()))
        if self._left < 0 or depth > DEEPEST:
            raise TooHardError
        graph, taken = _pendants_taken(graph)
        if not graph:
            return taken
        if taken + _matching(graph) >= most:
            return most
        hub = max(graph, key=lambda vertex: len(graph[vertex]))
        around = graph[hub]
        if len(around) == 2:  # noqa: PLR2004  # nothing but rings is left
            return taken + sum((len(ring) + 1) // 2 for ring in _parts(graph))
        best = min(most, taken + 1 + self._size(_without(graph, {hub}), most - taken - 1, depth + 1))
        beside = taken + len(around)
        if beside >= best:
            return best
        return min(best, beside + self._size(_without(graph, around), best - beside, depth + 1))


def _without(graph: Graph[V], gone: set[V]) -> Graph[V]:
    """Return a graph without some vertices, and without those that have no edge then."""
    left = {vertex: around - gone for vertex, around in graph.items() if vertex not in gone}
    return {vertex: around for vertex, around in left.items() if around}


def _pendants_taken(graph: Graph[V]) -> tuple[Graph[V], int]:
    """Take the neighbour of each vertex that has one edge: no cover does better.

    Gives what is left, and how many.
    """
    taken = 0
    while True:
        neighbours: set[V] = set()
        for vertex, around in graph.items():
            if len(around) == 1 and vertex not in neighbours:
                neighbours |= around
        if not neighbours:
            return graph, taken
        graph, taken = _without(graph, neighbours), taken + len(neighbours)


def _matching(graph: Graph[V]) -> int:
    """Count edges that have no vertex in common: a cover has a vertex of each."""
    used: set[V] = set()
    for vertex, around in graph.items():
        if vertex not in used:
            other = next((each for each in around if each not in used), None)
            if other is not None:
                used |= {vertex, other}
    return len(used) // 2


def _parts(graph: Graph[V]) -> list[Graph[V]]:
    """Cut a graph into what hangs together."""
    parts, seen = [], set[V]()
    for start in graph:
        if start in seen:
            continue
        part, edge = {start}, [start]
        while edge:
            found = graph[edge.pop()] - part
            part |= found
            edge.extend(found)
        seen |= part
        parts.append({vertex: graph[vertex] for vertex in part})
    return parts
