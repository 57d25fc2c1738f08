"""The pieces that several screens are made of: headings, warnings, lists, commands to paste."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from inventory.verdicts import Verdict
from inventory.words import plural
from orchestrator.domain.actions import BEHIND_A_FIREWALL
from orchestrator.report import drawing
from orchestrator.report.words import listed, shown

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

INDENT = (0, 0, 0, 2)
RULES_SHOWN = 4  # different advice about a group that may need firewall rules


def heading(title: str) -> Iterator[Text]:
    """Begin a section."""
    yield drawing.Text()
    yield shown(title, "bold underline")


def warned(warnings: Iterable[str]) -> Iterator[RenderableType]:
    """Write what has to be read first, each behind an exclamation mark that no long path leaves alone on its
    line.
    """
    for warning in warnings:
        table = drawing.Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        table.add_row(drawing.Text("!", style="bold red"), shown(warning, "bold"))
        yield from (drawing.Text(), table)


def bullets(sentences: Iterable[str], *, mark: str = "-") -> RenderableType | None:
    """List sentences with hanging indents behind a mark; None where there is none."""
    table = drawing.Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=1)
    table.add_column(overflow="fold")
    for sentence in sentences:
        table.add_row(mark, shown(sentence))
    return table if table.row_count else None


def hosts_named(title: Text, names: Sequence[str]) -> Iterator[RenderableType]:
    """Write how many hosts share what, and the first of their names below it."""
    yield drawing.Text(f"{plural(len(names), 'host')}: ", style="bold").append(title)
    yield drawing.Padding(shown(listed(names)), INDENT)


def next_section(commands: Iterable[tuple[str, str]]) -> Iterator[RenderableType]:
    """Say what is worth typing next: each command on a line of its own below what it does."""
    yield from heading("Next")
    for typed, what in commands:
        yield drawing.Padding(drawing.Text(f"{what}:"), INDENT)
        yield command(typed)


def command(typed: str) -> Text:
    """Write a command to be pasted, on a line of its own."""
    return unbroken(drawing.Text("    ").append(shown(typed, "bold")))


def unbroken(line: Text) -> Text:
    """Leave a long line to the terminal to break: what is copied from there is whole."""
    line.no_wrap, line.overflow = True, "ignore"
    return line


def group_actions(verdict: Verdict, actions: Sequence[str]) -> Sequence[str]:
    """Return what to do about a group of hosts, none where nothing is: each firewall rule,
    of all else the first.
    """
    if len(actions) == 1:
        return [each for each in actions if each]
    if verdict not in BEHIND_A_FIREWALL:
        return [f"{actions[0]} (as for the first of them; the others differ in detail)"]
    shown_, rest = actions[:RULES_SHOWN], len(actions) - RULES_SHOWN
    more = [f"and {rest:,} more, for others of them: fleetcheck unblock"] if rest > 0 else []
    return [*(f"{each} (some of them)" for each in shown_), *more]
