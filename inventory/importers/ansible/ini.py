"""Read an Ansible inventory in INI form, line by line as `plugins/inventory/ini.py` of ansible-core 2.19
does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from inventory.errors import InventoryError
from inventory.importers.ansible.model import Ansible
from inventory.importers.ansible.patterns import read_pattern
from inventory.importers.ansible.values import ini_value
from inventory.schema.shapes import is_ip
from inventory.words import shown
from inventory.yamlfile.tree import Map

MOST = 250_000  # hosts of one inventory

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:[#;].*)?")
_HOST = re.compile(r"\[\S+\]:[0-9]+(?:\s|$)")
_CHILD = re.compile(r"([^:\]\s]+)\s*(?:#.*)?")


def read(text: str, offset: int, into: Ansible) -> None:
    """Add what the text says; `offset` is added to its lines.

    What cannot be read is in the inventory's `problems`.
    """
    section, kind = "ungrouped", "hosts"
    waiting: dict[
        str, list[tuple[str, int]]
    ] = {}  # groups that have no head yet, with who names them as child
    for number, raw in enumerate(text.splitlines(), start=offset + 1):
        line = raw.strip()
        if not line or line.startswith(("#", ";")):
            continue
        try:
            if found := _header(line):
                section, kind = found
                _declare(section, number, waiting, into)
            elif kind == "hosts":
                _host(line, number, section, into)
            elif kind == "vars":
                _variable(line, number, section, into)
            else:
                _child(line, number, section, waiting, into)
        except ValueError as exc:
            into.problem(number, str(exc))
    for child, parents in waiting.items():
        _adopt(child, parents, into)


def _header(line: str) -> tuple[str, str] | None:
    """Return group and kind of a section's head; None for another line. `[v6]:port` is a host."""
    found = _SECTION.fullmatch(line)
    if found and found[2] in (None, "hosts", "children", "vars"):
        return found[1], found[2] or "hosts"
    if line.startswith("[") and not _HOST.match(line) and not is_ip(line.split(maxsplit=1)[0][1:-1]):
        raise ValueError("expected [group], [group:children] or [group:vars]")
    return None


def _host(line: str, number: int, group: str, into: Ansible) -> None:
    """Read `web[01:10]:5986 key=value key="two words"`.

    Raises ValueError; shows no value, it may be a password.
    """
    try:
        pattern, *pairs = shlex.split(line, comments=True)
    except ValueError:
        raise ValueError("a quote is opened and not closed") from None
    variables = Map(number)
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError("expected a host's name and then key=value pairs; one part has no `=` in it")
        variables.put(key, ini_value(value), number)
    add_hosts(pattern, variables, number, group, into)


def add_hosts(pattern: str, variables: Map, line: int, group: str, into: Ansible) -> None:
    """Add the hosts of a pattern; one that stands for none, or cannot be read, is noted."""
    try:
        names, port = read_pattern(pattern)
    except ValueError as exc:
        into.notes.say(f"{shown(pattern)} was left out: {exc}.", line)
        return
    if len(into.hosts) + len(names) > MOST:
        raise InventoryError([into.places.problem(line, f"more than {MOST:,} hosts up to this line")])
    if not names:
        into.notes.say(f"{shown(pattern)} stands for no host: its end comes before its begin.", line)
    for name in names:
        into.add(name, line, group, port)
        into.set(name, variables, line)


def _declare(group: str, number: int, waiting: dict[str, list[tuple[str, int]]], into: Ansible) -> None:
    """Begin a group; only now it is a child of those that named it before, which a subscript counts by."""
    into.group(group, number)
    _adopt(group, waiting.pop(group, []), into)


def _adopt(child: str, parents: Iterable[tuple[str, int]], into: Ansible) -> None:
    for parent, number in parents:
        into.group(parent, number).children.setdefault(child, number)


def _child(
    line: str, number: int, group: str, waiting: dict[str, list[tuple[str, int]]], into: Ansible
) -> None:
    found = _CHILD.fullmatch(line)
    if not found:
        raise ValueError("expected the name of a group, alone in its line")
    if found[1] in into.groups:
        _adopt(found[1], [(group, number)], into)
    else:
        waiting.setdefault(found[1], []).append((group, number))


def _variable(line: str, number: int, group: str, into: Ansible) -> None:
    key, equals, value = line.partition("=")
    if not equals:
        raise ValueError("expected key=value")
    into.group(group, number).put(key.strip(), ini_value(value.strip()), number)
