"""The targets of notices: as a table, as lines, as documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.report.document import envelope, plain
from orchestrator.report.words import moment

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTarget:
    """A configured target and how it stands in this database: `sent` is when it was last told, None for
    never.
    """

    name: str
    kind: str
    waiting: int = 0
    sent: datetime | None = None
    trouble: str | None = None  # why the oldest that waits was not sent


TARGET_COLUMNS = ("name", "kind", "waiting", "last sent", "not sent because")


def target_rows(targets: Iterable[ListedTarget]) -> Iterator[tuple[str, ...]]:
    """Yield a row per target."""
    for each in targets:
        sent = moment(each.sent) if each.sent else "never"
        yield each.name, each.kind, f"{each.waiting:,}", sent, each.trouble or ""


def targets_screen(targets: Sequence[ListedTarget]) -> RenderableType:
    """Draw the targets; what to write where there is none."""
    from rich.text import Text

    from orchestrator.report.listing import listing

    if not targets:
        return Text("No targets: write [notify.NAME] in ~/.config/fleetcheck/config.toml (docs/notices.md).")
    return listing(TARGET_COLUMNS, target_rows(targets))


def targets_document(targets: Iterable[ListedTarget]) -> dict[str, Any]:
    """Say every target."""
    return envelope("notify-targets", targets=[plain(each) for each in targets])


def tried_document(target: str, number: str, trouble: str | None, remark: str | None) -> dict[str, Any]:
    """Say what became of a test notice, by its id."""
    return envelope(
        "notify-test", target=target, id=number, sent=trouble is None, trouble=trouble, remark=remark
    )
