"""Read what results came to: many hosts at once, without their attempts, values and connections.

Of what hosts said and what was concluded only the gists are read: each of them once, however many hosts share
it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import CTE, Connection, Row, ScalarSelect, Select, func, null, select

from inventory.model import Profile
from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.primitives.codec import decode
from orchestrator.domain.standing import Network, Standing
from orchestrator.store.database.types import among
from orchestrator.store.place import Place
from orchestrator.store.results.load import ODD, Decode, Shared, counted, damaged, final
from orchestrator.store.results.networks import Networks
from orchestrator.store.tables import gist, host_result

T = TypeVar("T")
Gateways = Mapping[str, tuple[str, ...]]

_RESULT = host_result.c


def now(*, before: bool = True, readable: bool = False) -> Select[Any]:
    """Select of every host its name, and the ids of its latest result, its last reading, the reading before.

    A fifth column has the last reading that got at the registry key. The last two are NULL where `before` and
    `readable` do not ask for them. Goes from host to host along the index on (host, started): as fast after
    400 scans as after one.
    """
    every = every_host()
    return select(
        every.c.host,
        newest_result(every, 0, probed=False).label("latest"),
        newest_result(every, 0, probed=True).label("known"),
        (newest_result(every, 1, probed=True) if before else null()).label("before"),
        (newest_result(every, 0, probed=True, readable=True) if readable else null()).label("readable"),
    ).where(every.c.host.is_not(None))


def every_host() -> CTE:
    """Select every host that ever had a result, by jumps along the index; the last row is NULL."""
    every = select(func.min(_RESULT.host).label("host")).cte("every", recursive=True)
    following = select(func.min(_RESULT.host)).where(_RESULT.host > every.c.host).scalar_subquery()
    return every.union_all(select(following).where(every.c.host.is_not(None)))


def newest_result(
    every: CTE, skipped: int, *, probed: bool, readable: bool = False, until: datetime | None = None
) -> ScalarSelect[Any]:
    """Find the id of a host's newest result after `skipped` newer ones, that began before `until`.

    `probed`: only results with a reading; `readable`: only those that got at the registry key.
    """
    each = host_result.alias()
    query = select(each.c.id).where(each.c.host == every.c.host, counted(each)).correlate(every)
    if until is not None:
        query = query.where(each.c.started < until)
    if probed:
        query = query.where(each.c.phase.is_(None))
    if readable:
        query = query.where(each.c.verdict != Verdict.UNREADABLE.value)
    order = (each.c.started.desc(), each.c.id.desc())
    return query.order_by(*order).limit(1).offset(skipped).scalar_subquery()


def of_host(host: str, limit: int | None) -> Select[Any]:
    """Select the ids of a host's results, newest first."""
    order = (_RESULT.started.desc(), _RESULT.id.desc())
    return select(_RESULT.id).where(_RESULT.host == host, counted(), final()).order_by(*order).limit(limit)


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the inventory said of a host when it was asked: its groups, whether it may be re-pinned, gateways,
    pins, `via`.
    """

    groups: tuple[str, ...]
    repin: str
    named: Mapping[str, str]
    desired: Mapping[str, int]
    via: str | None


class Standings:
    """Reads results by their ids, a few hundred at a time, and keeps what they share from one time to the
    next.

    `sources`: what they say of their network too, which no two hosts share.
    """

    def __init__(self, place: Place, *, sources: bool = False) -> None:
        self._place = place
        self._networks = Networks(place) if sources else None
        self._shared = Shared()

    def read(self, using: Connection, ids: Collection[int]) -> dict[int, Standing]:
        """Return the results by their ids. Raises DatabaseError for rows that make none."""
        rows = using.execute(_rows(ids)).all() if ids else []
        wanted = {read: {row[column] for row in rows} for column, read in _SHARED.items()}
        networks = self._networks
        self._shared.take(using, wanted, () if networks is None else (row[_OWN] for row in rows))
        if networks is not None:
            odd = [row for row in rows if self._whole(self._odd, row)]
            profiles = {row[0]: self._whole(self._profile, row) for row in odd}
            networks.read(using, [row[0] for row in rows], profiles)
        return {row[0]: self._whole(self._put_together, row) for row in rows}

    def _whole(self, read: Callable[[Row[Any]], T], row: Row[Any]) -> T:
        """Return what is read from a row. Raises DatabaseError where it does not hang together."""
        try:
            return read(row)
        except ODD as error:
            raise damaged(self._place, row.host, row.scan_id, error) from error

    def _odd(self, row: Row[Any]) -> bool:
        return self._shared.get(_judgement, row[_JUDGEMENT]).verdict in _WITHOUT_ROLES

    def _profile(self, row: Row[Any]) -> Profile:
        return self._shared.get(_profile, row[_PROFILE])

    def _put_together(self, row: Row[Any]) -> Standing:
        number, host, scan, at, address, site, waived, phase, cause, *documents = tuple(row)  # as in _rows
        profile, settings, judgement, gateways, identity = documents
        shared = self._shared
        said = shared.get(_settings, settings)
        sources, network = _NOWHERE
        if self._networks is not None and identity is not None:
            sources, network = self._networks.of(number, json.loads(shared.texts[identity]), said.named)
        return Standing(
            host=host,
            scan=scan,
            at=at,
            address=address,
            profile=shared.get(_profile, profile),
            judgement=shared.get(_judgement, judgement),
            cause="" if phase is None else f"{phase}: {cause}",
            waived=waived,
            site=site,
            groups=said.groups,
            gateways=_NONE if gateways is None else shared.get(_gateways, gateways),
            sources=sources,
            repin=said.repin,
            named=said.named,
            desired=said.desired,
            network=network,
            via=said.via,
        )


_NONE: Gateways = MappingProxyType({})
_NOWHERE: tuple[tuple[str, ...], Network] = (), Network()


def _profile(jsonable: dict[str, Any]) -> Profile:
    return decode(Profile, jsonable)


def _judgement(jsonable: dict[str, Any]) -> Judgement:
    return decode(Judgement, jsonable)


def _settings(jsonable: dict[str, Any]) -> _Settings:
    return _Settings(
        tuple(jsonable.get("groups", ())),
        jsonable.get("repin", "allow"),
        _wish(tuple(jsonable.get("gateways", {}).items())),
        _wish(tuple(jsonable.get("desired", {}).items())),
        jsonable.get("via"),
    )


@lru_cache(maxsize=1024)
def _wish(by_role: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    """Return gateways or pins by role; what several settings say is one object."""
    return MappingProxyType(dict(by_role))


def _gateways(jsonable: dict[str, list[str]]) -> Gateways:
    return MappingProxyType({role: tuple(addresses) for role, addresses in jsonable.items()})


_SHARED: Mapping[int, Decode] = {9: _profile, 10: _settings, 11: _judgement, 12: _gateways}
"""Columns of _rows that name documents which results share, and how these are read."""
_PROFILE, _JUDGEMENT, _OWN = 9, 11, 13  # ... two of them, and the one that no two share
_WITHOUT_ROLES = frozenset({Verdict.SPLIT, Verdict.UNREADABLE})  # the reading says what they may need


def _rows(ids: Collection[int]) -> Select[Any]:
    judged, told = gist.alias(), gist.alias()
    return (
        select(
            _RESULT.id,
            _RESULT.host,
            _RESULT.scan_id,
            _RESULT.ended,
            _RESULT.address,
            _RESULT.site,
            _RESULT.waived,
            _RESULT.phase,
            _RESULT.cause,
            _RESULT.profile_id,
            _RESULT.settings_id,
            func.coalesce(judged.c.gist_id, _RESULT.judgement_id),  # a short one is its own gist
            told.c.gist_id,
            _RESULT.identity_id,
        )
        .outerjoin(judged, judged.c.document_id == _RESULT.judgement_id)
        .outerjoin(told, told.c.document_id == _RESULT.identity_id)
        .where(among(_RESULT.id, ids))
    )
