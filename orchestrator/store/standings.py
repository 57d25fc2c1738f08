"""Read what results came to: many hosts at once, without their attempts, values and connections."""

from __future__ import annotations

import json
import marshal
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import CTE, Connection, Row, ScalarSelect, Select, func, select

from inventory.model import Profile
from orchestrator.domain.judgement import Judgement, RoleJudgement
from orchestrator.domain.standing import Standing
from orchestrator.store.codec import decode, decode_fields
from orchestrator.store.errors import DatabaseError, Trouble
from orchestrator.store.load import final
from orchestrator.store.place import Place
from orchestrator.store.tables import document, host_result

_RESULT = host_result.c


def now() -> Select[Any]:
    """Select of every host its name, and the ids of its latest result, its last reading, the reading before.

    Goes from host to host along the index on (host, started): as fast after 400 scans as after one.
    """
    every = select(func.min(_RESULT.host).label("host")).cte("every", recursive=True)
    following = select(func.min(_RESULT.host)).where(_RESULT.host > every.c.host).scalar_subquery()
    every = every.union_all(select(following).where(every.c.host.is_not(None)))
    return select(
        every.c.host,
        _newest(every, 0, probed=False).label("latest"),
        _newest(every, 0, probed=True).label("known"),
        _newest(every, 1, probed=True).label("before"),
    ).where(every.c.host.is_not(None))


def _newest(every: CTE, skipped: int, *, probed: bool) -> ScalarSelect[Any]:
    """Find the id of a host's newest result after `skipped` newer ones."""
    each = host_result.alias()
    query = select(each.c.id).where(each.c.host == every.c.host).correlate(every)
    if probed:
        query = query.where(each.c.phase.is_(None))
    order = (each.c.started.desc(), each.c.id.desc())
    return query.order_by(*order).limit(1).offset(skipped).scalar_subquery()


def of_scan(scan_id: int) -> Select[Any]:
    """Select host and id of a scan's results."""
    return select(_RESULT.host, _RESULT.id).where(_RESULT.scan_id == scan_id, final())


def of_host(host: str, limit: int | None) -> Select[Any]:
    """Select the ids of a host's results, newest first."""
    order = (_RESULT.started.desc(), _RESULT.id.desc())
    return select(_RESULT.id).where(_RESULT.host == host, final()).order_by(*order).limit(limit)


class Standings:
    """Reads results by their ids, and what they share once: for a few hundred hosts, then take another one."""

    def __init__(self, using: Connection, place: Place, profiles: dict[int, Profile]) -> None:
        """`profiles` is the caller's to keep: it fills up with what was read."""
        self._using, self._place, self._profiles = using, place, profiles
        self._judgements: dict[int, Judgement] = {}
        self._roles: dict[bytes, RoleJudgement] = {}
        self._settings: dict[int, dict[str, Any]] = {}
        self._identities: dict[int | None, _Identity] = {None: _Identity(MappingProxyType({}), ())}

    def read(self, ids: Collection[int]) -> dict[int, Standing]:
        """Give the results by their ids. Raises DatabaseError for rows that make none."""
        return {row[0]: self._standing(row) for row in self._using.execute(_rows(ids))} if ids else {}

    def _standing(self, row: Row[Any]) -> Standing:
        try:
            return self._put_together(*row)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            detail = f"the result of {row.host!r} in scan {row.scan_id} does not hang together: {error!r}"
            raise DatabaseError(self._place.shown, Trouble.DAMAGED, detail) from error

    def _put_together(self, *row: Any) -> Standing:
        _, host, scan, at, address, site, waived, phase, cause, *shared = row  # as in _rows
        profile, judgement, judged, setting, settings, identified, identity = shared
        if judgement not in self._judgements:
            self._judgements[judgement] = self._judgement(json.loads(judged))
        if setting not in self._settings:
            self._settings[setting] = json.loads(settings)
        if identified not in self._identities:
            self._identities[identified] = _identity(identity)
        found = self._identities[identified]
        return Standing(
            host=host,
            scan=scan,
            at=at,
            address=address,
            profile=self._profile(profile),
            judgement=self._judgements[judgement],
            cause="" if phase is None else f"{phase}: {cause}",
            waived=waived,
            site=site,
            groups=tuple(self._settings[setting].get("groups", ())),
            gateways=found.gateways,
            sources=found.sources,
            repin=self._settings[setting].get("repin", "allow"),
        )

    def _judgement(self, jsonable: dict[str, Any]) -> Judgement:
        """Leave out the sentences: they quote milliseconds, so without them most hosts say the same of their roles."""
        for sentences in ("evidence", "remarks"):
            jsonable.pop(sentences, None)
        roles = tuple(self._role(role) for role in jsonable.pop("roles", ()))
        return Judgement(**decode_fields(Judgement, jsonable), roles=roles)

    def _role(self, jsonable: dict[str, Any]) -> RoleJudgement:
        jsonable["evidence"] = []
        known = marshal.dumps(
            jsonable, 2
        )  # a fast way to compare; later versions note which objects are the same
        if known not in self._roles:
            self._roles[known] = decode(RoleJudgement, jsonable)
        return self._roles[known]

    def _profile(self, number: int) -> Profile:
        if number not in self._profiles:
            text = self._using.execute(select(document.c.text).where(document.c.id == number)).scalar_one()
            self._profiles[number] = decode(Profile, json.loads(text))
        return self._profiles[number]


@dataclass(frozen=True, slots=True)
class _Identity:
    """What is wanted of the document that says who answered."""

    gateways: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]


def _identity(text: str) -> _Identity:
    identity, targets = json.loads(text)[:2]
    told = [address for each in identity.get("interfaces", ()) for address in each.get("addresses", ())]
    gateways = {
        each["role"]: tuple(sorted(each.get("addresses", ()))) or (each["name"],)
        for each in reversed(targets)
        if each.get("decides")
    }
    return _Identity(gateways, tuple(dict.fromkeys(told)))


def _rows(ids: Collection[int]) -> Select[Any]:
    judgement, settings, identity = document.alias(), document.alias(), document.alias()
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
            _RESULT.judgement_id,
            judgement.c.text.label("judgement"),
            _RESULT.settings_id,
            settings.c.text.label("settings"),
            _RESULT.identity_id,
            identity.c.text.label("identity"),
        )
        .join(judgement, judgement.c.id == _RESULT.judgement_id)
        .join(settings, settings.c.id == _RESULT.settings_id)
        .outerjoin(identity, identity.c.id == _RESULT.identity_id)
        .where(_RESULT.id.in_(ids))
    )
