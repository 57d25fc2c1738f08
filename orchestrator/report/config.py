"""What is configured, on a screen, as lines and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.domain.config.kinds import Value
from orchestrator.domain.config.settings import Origin, Seen

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRow:
    """A key: its value, None where nobody set it; words for it, or for what holds without it; its origin."""

    key: str
    value: Value | None
    shown: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigReport:
    """Every key, the files that were looked for, and what is to be said about them."""

    rows: Sequence[ConfigRow]
    files: Sequence[Seen]
    warnings: Sequence[str]


def config_columns(*, origin: bool) -> tuple[str, ...]:
    """Return the names of the columns."""
    return ("key", "value", "origin") if origin else ("key", "value")


def config_rows(report: ConfigReport, *, origin: bool) -> Iterator[tuple[str, ...]]:
    """Yield one plain row for each key, in the columns of `config_columns`."""
    for row in report.rows:
        words = "default" if row.origin is None else str(row.origin)
        yield (row.key, row.shown, words)[: len(config_columns(origin=origin))]


def config_screen(report: ConfigReport, *, origin: bool) -> RenderableType:
    """Draw the keys, and below them the files, nearest first.

    Every path ends its own line, whole: it is to be copied.
    """
    from rich.console import Group
    from rich.text import Text

    from orchestrator.report.listing import listing
    from orchestrator.report.words import shown

    keys = list(_origin_lines(report)) if origin else []
    return Group(
        *(Text(shown(line).plain, no_wrap=True, overflow="ignore") for line in keys),
        *(() if origin else (listing(config_columns(origin=False), config_rows(report, origin=False)),)),
        Text(),
        *(Text(shown(line).plain, no_wrap=True, overflow="ignore") for line in _file_lines(report)),
    )


def _origin_lines(report: ConfigReport) -> Iterator[str]:
    """Yield a line for each key and, where somebody set it, one below it that says where."""
    wide = max((len(row.key) for row in report.rows), default=0)
    for row in report.rows:
        yield f"{row.key:<{wide}}  {row.shown}{'' if row.origin else ' (default)'}"
        if row.origin is not None:
            yield f"{'':<{wide}}  from {row.origin}"


def _file_lines(report: ConfigReport) -> Iterator[str]:
    yield "Files, nearest first"
    states = [f"{seen.state}: {seen.reason}" if seen.reason else seen.state for seen in report.files]
    wide = max(map(len, states), default=0)
    for seen, state in zip(report.files, states, strict=True):
        yield f"  {state:<{wide}}  {seen.file}"


def config_document(report: ConfigReport) -> dict[str, Any]:
    """Make the document: `settings` by key, `files` and `warnings`."""
    from orchestrator.report.document import envelope

    return envelope(
        "config",
        settings=[
            {"key": row.key, "value": row.value, "default": row.origin is None, "origin": _origin(row.origin)}
            for row in report.rows
        ],
        files=[
            {"file": seen.file, "state": seen.state, "reason": seen.reason or None} for seen in report.files
        ],
        warnings=list(report.warnings),
    )


def _origin(origin: Origin | None) -> dict[str, Any] | None:
    """Return the variable, or the file and line; None for what nobody set."""
    if origin is None:
        return None
    if origin.is_file:
        return {"variable": None, "file": origin.name, "line": origin.line}
    return {"variable": origin.name, "file": None, "line": None}
