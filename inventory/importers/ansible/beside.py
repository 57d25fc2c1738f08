"""`group_vars` and `host_vars` beside a source, found and merged as ansible-core 2.19 does
(`host_group_vars`).

Of `NAME`, `NAME.yml`, `NAME.yaml` and `NAME.json` the first that is there counts; a folder is read whole,
sorted, with its subfolders. `group_vars` beside the playbooks belong to a play and not to the inventory: they
are only told of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from inventory.files.textfile import decode, read_bytes
from inventory.importers.ansible.model import Ansible, Group, Host
from inventory.importers.ansible.values import VAULT_MARK, checked
from inventory.importers.ansible.yaml_file import tree_of
from inventory.words import shown
from inventory.yamlfile.tree import Map

_ENDINGS = ("", ".yml", ".yaml", ".json")
_FOLDERS = ("group_vars", "host_vars")


def read_beside(base: Path, into: Ansible) -> None:
    """Read what stands in `base` for the groups and hosts that the inventory has. Raises InventoryError."""
    both: tuple[Mapping[str, Group | Host], ...] = (into.groups, into.hosts)
    for folder, owners in zip(_FOLDERS, both, strict=True):
        root = base / folder
        if root.is_dir():
            known = {entry.name for entry in root.iterdir()}
            for name, owner in owners.items():
                for file in _files(root, name, known):
                    _read(file, owner.beside, into)
            _tell_of_nobody(root, known, owners, into)
    _tell_of_playbooks(base, into)


def _tell_of_nobody(root: Path, known: set[str], owners: Mapping[str, Group | Host], into: Ansible) -> None:
    """Note what stands there for a name that the inventory has not: `web-servers.yml` for `web_servers`."""
    meant = {name.partition("/")[0] + ending for name in owners for ending in _ENDINGS}
    for name in sorted(known - meant):
        if not name.startswith(".") and not name.endswith("~"):
            words = "Not read, because the inventory has no group or host of that name: {names}."
            into.notes.of(words, into.places.name(str(root / name)))


def _files(root: Path, name: str, known: set[str]) -> Iterator[Path]:
    """Yield the files that speak of a name, in their order."""
    if name.startswith("/") or ".." in name.split("/"):
        return
    for ending in _ENDINGS:
        if "/" not in name and name + ending not in known:
            continue
        path = root / (name + ending)
        if path.is_dir():
            yield from _folder(path)
            return
        if path.exists():
            if path.is_file():
                yield path
            return


def _folder(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith(".") or path.name.endswith("~"):
            continue
        if path.is_dir() and not path.suffix:
            yield from _folder(path)
        elif path.is_file() and path.suffix in _ENDINGS:
            yield path


def _read(file: Path, variables: Map, into: Ansible) -> None:
    """Let a file's variables replace those that were read before."""
    text = decode(read_bytes(file, what="file of variables"), str(file))
    name = into.places.name(str(file))
    if text.startswith(VAULT_MARK):
        into.notes.of("Encrypted with ansible-vault, and not read: {names}.", name)
        return
    offset = into.places.add(str(file), text)
    tree = tree_of(text, str(file), offset, into)
    if isinstance(tree, Map):
        into.notes.of("Read beside the inventory: {names}.", name)
        for key, value in tree.items():
            variables.put(key, checked(value), tree.lines[key])
    elif tree is not None:
        into.problem(offset + 1, f"expected a mapping of variables, found {shown(tree)}")


def _tell_of_playbooks(base: Path, into: Ansible) -> None:
    """Note folders of variables where playbooks usually stand, one or two levels up."""
    here = base.absolute()
    for above in here.parents[:2]:
        found = [name for name in _FOLDERS if (above / name).is_dir()]
        if found:
            words = " and ".join(f"`{above / name}`" for name in found)
            into.notes.say(
                f"Not read: {words}, which belongs to the playbooks. If it says how hosts are reached, "
                f"import what `ansible-inventory -i {into.places.file} --playbook-dir {above} --list "
                "--yaml` prints."
            )
