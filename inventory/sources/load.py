"""Load an inventory from wherever it comes: its sources are read, each for itself, and then as one."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from inventory.collection import no_collection
from inventory.errors import InventoryError, Problem, file_words
from inventory.files.places import Places
from inventory.files.textfile import decode, read_file
from inventory.findings import Findings
from inventory.load import (
    ADVICE,
    load,
    naming_command,
    part_of,
    read_tree,
    refuse_foreign_command,
)
from inventory.model import Fleet
from inventory.resolving.build import Build, Part
from inventory.sources.program import begins_as_script, is_program, run
from inventory.sources.source import Source, Sources, named
from inventory.words import folded, plural
from inventory.yamlfile.tree import Map, Seq

NOT_NAMED = (
    "this is a program: it is run only where -i or FLEETCHECK_INVENTORY names it, and never by a command "
    "that only reads results"
)


def load_all(sources: Sources) -> Fleet:
    """Return the hosts of all sources as one inventory; secrets are not looked up.

    Each file's paths begin at its own folder, and its `defaults` are for its own hosts; what files say of a
    group adds up. Raises InventoryError with every mistake, and where two files disagree.
    """
    (first, *others) = sources
    try:
        if not others and not first.is_stdin and not is_program(first.path):
            return load(first.path)
        with no_collection():
            return _Several(sources).fleet()
    except InventoryError as error:
        raise InventoryError([*error.problems, *_scripts(sources)]) from None


def _scripts(sources: Sources) -> Iterator[Problem]:
    """Say of each script that was read as YAML how it comes to be run."""
    for source in sources:
        if source.runs and begins_as_script(source.path) and not is_program(source.path):
            words = "this begins as a script and is not executable; as a program it is run for what it prints"
            yield Problem(str(source.path), 0, f"{words}: chmod u+x {shlex.quote(str(source.path))}")


class _Several:
    """Reads the sources in turn; lines are in one count, so that each says its file."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._files: defaultdict[Path, list[Source]] = defaultdict(list)
        for source in sources:
            self._files[_file(source)].append(source)
        self._problems: list[Problem] = []
        self._remarks: list[str] = []
        self._notes: list[str] = []
        self._places = Places("", "")
        self._found: dict[Path, os.stat_result] = {}

    def fleet(self) -> Fleet:
        """Return the whole. Raises InventoryError."""
        parts = [part for source in self._sources if (part := self._part(source)) is not None]
        findings = Findings("", self._places)
        findings.problems += self._problems
        if len(parts) < len(self._sources):
            raise InventoryError(findings.all_problems())
        fleet = Build(parts, findings, self._places).fleet()
        if problems := findings.all_problems():
            raise InventoryError(problems)
        if not fleet.hosts:
            names = named(self._sources)
            raise InventoryError([Problem(names, 0, "there is no host in it")])
        self._refuse_foreign_commands(fleet)
        return replace(fleet, remarks=(*fleet.remarks, *self._remarks), notes=(*fleet.notes, *self._notes))

    def _refuse_foreign_commands(self, fleet: Fleet) -> None:
        """Refuse a command to run where others could have written it, and where nobody knows who has."""
        for source in self._sources:
            own = {name: one for name, one in fleet.credentials.items() if one.file == source.path}
            if source.path in self._found:
                refuse_foreign_command(own, source.path, self._found[source.path])
            elif source.is_stdin and (naming := naming_command(own)):
                words = (
                    f"this names a command to run (credential {folded(naming)}), and nobody knows who wrote"
                )
                raise InventoryError(
                    [Problem(file_words(source.path), 0, f"{words} it; take a file, by -i FILE")]
                )

    def _part(self, source: Source) -> Part | None:
        """Read one source; None, with its mistakes kept, where nothing of it can be used."""
        file = file_words(source.path)
        try:
            tree, data = self._tree(source, file)
        except InventoryError as error:
            self._problems += error.problems
            return None
        digest = hashlib.sha256(data).hexdigest()
        alone = len(self._sources) == 1
        part = part_of(tree, source.path, digest, self._problems, file, alone=alone)
        if part is None:
            return None
        _shift(tree, self._places.add(file, decode(data, file)))
        return part

    def _tree(self, source: Source, file: str) -> tuple[Any, bytes]:
        """Return a source's tree, lines counted from 1, and the bytes that it is from.

        Raises InventoryError.
        """
        twins = [each for each in self._files[_file(source)] if each is not source]
        if twins:
            name = "" if twins[0].path == source.path else f", as {twins[0].path} too"
            raise InventoryError([Problem(file, 0, f"this inventory is named twice{name}; name it once")])
        if not source.is_stdin and is_program(source.path):
            return self._printed(source, file)
        if source.is_stdin:
            data = source.data or b""
        else:
            data, self._found[source.path] = read_file(source.path, what="inventory", advice=ADVICE)
        return read_tree(data, file, self._problems), data

    def _printed(self, source: Source, file: str) -> tuple[Any, bytes]:
        from inventory.sources.output import tree_of

        if not source.runs:
            raise InventoryError([Problem(file, 0, NOT_NAMED)])
        data = run(source.path)
        tree, notes = tree_of(data, source.path)
        self._notes += [f"{file}: {note}" for note in notes]
        if notes:
            count = plural(len(notes), "note")
            self._remarks.append(f"{file}: {count} on what it printed; `fleetcheck inventory check` has them")
        return tree, data


def _file(source: Source) -> Path:
    """Return which file a source is, whatever leads to it; a program may go by the name that it is run by."""
    if source.is_stdin or is_program(source.path):
        return source.path.absolute()
    try:
        return source.path.resolve()
    except (OSError, RuntimeError):  # a circle of links
        return source.path.absolute()


def _shift(tree: Any, offset: int) -> None:
    """Add `offset` to every line of a tree, which aliases may have made share its parts.

    No line is before 1.
    """
    seen: set[int] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, (Map, Seq)) or id(node) in seen:
            continue
        seen.add(id(node))
        node.line = max(node.line, 1) + offset
        if isinstance(node, Map):
            node.lines = {key: max(line, 1) + offset for key, line in node.lines.items()}
            waiting += node.values()
        else:
            node.lines = [max(line, 1) + offset for line in node.lines]
            waiting += node
