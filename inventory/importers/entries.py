"""Hosts as some export lists them, as an inventory that loads: what cannot be used is left out, and noted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from inventory.errors import InventoryError
from inventory.findings import Findings
from inventory.importers.draft import UNKNOWN_USER, Draft
from inventory.importers.table.names import distinct, rename
from inventory.importers.table.notes import Notes
from inventory.importers.table.settings import Entry
from inventory.load import build
from inventory.profile import load_profile
from inventory.resolving.hostchecks import no_authority
from inventory.words import shown
from inventory.yamlfile.tree import Map, Seq

_ROUNDS = (
    4  # of leaving out what the loader refuses; what is left then is a mistake of ours, and told as it is
)


def drafted(entries: Iterable[Entry], path: Path, notes: Notes, nothing: tuple[int, str]) -> Draft:
    """Return a draft of the hosts, which loads; what was changed or left out is in its notes, by line.

    `nothing`: the line and the words where there is no host, and no reason of one's own for that. Raises
    InventoryError then, with the reason of each that was left out.
    """
    file = str(path)
    found = _usable(distinct(entries, notes), path.parent, notes)
    rename(found, notes)
    found = _loadable(found, path, notes)
    if not found:
        reasons = notes.left_out or dict([nothing])
        raise InventoryError(
            [notes.problem(file, line, f"no host: {reason}") for line, reason in reasons.items()]
        )
    draft = _draft(found, file)
    for sentence in notes.sentences():
        draft.note(sentence)
    return draft


def _usable(found: list[Entry], base: Path, notes: Notes) -> list[Entry]:
    """Leave out hosts whose `profile` or `ca` file is none: without it they would be judged, or trusted,
    otherwise.
    """
    reasons: dict[tuple[str, str], str | None] = {}
    usable = []
    for entry in found:
        mistakes = []
        for key, look in (("profile", _no_profile), ("ca", _no_ca)):
            value = entry.settings.get(key)
            if value is None:
                continue
            if (key, value) not in reasons:
                reasons[key, value] = look(value, base)
            if reason := reasons[key, value]:
                mistakes.append(f"`{key}` {shown(value)}: {reason}")
        for mistake in mistakes:
            notes.leave_out(entry.line, mistake)
        if not mistakes:
            usable.append(entry)
    return usable


def _no_profile(value: str, base: Path) -> str | None:
    try:
        load_profile(value, base)
    except InventoryError as exc:
        return exc.problems[0].message
    return None


def _no_ca(value: str, base: Path) -> str | None:
    return no_authority(base / Path(value).expanduser())


def _loadable(found: list[Entry], path: Path, notes: Notes) -> list[Entry]:
    """Leave out the hosts that the loader has something against, so that what is written loads.

    It is given their numbers for lines: many of a document may stand in one line.
    """
    for _round in range(_ROUNDS):
        findings = Findings(str(path))
        if not found:
            break
        try:
            numbered = [replace(entry, line=number) for number, entry in enumerate(found, 1)]
            build(_draft(numbered, str(path)).tree, path, "", findings)
            break
        except InventoryError as exc:
            refused = {problem.line: problem.message for problem in exc.problems}
            for number, message in refused.items():
                if 1 <= number <= len(found):
                    notes.leave_out(found[number - 1].line, message)
            found = [entry for number, entry in enumerate(found, 1) if number not in refused]
    return found


def _draft(found: list[Entry], file: str) -> Draft:
    draft = Draft(file)
    for entry in found:
        draft.section("hosts").put(entry.name, _host(entry, draft), entry.line)
        for group in entry.groups:
            draft.join(group, entry.name, entry.line)
    without = next((entry for entry in found if entry.username is None), None)
    if without:
        credential = draft.credential(UNKNOWN_USER, without.line)
        draft.section("defaults").put("credential", credential, without.line)
    return draft


def _host(entry: Entry, draft: Draft) -> Map:
    """Return what a host's row says, as a mapping with lines."""
    host = Map(entry.line)
    if entry.address != entry.name:
        host.put("address", entry.address, entry.line)
    for key, value in entry.settings.items():
        host.put(key, _lined(value, entry.line) if isinstance(value, dict) else value, entry.line)
    if entry.username is not None:
        host.put("credential", draft.credential(entry.username, entry.line), entry.line)
    if entry.tags:
        tags = Seq(entry.line)
        for tag in entry.tags:
            tags.put(tag, entry.line)
        host.put("tags", tags, entry.line)
    return host


def _lined(values: dict[str, object], line: int) -> Map:
    found = Map(line)
    for key, value in values.items():
        found.put(key, value, line)
    return found
