"""Read what a plan looks at: what was concluded of each host's newest results, and machines of a few.

What was concluded is read as its gist, each once, however many hosts share it. No attempt is read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    Connection,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    exists,
    func,
    select,
    type_coerce,
)

from inventory.model import Profile
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.primitives.codec import decode
from orchestrator.domain.repin.conclusion import Conclusion, Machine
from orchestrator.store.database.types import among, escape
from orchestrator.store.errors import DatabaseError, StoreTrouble
from orchestrator.store.place import Place
from orchestrator.store.results.load import ODD, Decode, Shared, counted, damaged, named_values, texts
from orchestrator.store.results.readings import views_of
from orchestrator.store.tables import document, gist, host_result, scan

_RESULT = host_result.c


def newest(using: Connection, hosts: Sequence[str], place: int, *, asked: bool = False) -> list[int]:
    """Find each host's newest result by its id, or with `place` 1 the one before, and so on.

    One a scan, its last try; of scans that a plan asked for, or of all the others. Goes down the index host
    by host, only as far as it has to, however many scans are kept.
    """
    named = json.dumps([escape(host) for host in hosts])
    found = using.execute(
        _newest(using.dialect.name, asked=asked), {"names": named, "place": place}
    ).scalars()
    return [number for number in found if number is not None]


@cache
def _newest(database: str, *, asked: bool) -> Select[Any]:
    """Write the query once: a list of names in it would be compiled anew for each of its lengths."""
    names: BindParameter[str] = bindparam("names", type_=Text)
    if database == "postgresql":
        named = func.json_array_elements_text(cast(names, JSON)).table_valued("value")
    else:
        named = func.json_each(names).table_valued("value")
    each, later = host_result.alias(), host_result.alias()
    same = (later.c.scan_id == each.c.scan_id, later.c.host == each.c.host)
    found = (
        select(each.c.id)
        .where(type_coerce(each.c.host, Text) == named.c.value)
        .where(~counted(each) if asked else counted(each))
        .where(~exists().where(*same, later.c["try"] > each.c["try"]))
        .correlate(named)
        .order_by(each.c.started.desc(), each.c.id.desc())
        .limit(1)
        .offset(bindparam("place", type_=Integer))
    )
    return select(found.scalar_subquery()).select_from(named)


class Conclusions:
    """Reads results by their ids, some hundreds at a time; what they share is kept meanwhile."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._shared = Shared()
        self._versions: dict[int, str] = {}

    def read(self, using: Connection, ids: Collection[int]) -> Iterator[tuple[str, Conclusion]]:
        """Yield the results with their hosts, by scan and id, the newest first. Raises DatabaseError."""
        rows = using.execute(_rows(ids)).all()
        wanted = {read: {row[column] for row in rows} for column, read in _SHARED.items()}
        self._shared.take(using, wanted)
        for number in {row.scan_id for row in rows}.difference(self._versions):
            found = using.execute(select(scan.c.version).where(scan.c.id == number)).scalar()
            self._versions[number] = str(found)
        for row in rows:
            try:
                yield row.host, self._conclusion(*row)
            except ODD as error:
                raise damaged(self._place, row.host, row.scan_id, error) from error

    def _conclusion(
        self,
        result: int,
        _host: str,
        scan_id: int,
        read: datetime,
        phase: str | None,
        cause: str | None,
        profile: int,
        settings: int,
        judgement: int,
    ) -> Conclusion:
        shared = self._shared
        desired, gateways = shared.get(_settings, settings)
        return Conclusion(
            result=result,
            scan=scan_id,
            read=read,
            cause=cause or "",
            judgement=None if phase is not None else shared.get(_judgement, judgement),
            profile=shared.get(_profile, profile),
            desired=desired,
            gateways=gateways,
            version=self._versions[scan_id],
        )


def _rows(ids: Collection[int]) -> Select[Any]:
    return (
        select(
            _RESULT.id,
            _RESULT.host,
            _RESULT.scan_id,
            _RESULT.started,
            _RESULT.phase,
            _RESULT.cause,
            _RESULT.profile_id,
            _RESULT.settings_id,
            func.coalesce(gist.c.gist_id, _RESULT.judgement_id),  # a short one is its own gist
        )
        .outerjoin(gist, gist.c.document_id == _RESULT.judgement_id)
        .where(among(_RESULT.id, ids))
        .order_by(_RESULT.started.desc(), _RESULT.id.desc())
    )


def _profile(jsonable: dict[str, Any]) -> Profile:
    return decode(Profile, jsonable)


def _judgement(jsonable: dict[str, Any]) -> Judgement:
    return decode(Judgement, jsonable)


def _settings(jsonable: dict[str, Any]) -> tuple[Mapping[str, int], Mapping[str, str]]:
    return MappingProxyType(jsonable.get("desired", {})), MappingProxyType(jsonable.get("gateways", {}))


_SHARED: Mapping[int, Decode] = {6: _profile, 7: _settings, 8: _judgement}
"""Columns of _rows that name documents which results share, and how these are read."""


def machines(
    using: Connection, place: Place, ids: Collection[int], names: Collection[str]
) -> Iterator[tuple[int, Machine]]:
    """Yield the machines of results that have a reading, with these registry values. Raises DatabaseError."""
    query = select(_RESULT.id, _RESULT.host, _RESULT.identity_id, _RESULT.registry_id, document.c.text)
    query = query.join(document, document.c.id == _RESULT.registry_id).where(among(_RESULT.id, ids))
    rows = using.execute(query).all()
    held = named_values(using, {row.registry_id for row in rows}, names)
    identities = texts(using, {row.identity_id for row in rows})
    for number, host, identity, registry, text in rows:
        try:
            who = json.loads(identities[identity])[0]
            views = views_of(text, held.get(registry, ()))
            machine = Machine(computer=who.get("computer"), machine_id=who.get("machine_id"), views=views)
        except ODD as error:
            detail = f"the registry or the identity of {host!r} does not hang together: {error!r}"
            raise DatabaseError(place.shown, StoreTrouble.DAMAGED, detail) from error
        yield number, machine
