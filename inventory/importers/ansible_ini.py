"""Read an Ansible inventory in INI form."""

from __future__ import annotations

import re
import shlex

from inventory.errors import Problem
from inventory.importers.ansible import Ansible
from inventory.importers.ranges import expand
from inventory.scalars import plain

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:[#;].*)?")
_PORT = re.compile(r"(.+):([0-9]+)")


def read(text: str, file: str) -> Ansible:
    """Return the inventory; what cannot be read is in its `problems`."""
    source = Ansible(file)
    section, kind = "ungrouped", "hosts"
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith(("#", ";")):
            continue
        try:
            if line.startswith("["):
                section, kind = _header(line)
                source.group(section, number)
            elif kind == "hosts":
                _host(line, number, section, source)
            elif kind == "vars":
                _variable(line, number, section, source)
            else:
                child = line.partition("#")[0].strip()
                source.group(section, number).children.setdefault(child, number)
        except ValueError as exc:
            source.problems.append(Problem(file, number, str(exc)))
    return source


def _header(line: str) -> tuple[str, str]:
    found = _SECTION.fullmatch(line)
    if not found or found[2] not in (None, "hosts", "children", "vars"):
        raise ValueError("expected [group], [group:children] or [group:vars]")
    return found[1], found[2] or "hosts"


def _host(line: str, number: int, group: str, source: Ansible) -> None:
    """Read `web[01:10]:5986 key=value key="two words"`. Raises ValueError; shows no value, it may be a password."""
    try:
        pattern, *pairs = shlex.split(line, comments=True)
    except ValueError:
        raise ValueError("a quote is opened and not closed") from None
    port = None
    if (found := _PORT.fullmatch(pattern)) and ":" not in found[1].rpartition("]")[2]:
        pattern, port = found[1], found[2]
    variables = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError("expected a host's name and then key=value pairs; one part has no `=` in it")
        variables[key] = value
    for name in expand(pattern):
        host = source.host(name, number, group)
        if port is not None:
            host.put("ansible_port", plain(port), number)
        for key, value in variables.items():
            host.put(key, _value(key, value), number)


def _variable(line: str, number: int, group: str, source: Ansible) -> None:
    key, equals, value = line.partition("=")
    if not equals:
        raise ValueError("expected key=value")
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    source.group(group, number).variables.put(key.strip(), _value(key.strip(), value), number)


def _value(key: str, value: str) -> object:
    """Numbers where numbers belong; everything else is text here, whatever Python would make of it."""
    return plain(value) if "port" in key or "priority" in key else value
