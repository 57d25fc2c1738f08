"""Limit how many hosts of one site are in work at once: a branch office has a thin line."""

from __future__ import annotations

from collections import Counter, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Sites(Generic[Item]):
    """Let at most `limit` hosts of each site be in work, 0: no limit. Hosts without a site are not limited.

    A host that finds no room waits in its site's own queue and takes no other host's place. Sites that have
    room again are served in rotation, and within a site hosts keep their order.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside: Counter[str] = Counter()
        self._waiting: dict[str, deque[Item]] = {}
        self._ready: dict[
            str, None
        ] = {}  # sites with room where a host waits, in the order in which that came

    @property
    def waited_for(self) -> bool:
        """Whether some host waits for its site."""
        return bool(self._waiting)

    def room(self, site: str | None) -> bool:
        """Return whether a host that comes now may begin; not before those that wait already."""
        return self._limit <= 0 or site is None or (site not in self._waiting and self._free(site))

    def enter(self, site: str | None) -> None:
        """Take room for a host that begins."""
        if self._limit > 0 and site is not None:
            self._inside[site] += 1

    def leave(self, site: str | None) -> None:
        """Give back the room of a host that has ended."""
        if self._limit > 0 and site is not None:
            self._inside[site] -= 1
            if not self._inside[site]:
                del self._inside[site]
            self._look_at(site)

    def wait(self, site: str | None, item: Item) -> None:
        """Queue a host until its site has room."""
        assert site is not None  # noqa: S101  # `room` was asked
        self._waiting.setdefault(site, deque()).append(item)
        self._look_at(site)

    def next(self) -> Item | None:
        """Return a waiting host whose site has room; the caller enters with it, or sends it elsewhere."""
        while self._ready:
            site = next(iter(self._ready))
            del self._ready[site]
            if not self._free(site):
                continue  # `leave` looks at it again
            waiting = self._waiting[site]
            item = waiting.popleft()
            if not waiting:
                del self._waiting[site]
            self._look_at(site)  # behind the others
            return item
        return None

    def _free(self, site: str) -> bool:
        return self._inside[site] < self._limit

    def _look_at(self, site: str) -> None:
        if site in self._waiting and self._free(site):
            self._ready.setdefault(site)
