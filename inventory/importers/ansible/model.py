"""An Ansible inventory as data, as Ansible builds it: `ansible.inventory.data` of ansible-core 2.19."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from inventory.errors import Problem
from inventory.files.places import Places
from inventory.importers.ansible.notes import Notes
from inventory.words import shown
from inventory.yamlfile.tree import Map

PRIORITY = "ansible_group_priority"
ROOTS = ("all", "ungrouped")


@dataclass(slots=True)
class Group:
    """A group: hosts and children with their lines, what it says itself, and what `group_vars` says of it."""

    line: int
    hosts: dict[str, int] = field(default_factory=dict)
    children: dict[str, int] = field(default_factory=dict)
    variables: Map = field(default_factory=lambda: Map(1))
    beside: Map = field(default_factory=lambda: Map(1))
    priority: int = 1

    def put(self, key: str, value: Any, line: int) -> None:
        """Set a variable; the priority, which counts where a source says it and not in `group_vars`,
        is none.
        """
        if key != PRIORITY:
            self.variables.put(key, value, line)
        elif isinstance(value, (int, str)):
            with suppress(ValueError):  # a text that is no number, or one of thousands of digits
                self.priority = int(value)


@dataclass(slots=True)
class Host:
    """A host: what stands at it, and what `host_vars` says of it."""

    line: int
    variables: Map = field(default_factory=lambda: Map(1))
    beside: Map = field(default_factory=lambda: Map(1))


@dataclass(slots=True)
class Ansible:
    """The inventory.

    Lines are numbers of `places`; `notes` is for oddities, `problems` for what nobody can read.
    """

    places: Places
    notes: Notes = field(init=False)
    groups: dict[str, Group] = field(init=False)
    hosts: dict[str, Host] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no notes, and with the two groups that are always there."""
        self.notes = Notes(self.places)
        self.groups = {name: Group(0) for name in ROOTS}

    def group(self, name: str, line: int) -> Group:
        """Return a group, made where it is not there yet."""
        group = self.groups.setdefault(name, Group(line))
        group.line = group.line or line
        return group

    def add(self, name: str, line: int, group: str | None, port: int | None = None) -> None:
        """Put a host into a group. A port beside the name counts only where the host is new."""
        if name not in self.hosts:
            self.hosts[name] = Host(line)
            if port:
                self.hosts[name].variables.put("ansible_port", port, line)
        if group is not None:
            self.group(group, line).hosts.setdefault(name, line)

    def set(self, name: str, variables: Map, line: int = 0) -> None:
        """Set variables of a host; where a group has the name already, Ansible takes them for the group's."""
        owner = self.groups.get(name)
        for key, value in variables.items():
            at = variables.lines[key]
            if owner is None:
                self.hosts[name].variables.put(key, value, at)
            else:
                owner.put(key, value, at)
        if owner is not None and variables:
            self.notes.say(
                f"{shown(name)} is a group and a host; Ansible gives what stands here to the group.", line
            )

    def problem(self, line: int, message: str) -> None:
        """Add a mistake that leaves the file unreadable, for Ansible too."""
        self.problems.append(self.places.problem(line, message))
