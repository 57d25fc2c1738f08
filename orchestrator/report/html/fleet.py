"""The fleet as one HTML page that opens from a mail: hosts, ports, gateways, what changed; sorted and
filtered in it.

Without its script the page still says it all in groups and shows the worst hosts; the script adds the other
rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.verdicts import Verdict
from orchestrator.domain.execution.tally import Counts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.record import ScanRecord
from orchestrator.domain.views.fleet_now import Place, PortUse
from orchestrator.domain.views.gateways import GatewayUse
from orchestrator.report.host_rows import HostTable, Likeness, PinCell
from orchestrator.report.html.page import data_block, html_page
from orchestrator.report.parts import group_actions
from orchestrator.report.views.diff import change_words
from orchestrator.report.views.fleet_now import FleetReport, group_age, sections
from orchestrator.report.views.history import MARKS
from orchestrator.report.words import NAMES_SHOWN, age, duration

MARKER = "<title>The fleet: "
ROWS = 250  # hosts that stand in the page itself; so many are shown at once where that is all of them,
AT_ONCE = (100, 250, 1000)  # else the first of these, which a person can change
GROUPS, PATTERNS, GATEWAYS, CHANGES, PLACES = (
    60,
    40,
    60,
    60,
    200,
)  # the most that a section lists; the rest is counted

_WORDS = {MARKS[belief][0]: belief.value for belief in Belief} | {".": "not tried"}
_TONES = {verdict: verdict.style.split()[-1] for verdict in Verdict}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPage:
    """All that the page shows. `scans` are the latest ones, newest first, with what their hosts came to."""

    report: FleetReport
    table: HostTable
    gateways: tuple[GatewayUse, ...]
    scans: Sequence[tuple[ScanRecord, Counts]]
    version: str


def fleet_html(page: FleetPage) -> str:
    """Write the page. Everything that is put into it is cleaned, then escaped."""
    fleet, table = page.report.fleet, page.table
    return html_page(
        "fleet.html.j2",
        styles=["page.css", "fleet.css"],
        script="fleet.js",
        page=page,
        report=page.report,
        fleet=fleet,
        table=table,
        sections=[(title, groups, _Cut.of(groups, GROUPS)) for title, groups in sections(fleet) if groups],
        places=_Cut.of(sorted(fleet.places, key=_worst_first), PLACES),
        patterns=_Cut.of(table.patterns(), PATTERNS),
        gateways=_Cut.of(page.gateways, GATEWAYS),
        changes=_Cut.of(fleet.changes, CHANGES),
        roles=_roles(fleet.ports),
        choices=_choices(table, page.report),
        rows=table.rows[:ROWS],
        at_once=[(number, number == (AT_ONCE[0] if len(table.rows) > ROWS else ROWS)) for number in AT_ONCE],
        data=data_block(_data(table, page.report)),
        **_words(),
    )


@dataclass(frozen=True, slots=True)
class _Cut:
    """The first of many, and how many there are beyond them."""

    shown: Sequence[Any]
    more: int

    @classmethod
    def of(cls, every: Sequence[Any], most: int) -> _Cut:
        """Cut a list off."""
        return cls(every[:most], max(0, len(every) - most))


def _worst_first(place: Place) -> tuple[int, int, str]:
    return place.worst.severity, -place.attention, place.name


def _roles(ports: Iterable[PortUse]) -> tuple[str, ...]:
    found = {role for use in ports for part in (use.pinned, use.opened, use.closed) for role in part}
    return tuple(sorted(found, key=lambda role: (role != "primary", role)))


def _words() -> dict[str, Any]:
    """Return the small functions that the template writes with."""
    return {
        "age": age,
        "duration": duration,
        "change": change_words,
        "group_age": group_age,
        "group_actions": group_actions,
        "tone": _TONES.__getitem__,
        "belief": _WORDS.__getitem__,
        "runs": runs,
        "strip_words": strip_words,
        "notes": notes,
        "pin_notes": pin_notes,
        "group_names": _group_names,
        "bar": bar,
        "verdicts": _verdicts,
    }


def runs(strip: str, ports: Mapping[int, str], pin: str) -> Iterator[tuple[str, str, bool]]:
    """Yield stretches of one mark: the mark, the stretch, and whether it is the pin, which stands alone."""
    at = next((place for place, port in enumerate(ports) if str(port) == pin), -1)
    start = 0
    for place in range(1, len(strip) + 1):
        if place == len(strip) or strip[place] != strip[start] or at in {place, place - 1}:
            yield strip[start], strip[start:place], start == at
            start = place


def strip_words(strip: str, ports: Mapping[int, str]) -> str:
    """Say a string of marks in words: `open 2147, 443; closed 80`."""
    said = []
    for mark, word in _WORDS.items():
        found = [str(port) for port, each in zip(ports, strip, strict=True) if each == mark]
        if found:
            said.append(f"{word} {'all' if len(found) == len(strip) else ', '.join(found)}")
    return "; ".join(said)


def notes(like: Likeness) -> Iterator[tuple[str, str]]:
    """Say what is to be known beside a verdict, each with its kind."""
    if like.waived:
        yield "waived", f"waived: {like.waived}"
    if like.cause:
        yield "cause", f"not probed: {like.cause}"
    if like.change:
        yield "change", f"changed: {like.change}"


def pin_notes(pin: PinCell) -> Iterator[str]:
    """Say what is to be known beside a pin."""
    if pin.mark:
        yield _WORDS[pin.mark]
    if pin.desired:
        yield f"desired {pin.desired}"
    if pin.live and pin.pin not in map(str, pin.live):
        yield f"tunnel on {', '.join(map(str, pin.live))}"


def bar(parts: Iterable[tuple[str, int]]) -> list[tuple[str, str, str]]:
    """Lay counts side by side on a line of 100: kind, where it starts, how long it is."""
    listed = list(parts)
    total = sum(count for _, count in listed) or 1
    placed, start = [], 0
    for kind, count in listed:
        if count:
            placed.append((kind, f"{100 * start / total:.2f}", f"{100 * count / total:.2f}"))
        start += count
    return placed


def _group_names(hosts: Sequence[str]) -> tuple[str, str]:
    """Return the names that are shown, and those that are folded away; never a single one."""
    most = len(hosts) if len(hosts) <= NAMES_SHOWN + 1 else NAMES_SHOWN
    return ", ".join(hosts[:most]), ", ".join(hosts[most:])


def _verdicts(counts: Counts) -> str:
    return ", ".join(f"{hosts:,} {verdict}" for verdict, hosts in counts.verdicts)


def _choices(table: HostTable, report: FleetReport) -> dict[str, list[tuple[str, str, int]]]:
    """Return what the table can be filtered by: the script's word, what is read, and how many hosts it
    fits.
    """
    likes = Counter(row.like for row in table.rows)

    def hosts(fits: Any) -> int:
        return sum(count for like, count in likes.items() if fits(like))

    states: list[tuple[str, str, int]] = [
        ("state:attention", "need attention", hosts(lambda like: like.state == "attention")),
        ("state:unknown", "never read", hosts(lambda like: like.state == "unknown")),
        ("unprobed", "not probed last time", hosts(lambda like: like.cause)),
        ("old", f"older than {duration(report.max_age)}", hosts(lambda like: like.old)),
        ("changed", "changed since last time", hosts(lambda like: like.change)),
        ("state:waived", "waived", hosts(lambda like: like.state == "waived")),
        ("state:ok", "ok", hosts(lambda like: like.state == "ok")),
    ]
    verdicts: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for like, count in likes.items():
        verdicts[like.verdict] += count
        places[like.place] += count
    return {
        "states": states,
        "verdicts": [(f"verdict:{word}", word, verdicts[word]) for word in Verdict if verdicts[word]],
        "places": [(place, place or "(none)", places[place]) for place in sorted(places)],
    }


def _data(table: HostTable, report: FleetReport) -> dict[str, Any]:
    """Return the script's hosts: what they share by number, and of each its name, address, number,
    time and string.
    """
    numbers: dict[Likeness, int] = {}
    hosts = [
        (row.host, row.address, numbers.setdefault(row.like, len(numbers)), row.read, row.ports)
        for row in table.rows
    ]
    return {
        "made": round(report.now.timestamp()),
        "max_age": report.max_age,
        "roles": table.roles,
        "ports": list(table.ports),
        "beliefs": _WORDS,
        "tones": _TONES,
        "alike": list(numbers),
        "hosts": hosts,
    }
