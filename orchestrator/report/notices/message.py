"""A notice in words, for a mail or a pager, and as a document; no line of it is longer than it has to be."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from inventory.words import plural
from orchestrator.domain.notices.notice import Notice, NoticeGroup, NoticeKind
from orchestrator.domain.primitives.text import clean
from orchestrator.report.document import envelope, plain
from orchestrator.report.words import moment

_WIDTH = 78
_MOST = 4  # labels that a subject names
_LONGEST = 60  # characters of a fleet's name in a subject


def notice_subject(notice: Notice) -> str:
    """Say the notice in one line, for a subject: `emea: 14 blocked, 2 resolved`."""
    fleet = clean(notice.fleet, limit=_LONGEST)
    match notice.kind:
        case NoticeKind.TEST:
            return f"fleetcheck: a test of the target {notice.target}"
        case NoticeKind.BASELINE:
            counted = [f"{count:,} {label}" for label, count in notice.counts.items()]
            return f"{fleet}: from here on you are told what changes; now {_few(counted)}"
        case NoticeKind.CHANGES:
            counts: Counter[str] = Counter()
            for group in notice.groups:
                counts["resolved" if group.resolved else group.after] += group.count
            counted = [f"{count:,} {label}" for label, count in counts.items()]
            more = [plural(notice.more_groups, "more group")] if notice.more_groups else []
            return f"{fleet}: {_few([*counted, *more])}"


def notice_text(notice: Notice) -> str:
    """Say the notice in lines for a person: what changed, how the scan's hosts stand, where to look."""
    return "".join(f"{line}\n" for line in _lines(notice))


def _lines(notice: Notice) -> Iterator[str]:
    if notice.kind is NoticeKind.TEST:
        yield f"This is a test of fleetcheck's target {notice.target}: notices arrive here."
        yield f"Sent {moment(notice.at)}."
        return
    yield f"fleetcheck, scan {notice.scan} of {clean(notice.fleet)}, {moment(notice.at)}"
    if notice.kind is NoticeKind.BASELINE:
        yield ""
        yield f"The first scan that {notice.target} is told of: from here on you get what changes."
    for group in notice.groups:
        yield ""
        yield f"{_title(group)}:"
        yield from _names(group)
    if notice.more_groups:
        yield ""
        yield f"and {plural(notice.more_groups, 'more group')}"
    yield ""
    counted = ", ".join(f"{count:,} {label}" for label, count in notice.counts.items())
    yield from _wrapped(f"The scan's {plural(notice.hosts, 'host')} now: {counted}")
    yield ""
    yield f"fleetcheck show --scan {notice.scan}"


def _title(group: NoticeGroup) -> str:
    hosts = plural(group.count, "host")
    before = "never told before" if group.before is None else f"before {group.before}"
    return f"{hosts} {f'resolved, {before}' if group.resolved else f'{group.after}, {before}'}"


def _names(group: NoticeGroup) -> Iterable[str]:
    more = f" and {group.more:,} more" if group.more else ""
    return _wrapped(f"{', '.join(map(clean, group.hosts))}{more}", indent="  ")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _few(words: list[str]) -> str:
    rest = len(words) - _MOST
    return ", ".join(words if rest <= 1 else [*words[:_MOST], f"{rest} more"])


def notice_document(notice: Notice) -> dict[str, Any]:
    """Say the whole notice, as webhooks and commands get it."""
    return envelope(
        "notice",
        id=notice.id,
        target=notice.target,
        about=notice.kind.value,
        at=plain(notice.at),
        scan=notice.scan,
        fleet=notice.fleet,
        counts=dict(notice.counts),
        groups=[
            {
                "before": group.before,
                "after": group.after,
                "resolved": group.resolved,
                "count": group.count,
                "hosts": list(group.hosts),
                "more": group.more,
            }
            for group in notice.groups
        ],
        more_groups=notice.more_groups,
        subject=notice_subject(notice),
        text=notice_text(notice),
    )
