"""From an Ansible inventory, as data, to a draft of ours.

What a variable comes to for a host is worked out by Ansible's rules (groups by depth, `ansible_group_priority`, name;
the later wins; then the host). The groups keep what they say, and where our own rules of precedence would make
something else of it, or refuse it, the host says Ansible's answer itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inventory.errors import InventoryError, Problem
from inventory.importers.draft import UNKNOWN_USER, Draft
from inventory.importers.variables import REMOTE, settings
from inventory.tree import DEPTH, Map
from inventory.words import NAMED, folded, shown

_ROOTS = ("all", "ungrouped")


@dataclass(slots=True)
class AnsibleGroup:
    """A group: its hosts and children with their lines, and its variables."""

    line: int
    hosts: dict[str, int] = field(default_factory=dict)
    children: dict[str, int] = field(default_factory=dict)
    variables: Map = field(default_factory=lambda: Map(1))


@dataclass(slots=True)
class Ansible:
    """An inventory as Ansible reads it. `hosts` holds the variables that stand at the host itself."""

    file: str
    groups: dict[str, AnsibleGroup] = field(default_factory=dict)
    hosts: dict[str, Map] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def group(self, name: str, line: int) -> AnsibleGroup:
        """Return a group, made where it is not there yet."""
        return self.groups.setdefault(name, AnsibleGroup(line))

    def host(self, name: str, line: int, group: str) -> Map:
        """Put a host into a group and return its variables."""
        self.group(group, line).hosts.setdefault(name, line)
        return self.hosts.setdefault(name, Map(line))


def as_inventory(source: Ansible) -> Draft:
    """Return the draft. Raises InventoryError for what the reader found, or where there is no host."""
    if source.problems:
        raise InventoryError(source.problems)
    draft = Draft(source.file)
    if not source.hosts:
        raise InventoryError(
            [
                Problem(
                    source.file, 0, "no host in this Ansible inventory; `group_vars` and scripts are not read"
                )
            ]
        )
    merging = _Merging(source)
    direct: dict[str, list[str]] = {}
    for name, group in source.groups.items():
        for host in group.hosts:
            direct.setdefault(host, []).append(name)
    resolved = {name: merging.resolved(name, direct.get(name, [])) for name in source.hosts}
    kept = _remote(resolved, draft)
    _defaults(source, draft)
    for name, group in source.groups.items():
        if name not in _ROOTS:
            _group(name, group, kept, source, draft)
    hosts = draft.section("hosts")
    for name in kept:
        hosts.put(name, settings(source.hosts[name], draft), source.hosts[name].line)
    wanted = {name: settings(resolved[name], draft, complete=True) for name in kept}
    _unknown_users(wanted, draft)
    _settle(draft, wanted)
    return draft


def _unknown_users(wanted: Mapping[str, Map], draft: Draft) -> None:
    """Give hosts without a user name a credential to fill in; Kerberos can do without."""
    for found in wanted.values():
        if "credential" not in found and found.get("auth") != "kerberos":
            name = draft.credential(UNKNOWN_USER, found.line)
            found.put("credential", name, found.line)
            if "credential" not in draft.section("defaults"):
                draft.section("defaults").put("credential", name, found.line)


def _remote(resolved: Mapping[str, Map], draft: Draft) -> list[str]:
    """Return the hosts that Ansible reaches over WinRM, or might; the others are noted."""
    others = [
        name
        for name, variables in resolved.items()
        if str(variables.get("ansible_connection", "winrm")) not in REMOTE
    ]
    if others:
        draft.note(f"Left out, because Ansible does not reach them over WinRM: {folded(others)}.")
    kept = [name for name in resolved if name not in set(others)]
    if not kept:
        message = f"no host that is reached over WinRM; `ansible_connection` says so of {folded(others)}"
        raise InventoryError([Problem(draft.file, 0, message)])
    return kept


def _defaults(source: Ansible, draft: Draft) -> None:
    if "all" in source.groups:
        for key, value, line in _items(settings(source.groups["all"].variables, draft)):
            draft.section("defaults").put(key, value, line)


def _group(name: str, group: AnsibleGroup, kept: list[str], source: Ansible, draft: Draft) -> None:
    groups = draft.section("groups")
    body = settings(group.variables, draft)
    body.line = group.line
    groups.put(name, body, group.line)
    staying = set(kept)
    for host, line in group.hosts.items():
        if host in staying:
            draft.join(name, host, line)
    children = Map(group.line)
    for child, line in group.children.items():
        if child in source.groups:
            children.put(child, None, line)
        else:
            draft.note(f"Group {shown(name)} had the child {shown(child)}, which the file describes nowhere.")
    if children:
        body.put("children", children, group.line)


def _items(settings_of: Map) -> list[tuple[str, Any, int]]:
    return [(key, value, settings_of.lines[key]) for key, value in settings_of.items()]


class _Merging:
    """Ansible's own merging of variables."""

    def __init__(self, source: Ansible) -> None:
        self._source = source
        self._parents: dict[str, list[str]] = {name: [] for name in source.groups}
        for name, group in source.groups.items():
            for child in group.children:
                self._parents.get(child, []).append(name)
        self._depths: dict[str, int] = {}
        for name in source.groups:
            self._depth(name, ())

    def resolved(self, host: str, direct: list[str]) -> Map:
        """Return a host's variables; `direct` are the groups that name it."""
        source = self._source
        around = {"all"} & source.groups.keys()
        waiting = list(direct)
        while waiting:
            name = waiting.pop()
            if name not in around:
                around.add(name)
                waiting += self._parents[name]
        merged = Map(source.hosts[host].line)
        for variables in (
            *(source.groups[name].variables for name in sorted(around, key=self._order)),
            source.hosts[host],
        ):
            for key, value, line in _items(variables):
                merged.put(key, value, line)
        return merged

    def _order(self, name: str) -> tuple[int, int, str]:
        priority = self._source.groups[name].variables.get("ansible_group_priority", 1)
        return self._depths[name], priority if isinstance(priority, int) else 1, name

    def _depth(self, name: str, trail: tuple[str, ...]) -> int:
        """Return a group's depth below `all`, the longest way. Raises InventoryError for a circle."""
        if name in trail or len(trail) > DEPTH:
            line, circle = self._source.groups[name].line, " < ".join((*trail[-NAMED:], name))
            message = f"groups contain each other in a circle, or more than {DEPTH} deep: {circle}"
            raise InventoryError([Problem(self._source.file, line, message)])
        if name not in self._depths:
            above = [self._depth(parent, (*trail, name)) for parent in self._parents[name]]
            self._depths[name] = 0 if name == "all" else 1 + max(above, default=0)
        return self._depths[name]


def _settle(draft: Draft, wanted: Mapping[str, Map]) -> None:
    """Where our precedence gives a host something else than Ansible's, let the host say it."""
    from inventory.check import checked
    from inventory.findings import Findings
    from inventory.groups import direct, graph
    from inventory.layers import Merger, said
    from inventory.schema import Document

    findings = Findings(draft.file)
    document = checked(draft.tree, Document, findings.problems, file=draft.file, what="an inventory").document
    nodes = graph(document.groups, draft.tree.get("groups"), findings) if document else {}
    if document is None or findings.problems:
        raise InventoryError(findings.all_problems())
    defaults = said(document.defaults, draft.tree.get("defaults"), "defaults", draft.file)
    merger = Merger(nodes, defaults, draft.file)
    named = direct(nodes, wanted.keys(), findings)
    for name, settings_of in wanted.items():
        around = merger.around(tuple(named.get(name, ())))
        disputed = {found.key for found in around.disagreements}
        host: Map = draft.tree["hosts"][name]
        for key, value, line in _items(settings_of):
            ours = host[key] if key in host else around.layer.get(key, (None,))[0]
            if ours != value or (key in disputed and key not in host):
                host.put(key, value, line)
