"""What firewalls have to permit for the fleet, the fewest rules that bring hosts back, and what if they
changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.sources.source import Sources
from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.events import NoteListener, Remark
from orchestrator.app.inventory import AtHand, at_hand
from orchestrator.app.select import set_aside

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.firewall.collapsed import CollapsedRows
    from orchestrator.domain.firewall.firewall import Firewall
    from orchestrator.domain.firewall.unblock import Unblocking
    from orchestrator.domain.standing import HostNow
    from orchestrator.domain.whatif.assumption import Assumption, Assumptions
    from orchestrator.domain.whatif.what_if import WhatIf

_MOST_NAMED = 20  # gateways in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallReport:
    """The rows, and those merged by subnet where that was asked for."""

    found: Firewall
    merged: tuple[CollapsedRows, ...] | None


def firewall(
    invocation: Invocation,
    inventory: Sources,
    *,
    aside: tuple[str, ...],
    collapse: bool,
    on_event: NoteListener,
) -> FirewallReport:
    """List what firewalls have to permit. `aside`: patterns of hosts to leave out.

    Raises InventoryError for an inventory that is named and has mistakes, CommandError, SelectionError,
    StoreError.
    """
    from inventory.collection import no_collection
    from orchestrator.domain.firewall.collapsed import collapse as merged
    from orchestrator.domain.firewall.firewall import firewall as work_out
    from orchestrator.store.results.standing_reader import StandingReader

    with no_collection():
        known = at_hand(inventory, required=bool(invocation.inventory), on_event=on_event)
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


def unblock(
    invocation: Invocation, inventory: Sources, share: float, *, on_event: NoteListener
) -> Unblocking:
    """Choose the fewest rules that bring a `share` (0 to 1) of the blocked hosts back.

    Raises as `firewall`.
    """
    from orchestrator.domain.firewall.unblock import unblock as choose
    from orchestrator.store.results.standing_reader import StandingReader

    known = at_hand(inventory, required=bool(invocation.inventory), on_event=on_event)
    with StandingReader.open(invocation.url) as reader:
        hosts = reader.fleet_now(known.hosts, before=False, sources=bool(known.subnets))
        standings = (host.standing for host in _counted(known, hosts, on_event))
        return choose(standings, target=share, subnets=known.subnets)


def what_if(
    invocation: Invocation, inventory: Sources, assumed: Assumptions, *, on_event: NoteListener
) -> WhatIf:
    """Work out what becomes of the fleet if firewalls were so, and what saves its hosts first.

    Raises as `firewall`, and UsageError for an assumption that no host has to do with.
    """
    from orchestrator.domain.whatif.what_if import what_if as work_out
    from orchestrator.store.results.standing_reader import StandingReader

    known = at_hand(inventory, required=bool(invocation.inventory), on_event=on_event)
    with StandingReader.open(invocation.url) as reader:
        hosts = known.as_of_today(_counted(known, reader.fleet_now(known.hosts, before=False), on_event))
        found = work_out((host.standing for host in hosts), assumed)
    if found.unknown and found.hosts:
        raise UsageError("\n".join(_not_concerned(each, found) for each in found.unknown))
    return found


def _not_concerned(assumption: Assumption, found: WhatIf) -> str:
    """Say why an assumption is about nobody."""
    if assumption.address in found.gateways:
        return (
            f"{assumption.option}: no host has port {assumption.port} in its list, as its pin or desired pin"
        )
    known = ", ".join(found.gateways[:_MOST_NAMED]) or "none"
    more = f" and {len(found.gateways) - _MOST_NAMED:,} more" if len(found.gateways) > _MOST_NAMED else ""
    return f"{assumption.option}: no host's gateway has this address; there are {known}{more}"


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
