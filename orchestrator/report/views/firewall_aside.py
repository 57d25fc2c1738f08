"""What firewall rows leave out, and why: held back for a host that may need it, marked,
or set aside by the user.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from inventory.words import plural
from orchestrator.domain.firewall.claims import Mark
from orchestrator.domain.firewall.firewall import Firewall, MarkedRow
from orchestrator.domain.firewall.holders import HeldBack, Holder
from orchestrator.domain.firewall.needs import Why
from orchestrator.report.document import plain
from orchestrator.report.parts import INDENT, heading, hosts_named
from orchestrator.report.words import age, listed, moment, shown

if TYPE_CHECKING:
    from rich.console import RenderableType

PLACES_SHOWN = 20  # of rows held back; the others are a count, and --json has them all

_MARKS = {
    Mark.CLAIMED: "the source is the address at which another host answers",
    Mark.DISPUTED: "several hosts say that the source is theirs, and none answers there",
    Mark.GATEWAY: "the source is a gateway's address",
    Mark.DESTINATION: "no inventory names the destination (`gateways:`), only the host does",
}
_WHY = {
    Why.PIN: "pinned to it",
    Why.DESIRED: "its desired pin",
    Why.LIVE: "a tunnel is up",
    Why.VIEW: "the pin of one registry view",
    Why.UNKNOWN: "no valid pin is known",
}


def counts(found: Firewall) -> str:
    """Count what is left out, to be put behind the count of rows; empty where nothing is."""
    held, marked = sum(each.rows for each in found.held_back), len(found.marked)
    words = [f"{held:,} held back"] if held else []
    words += [f"{marked:,} left out"] if marked else []
    return "".join(f", {word}" for word in words)


def aside(found: Firewall, now: datetime | None) -> Iterator[RenderableType]:
    """Draw what is left out; readings are told by their age `now`, or by their time."""
    from rich.text import Text

    yield from _held_back(found.held_back, now)
    yield from _marked(found.marked)
    if found.unknown:
        yield Text()
        yield from hosts_named(Text("what they need is not known"), found.unknown)
    if found.set_aside:
        yield Text()
        yield from hosts_named(Text("set aside, as if they were no more"), found.set_aside)


def aside_remarks(found: Firewall) -> Iterator[str]:
    """Say in a line each what a file of rows does not have."""
    if found.unknown:
        yield f"hosts left out, since no reading says what they need: {len(found.unknown):,}"
    if found.held_back:
        rows = sum(each.rows for each in found.held_back)
        names = dict.fromkeys(
            each.host for certain in (False, True) for held in found.held_back for each in held.held_by
            if each.certain is certain
        )  # fmt: skip
        holders = listed(tuple(names))
        yield f"rows to remove held back, since a host may need them: {rows:,} ({holders})"
    for mark, rows_ in _by_mark(found.marked).items():
        yield f"rows left out, since {_MARKS[mark]}: {len(rows_):,} ({_named(rows_)})"
    if found.set_aside:
        yield f"hosts set aside: {len(found.set_aside):,} ({listed(found.set_aside)})"


def aside_document(found: Firewall) -> dict[str, Any]:
    """Say what is left out."""
    return {
        "unknown": list(found.unknown),
        "held_back": plain(found.held_back),
        "marked": [
            {**plain(each.row), "mark": each.mark, "others": list(each.others)} for each in found.marked
        ],
        "set_aside": list(found.set_aside),
    }


def _held_back(held: tuple[HeldBack, ...], now: datetime | None) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    if not held:
        return
    yield from heading(f"Held back, a host may need it: {plural(sum(each.rows for each in held), 'row')}")
    doubtful_first = sorted(held, key=lambda each: any(holder.certain for holder in each.held_by))
    by_holders: defaultdict[tuple[str, str, tuple[str, ...]], list[HeldBack]] = defaultdict(list)
    for each in doubtful_first:
        names = tuple(_holder(holder, now) for holder in each.held_by)
        by_holders[each.site, each.destination, names].append(each)
    for (site, destination, names), same in list(by_holders.items())[:PLACES_SHOWN]:
        ports = listed(tuple(str(each.port) for each in same))
        rows = plural(sum(each.rows for each in same), "row")
        yield shown(f"{site or '(no site)'}, to {destination} TCP {ports}: {rows}, held by")
        yield Padding(shown(listed(names)), INDENT)
    if len(by_holders) > PLACES_SHOWN:
        yield Text(f"and at {plural(len(by_holders) - PLACES_SHOWN, 'more place')}, see --json")


def _holder(holder: Holder, now: datetime | None) -> str:
    if holder.read is None:
        return f"{holder.host} (never read)"
    if not holder.stale:
        return f"{holder.host} ({_WHY[holder.why]})"
    when = f"read {moment(holder.read)}" if now is None else f"last read {age(holder.read, now)}"
    return f"{holder.host} ({_WHY[holder.why]}, {when})"


def _marked(marked: tuple[MarkedRow, ...]) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    if not marked:
        return
    yield from heading(f"Left out of every list and file: {plural(len(marked), 'row')}")
    for mark, rows in _by_mark(marked).items():
        yield Text(f"{plural(len(rows), 'row')}: ", style="bold").append(Text(_MARKS[mark], style=""))
        yield Padding(shown(_named(rows)), INDENT)


def _by_mark(marked: tuple[MarkedRow, ...]) -> dict[Mark, list[MarkedRow]]:
    return {mark: rows for mark in Mark if (rows := [each for each in marked if each.mark is mark])}


def _named(rows: list[MarkedRow]) -> str:
    """Name the hosts of rows, each with the address that the mark is about."""
    places = [
        f"{each.row.host}: {each.row.destination if each.mark is Mark.DESTINATION else each.row.source}"
        + (f" of {', '.join(each.others[:3])}" if each.mark is Mark.CLAIMED else "")
        for each in rows
    ]
    return listed(tuple(dict.fromkeys(places)))
