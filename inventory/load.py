"""Load an inventory: YAML in, a Fleet of resolved values out, or every mistake at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inventory.collection import no_collection
from inventory.errors import InventoryError, Problem
from inventory.files.ownership import foreign_hands
from inventory.files.textfile import decode, read_file
from inventory.findings import Findings
from inventory.model import Credential, Fleet
from inventory.words import folded

ADVICE = "; `fleetcheck inventory init` writes one to begin with"

if TYPE_CHECKING:
    from inventory.resolving.build import Part


def load(path: Path) -> Fleet:
    """Read the inventory at `path`; profiles, CA files and secret files are relative to its folder.

    Secrets are not looked up. Raises InventoryError with every mistake, and nothing else.
    """
    data, found = read_file(path, what="inventory", advice=ADVICE)
    fleet = loads(data, path)
    refuse_foreign_command(fleet.credentials, path, found)
    return fleet


def refuse_foreign_command(credentials: Mapping[str, Credential], path: Path, found: os.stat_result) -> None:
    """Refuse an inventory that runs a command and that somebody else may have written it into."""
    naming = naming_command(credentials)
    hands = foreign_hands(path, found) if naming else None
    if hands is not None:
        message = f"this file names a command to run (credential {folded(naming)}), and {hands}"
        raise InventoryError([Problem(str(path), 0, message)])


def naming_command(credentials: Mapping[str, Credential]) -> list[str]:
    """Return the names of the credentials for which a program is run."""
    from inventory.secrets.registry import SOURCES

    return [
        name
        for name, logon in credentials.items()
        if any(SOURCES[secret.source].runs_program for secret in logon.secrets)
    ]


def loads(data: bytes, path: Path) -> Fleet:
    """Do the same for bytes that are, or will be, the file at `path`."""
    findings = Findings(str(path))
    with no_collection():
        tree = read_tree(data, str(path), findings.problems)
        return build(tree, path, hashlib.sha256(data).hexdigest(), findings)


def read_tree(data: bytes, file: str, problems: list[Problem]) -> Any:
    """Return the tree of a file's bytes.

    Raises InventoryError for what is no YAML, or another kind of file.
    """
    from inventory.yamlfile.tree import parse

    text = decode(data, file)
    try:
        tree = parse(text, file, problems)
    except InventoryError:
        _refuse_other_kind(data, file)
        raise
    if not isinstance(tree, dict) or "hosts" not in tree:
        _refuse_other_kind(data, file)
    return tree


def _refuse_other_kind(data: bytes, file: str) -> None:
    """Name a text of another kind as what it is: its mistakes as an inventory help nobody."""
    from inventory.files.kinds import HEAD, INVENTORY, kind_of

    found = kind_of(data[:HEAD])
    if found not in (None, INVENTORY):
        raise InventoryError([Problem(file, 0, f"this is {found}")])


def build(tree: Any, path: Path, digest: str, findings: Findings) -> Fleet:
    """Make a Fleet of a tree with lines, which is used up by it.

    Raises InventoryError with all of `findings`.
    """
    from inventory.resolving.build import Build

    fleet = None
    part = part_of(tree, path, digest, findings.problems, findings.file)
    if part is not None:
        fleet = Build([part], findings).fleet()
    problems = findings.all_problems()
    if problems or fleet is None:
        raise InventoryError(problems)
    return fleet


def part_of(
    tree: Any, path: Path, digest: str, problems: list[Problem], file: str, *, alone: bool = True
) -> Part | None:
    """Hold a file's tree against the schema; every mistake is added to `problems`, and its part taken out.

    `alone`: no other file has the hosts. None: nothing of it can be used.
    """
    from inventory.resolving.build import Part
    from inventory.schema.check import checked
    from inventory.schema.inventory import Document, PartialDocument
    from inventory.yamlfile.tree import Map

    sections = (
        {key: value for key, value in tree.items() if isinstance(value, Map)} if isinstance(tree, Map) else {}
    )
    names = {key: frozenset(sections.get(key, ())) for key in ("hosts", "credentials")}
    check = checked(tree, Document if alone else PartialDocument, problems, file=file, what="an inventory")
    if check.document is None:
        return None
    return Part(
        path=path,
        file=file,
        digest=digest,
        document=check.document,
        tree=tree,
        names=names,
        lost=check.lost,
        base=path.parent,
    )
