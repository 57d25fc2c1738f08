"""Read results in short: many at once, what hosts share once, and of the rest what is asked for alone."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from orchestrator.domain.cause import fallback_cause
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.primitives.codec import decode
from orchestrator.domain.views.brief import Brief, Failure
from orchestrator.store.database.types import among
from orchestrator.store.place import Place
from orchestrator.store.results.load import ODD, Decode, Shared, damaged, texts
from orchestrator.store.tables import gist, host_result

_RESULT = host_result.c


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the inventory said of a host when it was asked."""

    groups: tuple[str, ...]
    tags: tuple[str, ...]
    via: str | None


class Briefs:
    """Reads results by their ids, some hundreds at a time, and keeps what they share meanwhile.

    `sentences`: with the evidence of all; without, of those alone that nothing is judged of by role.
    `logons`: with what the logons used.
    """

    def __init__(self, place: Place, *, sentences: bool, logons: bool) -> None:
        self._place, self._sentences, self._logons = place, sentences, logons
        self._shared = Shared()

    def read(self, using: Connection, ids: Collection[int]) -> dict[int, Brief]:
        """Return the results by their ids. Raises DatabaseError for rows that make none."""
        rows = using.execute(_rows(ids)).all()
        wanted: Mapping[Decode, set[int]] = {
            _settings: {row.settings_id for row in rows},
            _judgement: {row.gist_id for row in rows},
        }
        self._shared.take(using, wanted)
        own = self._own(using, rows)
        found = {}
        for row in rows:
            try:
                found[row[0]] = self._brief(row, own)
            except ODD as error:
                raise damaged(self._place, row.host, row.scan_id, error) from error
        return found

    def _own(self, using: Connection, rows: Iterable[Row[Any]]) -> Mapping[int, str]:
        """Read the documents that no two hosts share, as far as they are asked for."""
        wanted: set[int] = set()
        for row in rows:
            try:
                if self._sentences or (row.phase is None and not self._judgement(row.gist_id).roles):
                    wanted.add(row.judgement_id)
            except ODD as error:
                raise damaged(self._place, row.host, row.scan_id, error) from error
            if self._logons and row.identity_id is not None:
                wanted.add(row.identity_id)
        return texts(using, wanted)

    def _judgement(self, number: int) -> Judgement:
        return self._shared.get(_judgement, number)

    def _brief(self, row: Row[Any], own: Mapping[int, str]) -> Brief:
        _, host, _, started, ended, address, port, site, waived, phase, cause = row[:_PLAIN]  # as in _rows
        details, settings, gist_id, judged, identity = row[_PLAIN:]
        said = self._shared.get(_settings, settings)
        auth, no_kerberos = self._logon(details, own.get(identity)) if self._logons else (None, None)
        whole = own.get(judged)
        return Brief(
            host=host,
            address=address,
            port=port,
            judgement=self._judgement(gist_id),
            started=started,
            ended=ended,
            failure=None if phase is None else _failure(phase, cause, details),
            evidence=() if whole is None else tuple(json.loads(whole).get("evidence", ())),
            auth=auth,
            no_kerberos=no_kerberos,
            via=said.via,
            site=site,
            groups=said.groups,
            tags=said.tags,
            waived=waived,
        )

    def _logon(self, details: str, identity: str | None) -> tuple[str | None, str | None]:
        """Say what a logon used, and why it was not Kerberos."""
        trace = json.loads(details)["trace"]
        steady = trace if identity is None else json.loads(identity)[2]
        return steady.get("auth"), fallback_cause(trace.get("remarks", ()))


_PLAIN = 11  # columns of _rows before the details and the numbers of documents


def _rows(ids: Collection[int]) -> Select[Any]:
    return (
        select(
            _RESULT.id,
            _RESULT.host,
            _RESULT.scan_id,
            _RESULT.started,
            _RESULT.ended,
            _RESULT.address,
            _RESULT.port,
            _RESULT.site,
            _RESULT.waived,
            _RESULT.phase,
            _RESULT.cause,
            _RESULT.details,
            _RESULT.settings_id,
            func.coalesce(gist.c.gist_id, _RESULT.judgement_id).label("gist_id"),  # a short one is its own
            _RESULT.judgement_id,
            _RESULT.identity_id,
        )
        .outerjoin(gist, gist.c.document_id == _RESULT.judgement_id)
        .where(among(_RESULT.id, ids))
    )


def _judgement(jsonable: dict[str, Any]) -> Judgement:
    return decode(Judgement, jsonable)


def _settings(jsonable: dict[str, Any]) -> _Settings:
    return _Settings(tuple(jsonable.get("groups", ())), tuple(jsonable.get("tags", ())), jsonable.get("via"))


def _failure(phase: str, cause: str, details: str) -> Failure:
    said = json.loads(details)
    return Failure(phase=phase, cause=cause, detail=said["detail"], advice=said["advice"])
