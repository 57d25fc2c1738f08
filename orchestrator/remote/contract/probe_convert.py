"""A checked document to the values of `orchestrator.domain.reading`.

What only shows on the way is an `OddError`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from inventory.schema.shapes import is_ip
from orchestrator.domain.reading import (
    Attempt,
    Canary,
    Connection,
    Identity,
    Interface,
    Kind,
    Part,
    Reading,
    Result,
    Source,
    Target,
    Value,
    View,
    ViewState,
)
from orchestrator.remote.contract.document import OddError, moment
from orchestrator.remote.contract.probe_schema import Document, IdentityRow, ValueRow, ViewRow

_KINDS = {kind.value: kind for kind in Kind}
_RESULTS = {result.value: result for result in Result}
_SOURCES = {source.value: source for source in Source}
_STATES = {state.value: state for state in ViewState}
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
_MOST = {Kind.DWORD: 2**32 - 1, Kind.QWORD: 2**64 - 1}


def check_address(place: str, text: str) -> None:
    """Raise `OddError` unless the text is an IPv4 or IPv6 address."""
    if not _is_address(text):
        raise OddError(place, "an IP address expected")


_is_address = lru_cache(maxsize=8192)(is_ip)  # a fleet has few gateways


def reading(document: Document) -> Reading:
    """Convert the whole document. Raises `OddError`."""
    targets = tuple(
        Target(
            role=row["role"],
            source=_SOURCES[row["source"]],
            name=row["name"],
            addresses=tuple(row["addresses"]),
            decides=row["decides"],
            value=row["value"],
        )
        for row in document["targets"]
    )
    return Reading(
        mode=document["mode"],
        identity=_identity(document["identity"], document["language"]),
        views=tuple(_view(f"views.{place}", row) for place, row in enumerate(document["views"])),
        targets=targets,
        attempts=_attempts(document, targets),
        canaries=tuple(
            Canary(
                kind=row["k"],
                address=row["a"],
                port=row["p"],
                result=_RESULTS[row["r"]],
                milliseconds=row["ms"],
            )
            for row in document["canaries"]
        ),
        connections=_connections(document),
        connections_complete=document["connections"]["complete"],
        parts=tuple(Part(name=row["n"], milliseconds=row["ms"], error=row["e"]) for row in document["parts"]),
        whole_list=document["whole"],
        deadline_hit=document["deadline"],
        cut_values=document["cut"],
    )


def _attempts(document: Document, targets: Sequence[Target]) -> tuple[Attempt, ...]:
    made = []
    for row in document["attempts"]:
        target = targets[row["t"]]
        made.append(
            Attempt(
                role=target.role,
                source=target.source,
                target=target.name,
                address=row["a"],
                port=row["p"],
                result=_RESULTS[row["r"]],
                milliseconds=row["ms"],
                number=row["n"],
                error=row["e"],
            )
        )
    return tuple(made)


def _connections(document: Document) -> tuple[Connection, ...]:
    made = []
    for place, (local, local_port, remote, remote_port, state) in enumerate(document["connections"]["rows"]):
        check_address(f"connections.rows.{place}", local)
        check_address(f"connections.rows.{place}", remote)
        made.append(
            Connection(
                local_address=local,
                local_port=local_port,
                remote_address=remote,
                remote_port=remote_port,
                state=state,
            )
        )
    return tuple(made)


def _identity(row: IdentityRow, language: str) -> Identity:
    clock = row["clock"]
    return Identity(
        computer=row["computer"],
        fqdn=row["fqdn"],
        machine_id=row["machine_id"],
        os_name=row["os_name"],
        os_version=row["os_version"],
        powershell=row["powershell"],
        edition=row["edition"],
        clr=row["clr"],
        language=language,
        clock=None if clock is None else moment("identity.clock", clock),
        time_zone=row["time_zone"],
        utc_offset=row["utc_offset"],
        elevated=row["elevated"],
        bits=row["bits"],
        interfaces=tuple(
            Interface(name=one["n"] or "", addresses=tuple(one["a"])) for one in row["interfaces"]
        ),
    )


def _view(place: str, row: ViewRow) -> View:
    values = tuple(_value(f"{place}.values.{number}", value) for number, value in enumerate(row["values"]))
    return View(
        view=row["view"],
        state=_STATES[row["state"]],
        path=row["path"],
        values=values,
        error=row["e"],
        dropped=row["dropped"],
    )


def _value(place: str, row: ValueRow) -> Value:
    return Value(name=row["n"], kind=_KINDS[row["k"]], data=data_of(place, row), cut=row["cut"])


def data_of(place: str, row: ValueRow) -> int | str | tuple[str, ...]:
    """Convert the data of a value. Raises `OddError` where it does not fit its kind."""
    kind, data = _KINDS[row["k"]], row["d"]
    if isinstance(data, list) is not (kind is Kind.MULTI_SZ):
        raise OddError(place, f"data does not fit its kind {kind}")
    if isinstance(data, list):
        return tuple(data)
    if kind in (Kind.SZ, Kind.EXPAND_SZ):
        return data
    if kind in _MOST:
        return _number(place, data, _MOST[kind], cut=row["cut"])
    if not _HEX.fullmatch(data):
        raise OddError(place, f"{kind} data in hex expected")
    return data


def _number(place: str, data: str, most: int, *, cut: bool) -> int:
    if cut and not data:
        return 0  # never read as a pin: `cut` says that the data is not here
    if not _NUMBER.fullmatch(data) or int(data) > most:
        raise OddError(place, "a number of its size expected")
    return int(data)
