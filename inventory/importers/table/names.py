"""One name for each host, and one host for each name and address."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.importers.renaming import Renaming, is_name
from inventory.importers.table.notes import Notes
from inventory.importers.table.settings import Entry
from inventory.resolving.hostchecks import PORTS
from inventory.schema import shapes
from inventory.words import shown

_RULE = "a name is letters, digits, `_`, `-` and `.`"


def distinct(entries: Iterable[Entry], notes: Notes) -> list[Entry]:
    """Leave out the second host of a name (in any case) or of an address and port;
    its groups go to the first.
    """
    by_name: dict[str, Entry] = {}
    by_address: dict[tuple[str, int], Entry] = {}
    for entry in entries:
        where = (shapes.address_key(entry.address), _port(entry))
        if first := by_name.get(entry.name.casefold()):
            same = shapes.address_key(first.address) == where[0]
            other = "" if same else f", and its address {shown(entry.address)} was not taken over"
            _join(
                first,
                entry,
                f"host {shown(entry.title)} stands in {notes.unit} {first.line} already{other}",
                notes,
            )
        elif first := by_address.get(where):
            reason = (
                f"host {shown(entry.title)} has the address and port of host {shown(first.title)} in "
                f"{notes.unit} {first.line}"
            )
            _join(first, entry, reason, notes)
        else:
            by_name[entry.name.casefold()] = by_address[where] = entry
    return list(by_name.values())


def _port(entry: Entry) -> int:
    port = entry.settings.get("port")
    return port if isinstance(port, int) else PORTS[entry.settings.get("transport", "https")]


def _join(first: Entry, second: Entry, reason: str, notes: Notes) -> None:
    groups = [each for each in second.groups if each not in first.groups]
    tags = [each for each in second.tags if each not in first.tags]
    first.groups += groups
    first.tags += tags
    moved = groups or tags
    notes.leave_out(second.line, reason + ("; its groups and tags went to that one" if moved else ""))


def rename(entries: list[Entry], notes: Notes) -> None:
    """Give every host, group and tag a name that a selection can use; each change is a note, old and new."""
    hosts = {entry.name.casefold() for entry in entries if is_name(entry.name)}
    renaming = Renaming(lambda name: name.casefold() not in hosts, "host")
    for entry in entries:
        if not is_name(entry.name):
            entry.name = renaming.name(entry.name)
            hosts.add(entry.name.casefold())
        if entry.name != entry.title:
            notes.say(entry.line, f"host {shown(entry.title)} -> `{entry.name}`; {_RULE}")
    _rename_words(entries, "group", hosts, notes)
    _rename_words(entries, "tag", set(), notes)


def _rename_words(entries: list[Entry], kind: str, hosts: set[str], notes: Notes) -> None:
    """Rename groups or tags, each text in every host alike."""
    said = {word for entry in entries for word in _words(entry, kind)}
    names = {word: word for word in said if is_name(word) and word.casefold() not in hosts}
    taken = set(names)
    renaming = Renaming(lambda name: name not in taken and name.casefold() not in hosts, kind)
    for entry in entries:
        words = _words(entry, kind)
        for word in words:
            if word not in names:
                namesake = word.casefold() in hosts
                names[word] = renaming.name(f"{word}-{kind}" if namesake else word)
                taken.add(names[word])
            if names[word] != word:
                why = "a host has that name" if word.casefold() in hosts else _RULE
                notes.say(entry.line, f"{kind} {shown(word)} -> `{names[word]}`; {why}")
        words[:] = [names[word] for word in words]


def _words(entry: Entry, kind: str) -> list[str]:
    return entry.groups if kind == "group" else entry.tags
