"""Load an inventory: YAML in, a Fleet of resolved values out, or every mistake at once."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from inventory.errors import InventoryError, Problem
from inventory.files.ownership import foreign_hands
from inventory.files.textfile import decode, read_file
from inventory.findings import Findings
from inventory.model import Credential, Fleet, Host, Waiver
from inventory.words import folded

if TYPE_CHECKING:
    from inventory.resolving.groups import Node
    from inventory.schema import inventory as schema


def load(path: Path) -> Fleet:
    """Read the inventory at `path`; profiles, CA files and secret files are relative to its folder.

    Secrets are not looked up. Raises InventoryError with every mistake, and nothing else.
    """
    advice = "; `fleetcheck inventory init` writes one to begin with"
    data, found = read_file(path, what="inventory", advice=advice)
    fleet = loads(data, path)
    _refuse_foreign_command(fleet, found)
    return fleet


def _refuse_foreign_command(fleet: Fleet, found: os.stat_result) -> None:
    """Refuse an inventory that runs a command and that somebody else may have written it into."""
    from inventory.secrets.registry import SOURCES

    naming = [
        name
        for name, logon in fleet.credentials.items()
        if any(SOURCES[secret.source].runs_program for secret in logon.secrets)
    ]
    hands = foreign_hands(fleet.path, found) if naming else None
    if hands is not None:
        message = f"this file names a command to run (credential {folded(naming)}), and {hands}"
        raise InventoryError([Problem(str(fleet.path), 0, message)])


def loads(data: bytes, path: Path) -> Fleet:
    """Do the same for bytes that are, or will be, the file at `path`."""
    from inventory.yamlfile.tree import parse

    findings = Findings(str(path))
    with _no_collection():
        text = decode(data, str(path))
        try:
            tree = parse(text, str(path), findings.problems)
        except InventoryError:
            _refuse_other_kind(data, findings.file)
            raise
        if not isinstance(tree, dict) or "hosts" not in tree:
            _refuse_other_kind(data, findings.file)
        return build(tree, path, hashlib.sha256(data).hexdigest(), findings)


def _refuse_other_kind(data: bytes, file: str) -> None:
    """Name a text of another kind as what it is: its mistakes as an inventory help nobody."""
    from inventory.files.kinds import HEAD, INVENTORY, kind_of

    found = kind_of(data[:HEAD])
    if found not in (None, INVENTORY):
        raise InventoryError([Problem(file, 0, f"this is {found}")])


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from looking, again and again, through objects that are all still in use."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()  # the two together count what was made as old: it is not gone over at once
            gc.unfreeze()
            gc.enable()


def build(tree: Any, path: Path, digest: str, findings: Findings) -> Fleet:
    """Make a Fleet of a tree with lines, which is used up by it.

    Raises InventoryError with all of `findings`.
    """
    from inventory.schema.check import checked
    from inventory.schema.inventory import Document
    from inventory.yamlfile.tree import Map

    sections = (
        {key: value for key, value in tree.items() if isinstance(value, Map)} if isinstance(tree, Map) else {}
    )
    names = {key: frozenset(sections.get(key, ())) for key in ("hosts", "credentials")}
    check = checked(tree, Document, findings.problems, file=findings.file, what="an inventory")
    fleet = None
    if check.document is not None:
        fleet = _Build(check.document, tree, names, check.lost, findings).fleet(path, digest)
    problems = findings.all_problems()
    if problems or fleet is None:
        raise InventoryError(problems)
    return fleet


class _Build:
    """The second half of loading: everything that needs more than one key to judge."""

    def __init__(
        self,
        document: schema.Document,
        tree: Any,
        names: Mapping[str, frozenset[str]],
        lost: frozenset[str],
        findings: Findings,
    ) -> None:
        self._document = document
        self._tree = tree
        self._names = names
        self._lost = lost
        self._findings = findings

    def fleet(self, path: Path, digest: str) -> Fleet:
        """Return the fleet; where there are findings it is good for nothing."""
        from inventory.resolving import groups, waivers
        from inventory.selection.select import Universe

        nodes = groups.graph(self._document.groups, self._tree.get("groups"), self._findings)
        credentials = self._credentials(path.parent)
        hosts = self._hosts(nodes, credentials, path.parent)
        members = groups.members(nodes, self._document.hosts)
        counted = groups.counted(nodes, self._document.hosts)
        self._namesakes(nodes)
        self._twins()
        found: tuple[Waiver, ...] = ()
        if self._document.waivers and not self._lost & {
            "hosts",
            "children",
            "groups",
            "site",
            "tags",
            "waivers",
        }:
            universe = Universe(hosts, members, counted)
            found = waivers.resolve(
                self._document.waivers, self._tree["waivers"].lines, universe, self._findings
            )
        return Fleet(
            path=path,
            digest=digest,
            hosts=MappingProxyType(hosts),
            groups=MappingProxyType(members),
            credentials=MappingProxyType(credentials),
            counted=MappingProxyType(counted),
            waivers=found,
            name=self._document.fleet,
            notes=tuple(map(str, self._findings.notes)),
            remarks=self._findings.remarks(),
        )

    def _hosts(
        self, nodes: Mapping[str, Node], credentials: Mapping[str, Credential], base: Path
    ) -> dict[str, Host]:
        from inventory.profile import load_profile
        from inventory.resolving.groups import direct
        from inventory.resolving.layers import Merger, said
        from inventory.resolving.resolve import Resolver

        file, tree = self._findings.file, self._tree["hosts"]
        named = direct(nodes, self._names["hosts"], self._findings)
        merger = Merger(
            nodes, said(self._document.defaults, self._tree.get("defaults"), "defaults", file), file
        )
        resolver = Resolver(
            self._findings,
            credentials=credentials,
            named_credentials=self._names["credentials"],
            profile=lambda reference: load_profile(reference, base),
            base=base,
            lost=self._lost,
        )
        hosts = {}
        for name, entry in self._document.hosts.items():
            own = said(entry, tree[name], f"host {name}", file)
            host = resolver.host(name, tree.lines[name], own, merger.around(tuple(named.get(name, ()))))
            if host is not None:
                hosts[name] = host
        return hosts

    def _credentials(self, base: Path) -> dict[str, Credential]:
        from inventory.resolving.credentials import credential, placeholder_mistakes

        found = {}
        for name, entry in (self._document.credentials or {}).items():
            tree = self._tree["credentials"]
            found[name] = credential(name, entry, base, tree.lines[name])
            for line, message in placeholder_mistakes(found[name], tree[name]):
                self._findings.say(line, message)
        return found

    def _namesakes(self, nodes: Mapping[str, Node]) -> None:
        """Refuse a group with a host's name: a selection could not tell them apart."""
        for name in nodes.keys() & self._names["hosts"]:
            line = self._tree["hosts"].lines.get(name, 0)
            self._findings.say(
                nodes[name].line,
                f"`{name}` is the name of this group and of a host (line {line}); `--limit` needs two names",
            )

    def _twins(self) -> None:
        """Refuse hosts whose names differ in case alone: Windows names have none, nor has a selection."""
        lines = getattr(self._tree["hosts"], "lines", {})
        first: dict[str, str] = {}
        for name in self._tree["hosts"]:
            known = first.setdefault(name.casefold(), name)
            if known != name:
                self._findings.say(
                    lines.get(name, 0),
                    f"the hosts `{known}` (line {lines.get(known, 0)}) and `{name}` differ in case alone, "
                    "and Windows names have none: take another name, or leave one out",
                )
