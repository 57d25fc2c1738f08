"""Read what results came to: many hosts at once, without their attempts, values and connections.

Of what hosts said and what was concluded only the gists are read: each of them once, however many hosts share
it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar, cast

from sqlalchemy import CTE, Connection, Row, ScalarSelect, Select, func, null, select

from inventory.model import Profile
from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.primitives.codec import decode
from orchestrator.domain.standing import Network, Standing
from orchestrator.store.database.types import among
from orchestrator.store.errors import DatabaseError, StoreTrouble
from orchestrator.store.place import Place
from orchestrator.store.results.load import counted, final
from orchestrator.store.results.networks import Networks
from orchestrator.store.tables import document, gist, host_result

T = TypeVar("T")
Gateways = Mapping[str, tuple[str, ...]]

_RESULT = host_result.c


def now(*, before: bool = True, readable: bool = False) -> Select[Any]:
    """Select of every host its name, and the ids of its latest result, its last reading, the reading before.

    A fifth column has the last reading that got at the registry key. The last two are NULL where `before` and
    `readable` do not ask for them. Goes from host to host along the index on (host, started): as fast after
    400 scans as after one.
    """
    every = select(func.min(_RESULT.host).label("host")).cte("every", recursive=True)
    following = select(func.min(_RESULT.host)).where(_RESULT.host > every.c.host).scalar_subquery()
    every = every.union_all(select(following).where(every.c.host.is_not(None)))
    return select(
        every.c.host,
        _newest(every, 0, probed=False).label("latest"),
        _newest(every, 0, probed=True).label("known"),
        (_newest(every, 1, probed=True) if before else null()).label("before"),
        (_newest(every, 0, probed=True, readable=True) if readable else null()).label("readable"),
    ).where(every.c.host.is_not(None))


def _newest(every: CTE, skipped: int, *, probed: bool, readable: bool = False) -> ScalarSelect[Any]:
    """Find the id of a host's newest result after `skipped` newer ones."""
    each = host_result.alias()
    query = select(each.c.id).where(each.c.host == every.c.host, counted(each)).correlate(every)
    if probed:
        query = query.where(each.c.phase.is_(None))
    if readable:
        query = query.where(each.c.verdict != Verdict.UNREADABLE.value)
    order = (each.c.started.desc(), each.c.id.desc())
    return query.order_by(*order).limit(1).offset(skipped).scalar_subquery()


def of_scan(scan_id: int) -> Select[Any]:
    """Select host and id of a scan's results."""
    return select(_RESULT.host, _RESULT.id).where(_RESULT.scan_id == scan_id, final())


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
        self._texts: Mapping[int, str] = {}
        self._profiles: dict[int, Profile] = {}
        self._judgements: dict[int, Judgement] = {}
        self._settings: dict[int, _Settings] = {}
        self._gateways: dict[int, Gateways] = {}
        self._wished: dict[object, Mapping[str, Any]] = {}

    def read(self, using: Connection, ids: Collection[int]) -> dict[int, Standing]:
        """Return the results by their ids. Raises DatabaseError for rows that make none."""
        rows = using.execute(_rows(ids)).all() if ids else []
        self._texts = self._unread(using, rows)
        if self._networks is not None:
            self._networks.read(using, {row[0]: self._whole(self._judged, row).verdict for row in rows})
        return {row[0]: self._whole(self._put_together, row) for row in rows}

    def _unread(self, using: Connection, rows: Sequence[Row[Any]]) -> Mapping[int, str]:
        """Read the documents that these rows refer to and that were not read before."""
        known = (*self._profiles, *self._settings, *self._judgements, *self._gateways)
        wanted = {number for row in rows for number in row[_SHARED:_OWN]}.difference(known)
        if self._networks is not None:
            wanted |= {row[_OWN] for row in rows}
        numbers = [number for number in wanted if number is not None]
        if not numbers:
            return {}
        query = select(document.c.id, document.c.text).where(among(document.c.id, numbers))
        return {row.id: row.text for row in using.execute(query).all()}

    def _whole(self, read: Callable[[Row[Any]], T], row: Row[Any]) -> T:
        """Return what is read from a row. Raises DatabaseError where it does not hang together."""
        try:
            return read(row)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            detail = f"the result of {row.host!r} in scan {row.scan_id} does not hang together: {error!r}"
            raise DatabaseError(self._place.shown, StoreTrouble.DAMAGED, detail) from error

    def _judged(self, row: Row[Any]) -> Judgement:
        return self._once(self._judgements, row[_JUDGEMENT], _judgement)

    def _put_together(self, row: Row[Any]) -> Standing:
        number, host, scan, at, address, site, waived, phase, cause, *shared = cast("Sequence[Any]", row)
        profile, settings, judgement, gateways, identity = shared  # as in _rows
        said = self._once(self._settings, settings, self._said)
        sources, network = _NOWHERE
        if self._networks is not None and identity is not None:
            sources, network = self._networks.of(number, json.loads(self._texts[identity]), said.named)
        return Standing(
            host=host,
            scan=scan,
            at=at,
            address=address,
            profile=self._once(self._profiles, profile, _profile),
            judgement=self._once(self._judgements, judgement, _judgement),
            cause="" if phase is None else f"{phase}: {cause}",
            waived=waived,
            site=site,
            groups=said.groups,
            gateways=_NONE if gateways is None else self._once(self._gateways, gateways, _gateways),
            sources=sources,
            repin=said.repin,
            named=said.named,
            desired=said.desired,
            network=network,
            via=said.via,
        )

    def _said(self, jsonable: dict[str, Any]) -> _Settings:
        """Read settings; gateways and pins that several settings say are one object."""
        return _Settings(
            tuple(jsonable.get("groups", ())),
            jsonable.get("repin", "allow"),
            self._wished.setdefault(*_wish(jsonable.get("gateways", {}))),
            self._wished.setdefault(*_wish(jsonable.get("desired", {}))),
            jsonable.get("via"),
        )

    def _once(self, known: dict[int, T], number: int, read: Callable[[Any], T]) -> T:
        """Return what a document says, read at the first time."""
        found = known.get(number)
        if found is None:
            found = known[number] = read(json.loads(self._texts[number]))
        return found


_NONE: Gateways = MappingProxyType({})
_NOWHERE: tuple[tuple[str, ...], Network] = (), Network()


def _profile(jsonable: dict[str, Any]) -> Profile:
    return decode(Profile, jsonable)


def _judgement(jsonable: dict[str, Any]) -> Judgement:
    return decode(Judgement, jsonable)


def _wish(by_role: dict[str, Any]) -> tuple[object, Mapping[str, Any]]:
    return tuple(by_role.items()), MappingProxyType(by_role)


def _gateways(jsonable: dict[str, list[str]]) -> Gateways:
    return MappingProxyType({role: tuple(addresses) for role, addresses in jsonable.items()})


_SHARED, _JUDGEMENT, _OWN = 9, 11, 13
"""Columns of _rows that name documents: the first that hosts share, one of them, the one of a host's own."""


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
