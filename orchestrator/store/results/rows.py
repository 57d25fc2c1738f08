"""A host's record taken apart into rows and shared documents, and put together again. No SQL here.

Every field of the record is in exactly one place that is read back; the columns verdict, role, any_live,
pin_primary, pin_backup and machine_id repeat what documents say, for queries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from inventory.model import Profile
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.outcome import Failed, Outcome, Probed
from orchestrator.domain.primitives.codec import decode, decode_fields, dumps, encode
from orchestrator.domain.reading import Attempt, Connection, Reading, View
from orchestrator.domain.record import HostRecord
from orchestrator.store.results.readings import Row, Said, put_reading, views_of

_OF_RECORD = frozenset({"host", "address", "port", "site", "waived"})  # columns
_NOT_SETTINGS = _OF_RECORD | {"profile", "outcome", "judgement"}
_OF_OUTCOME = frozenset({"host", "phase", "cause", "reading", "trace"})
_OF_TRACE = frozenset({"started", "ended", "tries"})
_OF_READING = frozenset({"identity", "targets", "views", "attempts", "connections"})
_STEADY = ("auth", "certificate", "script", "dialled")
_CLOCK = frozenset({"clock"})
_VALUES = frozenset({"values"})
_SENTENCES = frozenset({"evidence", "remarks"})


@dataclass(frozen=True, slots=True)
class Document:
    """JSON that results share, with the registry values that belong to it. Equal digests are equal documents.

    `gist` is the text of the document that reports read in its place; empty where they read it whole, or not
    at all.
    """

    digest: str
    text: str
    values: tuple[Row, ...] = ()  # (view's place, name, kind, data as JSON, cut)
    gist: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A record taken apart: `columns` of host_result but for ids, documents by column,
    rows behind (id, position).
    """

    columns: dict[str, Any]
    documents: dict[str, Document]
    attempts: list[Row]
    connections: list[Row]


def take_apart(record: HostRecord) -> Taken:
    """Turn a record into rows.

    Pure. Raises TypeError or ValueError for a record that its classes do not allow.
    """
    outcome = record.outcome
    documents = {
        "profile_id": _profile(record.profile),
        "settings_id": shared(encode(record, without=_NOT_SETTINGS)),
        "judgement_id": _judgement(record.judgement),
    }
    attempts: list[Row] = []
    connections: list[Row] = []
    details = encode(outcome, without=_OF_OUTCOME)
    if outcome.host != record.host:
        details["host"] = outcome.host
    details["trace"] = encode(outcome.trace, without=_OF_TRACE)
    if isinstance(outcome, Probed):
        reading = outcome.reading
        details["reading"] = encode(reading, without=_OF_READING)
        if reading.identity.clock is not None:
            details["clock"] = reading.identity.clock.isoformat()
        documents["identity_id"] = _identity(reading, details["trace"])
        documents["registry_id"] = _registry(reading.views)
        attempts = [_attempt(attempt) for attempt in reading.attempts]
        connections = [_connection(connection) for connection in reading.connections]
    return Taken(_columns(record, dumps(details)), documents, attempts, connections)


def _identity(reading: Reading, trace: dict[str, Any]) -> Document:
    """Write who answered, and take out of `trace` what hardly changes from one scan to the next."""
    steady = {name: trace.pop(name) for name in _STEADY if name in trace}
    targets = [encode(target) for target in reading.targets]
    text = dumps([encode(reading.identity, without=_CLOCK), targets, steady])
    gateways = {
        each.role: sorted(each.addresses) or [each.name] for each in reversed(reading.targets) if each.decides
    }
    return Document(_digest(text), text, gist=dumps(gateways))


def _judgement(judgement: Judgement) -> Document:
    """Write a conclusion, and its gist: without the sentences most hosts say the same."""
    whole = encode(judgement)
    short = {name: said for name, said in whole.items() if name not in _SENTENCES}
    if "roles" in short:
        short["roles"] = [role | {"evidence": []} for role in short["roles"]]
    text = dumps(whole)
    return Document(_digest(text), text, gist=dumps(short))


def _columns(record: HostRecord, details: str) -> dict[str, Any]:
    outcome, judgement = record.outcome, record.judgement
    if outcome.trace.started.tzinfo is None or outcome.trace.ended.tzinfo is None:
        raise ValueError(f"a time without a time zone in the trace of {record.host}")
    pins = {role.role: role.pin.port for role in judgement.roles}
    failed = outcome if isinstance(outcome, Failed) else None
    return {
        "host": record.host,
        "try": outcome.trace.tries,
        "started": outcome.trace.started,
        "ended": outcome.trace.ended,
        "address": record.address,
        "port": record.port,
        "site": record.site,
        "waived": record.waived,
        "phase": failed and failed.phase,
        "cause": failed and failed.cause,
        "verdict": judgement.verdict,
        "role": judgement.role,
        "any_live": judgement.any_live,
        "pin_primary": pins.get("primary"),
        "pin_backup": pins.get("backup"),
        "machine_id": outcome.reading.identity.machine_id if isinstance(outcome, Probed) else None,
        "details": details,
    }


def _attempt(attempt: Attempt) -> Row:
    return (
        attempt.role,
        attempt.source,
        attempt.target,
        attempt.address,
        attempt.port,
        attempt.result,
        attempt.milliseconds,
        attempt.number,
        attempt.error,
    )


def _connection(connection: Connection) -> Row:
    return (
        connection.local_address,
        connection.local_port,
        connection.remote_address,
        connection.remote_port,
        connection.state,
    )


_READING = frozenset({"reading"})


def shared(jsonable: object) -> Document:
    """Turn JSON's types into a document."""
    return of_text(dumps(jsonable))


def of_text(text: str) -> Document:
    """Make a document of JSON as `dumps` writes it."""
    return Document(_digest(text), text)


@lru_cache(maxsize=32)
def _registry(views: tuple[View, ...]) -> Document:
    """Write what the registry holds, once where many hosts hold the same."""
    text = dumps([encode(view, without=_VALUES) for view in views])
    values = tuple(
        (place, value.name, value.kind, dumps(value.data), value.cut)
        for place, view in enumerate(views)
        for value in view.values
    )
    return Document(_digest(text, dumps(values)), text, values)


@lru_cache(maxsize=64)
def _profile(profile: Profile) -> Document:
    """Write a profile once, not once per host."""
    return shared(encode(profile))


def _digest(*texts: str) -> str:
    digest = hashlib.blake2b(digest_size=20)
    for text in texts:
        digest.update(text.encode("ascii"))
        digest.update(b"\0")
    return digest.hexdigest()


def put_together(
    row: Mapping[str, Any],
    documents: Mapping[int, str],
    values: Iterable[Row],
    attempts: Iterable[Row],
    connections: Iterable[Row],
) -> HostRecord:
    """Turn a host_result row and what belongs to it into the record. The other rows come without id and
    position.

    Raises KeyError, TypeError or ValueError where the rows do not make a record.
    """
    return HostRecord(
        **{name: row[name] for name in _OF_RECORD},
        **decode_fields(HostRecord, json.loads(documents[row["settings_id"]]), without=_NOT_SETTINGS),
        profile=_profile_of(documents[row["profile_id"]]),
        outcome=_outcome(row, documents, values, attempts, connections),
        judgement=decode(Judgement, json.loads(documents[row["judgement_id"]])),
    )


def _outcome(
    row: Mapping[str, Any],
    documents: Mapping[int, str],
    values: Iterable[Row],
    attempts: Iterable[Row],
    connections: Iterable[Row],
) -> Outcome:
    details = json.loads(row["details"])
    clock, reading = details.pop("clock", None), details.pop("reading", None)
    whole = {"host": row["host"], **details}
    times = {"started": row["started"].isoformat(), "ended": row["ended"].isoformat()}
    whole["trace"] |= times | {"tries": row["try"]}
    if row["phase"] is not None:
        return decode(Failed, whole | {"phase": row["phase"], "cause": row["cause"]})
    identity, targets, steady = json.loads(documents[row["identity_id"]])
    return Probed(
        **decode_fields(Probed, whole | {"trace": whole["trace"] | steady}, without=_READING),
        reading=put_reading(
            Said(reading, clock, identity, targets),
            views_of(documents[row["registry_id"]], values),
            attempts,
            connections,
        ),
    )


@lru_cache(maxsize=64)
def _profile_of(document: str) -> Profile:
    """Read a profile once: the records of a scan share it."""
    return decode(Profile, json.loads(document))
