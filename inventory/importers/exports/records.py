"""Lists of records as JSON, YAML or XML: what `ConvertTo-Json`, ServiceNow, NetBox and others write.

A record is a row of a table, its keys are the headings. A list may stand alone, or behind a key of an answer
(`results`); instead of a list there may be one mapping of names to records (Salt's grains, Nornir, Rundeck),
or the names and addresses alone (`terraform output -json NAME`).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from inventory.importers.exports.xml_tree import Element
from inventory.importers.table.columns import columns_of, compact
from inventory.importers.table.rows import Row, Table, meaning
from inventory.schema import shapes
from inventory.yamlfile.tree import Map, Seq

_ANSWERS = ("results", "result", "records", "value", "data", "items", "rows", "nodes")
_ANSIBLE = frozenset({"hosts", "children", "vars", "hostvars"})
_SPEAKING = ("display_value", "address", "name", "slug", "display", "value", "label")
_HOLDERS = ("MS", "Props")  # of Export-Clixml: what was selected, and an object's own
_KEYS = 1_000  # different keys in all


def table_of(tree: Any, *, json: bool) -> Table | None:
    """Return the records of a document as a table; None where there are none, or nothing names a host.

    `json`: one record alone counts, too; in YAML it could be anything.
    """
    records = _listed(tree, alone=json) or _named(tree, alone=json)
    return _table(records, records[0].line) if records else None


def xml_table(root: Element) -> Table | None:
    """Return the elements below a root as a table: ServiceNow's, Rundeck's, and PowerShell's `Export-Clixml`.

    None where they say no name of a host. An element says what its attributes and its children without any of
    their own do; of PowerShell's, `N` or `Name` is what a child is called.
    """
    return _table([_element(child) for child in root.children], root.line)


def _table(records: list[Map], line: int) -> Table | None:
    """Return records as a table; where several stand in one line, as of JSON that no person is to read, they
    are counted.
    """
    counted = len({record.line for record in records}) < len(records)
    titles = list(islice(dict.fromkeys(key for record in records for key in record), _KEYS))
    rows = [
        Row(number if counted else record.line, [_cell(record.get(title)) for title in titles])
        for number, record in enumerate(records, 1)
    ]
    columns = meaning(titles, rows)
    if not columns.names:
        return None
    return Table(Row(0 if counted else line, titles), columns, rows, "record" if counted else "line")


def _element(element: Element) -> Map:
    record = Map(element.line)
    inner = [child for holder in element.children if holder.name in _HOLDERS for child in holder.children]
    for key, value in element.attributes.items():
        record.put(key, value, element.line)
    for child in (*element.children, *inner):
        if not child.children:
            record.put(child.get("N") or child.get("Name") or child.name, child.text.strip(), child.line)
    return record


def _listed(tree: Any, *, alone: bool) -> list[Map]:
    """Return the records of a list, be it by itself or behind a key of an answer, or one record alone."""
    if isinstance(tree, Map):
        inner = next((tree[key] for key in _ANSWERS if isinstance(tree.get(key), Seq)), None)
        if inner is None and alone and not any(isinstance(value, (Map, Seq)) for value in tree.values()):
            return [tree] if columns_of(list(tree)).names else []
        tree = inner
    if not isinstance(tree, Seq):
        return []
    if all(_is_address(item, dotted=not alone) for item in tree):
        return [_named_record(item, item, line) for item, line in zip(tree, tree.lines, strict=True)]
    return list(tree) if all(isinstance(item, Map) for item in tree) else []


def _named(tree: Any, *, alone: bool) -> list[Map]:
    """Return the records of a mapping of names, each with its name; none where it may be Ansible's.

    An address has to stand in one of them: without it a group of Ansible's could look so. `alone`: addresses
    in the place of all records count, too.
    """
    if not isinstance(tree, Map) or "_meta" in tree or "plugin" in tree:
        return []
    if not alone and not any(isinstance(body, Map) for body in tree.values()):
        return []
    records = []
    for name, body in tree.items():
        if isinstance(body, Map) and not _ANSIBLE & body.keys():
            records.append(_with_name(name, body, tree.lines[name]))
        elif _is_address(body):
            records.append(_named_record(name, body, tree.lines[name]))
        else:
            return []
    words = {compact(key) for record in records for key, value in record.items() if _cell(value)}
    return records if words & {"address", "hostname", "fqdn", "ipv4", "ipaddress"} else []


def _is_address(value: Any, *, dotted: bool = True) -> bool:
    """Whether a value is an IP address, or a name; `dotted`: only one with a dot in it."""
    if not isinstance(value, str) or (dotted and "." not in value.replace(":", ".")):
        return False
    try:
        shapes.address(value)
    except ValueError:
        return False
    return True


def _named_record(name: str, address: str, line: int) -> Map:
    record = Map(line)
    record.put("name", name, line)
    record.put("address", address, line)
    return record


def _with_name(name: str, body: Map, line: int) -> Map:
    record = Map(line)
    record.put("name", name, line)
    for key, value in body.items():
        if key not in ("name", "nodename", "id"):
            record.put("address" if key == "host" and _is_said(value) else key, value, line)
    return record


def _cell(value: Any) -> str:
    """Write a value as a table has it: of a mapping what it is called, a list with `;` between."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dict():
            return next((_cell(value[key]) for key in _SPEAKING if _is_said(value.get(key))), "")
        case list():
            return ";".join(_parts(value))
        case _:
            return str(value)


def _is_said(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and value != ""


def _parts(values: Iterable[Any]) -> list[str]:
    return [_cell(each).replace(";", " ") for each in values if not isinstance(each, list)]
