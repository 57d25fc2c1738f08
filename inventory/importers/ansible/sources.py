"""Which files an Ansible inventory consists of, and what kind each of them is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from inventory.errors import InventoryError, Problem
from inventory.files.places import Places
from inventory.files.textfile import decode, read_bytes
from inventory.importers.ansible import ini, yaml_file
from inventory.importers.ansible.beside import read_beside
from inventory.importers.ansible.model import Ansible
from inventory.importers.ansible.values import SECRET, VAULT_MARK

_YAML = (".yaml", ".yml", ".json")
_TITLE = re.compile(r"^\s*(?:---|[\w.\"'-]+\s*:\s*(?:#.*)?$|\{)", re.ASCII)
_WARNING = re.compile(r"\s*\[(?:DEPRECATION )?WARNING\]: ")
_IGNORED = re.compile(
    r"^\.|^(?:host_vars|group_vars|vars_plugins)$|\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry)$|~$"
)
_FOREIGN = re.compile(
    r"\.(?:csv|tsv|xlsx?|pem|crt|cer|key|pub|pfx|p12|sh|ps1|py|rb|log|html?|xml|sql|j2|tf|lock|zip|gz|tgz)$",
    re.IGNORECASE,
)


def read_source(path: Path, data: bytes | None) -> Ansible:
    """Read a file, whose bytes are `data`, or every source of a folder; and the variables beside.

    Raises InventoryError.
    """
    base = path if data is None else path.parent
    into = Ansible(Places(str(path), "" if str(base) == "." else f"{base}{os.sep}"))
    try:
        if data is None:
            for file in _sources(path, frozenset()):
                _read_one_of(file, into)
        elif reason := _read_file(path, data, into):
            raise InventoryError([Problem(str(path), 0, f"{reason}; {_advice(path)}")])
        read_beside(base, into)
    except OSError as exc:
        message = f"cannot be read: {exc.strerror or exc}"
        raise InventoryError([Problem(str(exc.filename or path), 0, message)]) from None
    if into.problems:
        raise InventoryError(into.problems)
    return into


def _advice(path: Path) -> str:
    return f"`ansible-inventory -i {path} --list --yaml` prints what it comes to, which can be imported"


def _sources(folder: Path, within: frozenset[Path]) -> Iterator[Path]:
    """Yield the files of an inventory folder in Ansible's order;
    a link to a folder around it is not followed.
    """
    real = folder.resolve()
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if _IGNORED.search(path.name):
            continue
        if not path.is_dir():
            yield path
        elif real not in within:
            yield from _sources(path, within | {real})


def _read_one_of(file: Path, into: Ansible) -> None:
    """Read one file of a folder; what only Ansible can read, or what is no inventory, is noted."""
    folder = Path(into.places.file)
    if not file.is_file() or _FOREIGN.search(file.name):
        reason: str | None = "no inventory, by its name"
    elif SECRET.search(file.name) and file.suffix not in _YAML:
        reason = "holds a secret, by its name"
    else:
        reason = _read_file(file, read_bytes(file, what="file to import"), into)
        reason = f"{reason}; {_advice(folder)}" if reason else None
    if reason:
        into.notes.of(f"Not read: {{names}}: {reason}.", into.places.name(str(file)))


def _read_file(file: Path, data: bytes, into: Ansible) -> str | None:
    """Read a file; return the reason why that cannot be done here."""
    if data.startswith(b"#!"):
        return "a program, which is not run from here"
    if data.startswith(VAULT_MARK.encode()):
        return "encrypted with ansible-vault"
    if file.suffix.lower() == ".toml":
        return "TOML, which is not read here"
    text = decode(_without_comments(data), str(file))
    offset = into.places.add(str(file), text)
    if _WARNING.match(text):
        into.problem(
            offset + 1, "a warning that Ansible printed; keep standard error out of the file (no `2>&1`)"
        )
        return None
    if _is_yaml(file, text):
        return yaml_file.read(text, str(file), offset, into)
    ini.read(text, offset, into)
    return None


def _without_comments(data: bytes) -> bytes:
    """Empty the comments of an old file whose umlauts are not UTF-8: Ansible does not look at them."""
    try:
        data.decode()
    except UnicodeDecodeError:
        lines = data.split(b"\n")
        return b"\n".join(b"" if line.lstrip().startswith((b"#", b";")) else line for line in lines)
    return data


def _is_yaml(path: Path, text: str) -> bool:
    """Tell YAML by the file's name, else by its first line."""
    suffix = path.suffix.lower()
    if suffix in (*_YAML, ".ini"):
        return suffix != ".ini"
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", ";")))
    return _TITLE.match(next(lines, "")) is not None
