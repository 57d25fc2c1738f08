"""Send what waits for targets, and mark what has arrived, while nobody else can: no notice is sent twice at
once.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from inventory.words import plural
from orchestrator.app.events import NoteListener, Remark, Warned
from orchestrator.app.invocation import PATIENCE, Invocation
from orchestrator.domain.notices.notice import Notice, NoticeKind
from orchestrator.domain.notices.targets import Target
from orchestrator.notify.letter import Letter, NotSentError
from orchestrator.notify.sending import TOGETHER, Sent, send, send_all
from orchestrator.report.notices.message import notice_document, notice_subject, notice_text
from orchestrator.store.errors import StoreError

if TYPE_CHECKING:
    from orchestrator.store.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a test notice: `trouble` is None where it was taken."""

    target: str
    id: str
    trouble: str | None
    remark: str | None = None


def deliver(
    invocation: Invocation,
    targets: Sequence[Target],
    *,
    on_event: NoteListener,
    seconds: float = TOGETHER,
) -> None:
    """Send each target what waits for it, the oldest first, all together within so many seconds; never raise.

    What is not sent waits on, and a warning says so: the result of the scan before stands.
    """
    end = time.monotonic() + seconds
    try:
        with replace(invocation, wait=PATIENCE).writer() as writer:
            _deliver(invocation, writer, targets, on_event, end - time.monotonic())
    except StoreError as error:
        on_event(Warned(words=f"notices wait for the next scan with --notify: {error}"))


def send_test(target: Target) -> Tried:
    """Send a target a message that is about nothing. Nothing is stored."""
    notice = Notice(id=str(uuid.uuid4()), target=target.name, kind=NoticeKind.TEST, at=datetime.now(UTC))
    try:
        remark = send(target, letter_of(notice))
    except NotSentError as error:
        return Tried(target=target.name, id=notice.id, trouble=str(error))
    return Tried(target=target.name, id=notice.id, trouble=None, remark=remark)


def letter_of(notice: Notice) -> Letter:
    """Write a notice as it is sent."""
    fleet = quote(notice.fleet, safe="") or "test"
    return Letter(
        id=notice.id,
        at=notice.at,
        source=f"urn:fleetcheck:{fleet}",
        about="test" if notice.scan is None else f"scan/{notice.scan}",
        subject=notice_subject(notice),
        text=notice_text(notice),
        data=notice_document(notice),
    )


def _deliver(
    invocation: Invocation,
    writer: Writer,
    targets: Sequence[Target],
    on_event: NoteListener,
    seconds: float,
) -> None:
    """Send and mark. Raises StoreError."""
    from orchestrator.store.notices.waiting import NoticeReader

    with NoticeReader.open(invocation.url) as reader:
        waiting = reader.waiting([target.name for target in targets])
        letters = [
            (target, [letter_of(each) for each in waiting if each.target == target.name])
            for target in targets
        ]
        for sent in send_all([(target, mine) for target, mine in letters if mine], seconds=seconds):
            _mark(writer, sent)
            if sent.remark is not None:
                on_event(Warned(words=f"notice to {sent.target}: {sent.remark}"))
        for target, mine in letters:
            state = reader.state(target.name)
            if state.waiting:
                on_event(Warned(words=_waits(target.name, state.waiting, state.trouble)))
            elif mine:
                on_event(Remark(words=f"notice sent to {target.name}"))


def _waits(target: str, count: int, trouble: str | None) -> str:
    told = plural(count, "notice waits and is", "notices wait and are")
    why = trouble or "there was no time left"
    return f"notice to {target} not sent: {why}. {told} told after the next scan with --notify {target}"


def _mark(writer: Writer, sent: Sent) -> None:
    """Note what became of a notice; once this returns it is on the disk. Raises StoreError."""
    from orchestrator.store.notices.waiting import mark_failed, mark_sent

    when = datetime.now(UTC)
    if sent.trouble is None:
        asyncio.run(writer.alone(lambda into: mark_sent(into, sent.letter, when)))
    else:
        trouble = sent.trouble
        asyncio.run(writer.alone(lambda into: mark_failed(into, sent.letter, trouble)))
