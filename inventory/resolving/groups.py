"""The groups of an inventory as a graph: who is described where, who contains whom, which hosts that makes.

A group is described in one place, at the top or inside another group's `children`. A null under `children`
names a group that is described elsewhere, so one group can have several parents; a group that contains itself
is a mistake.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inventory.findings import Findings
from inventory.schema.inventory import Group
from inventory.words import quoted, shown
from inventory.yamlfile.tree import Map, Seq

_STRUCTURE = frozenset({"hosts", "children"})


@dataclass(slots=True)
class Node:
    """One group: its own words, their lines, and its neighbours by name. `line` is where it is described."""

    name: str
    line: int
    settings: Group
    tree: Map
    children: dict[str, int] = field(default_factory=dict)  # with the line that says so
    files: dict[str, int] = field(default_factory=dict)  # that describe it, each with its line
    parents: list[str] = field(default_factory=list)


def graph(groups: Mapping[str, Group | None] | None, tree: Any, findings: Findings) -> dict[str, Node]:
    """Return every group of a file, children before their parents. A cycle is reported, and cut."""
    return whole_graph([(groups, tree)], findings)


def whole_graph(
    files: Iterable[tuple[Mapping[str, Group | None] | None, Any]], findings: Findings
) -> dict[str, Node]:
    """Return every group of several files, each with its tree: what they say of one group adds up."""
    nodes: dict[str, Node] = {}
    for groups, tree in files:
        _describe(groups or {}, tree, nodes, findings, top=True)
    for node in nodes.values():
        for child, line in list(node.children.items()):
            if child in nodes:
                nodes[child].parents.append(node.name)
            else:
                del node.children[child]
                near = findings.near(child, nodes)
                findings.say(
                    line,
                    f"group `{node.name}` has the child {shown(child)}, which is described nowhere{near}",
                )
    return {name: nodes[name] for name in _children_first(nodes, findings)}


def _describe(
    groups: Mapping[str, Group | None], tree: Map, nodes: dict[str, Node], findings: Findings, *, top: bool
) -> None:
    """Add a level of groups, and what is nested in it, to `nodes`."""
    for name, group in groups.items():
        line = tree.lines[name]
        if group is None and not top:
            continue
        file = findings.file_of(line)
        if name in nodes and file in nodes[name].files:
            findings.say(
                line,
                f"group `{name}` is described here and in {findings.at(nodes[name].files[file])};"
                f" describe it once and name it alone elsewhere (`children: {{{name}: }}`)",
            )
            continue
        said, body = group or Group(), tree[name] if isinstance(tree[name], Map) else Map(line)
        if name in nodes:
            _join(nodes[name], said, body, findings)
        node = nodes.setdefault(name, Node(name, line, said, body))
        node.files[file] = line
        if said.children:
            for child in said.children:
                node.children.setdefault(child, body["children"].lines[child])
            _describe(said.children, body["children"], nodes, findings, top=False)


def _join(node: Node, group: Group, body: Map, findings: Findings) -> None:
    """Add what another file says of a group to what is known of it; refuse two values for one key."""
    joined, tree = {}, Map(node.line)
    for key, value in node.tree.items():
        tree.put(key, value, node.tree.lines[key])
    for key in sorted(group.model_fields_set - _STRUCTURE):
        value, line = getattr(group, key), body.lines[key]
        if key not in node.settings.model_fields_set:
            joined[key] = value
            tree.put(key, body[key], line)
        elif getattr(node.settings, key) != value:
            where = findings.at(tree.lines[key])
            findings.say(
                line,
                f"group `{node.name}` has another `{key}` here than in {where}; say it in one of the files",
            )
    if group.hosts:
        hosts = Seq(node.line)
        for one in (node.tree.get("hosts"), body["hosts"]):
            for name, line in zip(one or (), one.lines if one else (), strict=True):
                hosts.put(name, line)
        joined["hosts"] = list(hosts)
        tree.put("hosts", hosts, body.lines["hosts"])
    node.settings, node.tree = node.settings.model_copy(update=joined), tree


def _children_first(nodes: dict[str, Node], findings: Findings) -> list[str]:
    """Return the names in an order with every child before its parents; cut what would close a circle."""
    order: dict[str, None] = {}
    for root, node in nodes.items():
        trail: dict[str, list[str]] = {} if root in order else {root: list(node.children)}
        while trail:
            name, waiting = next(reversed(trail.items()))
            child = waiting.pop() if waiting else None
            if child is None:
                order[name] = None
                del trail[name]
            elif child in trail:
                line = nodes[name].children.pop(child)
                nodes[child].parents.remove(name)
                circle = [*list(trail)[list(trail).index(child) :], child]
                findings.say(
                    line,
                    f"groups contain each other in a circle: {' > '.join(quoted([part]) for part in circle)}",
                )
            elif child not in order:
                trail[child] = list(nodes[child].children)
    return list(order)


def direct(nodes: Mapping[str, Node], names: Collection[str], findings: Findings) -> dict[str, list[str]]:
    """Return the groups that name each host themselves, in any case. `names` are the names under `hosts`."""
    found: dict[str, list[str]] = {}
    spelt = {name.casefold(): name for name in names}
    for node in nodes.values():
        for host, line in zip(dict.fromkeys(node.settings.hosts or ()), _lines(node), strict=False):
            name = host if host in names else spelt.get(host.casefold())
            if name is not None:
                found.setdefault(name, []).append(node.name)
            elif host in nodes:
                findings.say(
                    line,
                    f"{shown(host)} in the hosts of group `{node.name}` is a group; write it under "
                    "`children`",
                )
            else:
                near = findings.near(host, names)
                findings.say(
                    line,
                    f"host {shown(host)} of group `{node.name}` does not stand under `hosts`; every host "
                    f"stands there{near}",
                )
    return found


def _lines(node: Node) -> Iterable[int]:
    """Return the line of the first mention of each host."""
    hosts = node.tree["hosts"] if node.settings.hosts else ()
    first: dict[str, int] = {}
    for host, line in zip(hosts, hosts.lines if hosts else (), strict=True):
        first.setdefault(host, line)
    return first.values()


def levels(nodes: Mapping[str, Node], groups: Sequence[str]) -> dict[str, int]:
    """Return every group around a host that `groups` name, each with its distance, the nearest first.

    1 for a group that names the host; a parent is always farther than each of its children that contain the
    host.
    """
    found = dict.fromkeys(groups, 1)
    for name in nodes:  # children come before their parents: one pass reaches everybody, by the longest way
        if name in found:
            for parent in nodes[name].parents:
                found[parent] = max(found.get(parent, 0), found[name] + 1)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def in_order(counted: Mapping[str, Iterable[str]], hosts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return each group's hosts, as `counted` has them, in the order of the inventory."""
    position = {host: index for index, host in enumerate(hosts)}
    return {name: tuple(sorted(found, key=position.__getitem__)) for name, found in counted.items()}


def counted(nodes: Mapping[str, Node], hosts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return each group's hosts as a subscript counts them: its own in its order, then its children's, as
    Ansible.

    The groups come in the order in which the file describes them.
    """
    spelt = {host.casefold(): host for host in hosts}
    own = {
        name: [spelt[host.casefold()] for host in node.settings.hosts or () if host.casefold() in spelt]
        for name, node in nodes.items()
    }
    return {
        name: tuple(dict.fromkeys(host for below in _below(nodes, name) for host in own[below]))
        for name in sorted(nodes, key=lambda name: nodes[name].line)
    }


def _below(nodes: Mapping[str, Node], name: str) -> list[str]:
    """Return a group and every group below it, level by level."""
    found = {name: None}
    level = [name]
    while level:
        level = [child for group in level for child in nodes[group].children if child not in found]
        found.update(dict.fromkeys(level))
    return list(found)
