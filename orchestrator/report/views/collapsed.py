"""Firewall rows merged by subnet: on the screen, as plain rows, as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from inventory.words import plural
from orchestrator.domain.firewall.collapsed import CollapsedRows
from orchestrator.domain.firewall.firewall import Action, Firewall
from orchestrator.domain.judgement import Belief
from orchestrator.report.document import envelope, plain
from orchestrator.report.parts import heading, next_section
from orchestrator.report.views.firewall_aside import aside, aside_document, counts
from orchestrator.report.words import shown

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

MERGED_COLUMNS = ("source", "destination", "service", "action", "found", "why", "hosts", "names", "sites")

_WIDEST_SUBNET, _WIDEST_ADDRESS = (
    len("255.255.255.255/32"),
    len("255.255.255.255"),
)  # longer IPv6 ones are folded


def merged_screen(
    merged: Sequence[CollapsedRows], found: Firewall, command: str, now: datetime | None = None
) -> RenderableType:
    """Draw the merged rows of `found`; fits 80 columns.

    `command` lists every row, `now` as for the exact ones.
    """
    from rich.console import Group
    from rich.text import Text

    needed = [each for each in merged if each.action is Action.PERMIT]
    removable = [each for each in merged if each.action is Action.REMOVE]
    return Group(
        Text("Firewall", style="bold").append(
            f"  {plural(len(needed), 'row')} needed, {len(removable):,} that no host needs{counts(found)}",
            style="",
        ),
        *_section("Needed", needed),
        *_section("Open, and needed by no host of the site or in the subnet", removable),
        *aside(found, now),
        *next_section([(command, "list every row, with the names of its hosts")]),
    )


def _section(title: str, rows: list[CollapsedRows]) -> Iterator[RenderableType]:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    yield from heading(f"{title}: {plural(len(rows), 'row')}")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column("site", overflow="fold")
    for column, widest, texts in (
        ("from", _WIDEST_SUBNET, [each.source for each in rows]),
        ("to", _WIDEST_ADDRESS, [each.destination for each in rows]),
    ):
        table.add_column(column, overflow="fold", min_width=min(widest, max(map(len, texts))))
    table.add_column("TCP", no_wrap=True)
    table.add_column("why", max_width=len("desired,"))
    for column in ("hosts", "open", "closed", "not\nknown"):
        table.add_column(column, justify="right", no_wrap=True)
    for same in _folded(rows):
        table.add_row(*_cells(same))
    yield table
    exact = sum(not each.subnet for each in rows)
    if exact:
        yield Text(f"{plural(exact, 'row')} from exact addresses, which lie in no subnet of their hosts.")


def _folded(rows: Iterable[CollapsedRows]) -> Iterable[list[CollapsedRows]]:
    """Put rows from exact addresses together where all else is the same; a subnet stands alone."""
    found: dict[tuple[object, ...], list[CollapsedRows]] = {}
    for each in rows:
        key = each.sites, each.subnet and each.source, each.destination, each.port, each.why
        found.setdefault(key, []).append(each)
    return found.values()


def _cells(same: list[CollapsedRows]) -> Iterator[Text]:
    from rich.text import Text

    first = same[0]
    hosts = {host for each in same for host in each.hosts}
    opened, untried = (
        sum(each.found.get(belief, 0) for each in same) for belief in (Belief.OPEN, Belief.UNTRIED)
    )
    total = sum(sum(each.found.values()) for each in same)
    yield shown(", ".join(site or "(none)" for site in first.sites))
    yield shown(first.source if len(same) == 1 else f"{len(same):,} addresses")
    yield shown(first.destination)
    yield Text(str(first.port))
    yield Text(", ".join(first.why) or "-")
    counts = (len(hosts), opened, total - opened - untried, untried)
    yield from (Text(f"{count:,}" if count else "-") for count in counts)


def merged_rows(merged: Iterable[CollapsedRows]) -> Iterator[tuple[str, ...]]:
    """Yield a row per source, destination and port in the columns of MERGED_COLUMNS;
    `mixed` where hosts differ.
    """
    for each in merged:
        yield (
            each.source,
            each.destination,
            f"tcp/{each.port}",
            each.action,
            next(iter(each.found)) if len(each.found) == 1 else "mixed",
            " ".join(each.why),
            str(len(each.hosts)),
            " ".join(each.hosts),
            " ".join(each.sites),
        )


def merged_document(merged: Iterable[CollapsedRows], found: Firewall) -> dict[str, Any]:
    """Say all merged rows, and what is left out of them."""
    return envelope("firewall-merged", rows=[plain(each) for each in merged], **aside_document(found))
