"""Make an inventory of what is already there: an Ansible inventory (YAML or INI) or a CSV table."""

from __future__ import annotations

import re
from pathlib import Path

from inventory.textfile import decode, read_bytes

_TITLE = re.compile(r"^\s*(?:---|[\w.-]+\s*:\s*(?:#.*)?$|\{)", re.ASCII)


def import_inventory(path: Path) -> str:
    """Return the text of an inventory made from the file at `path`; it loads without a mistake.

    The kind of file is told by its name (.csv, .tsv, .yaml, .yml, .json, .ini), else by its first line. Secrets are not
    taken over: where there were some the text says `{from: prompt}`, and its head says what else was left out.
    Raises InventoryError with every mistake at its line in the file that was read.
    """
    from inventory.importers import ansible_ini, ansible_yaml, csv_table
    from inventory.importers.ansible import as_inventory
    from inventory.importers.writing import write

    data, file = read_bytes(path, what="file to import"), str(path)
    if csv_table.is_table(data, path):
        return write(csv_table.read(data, path), path)
    text = decode(data, file)
    match _kind(path, text):
        case "yaml":
            draft = as_inventory(ansible_yaml.read(text, file))
        case _:
            draft = as_inventory(ansible_ini.read(text, file))
    return write(draft, path)


def _kind(path: Path, text: str) -> str:
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml", ".json"):
        return "yaml"
    if suffix == ".ini":
        return "ini"
    first = next(
        (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", ";"))), ""
    )
    return "yaml" if _TITLE.match(first) else "ini"
