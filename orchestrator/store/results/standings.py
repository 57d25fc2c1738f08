"""Read what results came to: many hosts at once, without their attempts, values and connections.

Of what hosts said and what was concluded only the gists are read: each of them once, however many hosts share
it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import CTE, Connection, Row, ScalarSelect, Select, func, null, select

from inventory.model import Profile
from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.primitives.codec import decode
from orchestrator.domain.standing import Standing
from orchestrator.store.errors import DatabaseError, StoreTrouble
from orchestrator.store.place import Place
from orchestrator.store.results.load import counted, final
from orchestrator.store.results.networks import Networks
from orchestrator.store.tables import document, gist, host_result

T = TypeVar("T")
Gateways = Mapping[str, tuple[str, ...]]

_RESULT = host_result.c


def now(*, readable: bool = False) -> Select[Any]:
    """Select of every host its name, and the ids of its latest result, its last reading, the reading before.

    A fifth column has the last reading that got at the registry key, NULL where `readable` does not ask for
    it. Goes from host to host along the index on (host, started): as fast after 400 scans as after one.
    """
    every = select(func.min(_RESULT.host).label("host")).cte("every", recursive=True)
    following = select(func.min(_RESULT.host)).where(_RESULT.host > every.c.host).scalar_subquery()
    every = every.union_all(select(following).where(every.c.host.is_not(None)))
    return select(
        every.c.host,
        _newest(every, 0, probed=False).label("latest"),
        _newest(every, 0, probed=True).label("known"),
        _newest(every, 1, probed=True).label("before"),
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
        self._place, self._with_sources = place, sources
        self._texts: Mapping[int, str] = {}
        self._profiles: dict[int, Profile] = {}
        self._judgements: dict[int, Judgement] = {}
        self._settings: dict[int, _Settings] = {}
        self._gateways: dict[int, Gateways] = {}

    def read(self, using: Connection, ids: Collection[int]) -> dict[int, Standing]:
        """Return the results by their ids. Raises DatabaseError for rows that make none."""
        rows = using.execute(_rows(ids)).all() if ids else []
        self._texts = self._unread(using, rows)
        found = {row[0]: self._standing(row) for row in rows}
        if self._with_sources:
            networks = Networks(using, self._place, found)
            identities = {row[0]: self._texts.get(row[_OWN]) for row in rows}
            return {number: networks.added(number, identities[number]) for number in found}
        return found

    def _unread(self, using: Connection, rows: Sequence[Row[Any]]) -> Mapping[int, str]:
        """Read the documents that these rows refer to and that were not read before."""
        known = (*self._profiles, *self._settings, *self._judgements, *self._gateways)
        wanted = {number for row in rows for number in row[_SHARED:_OWN]}.difference(known)
        if self._with_sources:
            wanted |= {row[_OWN] for row in rows}
        numbers = [number for number in wanted if number is not None]
        if not numbers:
            return {}
        query = select(document.c.id, document.c.text).where(document.c.id.in_(numbers))
        return {row.id: row.text for row in using.execute(query)}

    def _standing(self, row: Row[Any]) -> Standing:
        try:
            return self._put_together(*row)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            detail = f"the result of {row.host!r} in scan {row.scan_id} does not hang together: {error!r}"
            raise DatabaseError(self._place.shown, StoreTrouble.DAMAGED, detail) from error

    def _put_together(self, *row: Any) -> Standing:
        _, host, scan, at, address, site, waived, phase, cause, *shared = row  # as in _rows
        profile, settings, judgement, gateways, _ = shared
        said = self._once(self._settings, settings, _settings)
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
            repin=said.repin,
            named=said.named,
            desired=said.desired,
            via=said.via,
        )

    def _once(self, known: dict[int, T], number: int, read: Callable[[Any], T]) -> T:
        """Return what a document says, read at the first time."""
        found = known.get(number)
        if found is None:
            found = known[number] = read(json.loads(self._texts[number]))
        return found


_NONE: Gateways = MappingProxyType({})


def _profile(jsonable: dict[str, Any]) -> Profile:
    return decode(Profile, jsonable)


def _judgement(jsonable: dict[str, Any]) -> Judgement:
    return decode(Judgement, jsonable)


def _settings(jsonable: dict[str, Any]) -> _Settings:
    return _Settings(
        tuple(jsonable.get("groups", ())),
        jsonable.get("repin", "allow"),
        MappingProxyType(jsonable.get("gateways", {})),
        MappingProxyType(jsonable.get("desired", {})),
        jsonable.get("via"),
    )


def _gateways(jsonable: dict[str, list[str]]) -> Gateways:
    return MappingProxyType({role: tuple(addresses) for role, addresses in jsonable.items()})


_SHARED, _OWN = (
    9,
    13,
)  # columns of _rows that name documents: the first that hosts share, and the one that they do not


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
        .where(_RESULT.id.in_(ids))
    )
