"""What a cell gives a host: read as its key wants it, held against the schema, or left out with a note."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from inventory.importers.table import cells
from inventory.importers.table.addresses import address_in
from inventory.importers.table.notes import Notes
from inventory.schema import shapes
from inventory.schema.inventory import HostEntry
from inventory.windows_names import unlike_user

_ROLES = {
    "pin_primary": ("pin", "primary"),
    "pin_backup": ("pin", "backup"),
    "gateway_primary": ("gateways", "primary"),
    "gateway_backup": ("gateways", "backup"),
}
_ADDRESSES = ("gateway_primary", "gateway_backup", "canary_address")
_READ: dict[str, Callable[[str], Any]] = {
    "port": cells.whole_number,
    "pin": cells.whole_number,
    "pin_primary": cells.whole_number,
    "pin_backup": cells.whole_number,
    "timeout": cells.seconds,
    "transport": str.lower,
    "auth": str.lower,
    "repin": cells.may_repin,
    **dict.fromkeys(_ADDRESSES, lambda text: address_in(text).address),
    "username": shapes.line_of_text,
}
_ZEROS = re.compile(r"[0-9]+(?:[.,]0+)?")


@dataclass(slots=True, kw_only=True)
class Entry:
    """A host in the making: `title` is its name in the table, `name` the one that it gets."""

    line: int
    title: str
    name: str
    address: str
    settings: dict[str, Any] = field(default_factory=dict)
    username: str | None = None
    groups: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


def put(entry: Entry, key: str, text: str, notes: Notes) -> None:
    """Take a cell over; what it cannot be, and what it was read as where that is no matter of course,
    is a note.
    """
    if key in ("groups", "tags"):
        target = entry.groups if key == "groups" else entry.tags
        names = {part: cells.first_part(cells.one_line(part)) for part in cells.several(text)}
        target += [name for name in dict.fromkeys(names.values()) if name not in target]
        for part in (part for part, name in names.items() if part != cells.one_line(name)):
            notes.say(entry.line, f"of a distinguished name in `{key}` the first part was taken", part)
        return
    try:
        value = _READ.get(key, cells.one_line)(text)
        checked = value if key == "username" else _checked(key, value)
    except ValueError as exc:
        notes.say(entry.line, f"`{key}` was left out, {exc}; found", text)
        return
    if reading := _reading(key, value, text):
        notes.say(entry.line, f"`{key}` was read as {reading}", text)
    if key == "username":
        entry.username = checked
        if why := unlike_user(checked):
            notes.say(entry.line, f"`username` {why}, so that no host knows it", text)
    elif key not in _ROLES:
        entry.settings[key] = checked
    else:
        outer, role = _ROLES[key]
        held = entry.settings.get(outer)  # a `pin` for all roles gives way to one by role
        entry.settings[outer] = {**held, role: checked} if isinstance(held, dict) else {role: checked}


def _reading(key: str, value: Any, text: str) -> str:
    """Say what a cell was read as, where its writer may have meant something else; else nothing."""
    if key == "repin" and text != value:
        return f"`{value}`{'' if cells.is_repin_word(text) else ', to be safe'}"
    if _READ.get(key) is cells.whole_number and not _ZEROS.fullmatch(text):
        return "a whole number"
    return f"`{value}`" if key in _ADDRESSES and text != value else ""


def _checked(key: str, value: Any) -> Any:
    """Return a value as the inventory keeps it. Raises ValueError with what the schema expects."""
    outer, role = _ROLES.get(key, (key, None))
    try:
        model = HostEntry.model_validate({outer: value if role is None else {role: value}})
    except ValidationError:
        raise ValueError(f"{HostEntry.model_fields[outer].description} was expected") from None
    kept = getattr(model, outer)
    return kept if role is None else value
