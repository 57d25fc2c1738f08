"""A host as a document lists it, made into what every import goes on with."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.importers.table import cells
from inventory.importers.table.addresses import address_in
from inventory.importers.table.notes import Notes
from inventory.importers.table.settings import Entry
from inventory.windows_names import unlike_user
from inventory.words import shown


def host(
    line: int, title: str, address: str, notes: Notes, *, user: str = "", groups: Iterable[str] = ()
) -> Entry | None:
    """Return a host; None, with a note, where its address is none. A port behind it is left out, and noted.

    `title`: its name there, `address` where that is empty.
    """
    title = cells.one_line(title or address)
    try:
        found = address_in(address.strip())
    except ValueError as exc:
        notes.leave_out(line, f"{shown(title)} has no address that a server is reached at: {exc}")
        return None
    for remark in found.remarks:
        notes.say(line, remark, address)
    if found.port:
        notes.say(line, "the port behind an address was left out: it is not WinRM's", address)
    name = found.address if title == address else title
    named = list(dict.fromkeys(filter(None, map(cells.one_line, groups))))
    entry = Entry(line=line, title=title, name=name, address=found.address, groups=named)
    if user:
        entry.username = cells.one_line(user)
        if why := unlike_user(entry.username):
            notes.say(line, f"the user {why}, so that no host knows it", user)
    return entry
