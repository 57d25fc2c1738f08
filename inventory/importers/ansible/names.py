"""Names and addresses as an inventory takes them: one host an address,
and no name that `--limit` could misread.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from inventory.importers.ansible.model import ROOTS, Ansible
from inventory.importers.ansible.notes import Notes
from inventory.importers.renaming import Renaming, is_name
from inventory.resolving.hostchecks import PORTS
from inventory.schema import shapes
from inventory.words import visible
from inventory.yamlfile.tree import Map

_SIGNS = "Renamed, because `--limit` could not tell the old names from its own signs: {names}."
_TAKEN = (
    "Renamed, because another one has the name, and capitals make no difference in names of Windows: {names}."
)
_BOTH = "Renamed, because a host has the group's name: {names}."
_SECOND = "Left out, because another host has the address and port, which is in their groups now: {names}."


@dataclass(slots=True)
class Names:
    """New names by old ones; a second name of one address leads to the name that the first got."""

    hosts: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


def settle_names(source: Ansible, wanted: dict[str, Map]) -> Names:
    """Name hosts and groups.

    A host without a usable address, or with another's, is taken out of `wanted`, noted.
    """
    names = Names()
    twins = _one_an_address(source, wanted)
    names.hosts = _named(
        wanted, set(ROOTS), "host", {name: source.hosts[name].line for name in wanted}, source
    )
    for old, new in names.hosts.items():
        if "address" not in wanted[old] and _bare(old) != new:
            wanted[old].put("address", _bare(old), source.hosts[old].line)
    names.hosts |= {old: names.hosts[first] for old, first in twins.items()}
    _name_groups(source, names)
    return names


def _one_an_address(source: Ansible, wanted: dict[str, Map]) -> dict[str, str]:
    """Take hosts out that have no address or another's; return the second names, with the first of each."""
    twins: dict[str, str] = {}
    addresses: dict[tuple[str, int], str] = {}
    for old, settings in list(wanted.items()):
        line = source.hosts[old].line
        if not _addressed(old, settings, line, source.notes):
            del wanted[old]
            continue
        port = settings.get("port", PORTS[settings["transport"]])
        key = (shapes.address_key(settings.get("address", _bare(old))), port)
        first = addresses.setdefault(key, old)
        if first != old:
            where = source.places.short(line)
            source.notes.of(_SECOND, f"`{visible(old)}` ({where}) of {_at(first, source)}")
            twins[old] = first
            del wanted[old]
    return twins


def _named(
    olds: Collection[str], taken: set[str], default: str, lines: Mapping[str, int], source: Ansible
) -> dict[str, str]:
    """Name each, in order; who can keep the name does. `taken` holds names in small letters."""
    kept: dict[str, str] = {}
    for old in olds:
        if is_name(old) and old.casefold() not in taken:
            kept[old] = old
            taken.add(old.casefold())
    renaming = Renaming(lambda name: name.casefold() not in taken, default)
    for old in olds:
        if old not in kept:
            kept[old] = renaming.name(old)
            taken.add(kept[old].casefold())
            source.notes.of(
                _TAKEN if is_name(old) else _SIGNS, f"`{visible(old)}` -> `{kept[old]}`", lines[old]
            )
    return {old: kept[old] for old in olds}


def _name_groups(source: Ansible, names: Names) -> None:
    """Name the groups; one with a host's name gives way."""
    hosts = {new.casefold() for new in names.hosts.values()}
    lines = {old: group.line for old, group in source.groups.items() if old not in ROOTS}
    clashing = [old for old in lines if old.casefold() in hosts]
    taken = hosts | set(ROOTS)
    groups = _named([old for old in lines if old not in clashing], taken, "group", lines, source)
    renaming = Renaming(lambda name: name.casefold() not in taken, "group")
    for old in clashing:
        groups[old] = renaming.name(f"{old}-group")
        taken.add(groups[old].casefold())
        source.notes.of(_BOTH, f"`{visible(old)}` -> `{groups[old]}`", lines[old])
    names.groups = {old: groups[old] for old in lines}


def _at(name: str, source: Ansible) -> str:
    return f"`{visible(name)}` ({source.places.short(source.hosts[name].line)})"


def _addressed(old: str, settings: Map, line: int, notes: Notes) -> bool:
    """Whether a host has an address: one that is said, or its name."""
    if "address" in settings:
        return True
    try:
        shapes.address(_bare(old))
    except ValueError:
        notes.of("Left out, because the name is no address, and nothing else says one: {names}.", old, line)
        return False
    return True


def _bare(name: str) -> str:
    """Take the brackets off an IPv6 address."""
    return name[1:-1] if name.startswith("[") and name.endswith("]") and shapes.is_ip(name[1:-1]) else name


def members(source: Ansible, names: Names, group: str) -> Mapping[str, int]:
    """Return the hosts that a group names, by their new names, each once."""
    found: dict[str, int] = {}
    for old, line in source.groups[group].hosts.items():
        if old in names.hosts:
            found.setdefault(names.hosts[old], line)
    return found
