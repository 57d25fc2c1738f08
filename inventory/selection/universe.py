"""What a selection chooses from, and the names in it that are nearest to one that nobody has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from inventory.model import Host
from inventory.words import did_you_mean, visible

UNGROUPED = "ungrouped"
_BEGUN = 3  # letters of a name that is suggested because it begins with them


@dataclass(frozen=True)
class Universe:
    """Hosts by name in the inventory's order; each group's hosts; these in the order that a subscript counts.

    `counted` may be left out where the order of `groups` is the one that counts.
    """

    hosts: Mapping[str, Host]
    groups: Mapping[str, Sequence[str]]
    counted: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def named(self, name: str) -> Sequence[str] | None:
        """Return the hosts that the name of a host (in any case) or group stands for; None: nobody has it."""
        if name in ("all", "*"):
            return tuple(self.hosts)
        if name in self.hosts:
            return (name,)
        if name in self.groups:
            return self.counted.get(name, self.groups[name])
        if name == UNGROUPED:
            return [host.name for host in self.hosts.values() if not host.groups]
        found = self._folded.get(name.casefold())
        return None if found is None else (found,)

    def in_groups(self, names: Iterable[str]) -> list[str]:
        """Return the hosts of some groups, the groups in the file's order."""
        wanted, groups = set(names), self.counted or self.groups
        return [host for group, hosts in groups.items() if group in wanted for host in hosts]

    def valued(self, key: str) -> Mapping[str, Sequence[str]]:
        """Return the hosts of each tag (`key` is "tag"), or of each site."""
        return self._tags if key == "tag" else self._sites

    @cached_property
    def _tags(self) -> dict[str, list[str]]:
        return self._by_value("tag")

    @cached_property
    def _sites(self) -> dict[str, list[str]]:
        return self._by_value("site")

    def _by_value(self, key: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for host in self.hosts.values():
            for value in host.tags if key == "tag" else [host.site] if host.site is not None else ():
                found.setdefault(value, []).append(host.name)
        return found

    def near(self, name: str) -> str:
        """Suggest, as the end of a sentence, what a name that nobody has may mean; "" for nothing near."""
        return near_host(name, self.hosts, groups=self.groups, addresses=self._addresses)

    def is_address(self, name: str) -> bool:
        """Whether a host has this address."""
        return name.lower() in self._addresses

    @cached_property
    def _addresses(self) -> dict[str, str]:
        return {host.address.lower(): host.name for host in self.hosts.values()}

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {name.casefold(): name for name in self.hosts}


def near_host(
    name: str, hosts: Iterable[str], *, groups: Iterable[str] = (), addresses: Mapping[str, str] | None = None
) -> str:
    """Suggest a host for a name: by address, beginning, the name without domain, or a letter or two."""
    known = [*hosts, *groups]
    if addresses and (owner := addresses.get(name.lower())):
        return f"; that is the address of `{visible(owner)}`"
    folded = name.casefold()
    first = folded.partition(".")[0]
    begun = (other for other in known if len(name) >= _BEGUN and other.casefold().startswith(folded))
    same = (other for other in known if not first.isdigit() and other.casefold().partition(".")[0] == first)
    if other := min(begun, key=len, default=None) or next(same, None):
        return f"; did you mean `{visible(other)}`?"
    return did_you_mean(name, known)
