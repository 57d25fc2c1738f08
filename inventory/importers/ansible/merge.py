"""Ansible's precedence of variables: what each host comes to.

In the order of ansible-core 2.19, the later over the earlier: `all` in the sources; the host's groups there,
by depth, priority and name; `group_vars/all`; `group_vars` of those groups; the host in the sources;
`host_vars`. So a file of a parent group goes over what the sources say of its child.
"""

from __future__ import annotations

from inventory.errors import InventoryError
from inventory.importers.ansible.model import ROOTS, Ansible
from inventory.words import NAMED
from inventory.yamlfile.tree import DEPTH, Map


class Merging:
    """Merges the variables of one inventory."""

    def __init__(self, source: Ansible) -> None:
        """Raise InventoryError where groups contain each other in a circle."""
        self._source = source
        self._parents: dict[str, list[str]] = {name: [] for name in source.groups}
        for name, group in source.groups.items():
            for child in group.children:
                if child in self._parents:
                    self._parents[child].append(name)
        self._depths: dict[str, int] = {}
        for name in source.groups:
            self._depth(name, ())
        self._direct: dict[str, list[str]] = {}
        for name, group in source.groups.items():
            for host in group.hosts:
                self._direct.setdefault(host, []).append(name)
        self._known: dict[tuple[str, ...], Map] = {}

    def variables(self, host: str) -> Map:
        """Return a host's variables, each with the line that decided."""
        own = self._source.hosts[host]
        merged = Map(own.line)
        for part in (self._of_groups(tuple(self._direct.get(host, ()))), own.variables, own.beside):
            _lay(part, merged)
        return merged

    def hosts(self) -> list[str]:
        """Return every host as Ansible counts them in `all[0:2]`: group by group, level by level."""
        groups = self._source.groups
        top = (name for name in groups if name not in ROOTS and not self._parents[name])
        found: dict[str, None] = {"all": None}
        level = list(dict.fromkeys(("ungrouped", *groups["all"].children, *top)))
        while level:
            found.update(dict.fromkeys(level))
            below = (child for name in level if name in groups for child in groups[name].children)
            level = [child for child in dict.fromkeys(below) if child not in found]
        named = (
            host
            for name in found
            if name in groups
            for host in groups[name].hosts
            if name != "ungrouped" or set(self._direct[host]) <= set(ROOTS)  # else it is there no longer
        )
        return list(dict.fromkeys((*named, *self._source.hosts)))

    def groups(self, host: str) -> list[str]:
        """Return the groups around a host, `all` left out, in Ansible's order."""
        return self._around(tuple(self._direct.get(host, ())))

    def _of_groups(self, direct: tuple[str, ...]) -> Map:
        if direct not in self._known:
            groups = self._source.groups
            around = [groups[name] for name in ("all", *self._around(direct))]
            merged = self._known[direct] = Map(1)
            for part in (*(group.variables for group in around), *(group.beside for group in around)):
                _lay(part, merged)
        return self._known[direct]

    def _around(self, direct: tuple[str, ...]) -> list[str]:
        found = self._with_parents(direct)
        if found - set(ROOTS):
            found.discard("ungrouped")
        else:
            found |= self._with_parents(("ungrouped",))
        return sorted(found - {"all"}, key=self._order)

    def _with_parents(self, names: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._parents[name]
        return found

    def _order(self, name: str) -> tuple[int, int, str]:
        return self._depths[name], self._source.groups[name].priority, name

    def _depth(self, name: str, trail: tuple[str, ...]) -> int:
        """Return a group's depth below `all`, the longest way. Raises InventoryError for a circle."""
        if name in trail or len(trail) > DEPTH:
            line, circle = self._source.groups[name].line, " < ".join((*trail[-NAMED:], name))
            message = f"groups contain each other in a circle, or more than {DEPTH} deep: {circle}"
            raise InventoryError([self._source.places.problem(line, message)])
        if name not in self._depths:
            above = [self._depth(parent, (*trail, name)) for parent in self._parents[name]]
            self._depths[name] = 0 if name == "all" else 1 + max(above, default=0)
        return self._depths[name]


def _lay(part: Map, over: Map) -> None:
    for key, value in part.items():
        over.put(key, value, part.lines[key])
