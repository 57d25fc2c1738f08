"""Read an Ansible inventory in YAML, and the JSON of `ansible-inventory --list` or of an inventory script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from inventory.errors import InventoryError, Problem
from inventory.importers.ansible.ini import add_hosts
from inventory.importers.ansible.model import Ansible
from inventory.importers.ansible.values import checked, yaml_word
from inventory.words import shown
from inventory.yamlfile.tree import Dialect, Map, Seq, parse

_KEYS = ("hosts", "children", "vars")


def tree_of(text: str, file: str, offset: int, into: Ansible) -> Any:
    """Return the value of a YAML or JSON text, lines counted from `offset`.

    Raises InventoryError for what is neither.
    """
    problems = into.problems
    dialect = Dialect(
        yaml_word,
        lambda line, words: into.notes.say(f"{words}; as in Ansible, the last one counts.", line + offset),
    )
    try:
        return _moved(parse(text, file, problems, dialect=dialect), offset)
    except InventoryError:
        try:
            return _moved(with_lines(json.loads(text)), offset)  # JSON has escapes that YAML has not
        except json.JSONDecodeError as error:
            if file.endswith(".json"):
                place = Problem(file, error.lineno, f"not JSON: {error.msg}")
                raise InventoryError([*problems, place]) from None
        except (ValueError, RecursionError):
            pass
        raise


def read(text: str, file: str, offset: int, into: Ansible) -> str | None:
    """Add what the text says to the inventory; oddities that Ansible warns of become notes.

    Return the reason why nothing was read, where only Ansible can: the text configures one of its plugins.
    """
    tree = tree_of(text, file, offset, into)
    if not isinstance(tree, Map):
        table = isinstance(tree, Seq) and any(
            isinstance(item, Map) and "name" in map(str.lower, item) for item in tree
        )
        tip = "; a table of hosts is read as CSV (in PowerShell: `Export-Csv`)" if table else ""
        into.problem(
            offset + 1, f"expected an Ansible inventory, a mapping of groups; found {shown(tree)}{tip}"
        )
    elif isinstance(tree.get("plugin"), str):
        return f"configures the inventory plugin {shown(tree['plugin'])}"
    elif "_meta" in tree or (text.lstrip().startswith("{") and any(map(_is_listed, tree.values()))):
        _list(tree, into)
    else:
        for name, body in tree.items():
            _group(name, body, tree.lines[name], into)
    return None


def _group(name: str, body: Any, line: int, into: Ansible) -> None:
    group = into.group(name, line)
    if not isinstance(body, Map):
        if body is not None:
            into.problem(line, f"group {shown(name)}: expected a mapping, found {shown(body)}")
        return
    _tell_foreign(name, body, into)
    for key, part in body.items():
        at = body.lines[key]
        if key not in _KEYS:
            continue
        members = _members(part, at, f"`{key}` of group {shown(name)}", into)
        for member, value in members.items():
            where = members.lines[member]
            if key == "hosts":
                _host(member, value, where, name, into)
            elif key == "children":
                group.children.setdefault(member, where)
                _group(member, value, where, into)
            else:
                group.put(member, checked(value), where)


def _host(pattern: str, body: Any, line: int, group: str, into: Ansible) -> None:
    variables = _checked(body) if isinstance(body, Map) else Map(line)
    if body and not isinstance(body, Map):
        into.problem(line, f"host {shown(pattern)}: expected a mapping, found {shown(body)}")
    add_hosts(pattern, variables, line, group, into)


def _members(value: Any, line: int, what: str, into: Ansible) -> Map:
    """Return a mapping; nothing, or a single name, counts as one."""
    if isinstance(value, Map):
        return value
    empty = Map(line)
    if isinstance(value, str):
        empty.put(value, None, line)
    elif value is not None:
        into.problem(line, f"{what}: expected a mapping, found {shown(value)}")
    return empty


def _is_listed(body: Any) -> bool:
    """Whether a group has lists of names, as `--list` writes it and no inventory in YAML may."""
    parts = map(body.get, _KEYS) if isinstance(body, Map) else (body,)
    return any(isinstance(part, Seq) for part in parts)


def _list(tree: Map, into: Ansible) -> None:
    """Take in groups with lists of names, and `_meta.hostvars`."""
    for name, body in tree.items():
        if name != "_meta":
            _listed(name, body, tree.lines[name], into)
    meta = _mapping(tree, "_meta", "`_meta`", into)
    hostvars = _mapping(meta, "hostvars", "`hostvars` of `_meta`", into)
    for name in hostvars:
        said = _mapping(hostvars, name, f"`hostvars` of host {shown(name)}", into)
        if name not in into.hosts:  # the real thing passes such variables over; here the host would be lost
            into.add(name, hostvars.lines[name], None)
        into.set(name, _checked(said), hostvars.lines[name])


def _mapping(body: Map, key: str, what: str, into: Ansible) -> Map:
    """Return a mapping's part, an empty one where nothing is said; anything else is a mistake."""
    found = body.get(key)
    if isinstance(found, Map):
        return found
    if found is not None:
        into.problem(body.lines[key], f"{what}: expected a mapping, found {shown(found)}")
    return Map(body.lines.get(key, body.line))


def _checked(variables: Map) -> Map:
    found = Map(variables.line)
    for key, value in variables.items():
        found.put(key, checked(value), variables.lines[key])
    return found


def _listed(name: str, body: Any, line: int, into: Ansible) -> None:
    """Take in one group: a mapping, or a list of hosts alone; what has no part of a group is a host."""
    if isinstance(body, Map) and body and not any(key in body for key in _KEYS):
        _sole_host(name, body, line, into)
        return
    group = into.group(name, line)
    if isinstance(body, Seq):
        whole = Map(line)
        whole.put("hosts", body, line)
        body = whole
    elif not isinstance(body, Map):
        if body is not None:
            into.problem(line, f"group {shown(name)}: expected a mapping or a list, found {shown(body)}")
        return
    for host, at in _names(body, "hosts", name, into):
        into.add(host, at, name)
        if isinstance(body["hosts"], Map):
            into.set(host, _checked(_mapping(body["hosts"], host, f"host {shown(host)}", into)), at)
    for child, at in _names(body, "children", name, into):
        group.children.setdefault(child, at)
        into.group(child, at)
    for key, value in _checked(_mapping(body, "vars", f"`vars` of group {shown(name)}", into)).items():
        group.put(key, value, body["vars"].lines[key])
    _tell_foreign(name, body, into)


def _tell_foreign(name: str, body: Map, into: Ansible) -> None:
    """Note the keys of a group that mean nothing in it."""
    for key in body:
        if key not in _KEYS:
            words = "a group has `hosts`, `children` and `vars`; passed over, as by Ansible"
            into.notes.say(f"unexpected key {shown(key)} in group {shown(name)}; {words}.", body.lines[key])


def _sole_host(name: str, variables: Map, line: int, into: Ansible) -> None:
    """Take in what has no part of a group: Ansible takes it as a host, in a group of its name."""
    words = "has none of `hosts`, `children` and `vars`; taken as a host with such variables, as by Ansible"
    into.notes.say(f"{shown(name)} {words}.", line)
    into.add(name, line, name)
    for key, value in _checked(variables).items():
        into.groups[name].put(key, value, variables.lines[key])


def _names(body: Map, key: str, group: str, into: Ansible) -> list[tuple[str, int]]:
    value = body.get(key)
    if isinstance(value, Map):
        return list(value.lines.items())
    if isinstance(value, Seq):
        return list(_texts(value, f"`{key}` of group {shown(group)}", into))
    if value is not None:
        into.problem(
            body.lines[key], f"`{key}` of group {shown(group)}: expected a list, found {shown(value)}"
        )
    return []


def _texts(names: Seq, what: str, into: Ansible) -> Iterator[tuple[str, int]]:
    for name, line in zip(names, names.lines, strict=True):
        if isinstance(name, (Map, Seq)):
            into.problem(line, f"{what}: expected names, found {shown(name)}")
        elif name is not None:
            yield str(name), line


def with_lines(value: Any) -> Any:
    """Return a JSON value the shape of a tree; its lines are not known, and count as the first."""
    if isinstance(value, dict):
        tree = Map(1)
        for key, item in value.items():
            tree.put(key, with_lines(item), 1)
        return tree
    if isinstance(value, list):
        items = Seq(1)
        for item in value:
            items.put(with_lines(item), 1)
        return items
    return value


def _moved(tree: Any, offset: int) -> Any:
    """Add `offset` to every line of a tree, which aliases may have made share its parts."""
    seen: set[int] = set()
    waiting = [tree] if offset else []
    while waiting:
        node = waiting.pop()
        if not isinstance(node, (Map, Seq)) or id(node) in seen:
            continue
        seen.add(id(node))
        node.line += offset
        if isinstance(node, Map):
            node.lines = {key: line + offset for key, line in node.lines.items()}
            waiting += node.values()
        else:
            node.lines = [line + offset for line in node.lines]
            waiting += node
    return tree
