"""Notices that wait, and the marks that say what became of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from orchestrator.domain.notices.notice import Notice
from orchestrator.domain.primitives.codec import decode
from orchestrator.store.database.connection import ReadingConnection
from orchestrator.store.errors import DatabaseError, StoreTrouble
from orchestrator.store.results.insert import Inserter
from orchestrator.store.tables import notice

MOST = 100  # that are sent to one target after a scan; the others wait for the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """How a target stands: how many notices wait, when the last one was sent (None: never), why
    the last try failed.
    """

    waiting: int
    sent: datetime | None
    trouble: str | None


class NoticeReader(ReadingConnection):
    """Every method raises DatabaseError where the database gives trouble."""

    def waiting(self, targets: Collection[str]) -> tuple[Notice, ...]:
        """Return what was not sent yet, the oldest first, of each target at most MOST."""
        found: list[Notice] = []
        with self._snapshot() as using:
            for target in targets:
                query = select(notice.c.id, notice.c.body).where(
                    notice.c.target == target, notice.c.sent.is_(None)
                )
                rows = using.execute(query.order_by(notice.c.number).limit(MOST)).all()
                found += [self._notice(row.id, row.body) for row in rows]
        return tuple(found)

    def state(self, target: str) -> TargetState:
        """Say how a target stands."""
        with self._snapshot() as using:
            mine = notice.c.target == target
            left = using.execute(select(func.count()).where(mine, notice.c.sent.is_(None))).scalar_one()
            sent = using.execute(select(func.max(notice.c.sent)).where(mine)).scalar()
            query = select(notice.c.trouble).where(mine, notice.c.sent.is_(None)).order_by(notice.c.number)
            return TargetState(waiting=left, sent=sent, trouble=using.execute(query.limit(1)).scalar())

    def _notice(self, number: str, body: str) -> Notice:
        try:
            return decode(Notice, json.loads(body))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            detail = f"the notice {number} does not hang together: {error!r}"
            raise DatabaseError(self._place.shown, StoreTrouble.DAMAGED, detail) from error


def mark_sent(into: Inserter, number: str, when: datetime) -> None:
    """Note that a notice, by its id, has arrived: it is never sent again."""
    into.connection.execute(
        update(notice).where(notice.c.id == number).values(sent=when, tries=notice.c.tries + 1, trouble=None)
    )


def mark_failed(into: Inserter, number: str, trouble: str) -> None:
    """Note why a notice has not arrived; it waits on."""
    into.connection.execute(
        update(notice).where(notice.c.id == number).values(tries=notice.c.tries + 1, trouble=trouble)
    )
