"""The plan's file: one canonical spelling, readable in a diff, with a digest over its content.

A file that is not, byte for byte, what this module writes is refused: an edited plan is no plan. That holds
of a file of version 1 too, which is written again as version 1 was: it has no facts by field, no verdicts and
no waivers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime
from types import NoneType
from typing import Any, get_args, get_type_hints

from inventory.errors import FleetcheckError
from inventory.windows_names import fold
from orchestrator.domain.pin import HIGHEST_PORT, LOWEST_PORT
from orchestrator.domain.primitives.digest import canonical_json, indented, sha256
from orchestrator.domain.repin.plan import (
    NEWEST,
    Evidence,
    LeftOut,
    Plan,
    PlannedHost,
    RoleChange,
    WaivedHost,
    WriteTarget,
)

MAX_BYTES = 256 * 1024 * 1024
_TEXTS = frozenset({"SZ", "EXPAND_SZ"})
_WRITABLE = _TEXTS | {"DWORD", "QWORD"}
_SINCE_2 = ("include_waived", "waived", "credential")  # of a plan; of a host: `verdict`


class PlanError(FleetcheckError):
    """A plan that may not be used; the message says why and what to do."""


def digest(plan: Plan) -> str:
    """Return the SHA-256 (hex) over the plan's canonical content."""
    found = hashlib.sha256()
    for number, (key, value) in enumerate(_content(plan)):
        found.update(f"{',' if number else '{'}{canonical_json(key)}:".encode("ascii"))
        if isinstance(value, Iterator):
            found.update(b"[")
            for place, item in enumerate(value):
                found.update(f"{',' if place else ''}{canonical_json(item)}".encode("ascii"))
            found.update(b"]")
        else:
            found.update(canonical_json(value).encode("ascii"))
    found.update(b"}")
    return found.hexdigest()


def dumps(plan: Plan) -> str:
    """Write a plan as the text of its file, in its own version. The same plan always gives the same text."""
    return "".join(pieces(plan))


def pieces(plan: Plan) -> Iterator[str]:
    """Yield the same text piece by piece, none longer than what is said of a host."""
    head = {"document": "plan", "v": plan.file_version}
    yield f'{{\n "fleetcheck": {indented(head, 1)},\n "plan": {{'
    for number, (key, value) in enumerate(_content(plan)):
        yield f"{',' if number else ''}\n  {canonical_json(key)}: "
        yield from _listed(value) if isinstance(value, Iterator) else (indented(value, 2),)
    yield f'\n }},\n "sha256": "{digest(plan)}"\n}}\n'


def _listed(items: Iterator[Any]) -> Iterator[str]:
    before, after = "[", "[]"
    for item in items:
        yield f"{before}\n   {indented(item, 3)}"
        before, after = ",", "\n  ]"
    yield after


def loads(data: bytes, name: str) -> Plan:
    """Read a plan's file; `name` is for messages.

    Raises PlanError where it is not exactly what `dumps` writes.
    """
    version, content = _document(data, name)
    plan = _plan(content, version, name)
    if not all(map(_typed, _parts(plan))):
        raise PlanError(f"{name}: not a whole plan: {_CHANGED}")
    _check(plan, name)
    if dumps(plan).encode("ascii") != data:
        raise PlanError(f"{name}: not as it was written: {_CHANGED}")
    return plan


_DIGITS = 9  # of a version that are shown
_HEAD = 64  # bytes, among which a plan says what it is
_CHANGED = "it was edited or damaged. Make a new one: fleetcheck repin plan"


def _document(data: bytes, name: str) -> tuple[int, dict[str, Any]]:
    try:
        document = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError) as error:
        ours = b'"fleetcheck"' in data[:_HEAD]
        raise PlanError(f"{name}: no plan: {_CHANGED}" if ours else _foreign(name)) from error
    match document:
        case {"fleetcheck": {"document": "plan", "v": int(version)}} if version > NEWEST:
            raise PlanError(
                f"{name}: a plan of version {str(version)[:_DIGITS]}; this fleetcheck reads versions 1 to "
                f"{NEWEST}: update it"
            )
        case {
            "fleetcheck": {"document": "plan", "v": 1 | 2 as version},
            "plan": dict(content),
            "sha256": str(sum_),
        }:
            if not _sums_to(content, sum_):
                raise PlanError(f"{name}: its digest does not fit its content: {_CHANGED}")
            return int(version), content
    raise PlanError(_foreign(name))


def _foreign(name: str) -> str:
    return f"{name}: no plan of fleetcheck. `fleetcheck repin plan -o FILE` writes one"


def _sums_to(content: dict[str, Any], sum_: str) -> bool:
    """Whether a content has a digest; one that no plan can have, such as a number beyond all, has none."""
    try:
        return sha256(content) == sum_
    except (ValueError, RecursionError):
        return False


def _content(plan: Plan) -> Iterator[tuple[str, Any]]:
    """Yield what the digest is over, by key; lists that may be long as iterators of JSON values."""
    said = _fields(plan) | {"created": _stamp(plan.created), "expires": _stamp(plan.expires)}
    said["hosts"] = (_of_host(host, plan.file_version) for host in plan.hosts)
    said["left_out"] = map(_fields, plan.left_out)
    said["waived"] = (_fields(each) | {"until": each.until.isoformat()} for each in plan.waived)
    for key in sorted(said):
        if key != "file_version" and (plan.file_version > 1 or key not in _SINCE_2):
            yield key, said[key]


def _of_host(host: PlannedHost, version: int) -> dict[str, Any]:
    said = _fields(host) | {
        "roles": [_fields(each) for each in host.roles],
        "targets": [_fields(each) for each in host.targets],
        "evidence": [{"scan": each.scan, "read": _stamp(each.read)} for each in host.evidence],
    }
    if version == 1:
        del said["verdict"]
    return said


def _fields(value: Plan | PlannedHost | LeftOut | WaivedHost | RoleChange | WriteTarget) -> dict[str, Any]:
    return {name: getattr(value, name) for name in _NAMES[type(value)]}


_NAMES = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (Plan, PlannedHost, LeftOut, WaivedHost, RoleChange, WriteTarget)
}


def _plan(content: dict[str, Any], version: int, name: str) -> Plan:
    try:
        parts: dict[str, Any] = {key: _time(content[key]) for key in ("created", "expires")}
        parts["hosts"] = tuple(_host(each) for each in content["hosts"])
        parts["left_out"] = tuple(LeftOut(**each) for each in content["left_out"])
        parts["waived"] = tuple(
            WaivedHost(**each | {"until": date.fromisoformat(each["until"])})
            for each in content.get("waived", ())
        )
        return Plan(**(content | parts | {"file_version": version}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PlanError(f"{name}: not a whole plan: {_CHANGED}") from error


def _host(content: dict[str, Any]) -> PlannedHost:
    parts = {
        "roles": tuple(RoleChange(**each) for each in content["roles"]),
        "targets": tuple(WriteTarget(**each) for each in content["targets"]),
        "evidence": tuple(
            Evidence(scan=each["scan"], read=_time(each["read"])) for each in content["evidence"]
        ),
        "risks": tuple(content["risks"]),
    }
    return PlannedHost(**(content | parts))


Part = Plan | PlannedHost | LeftOut | WaivedHost | RoleChange | WriteTarget | Evidence


def _parts(plan: Plan) -> Iterator[Part]:
    """Yield the plan and all that it is made of."""
    yield plan
    yield from plan.left_out
    yield from plan.waived
    for host in plan.hosts:
        yield host
        yield from host.roles
        yield from host.targets
        yield from host.evidence


def _typed(part: Part) -> bool:
    """Whether texts are texts, and numbers numbers: what comes after reads, groups and writes them so."""
    risks = part.risks if isinstance(part, PlannedHost) else ()
    plain = all(type(getattr(part, name)) in allowed for name, allowed in _PLAIN[type(part)])
    return plain and all(type(risk) is str for risk in risks)


def _plain(kind: type) -> tuple[tuple[str, frozenset[type]], ...]:
    """Name the fields of a class that hold a text or a number, and the types that each may have."""
    found = {name: frozenset(get_args(hint) or (hint,)) for name, hint in get_type_hints(kind).items()}
    return tuple((name, allowed) for name, allowed in found.items() if allowed <= {str, int, NoneType})


_PLAIN = {kind: _plain(kind) for kind in get_args(Part)}


def _check(plan: Plan, name: str) -> None:
    """Refuse content that no planner of ours can have written, should its digest fit all the same."""
    names = [host.host for host in plan.hosts]
    if len(set(names)) < len(names):
        raise PlanError(f"{name}: a host stands in it twice: {_CHANGED}")
    for host in plan.hosts:
        ports = {role.role: role.new for role in host.roles}
        whole = bool(host.targets) and all(_sound(target, ports) for target in host.targets)
        if plan.file_version > 1 and not _as_told(host):
            raise PlanError(f"{name}: what it says of {host.host} is not what it would write: {_CHANGED}")
        if not whole or not all(_is_port(port) for port in ports.values()):
            raise PlanError(
                f"{name}: what it wants to write on {host.host} is no port in a known kind: {_CHANGED}"
            )
        if plan.file_version > 1 and len({(each.view, fold(each.value)) for each in host.targets}) < len(
            host.targets
        ):
            raise PlanError(f"{name}: it wants to write a value of {host.host} twice: {_CHANGED}")
        if not isinstance(host.facts, str if plan.file_version == 1 else dict):
            raise PlanError(f"{name}: the settings of {host.host} are not told as they are here: {_CHANGED}")


def _as_told(host: PlannedHost) -> bool:
    """Whether the changes by role, which people are shown and sign, are those of the values."""
    olds = {role.role: role.old for role in host.roles}
    return len(olds) == len(host.roles) and all(
        _says(target.expected, olds.get(target.role), text=target.kind in _TEXTS) for target in host.targets
    )


def _sound(target: WriteTarget, ports: dict[str, int]) -> bool:
    return (
        target.kind in _WRITABLE
        and target.view in (32, 64)
        and type(target.value) is str
        and type(target.expected) is str
        and _says(target.new, ports.get(target.role), text=target.kind in _TEXTS)
    )


def _says(data: object, port: int | None, *, text: bool) -> bool:
    """Whether new data is the role's port; a text may have the zeros in front that an undo puts back."""
    if (
        text
        and type(data) is str
        and data.isascii()
        and data.isdigit()
        and len(data) <= len(str(HIGHEST_PORT))
    ):
        data = data.lstrip("0")
    return port is not None and data == str(port)


def _is_port(port: object) -> bool:
    return type(port) is int and LOWEST_PORT <= port <= HIGHEST_PORT


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment
