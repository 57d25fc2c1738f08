"""The configured targets, and how each stands in the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.app.notify.targets import configured
from orchestrator.domain.notices.targets import CommandTarget, Target, WebhookTarget
from orchestrator.report.notices.listing import ListedTarget

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation


def listed(invocation: Invocation) -> tuple[ListedTarget, ...]:
    """Return the targets by name; where nothing is stored yet, nothing waits. Raises StoreError."""
    from orchestrator.store.errors import NoDatabaseError
    from orchestrator.store.notices.waiting import NoticeReader

    targets = tuple(
        ListedTarget(name=name, kind=_kind(target)) for name, target in sorted(configured(invocation).items())
    )
    if not targets:
        return ()
    try:
        with NoticeReader.open(invocation.url, command=invocation.command, user=invocation.user) as reader:
            states = {each.name: reader.state(each.name) for each in targets}
    except NoDatabaseError:
        return targets
    return tuple(
        replace(
            each,
            waiting=states[each.name].waiting,
            sent=states[each.name].sent,
            trouble=states[each.name].trouble,
        )
        for each in targets
    )


def _kind(target: Target) -> str:
    if isinstance(target, CommandTarget):
        return "command"
    return "webhook" if isinstance(target, WebhookTarget) else "smtp"
