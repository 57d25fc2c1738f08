"""What a program prints as an inventory: Ansible's JSON of `--list`, turned into a tree with our keys.

A variable `fleetcheck_KEY` is the inventory's KEY; of Ansible's own, those of its WinRM plug-ins count. All
of them are data: a template in them, or a secret that would be had by running a program, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inventory.errors import InventoryError, Problem
from inventory.files.places import Places
from inventory.files.textfile import decode
from inventory.importers.ansible.kinds import NOTHING_SAID, choose
from inventory.importers.ansible.merge import Merging
from inventory.importers.ansible.model import ROOTS, Ansible
from inventory.importers.ansible.variables import LeaveOutError, Translator
from inventory.importers.ansible.yaml_file import read
from inventory.importers.draft import Draft
from inventory.secrets.registry import SOURCES
from inventory.words import shown
from inventory.yamlfile.tree import Map, Seq, parse

OWN = "fleetcheck_"
_CREDENTIALS = f"{OWN}credentials"
_READ = ("ansible_", OWN)  # variables that something here is made of
_LONG = re.compile(r"[0-9]{1000}")
_PROGRAMS = frozenset(name for name, source in SOURCES.items() if source.runs_program)


def tree_of(data: bytes, path: Path) -> tuple[Map, tuple[str, ...]]:
    """Return the tree of an inventory, and sentences about what was left out or changed.

    Raises InventoryError for what is not Ansible's JSON with `_meta`, and for variables that are more than
    data.
    """
    file = str(path)
    text = decode(data, file)
    _refuse_other(text, file)
    source = Ansible(Places(file, ""))
    read(text, file, source.places.add(file, text), source)
    if source.problems:
        raise InventoryError(source.problems)
    _refuse_code(source)
    draft = Draft(file)
    draft.section("hosts")
    if source.hosts:
        merging = Merging(source)
        _hosts(source, {name: merging.variables(name) for name in source.hosts}, draft, path)
        if not draft.section("hosts"):
            raise InventoryError(source.notes.problems())
        _groups(source, draft)
    _credentials(source, draft)
    return draft.tree, tuple(note for note in source.notes.sentences() if note != NOTHING_SAID)


def _refuse_other(text: str, file: str) -> None:
    """Refuse what is no JSON object with `_meta.hostvars`."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise _error(file, error.lineno, f"what it printed is no JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise _error(file, *_unreadable(text, error)) from None
    if not isinstance(found, dict):
        raise _error(
            file, 1, f"expected Ansible's JSON of `--list`, an object of groups; it printed {shown(found)}"
        )
    meta = found.get("_meta")
    if not isinstance(meta, dict) or not isinstance(meta.get("hostvars"), dict):
        words = "expected `_meta` with `hostvars` in what it printed: it is not run again for each host"
        raise _error(file, 0, words)


def _unreadable(text: str, error: Exception) -> tuple[int, str]:
    """Return the line and the words for JSON that cannot be held: a number too long, or nested too deep."""
    words = "what it printed is no JSON that can be read"
    if not isinstance(error, RecursionError):
        found = _LONG.search(text)
        return text.count("\n", 0, found.start()) + 1 if found else 0, f"{words}: a number of too many digits"
    try:
        parse(text, "", [])  # says where, having read no deeper than an inventory may be
    except InventoryError as deep:
        return deep.problems[0].line, f"{words}: {deep.problems[0].message}"
    return 0, words


def _refuse_code(source: Ansible) -> None:
    """Refuse variables that stand for something else than themselves."""
    problems = []
    for owner, variables in _said(source):
        for name, value in variables.items():
            line = variables.lines[name]
            problems += [
                source.places.problem(line, f"`{name}` of {owner}: {words}")
                for words in _code(value, read=name.startswith(_READ))
            ]
    if problems:
        raise InventoryError(problems)


def _said(source: Ansible) -> Iterator[tuple[str, Map]]:
    for name, group in source.groups.items():
        yield f"group {shown(name)}", group.variables
    for name, host in source.hosts.items():
        yield f"host {shown(name)}", host.variables


def _code(value: Any, *, read: bool) -> Iterator[str]:
    """Yield what is wrong with a value, looked at to its ground."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            source = part.get("from")
            if isinstance(source, str) and source in _PROGRAMS:
                yield f"a program's variables are data, and `from: {source}` would run another one"
            waiting += part.values()
        elif isinstance(part, (list, Seq)):
            waiting += part
        elif read and isinstance(part, str) and ("{{" in part or "{%" in part):
            yield f"a program's variables are data, and {shown(part)} is a template; let it print the value"


def _hosts(source: Ansible, variables: Mapping[str, Map], draft: Draft, path: Path) -> None:
    """Put every host that is reached over WinRM into the tree, each with all that is said of it."""
    translator = Translator(draft, source.notes, path.parent)
    hosts = draft.section("hosts")
    for name, kind in choose(variables, source).items():
        said = variables[name]
        try:
            entry = translator.settings(name, said, kind)
        except LeaveOutError as error:
            source.notes.of(f"Left out: {{names}}: {error}.", name, error.line)
            continue
        said_so = any("scheme" in key or "protocol" in key for key in said)
        if entry.get("transport") == "https" and not said_so:
            del entry["transport"]  # so it is without being said, unless a group of another file says else
        for variable, value in said.items():
            key = variable.removeprefix(OWN)
            if variable.startswith(OWN) and variable != _CREDENTIALS:
                entry.put(key, value, said.lines[variable])
        hosts.put(name, entry, source.hosts[name].line)


def _groups(source: Ansible, draft: Draft) -> None:
    """Put the groups into the tree: who is in which. What they say is said by their hosts already."""
    hosts, groups = draft.section("hosts"), draft.section("groups")
    for name, group in source.groups.items():
        if name in ROOTS:
            continue
        body, members, children = Map(group.line), Seq(group.line), Map(group.line)
        for host, line in group.hosts.items():
            if host in hosts:
                members.put(host, line)
        for child, line in group.children.items():
            if child not in ROOTS:
                children.put(child, None, line)
        if members:
            body.put("hosts", members, group.line)
        if children:
            body.put("children", children, group.line)
        groups.put(name, body, group.line)


def _credentials(source: Ansible, draft: Draft) -> None:
    """Put the credentials into the tree that `all` describes; they go over what `ansible_user` came to."""
    said = source.groups["all"].variables
    _refuse_hidden(source, said.get(_CREDENTIALS))
    if _CREDENTIALS not in said:
        return
    described, line = said[_CREDENTIALS], said.lines[_CREDENTIALS]
    if not isinstance(described, Map):
        draft.tree.put("credentials", described, line)
        return
    for name, body in described.items():
        draft.section("credentials").put(name, body, described.lines[name])


def _refuse_hidden(source: Ansible, described: Any) -> None:
    """Refuse credentials of a group or a host: all hosts have the same ones, and `all` says which."""
    problems = [
        source.places.problem(
            variables.lines[_CREDENTIALS],
            f"`{_CREDENTIALS}` of {owner}: credentials are for all hosts: describe them in `all`",
        )
        for owner, variables in _said(source)
        if variables.get(_CREDENTIALS, described) != described
    ]
    if problems:
        raise InventoryError(problems)


def _error(file: str, line: int, message: str) -> InventoryError:
    return InventoryError([Problem(file, line, message)])
