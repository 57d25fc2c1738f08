"""Check a draft as if it were an inventory already, and write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inventory.errors import file_words
from inventory.findings import Findings
from inventory.importers.draft import UNKNOWN_USER, Draft
from inventory.load import build
from inventory.words import visible
from inventory.yamlfile.dump import line
from inventory.yamlfile.tree import Map

_SHORT = 8  # names in one line
_ADDRESS = "  # <- at which address?"
_USER = "  # <- who logs on?"


def write(draft: Draft, path: Path) -> str:
    """Return the draft as YAML. Raises InventoryError where it would not load,
    with the lines of the file read.
    """
    text = _text(draft)
    build(draft.tree, path, "", Findings(draft.file))
    return text


def _text(draft: Draft) -> str:
    tree = draft.tree
    name = visible(Path(file_words(draft.file)).name)
    lines = [f"# fleet.yaml, made from {name}."]
    lines += [f"# {visible(note)}" for note in draft.notes]
    for name in ("credentials", "defaults", "groups", "hosts"):
        section = tree.get(name)
        if not section:
            continue
        lines += ["", f"{name}:"]
        for key, body in section.items():
            todo = _ADDRESS if name == "hosts" and key in draft.doubtful else ""
            lines += _group(key, body) if name == "groups" else [_entry(key, body, todo)]
    return "\n".join(lines) + "\n"


def _entry(key: str, body: Any, todo: str) -> str:
    if isinstance(body, Map) and body.get("username") == UNKNOWN_USER:
        todo = _USER
    return f"  {line(key)}: {line(_bare(body))}{todo}"


def _group(name: str, body: Map) -> list[str]:
    """Write a group, its names in one line or one a line."""
    rest = {key: value for key, value in body.items() if key not in ("hosts", "children")}
    hosts, children = list(body.get("hosts", ())), dict(body.get("children", {}))
    if not body:
        return [f"  {line(name)}: {{}}"]
    lines = [f"  {line(name)}:", *(f"    {line(key)}: {line(_bare(value))}" for key, value in rest.items())]
    if hosts and len(hosts) <= _SHORT:
        lines.append(f"    hosts: {line(hosts)}")
    elif hosts:
        lines += ["    hosts:", *(f"      - {line(host)}" for host in hosts)]
    if children:
        lines += ["    children:", *(f"      {line(child)}:" for child in children)]
    return lines


def _bare(value: Any) -> Any:
    """Take the lines off a tree: the dumper knows plain values only."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items()}
    return [_bare(item) for item in value] if isinstance(value, list) else value
