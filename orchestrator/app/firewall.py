"""What firewalls have to permit for the fleet, and the fewest rules that bring blocked hosts back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError
from orchestrator.app.events import NoteListener, Remark
from orchestrator.app.inventory import AtHand, at_hand
from orchestrator.app.select import set_aside

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.firewall.collapsed import CollapsedRows
    from orchestrator.domain.firewall.firewall import Firewall
    from orchestrator.domain.firewall.unblock import Unblocking
    from orchestrator.domain.standing import HostNow


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallReport:
    """The rows, and those merged by subnet where that was asked for."""

    found: Firewall
    merged: tuple[CollapsedRows, ...] | None


def firewall(
    invocation: Invocation,
    inventory: Path,
    *,
    aside: tuple[str, ...],
    collapse: bool,
    on_event: NoteListener,
) -> FirewallReport:
    """List what firewalls have to permit. `aside`: patterns of hosts to leave out.

    Raises InventoryError for an inventory that is named and has mistakes, CommandError, SelectionError,
    StoreError.
    """
    from orchestrator.domain.firewall.collapsed import collapse as merged
    from orchestrator.domain.firewall.firewall import firewall as work_out
    from orchestrator.store.results.standing_reader import StandingReader

    known = at_hand(inventory, required=invocation.inventory is not None, on_event=on_event)
    if collapse:
        _need_subnets(known)
    with StandingReader.open(invocation.url) as reader:
        hosts = list(_counted(known, reader.fleet_now(known.hosts, before=False, sources=True), on_event))
    found = work_out(
        hosts,
        listed=known.fleet.hosts if known.fleet else {},
        set_aside=set_aside(aside, known.fleet, hosts, stdin=invocation.stdin, on_event=on_event),
    )
    return FirewallReport(
        found=found, merged=merged(found.rows, known.subnets, found.needed) if collapse else None
    )


def unblock(invocation: Invocation, inventory: Path, share: float, *, on_event: NoteListener) -> Unblocking:
    """Choose the fewest rules that bring a `share` (0 to 1) of the blocked hosts back.

    Raises as `firewall`.
    """
    from orchestrator.domain.firewall.unblock import unblock as choose
    from orchestrator.store.results.standing_reader import StandingReader

    known = at_hand(inventory, required=invocation.inventory is not None, on_event=on_event)
    with StandingReader.open(invocation.url) as reader:
        hosts = reader.fleet_now(known.hosts, before=False, sources=bool(known.subnets))
        standings = (host.standing for host in _counted(known, hosts, on_event))
        return choose(standings, target=share, subnets=known.subnets)


def _need_subnets(known: AtHand) -> None:
    """Refuse to collapse into nothing. Raises CommandError."""
    if known.hosts is None:
        raise CommandError("--collapse needs an inventory that names subnets: -i, or ./fleet.yaml")
    if not known.subnets:
        raise CommandError(
            "--collapse: the inventory names no subnet. Say `subnets: [10.1.0.0/16]` in a group, or leave "
            "it out"
        )


def _counted(known: AtHand, hosts: Iterable[HostNow], on_event: NoteListener) -> Iterator[HostNow]:
    """Let hosts through; at their end tell how many hosts of the inventory have no result."""
    number = 0
    for host in hosts:
        number += 1
        yield host
    for words in known.missing(number):
        on_event(Remark(words=words))
