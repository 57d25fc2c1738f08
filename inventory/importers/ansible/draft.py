"""From an Ansible inventory, as data, to a draft of ours.

What a variable comes to for a host is worked out by Ansible's rules (`merge`). The groups say what their
hosts get from them, and where our own rules of precedence would make something else of it, or refuse it, the
host says it itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inventory.errors import InventoryError
from inventory.importers.ansible.kinds import choose
from inventory.importers.ansible.merge import Merging
from inventory.importers.ansible.model import ROOTS, Ansible
from inventory.importers.ansible.names import Names, members, settle_names
from inventory.importers.ansible.sources import read_source
from inventory.importers.ansible.variables import DEFAULTS, LeaveOutError, Translator
from inventory.importers.draft import PLACEHOLDER, UNKNOWN_USER, Draft
from inventory.resolving.hostchecks import PORTS
from inventory.words import shown
from inventory.yamlfile.tree import Map

_ABSENT = object()


def read(path: Path, data: bytes | None) -> tuple[Draft, Ansible]:
    """Return the draft of a file with its bytes, or of a folder.

    Raises InventoryError for what nobody can read, or where there is no host.
    """
    source = read_source(path, data)
    if not source.hosts:
        raise _nothing(source, "no host in this Ansible inventory")
    draft = Draft(str(path))
    wanted = _wanted(source, draft, path if data is None else path.parent)
    names = settle_names(source, wanted)
    if not wanted:
        raise _nothing(source, "no host is left of this Ansible inventory")
    _write(source, names, {names.hosts[old]: settings for old, settings in wanted.items()}, draft)
    for sentence in source.notes.sentences():
        draft.note(sentence)
    return draft, source


def _nothing(source: Ansible, message: str) -> InventoryError:
    return InventoryError([source.places.problem(0, message), *source.notes.problems()])


def _wanted(source: Ansible, draft: Draft, base: Path) -> dict[str, Map]:
    """Return the settings of every host that is kept, by its name in Ansible."""
    standing = Counter(host.line for host in source.hosts.values())
    source.notes.crowded = frozenset(
        line for line, hosts in standing.items() if hosts > 1 and source.places.is_all(line)
    )
    merging = Merging(source)
    variables = {name: merging.variables(name) for name in merging.hosts()}
    kinds = choose(variables, source)
    translator = Translator(draft, source.notes, base)
    wanted = {}
    for name, kind in kinds.items():
        try:
            with source.notes.about(name):
                wanted[name] = translator.settings(name, variables[name], kind)
        except LeaveOutError as exc:
            source.notes.of(f"Left out: {{names}}: {exc}.", name, exc.line)
    translator.mention()
    return wanted


def _write(source: Ansible, names: Names, wanted: Mapping[str, Map], draft: Draft) -> None:
    """Fill the draft's sections."""
    below = _below(source, names)
    _say(source, "all", wanted, draft.section("defaults"))
    _ask_for_users(wanted, draft)
    for old, name in names.groups.items():
        group, body = source.groups[old], Map(source.groups[old].line)
        draft.section("groups").put(name, body, group.line)
        _say(source, old, {host: wanted[host] for host in below[old]}, body)
        for host, line in members(source, names, old).items():
            draft.join(name, host, line)
        children = Map(group.line)
        for child, line in group.children.items():
            if child in names.groups:
                children.put(names.groups[child], None, line)
            elif child not in ROOTS:
                words = f"group {shown(old)} has the child {shown(child)}, which stands nowhere"
                source.notes.say(f"{words}.", line)
        if children:
            body.put("children", children, group.line)
    hosts = draft.section("hosts")
    for name, settings in wanted.items():
        hosts.put(name, Map(settings.line), settings.line)
        if "address" in settings and settings["address"] != name:
            hosts[name].put("address", settings["address"], settings.lines["address"])
    asked = {names.hosts[old] for old in draft.doubtful if old in names.hosts}
    draft.doubtful = {name for name in asked if "address" not in wanted[name]}
    _share(draft, wanted)
    _settle(draft, wanted)


def _below(source: Ansible, names: Names) -> dict[str, list[str]]:
    """Return the hosts of each group, those of its children included."""
    found: dict[str, dict[str, None]] = {}

    def collect(group: str) -> dict[str, None]:
        if group not in found:
            found[group] = dict.fromkeys(members(source, names, group))
            for child in source.groups[group].children:
                if child in source.groups:
                    found[group] |= collect(child)
        return found[group]

    return {group: list(collect(group)) for group in names.groups}


def _say(source: Ansible, group: str, hosts: Mapping[str, Map], body: Map) -> None:
    """Let a group say what its hosts have from its variables; most of them, where they differ (templates)."""
    own = source.groups[group]
    lines = {*own.variables.lines.values(), *own.beside.lines.values()}
    said: dict[str, Counter[tuple[Any, int]]] = {}
    for settings in hosts.values():
        for key, value, line in _items(settings):
            if key != "address" and line in lines:
                said.setdefault(key, Counter())[value, line] += 1
    for key, counter in said.items():
        (value, line), _ = counter.most_common(1)[0]
        if not (key == "transport" and value == "https" and "port" in said):
            body.put(key, value, line)


def _share(draft: Draft, wanted: Mapping[str, Map]) -> None:
    """Move to `defaults` what every host says for itself alone,
    as in the flat lists of `ansible-inventory`.
    """
    defaults, groups = draft.section("defaults"), draft.section("groups")
    spoken = {key for body in (defaults, *groups.values()) for key in body}
    first = next(iter(wanted.values()))
    for key, value, line in _items(first):
        if key == "address" or key in spoken or (key, value) == ("transport", "https") or len(wanted) == 1:
            continue
        if all(settings.get(key, _ABSENT) == value for settings in wanted.values()):
            defaults.put(key, value, line)


def _ask_for_users(wanted: Mapping[str, Map], draft: Draft) -> None:
    """Give hosts without a user name a credential to fill in; Kerberos can do without."""
    defaults = draft.section("defaults")
    for found in wanted.values():
        if "credential" not in found and found.get("auth") != "kerberos":
            found.put("credential", draft.credential(UNKNOWN_USER, found.line), 0)
    missing = any(found.get("credential") == PLACEHOLDER for found in wanted.values())
    if missing and "credential" not in defaults and all("credential" in found for found in wanted.values()):
        defaults.put("credential", PLACEHOLDER, 0)


def _items(settings_of: Map) -> Iterator[tuple[str, Any, int]]:
    for key, value in settings_of.items():
        yield key, value, settings_of.lines[key]


def _settle(draft: Draft, wanted: Mapping[str, Map]) -> None:
    """Where groups and defaults give a host something else than Ansible did, let the host say it."""
    from inventory.findings import Findings
    from inventory.resolving.groups import direct, graph
    from inventory.resolving.layers import Merger, said
    from inventory.schema.check import checked
    from inventory.schema.inventory import Document

    findings = Findings(draft.file)
    document = checked(draft.tree, Document, findings.problems, file=draft.file, what="an inventory").document
    nodes = graph(document.groups, draft.tree.get("groups"), findings) if document else {}
    if document is None or findings.problems:
        raise InventoryError(findings.all_problems())
    defaults = said(document.defaults, draft.tree.get("defaults"), "defaults", draft.file)
    merger = Merger(nodes, defaults, draft.file)
    named = direct(nodes, wanted.keys(), findings)
    for name, settings_of in wanted.items():
        around = merger.around(tuple(named.get(name, ())))
        disputed = {found.key for found in around.disagreements}
        host: Map = draft.tree["hosts"][name]
        usual = {**DEFAULTS, "credential": None, "port": PORTS[settings_of["transport"]]}
        for key in {**usual, "transport": None}:
            value = settings_of.get(key, usual.get(key))
            ours = around.layer[key][0] if key in around.layer else usual.get(key)
            if ours != value or key in disputed:
                host.put(key, value, settings_of.lines.get(key, settings_of.line))
