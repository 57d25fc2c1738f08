"""Waivers: verdicts that are known and accepted, for some hosts, until a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from inventory.errors import SelectionError
from inventory.findings import Findings
from inventory.model import Fleet, Waiver
from inventory.schema.inventory import WaiverEntry
from inventory.selection.patterns import Patterns
from inventory.selection.select import Universe, chosen
from inventory.words import shown


def resolve(
    entries: Sequence[WaiverEntry], lines: Sequence[int], universe: Universe, findings: Findings
) -> tuple[Waiver, ...]:
    """Return the waivers with their hosts' names; a selection that cannot be used is a finding.

    A pattern that takes nothing is a note: hosts leave a fleet sooner than their waivers do. All waivers
    share the time that the patterns of one selection get.
    """
    found = []
    patterns = Patterns()
    for entry, line in zip(entries, lines, strict=True):
        try:
            hosts, nothing = chosen(universe, [entry.hosts], patterns=patterns, files=False)
        except SelectionError as exc:
            for problem in exc.problems:
                findings.say(line, f"waiver: {problem}")
            continue
        for sentence in nothing:
            findings.note(line, f"waiver: {sentence}")
        if not hosts and not nothing:
            findings.say(line, f"waiver: no host matches {shown(entry.hosts)}")
        names = tuple(host.name for host in hosts)
        found.append(
            Waiver(hosts=names, verdict=entry.verdict, reason=entry.reason, until=entry.until, line=line)
        )
    return tuple(found)


def expired(fleet: Fleet, today: date) -> tuple[Waiver, ...]:
    """Return the waivers whose last day is over, in the inventory's order; not those that no host has."""
    return tuple(waiver for waiver in fleet.waivers if waiver.until < today and waiver.hosts)
