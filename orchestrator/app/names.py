"""Words that several use cases say: a name that nobody knows, a waiver that has ended, a killed scan."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.model import Fleet
    from orchestrator.domain.record import ScanRecord
    from orchestrator.report.hints import Hints

_NAMED = 3  # hosts of an ended waiver; the inventory has the others


def known_host(name: str, known: Collection[str]) -> str | None:
    """Find a host by its name in any case, as Windows does; the very spelling comes first.

    Return None where nobody has it.
    """
    if name in known:
        return name
    folded = name.casefold()
    return next((host for host in known if host.casefold() == folded), None)


def unknown_host(name: str, known: Iterable[str], place: str, hints: Hints) -> str:
    """Say that `place` has no such host, and what was meant where that can be guessed,
    else what lists the hosts and what asks one.
    """
    from inventory.selection.universe import near_host

    hint = near_host(name, known).replace("`", "")
    if not hint and name.isdecimal():
        hint = f"; for scan {name}: fleetcheck show --scan {name}"
    if not hint:
        typed = f"fleetcheck scan --limit {shlex.quote(name)}{hints.inventory}{hints.database}"
        hint = (
            f".\n`fleetcheck show{hints.database}` lists those of the latest scan; "
            f"where the inventory has it, `{typed}` asks it"
        )
    return f"{place} has no host {name!r}{hint}"


def unknown_in_inventory(name: str, fleet: Fleet) -> str:
    """Say that an inventory has no such host; of a group, how its hosts are listed."""
    from inventory.selection.universe import Universe

    where = f"inventory {fleet.shown} has no host {name!r}"
    if name in fleet.groups:
        return f"{where}; it is a group: fleetcheck inventory list --limit {name}"
    return where + Universe(fleet.hosts, fleet.groups).near(name).replace("`", "")


def expired_words(fleet: Fleet, today: date) -> Iterator[str]:
    """Say of each waiver whose last day has passed where it stands, and for which hosts it counts no more."""
    from inventory.resolving.waivers import expired

    for waiver in expired(fleet, today):
        hosts = ", ".join(waiver.hosts[:_NAMED])
        more = f" and {len(waiver.hosts) - _NAMED:,} more" if len(waiver.hosts) > _NAMED else ""
        yield (
            f"{waiver.file}:{waiver.line}: the waiver for {waiver.verdict} ended on {waiver.until} and "
            f"counts no more: {waiver.reason} ({hosts}{more})"
        )


def killed(scan: ScanRecord, hints: Hints) -> str:
    """Say that a scan was killed, and what goes on with it."""
    from orchestrator.domain.record import PORTS
    from orchestrator.report.hints import over_sites

    if scan.mode == PORTS:
        return f"scan {scan.id} was killed before it ended; `fleetcheck repin plan --ask` asks its hosts anew"
    typed = f"fleetcheck scan --resume {scan.id}{over_sites(scan)}{hints.inventory}{hints.database}"
    return f"scan {scan.id} was killed before it ended; its results so far are kept. Go on with it: {typed}"
