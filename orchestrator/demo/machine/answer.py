"""What `probe.ps1` would answer on a host of the model: (model, parameters, now) -> the document's text.

Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from inventory.windows_names import fold
from orchestrator.demo.machine.attempts import Attempts, Canary
from orchestrator.demo.machine.model import Entry, Key, KeyState, Machine, Row
from orchestrator.demo.machine.parameters import Parameters
from orchestrator.demo.machine.targets import Found, find_targets, important_ports
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.reading import Kind, Result, Value

LIMIT = 65_536  # characters of an answer
NAMED_LIMIT = 4_096  # characters of JSON that a value which the profile names may have
MOST_ROWS = 64
_STATES = ("Established", "SynSent", "CloseWait")
_SHORT_ESCAPES = re.compile(r'\\(["\\bfnrt])')
_LONG = {'"': "0022", "\\": "005c", "b": "0008", "f": "000c", "n": "000a", "r": "000d", "t": "0009"}

Document = dict[str, Any]


def probe(machine: Machine, given: Mapping[str, object], now: datetime) -> str:
    """Answer as the script does; raises BadParameters where the script could not have been called like that.

    `now` is the host's own UTC clock.
    """
    if machine.language != "FullLanguage":
        return render({"v": 1, "script": "probe", "language": machine.language})
    asked = Parameters.read(given)
    views = _views(machine, asked)
    values = [_value(entry) for key, _ in views if key is not None for entry in _ordered(key)]
    important, pinned = important_ports(asked, values)
    targets = find_targets(asked, values, machine.names)
    attempts = Attempts(asked, machine.network, targets, important, pinned, machine.names)
    if "attempts" not in machine.failing:
        attempts.run(key_found=any(row["state"] == "present" for _, row in views))
    document: Document = {
        "v": 1,
        "script": "probe",
        "language": machine.language,
        "mode": asked.mode,
        "whole": attempts.whole,
        "deadline": attempts.deadline_hit,
        "cut": 0,
        "parts": _parts(machine, attempts.elapsed),
        "identity": _identity(machine, now),
        "views": [row for _, row in views],
        "connections": _connections(machine, asked, targets, important),
        "targets": [_target(target, asked) for target in targets],
        "attempts": _attempts(attempts),
        "canaries": [row for canary in attempts.canaries if (row := _canary(canary))["r"]],
    }
    _fit(document, {fold(name) for r in asked.roles for name in (r.port_value, r.address_value) if name})
    return render(document)


def render(document: object) -> str:
    """Write JSON as the script does: ASCII, no blanks, every escape in its long form."""
    text = json.dumps(document, separators=(",", ":")).replace("\x7f", "\\u007f")
    return _SHORT_ESCAPES.sub(lambda match: f"\\u{_LONG[match[1]]}", text)


def host_clock(now: datetime) -> str:
    """Write a time as .NET does, with seven digits."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def _parts(machine: Machine, attempting: int) -> list[Document]:
    took = {"identity": 12, "registry": 3, "connections": 2, "attempts": attempting}
    return [{"n": name, "ms": ms, "e": machine.failing.get(name)} for name, ms in took.items()]


def _identity(machine: Machine, now: datetime) -> Document:
    return {
        "computer": machine.computer,
        "fqdn": machine.fqdn,
        "machine_id": machine.machine_id,
        "os_name": machine.os_name,
        "os_version": machine.os_version,
        "powershell": machine.powershell,
        "edition": machine.edition,
        "clr": machine.clr,
        "clock": host_clock(now),
        "time_zone": machine.time_zone,
        "utc_offset": machine.utc_offset,
        "elevated": machine.elevated,
        "bits": machine.bits,
        "interfaces": [{"n": name, "a": list(addresses)} for name, addresses in machine.interfaces.items()],
    }


def _views(machine: Machine, asked: Parameters) -> list[tuple[Key | None, Document]]:
    wanted = asked.views
    if machine.bits != 64:  # noqa: PLR2004  # a 32-bit system has one view
        wanted = (32,) if 32 in wanted else wanted[:1]  # noqa: PLR2004
    return [_view(machine, asked.key, view) for view in wanted]


def _view(machine: Machine, path: str, view: int) -> tuple[Key | None, Document]:
    """Return the key where it can be read, and the row without its values."""
    row: Document = {"view": view, "state": "absent", "path": path, "e": None, "dropped": 0, "values": []}
    if "registry" in machine.failing:
        return None, row | {"state": "failed", "e": machine.failing["registry"]}
    found = machine.registry.matching(view, path)
    if not found:
        return None, row
    if len(found) > 1:
        head = path.index("*")
        names = [key.path[head:].split("\\", 1)[0] for key in found]
        row |= {"state": "failed", "e": f"{len(found)} subkeys hold it: {', '.join(names)}"}
        return None, row
    key = found[0]
    row |= {"state": str(key.state), "path": key.path if "*" in path else path}
    if key.state is not KeyState.PRESENT:
        row["e"] = key.error
        return None, row
    row["values"] = [_value_row(_value(entry)) for entry in _ordered(key)]
    return key, row


def _ordered(key: Key) -> list[Entry]:
    """Return a key's values in the ordinal order of .NET, which compares UTF-16 units."""
    return sorted(key.values.values(), key=lambda entry: entry.name.encode("utf-16-be", "surrogatepass"))


def _value(entry: Entry) -> Value:
    return Value(name=entry.name, kind=entry.kind, data=entry.data)


def _value_row(value: Value) -> Document:
    data = value.data
    if isinstance(data, tuple):
        data = list(data)  # type: ignore[assignment]  # JSON's list
    return {
        "n": value.name,
        "k": str(value.kind),
        "d": str(data) if isinstance(data, int) else data,
        "cut": False,
    }


def _connections(
    machine: Machine, asked: Parameters, targets: Sequence[Found], important: Sequence[Sequence[int]]
) -> Document:
    if "connections" in machine.failing:
        return {"complete": False, "rows": []}
    ports = {*asked.ports, *(port for role in important for port in role)}
    far = {address for target in targets for address in target.addresses}
    rows = [
        row
        for row in machine.connections
        if row.remote_port in ports and canonical(row.remote_address) in far
    ]
    kept = sorted((row for row in rows if row.state in _STATES), key=lambda row: row.state != "Established")
    return {"complete": len(kept) <= MOST_ROWS, "rows": [_connection(row) for row in kept[:MOST_ROWS]]}


def _connection(row: Row) -> list[str | int]:
    return [row.local_address, row.local_port, canonical(row.remote_address), row.remote_port, row.state]


def _target(target: Found, asked: Parameters) -> Document:
    return {
        "role": asked.roles[target.role].name,
        "source": str(target.source),
        "value": target.value,
        "name": target.name,
        "addresses": list(target.addresses),
        "decides": target.decides,
    }


def _attempts(attempts: Attempts) -> list[Document]:
    return [
        {"t": index, "a": one.address or None, "p": port, "r": str(one.result), "ms": one.milliseconds,
         "n": one.number, "e": one.error}
        for index, target in enumerate(attempts.targets)
        for port in target.asked
        for one in attempts.of(target, port)
    ]  # fmt: skip


def _canary(canary: Canary) -> Document:
    """Return the row of a canary; its result is null where the deadline kept it from being asked."""
    tried = canary.tried
    result, took = (Result.NAME_ERROR, None) if tried is None else (tried.result, tried.milliseconds)
    return {"k": canary.kind, "a": canary.address, "p": canary.port, "r": result, "ms": took}


def _fit(document: Document, named: set[str]) -> None:
    """Cut values until the document fits, by step 9: the named ones first, then names, then data,
    in order.
    """
    views = document["views"]
    room = LIMIT - len(render(document | {"views": []})) - 80
    rest: list[tuple[Document, Document]] = []
    for view in views:
        room -= 100 + len(render([view["path"], view["e"]]))
        for value in view["values"]:
            if fold(value["n"]) not in named:
                rest.append((view, value))
                continue
            if len(render(value)) > NAMED_LIMIT:
                _cut(document, value)
            room -= len(render(value)) + 1
    kept = _keep_names(rest, room)
    room = kept[1]
    for index, (_, value) in enumerate(rest[: kept[0]]):
        more = len(render(value)) - len(render(_stub(value)))
        if more > room:
            for _, late in rest[index : kept[0]]:
                _cut(document, late)
            break
        room -= more
    for view, value in rest[kept[0] :]:
        view["values"] = [one for one in view["values"] if one is not value]
        view["dropped"] += 1


def _keep_names(rest: Sequence[tuple[Document, Document]], room: int) -> tuple[int, int]:
    """Return how many values can be named at least, and the room that is left then."""
    for count, (_, value) in enumerate(rest):
        size = len(render(_stub(value))) + 1
        if size > room:
            return count, room
        room -= size
    return len(rest), room


def _stub(value: Document) -> Document:
    return value | {"d": [] if value["k"] == Kind.MULTI_SZ else "", "cut": True}


def _cut(document: Document, value: Document) -> None:
    value.update(_stub(value))
    document["cut"] += 1
