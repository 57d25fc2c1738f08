"""From checked documents to a fleet: what needs more than one key, or more than one file, to judge."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from inventory.explain import explain
from inventory.files.places import Places
from inventory.findings import Findings
from inventory.model import Credential, Fleet, Host, InventoryFile, Origin, Waiver
from inventory.resolving import groups, waivers
from inventory.resolving.credentials import credential, placeholder_mistakes
from inventory.resolving.layers import Merger, said
from inventory.resolving.resolve import Resolver
from inventory.selection.select import Universe
from inventory.words import visible
from inventory.yamlfile.tree import Map

if TYPE_CHECKING:
    from inventory.resolving.groups import Node
    from inventory.schema import inventory as schema

_SELECTING = frozenset({"hosts", "children", "groups", "site", "tags", "waivers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file: its document, and the tree that has the lines.

    `file` is what messages call it, `base` the folder that its paths begin at. `names`: what stands under
    `hosts` and `credentials`, kept or not; `lost`: the keys of what was not kept.
    """

    path: Path
    file: str
    digest: str
    document: schema.Document
    tree: Map
    names: Mapping[str, frozenset[str]]
    lost: frozenset[str]
    base: Path


class Build:
    """Makes a fleet of the parts.

    `places`: in whose one count of lines the parts' trees are; None: there is one part.
    """

    def __init__(self, parts: Sequence[Part], findings: Findings, places: Places | None = None) -> None:
        self._parts = parts
        self._findings = findings
        self._places = places
        self._lost = frozenset().union(*(part.lost for part in parts))
        self._files = {part.file: part for part in parts}
        self._lines = {  # of the first host of each name
            name: part.tree["hosts"].lines.get(name, 0)
            for part in reversed(parts)
            for name in part.names["hosts"]
        }

    def fleet(self) -> Fleet:
        """Return the fleet; where there are findings it is good for nothing."""
        nodes = groups.whole_graph(
            ((part.document.groups, part.tree.get("groups")) for part in self._parts), self._findings
        )
        credentials = self._credentials()
        hosts = self._hosts(nodes, credentials)
        named = list(dict.fromkeys(name for part in self._parts for name in part.document.hosts or ()))
        counted = groups.counted(nodes, named)
        members = groups.in_order(counted, named)
        self._namesakes(nodes)
        self._twins()
        universe = Universe(hosts, members, counted)
        return Fleet(
            path=self._parts[0].path,
            digest=self._digest(),
            hosts=MappingProxyType(self._placed(hosts)),
            groups=MappingProxyType(members),
            credentials=MappingProxyType(credentials),
            counted=MappingProxyType(counted),
            waivers=tuple(self._waivers(universe)),
            name=self._name(),
            notes=self._findings.all_notes(),
            remarks=self._findings.remarks(),
            files=self._inventories() if len(self._parts) > 1 else (),
        )

    def _hosts(self, nodes: Mapping[str, Node], credentials: Mapping[str, Credential]) -> dict[str, Host]:
        from inventory.profile import load_profile

        names = frozenset().union(*(part.names["hosts"] for part in self._parts))
        direct = groups.direct(nodes, names, self._findings)
        resolver = Resolver(
            self._findings,
            credentials=credentials,
            named_credentials=frozenset().union(*(part.names["credentials"] for part in self._parts)),
            profile=load_profile,
            base=self._base,
            lost=self._lost,
        )
        found: dict[str, Host] = {}
        file = self._findings.file
        for part in self._parts:
            defaults = said(part.document.defaults, part.tree.get("defaults"), "defaults", file)
            merger = Merger(nodes, defaults, file)
            tree = part.tree.get("hosts") or Map(0)
            entries = part.document.hosts or {}
            for name, entry in entries.items():
                own = said(entry, tree[name], f"host {name}", file)
                entries[name] = tree[name] = None  # used up: hosts that follow have their room
                around = merger.around(tuple(direct.get(name, ())))
                host = resolver.host(name, tree.lines[name], own, around)
                known = host if host is None else found.setdefault(name, host)
                if host is not None and known is not None and known is not host and known != host:
                    self._another(known, host, tree.lines[name])
        return found

    def _another(self, first: Host, host: Host, line: int) -> None:
        """Refuse a host that another file says something else of: which of the two is meant, nobody knows."""
        pairs = zip(explain(host), explain(first), strict=True)
        differing = [
            f"`{one.key}` {_or_none(one.value)} and {_or_none(two.value)}"
            for one, two in pairs
            if one.value != two.value
        ]
        where = self._findings.at(self._lines[host.name])
        self._findings.say(
            line,
            f"host `{host.name}` is another one here than in {where}: {'; '.join(differing) or '`profile`'};"
            " leave it out of one of the files, or say the same in both",
        )

    def _base(self, line: int) -> Path:
        """Return the folder that paths in a line begin at; what is built in has no line, and needs none."""
        return self._files.get(self._findings.file_of(line), self._parts[0]).base

    def _credentials(self) -> dict[str, Credential]:
        found: dict[str, Credential] = {}
        bases: dict[str, Path] = {}
        for part in self._parts:
            for name, entry in (part.document.credentials or {}).items():
                tree = part.tree["credentials"]
                line = tree.lines[name]
                made = credential(name, entry, part.base, line)
                for at, message in placeholder_mistakes(made, tree[name]):
                    self._findings.say(at, message)
                if name not in found:
                    found[name], bases[name] = self._located(made, part), part.base
                elif found[name] != made or (bases[name] != part.base and _by_folder(made)):
                    where = self._findings.at(self._parts_line("credentials", name))
                    self._findings.say(
                        line,
                        f"credential `{name}` is another one here than in {where}; leave one of them out",
                    )
        return found

    def _located(self, made: Credential, part: Part) -> Credential:
        line = self._places.locate(made.line)[1] if self._places else made.line
        return replace(made, file=part.path, line=line)

    def _parts_line(self, section: str, name: str) -> int:
        """Return the first line that gives `name` in a section."""
        found = (part.tree.get(section) for part in self._parts)
        return next(int(tree.lines[name]) for tree in found if tree is not None and name in tree.lines)

    def _waivers(self, universe: Universe) -> Iterator[Waiver]:
        """Yield the waivers: a file's are for its own hosts; those of one without hosts are for all."""
        for part in self._parts:
            if not part.document.waivers or self._lost & _SELECTING:
                continue
            meant = (
                _of(universe, part.document.hosts)
                if len(self._parts) > 1 and part.document.hosts
                else universe
            )
            lines = part.tree["waivers"].lines
            for waiver in waivers.resolve(part.document.waivers, lines, meant, self._findings):
                line = self._places.locate(waiver.line)[1] if self._places else waiver.line
                yield replace(waiver, file=part.path, line=line)

    def _name(self) -> str | None:
        """Return the fleet's name; two of them are a mistake."""
        said_so = [part for part in self._parts if part.document.fleet is not None]
        for part in said_so[1:]:
            if part.document.fleet != said_so[0].document.fleet:
                where = self._findings.at(said_so[0].tree.lines["fleet"])
                message = f"`fleet` has another name here than in {where}; say it in one of the files"
                self._findings.say(part.tree.lines["fleet"], message)
        return said_so[0].document.fleet if said_so else None

    def _placed(self, hosts: dict[str, Host]) -> dict[str, Host]:
        """Return the hosts, their origins with the file that each is in."""
        if self._places is None:
            return hosts
        known: dict[Origin, Origin] = {}

        def placed(origin: Origin) -> Origin:
            if origin.line and origin not in known:
                known[origin] = (
                    Origin(origin.layer, *self._places.locate(origin.line)) if self._places else origin
                )
            return known.get(origin, origin)

        return {
            name: replace(
                host, origins=MappingProxyType({key: placed(one) for key, one in host.origins.items()})
            )
            for name, host in hosts.items()
        }

    def _digest(self) -> str:
        if len(self._parts) == 1:
            return self._parts[0].digest
        return hashlib.sha256("\n".join(part.digest for part in self._parts).encode()).hexdigest()

    def _inventories(self) -> tuple[InventoryFile, ...]:
        return tuple(
            InventoryFile(path=part.path, digest=part.digest, hosts=len(part.document.hosts or ()))
            for part in self._parts
        )

    def _namesakes(self, nodes: Mapping[str, Node]) -> None:
        """Refuse a group with a host's name: a selection could not tell them apart."""
        for name in nodes.keys() & self._lines.keys():
            where = self._findings.at(self._lines[name])
            self._findings.say(
                nodes[name].line,
                f"`{name}` is the name of this group and of a host ({where}); `--limit` needs two names",
            )

    def _twins(self) -> None:
        """Refuse hosts whose names differ in case alone: Windows names have none, nor has a selection."""
        first: dict[str, str] = {}
        for part in self._parts:
            for name in part.tree.get("hosts") or ():
                known = first.setdefault(name.casefold(), name)
                if known != name:
                    at = self._findings.at(self._lines[known])
                    self._findings.say(
                        part.tree["hosts"].lines.get(name, 0),
                        f"the hosts `{known}` ({at}) and `{name}` differ in"
                        " case alone, and Windows names have none: take another name, or leave one out",
                    )


def _of(universe: Universe, names: Mapping[str, object]) -> Universe:
    """Return what a universe has of some hosts."""
    return Universe(
        {name: host for name, host in universe.hosts.items() if name in names},
        {group: [name for name in found if name in names] for group, found in universe.groups.items()},
        {group: [name for name in found if name in names] for group, found in universe.counted.items()},
    )


def _by_folder(made: Credential) -> bool:
    """Whether a credential is another one in another folder: by a path, or by a program that is run there."""
    from inventory.secrets.registry import SOURCES

    return any("path" in secret.fields or SOURCES[secret.source].runs_program for secret in made.secrets)


def _or_none(text: str) -> str:
    return visible(text) or "none"
