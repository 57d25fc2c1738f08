"""Read an Ansible inventory in YAML (or JSON, which is YAML, too)."""

from __future__ import annotations

from typing import Any

from inventory.errors import Problem
from inventory.importers.ansible import Ansible
from inventory.importers.ranges import expand
from inventory.tree import Map, parse
from inventory.words import shown

_KEYS = ("hosts", "children", "vars")


def read(text: str, file: str) -> Ansible:
    """Return the inventory; what cannot be read is in its `problems`. Raises InventoryError for what is not YAML."""
    source = Ansible(file)
    tree = parse(text, file, source.problems, tags=True)
    if not isinstance(tree, Map):
        source.problems.append(
            Problem(file, 1, f"expected an Ansible inventory, a mapping of groups; found {shown(tree)}")
        )
        return source
    for name, body in tree.items():
        _group(name, body, tree.lines[name], source)
    return source


def _group(name: str, body: Any, line: int, source: Ansible) -> None:
    group = source.group(name, line)
    for key, part in _mapping(body, line, f"group {shown(name)}", source).items():
        at = body.lines[key]
        if key not in _KEYS:
            message = f"unexpected key {shown(key)} in group {shown(name)}; a group has `hosts`, `children` and `vars`"
            source.problems.append(Problem(source.file, at, message))
            continue
        members = _mapping(part, at, f"`{key}` of group {shown(name)}", source)
        for member, value in members.items():
            where = members.lines[member]
            if key == "hosts":
                _host(member, value, where, name, source)
            elif key == "children":
                group.children.setdefault(member, where)
                _group(member, value, where, source)
            else:
                group.variables.put(member, value, where)


def _host(pattern: str, body: Any, line: int, group: str, source: Ansible) -> None:
    try:
        names = expand(pattern)
    except ValueError as exc:
        source.problems.append(Problem(source.file, line, str(exc)))
        return
    variables = _mapping(body, line, f"host {shown(pattern)}", source)
    for name in names:
        found = source.host(name, line, group)
        for key, value in variables.items():
            found.put(key, value, variables.lines[key])


def _mapping(value: Any, line: int, what: str, source: Ansible) -> Map:
    """Return a mapping; nothing, or a single name, counts as one."""
    if isinstance(value, Map):
        return value
    empty = Map(line)
    if isinstance(value, str) and what.startswith("`hosts`"):
        empty.put(value, None, line)
    elif value is not None:
        source.problems.append(
            Problem(source.file, line, f"{what}: expected a mapping, found {shown(value)}")
        )
    return empty
