"""Write what targets are to be told of a scan, in the transaction that ends it: the message and
what counts as told.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.notices.edges import UNKNOWN, Told, edges, first, label_of
from orchestrator.domain.notices.notice import GROUPS, Notice, NoticeGroup, NoticeKind, counts_of, grouped
from orchestrator.domain.notices.subscription import Subscription
from orchestrator.domain.primitives.codec import dumps, encode
from orchestrator.domain.record import ScanState
from orchestrator.store.results.insert import Inserter
from orchestrator.store.results.load import final
from orchestrator.store.tables import host_result, notice, scan, told

_RESULT = host_result.c


class Notices:
    """The targets of a scan; `add` is what `Writer.at_end` takes."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self._subscriptions = tuple(subscriptions)

    def add(self, into: Inserter, scan_id: int, ended: datetime) -> None:
        """Add a message for each target that has news, its baseline where it never had one. Raises
        what SQLAlchemy does.
        """
        using = into.connection
        labels = _labels(using, scan_id)
        if not labels:
            return
        columns = (scan.c.fleet, scan.c.inventory, scan.c.state)
        row = using.execute(select(*columns).where(scan.c.id == scan_id)).one()
        whole = row.state == ScanState.FINISHED.value
        for subscription in self._subscriptions:
            if not whole and not _begun(using, subscription.target):
                continue  # what such a scan did not come to would be told as new by the next one
            made = _notice(using, subscription, scan_id, labels, ended, row.fleet or row.inventory)
            if made is not None:
                _store(using, made)


def _notice(
    using: Connection,
    subscription: Subscription,
    scan_id: int,
    labels: Mapping[str, str],
    ended: datetime,
    fleet: str,
) -> Notice | None:
    """Work out what a target is told, and note what then counts as told; None for no news."""
    target, groups = subscription.target, tuple[NoticeGroup, ...]()
    baseline = not _begun(using, target)
    if baseline:
        _tell(using, target, scan_id, {host: first(label) for host, label in labels.items()})
    else:
        before, counted = _told(using, target, scan_id)
        news = {host: label for host, label in labels.items() if label != UNKNOWN or host not in counted}
        changed, found = edges(news, before, unknown_after=subscription.unknown_after)
        _tell(using, target, scan_id, changed)
        groups = grouped(found)
        if not groups:
            return None
    return Notice(
        id=str(uuid.uuid4()),
        target=target,
        kind=NoticeKind.BASELINE if baseline else NoticeKind.CHANGES,
        at=ended,
        scan=scan_id,
        fleet=fleet,
        counts=counts_of(labels.values()),
        groups=groups[:GROUPS],
        more_groups=max(0, len(groups) - GROUPS),
    )


def _begun(using: Connection, target: str) -> bool:
    """Tell whether a target has its baseline."""
    return bool(using.execute(select(exists().where(notice.c.target == target))).scalar())


def _labels(using: Connection, scan_id: int) -> dict[str, str]:
    query = select(_RESULT.host, _RESULT.verdict, _RESULT.role, _RESULT.waived)
    rows = using.execute(query.where(_RESULT.scan_id == scan_id, final()))
    return {host: label_of(verdict, role, waived) for host, verdict, role, waived in rows}


def _told(using: Connection, target: str, scan_id: int) -> tuple[dict[str, Told], set[str]]:
    """Read what was told, and the hosts whose result of this scan was counted before it was resumed."""
    rows = using.execute(
        select(told.c.host, told.c.label, told.c.unknown, told.c.scan_id).where(told.c.target == target)
    ).all()
    before = {row.host: Told(row.label, row.unknown) for row in rows}
    return before, {row.host for row in rows if row.scan_id == scan_id}


def _tell(using: Connection, target: str, scan_id: int, changed: Mapping[str, Told]) -> None:
    """Note what counts as told now."""
    if not changed:
        return
    rows = [
        {"target": target, "host": host, "label": now.label, "unknown": now.unknown, "scan_id": scan_id}
        for host, now in changed.items()
    ]
    made: Any = (postgresql if using.dialect.name == "postgresql" else sqlite).insert(told)
    new = {name: made.excluded[name] for name in ("label", "unknown", "scan_id")}
    using.execute(made.on_conflict_do_update(index_elements=["target", "host"], set_=new), rows)


def _store(using: Connection, made: Notice) -> None:
    cells = {"id": made.id, "target": made.target, "scan_id": made.scan, "kind": made.kind.value}
    number = (using.execute(select(func.max(notice.c.number))).scalar() or 0) + 1
    body = dumps(encode(made))
    using.execute(insert(notice).values(number=number, **cells, made=made.at, tries=0, body=body))
