"""The inventory where one is at hand: commands that read the database do well without it, and better with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.console import say
from orchestrator.cli.names import expired_words
from orchestrator.cli.options import one_inventory
from orchestrator.domain.firewall.subnets import Subnets
from orchestrator.domain.waiver import Waived, unexpired, waived_now

if TYPE_CHECKING:
    from inventory.model import Fleet
    from orchestrator.domain.standing import HostNow


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """What an inventory adds: its hosts' names (None: none is at hand), their subnets, and what is to be said first.

    `waived` is what it waives today; None where no inventory is at hand, and what was waived in the scan has to do.
    """

    hosts: frozenset[str] | None = None
    warnings: tuple[str, ...] = ()
    waived: Waived | None = None
    subnets: Subnets = field(default_factory=lambda: Subnets({}))
    fleet: Fleet | None = None

    def as_of_today(self, hosts: Iterable[HostNow]) -> Iterable[HostNow]:
        """Give hosts as today's waivers have them."""
        waived = self.waived
        return hosts if waived is None else (waived_now(host, waived) for host in hosts)

    def counted(self, hosts: Iterable[HostNow]) -> Iterator[HostNow]:
        """Let hosts through; at their end say how many hosts of the inventory have no result."""
        number = 0
        for host in hosts:
            number += 1
            yield host
        for warning in self.missing(number):
            say(f"remark: {warning}")

    def missing(self, found: int) -> tuple[str, ...]:
        """Say how many hosts of the inventory have no result, `found` having one."""
        left = 0 if self.hosts is None else len(self.hosts) - found
        return (f"hosts of the inventory that no scan has a result of: {left:,}",) if left else ()


def at_hand(given: Sequence[Path] | None) -> AtHand:
    """Load the inventory that -i, FLEETCHECK_INVENTORY or ./fleet.yaml names; nothing where none does.

    Raises InventoryError where it was named by -i; any other that is broken is said and left aside. Raises UsageError
    where -i is given twice.
    """
    from inventory.errors import InventoryError
    from inventory.load import load

    option = one_inventory(given)
    named = os.environ.get("FLEETCHECK_INVENTORY")
    path = option or (Path(named) if named else Path("fleet.yaml"))
    if option is None and not path.exists():
        return AtHand()
    try:
        return _of(load(path))
    except InventoryError as error:
        if option is not None:
            raise
        say(
            f"remark: {path} has mistakes and is left aside ({len(error.problems)}): fleetcheck inventory check"
        )
        return AtHand()


def _of(fleet: Fleet) -> AtHand:
    today = datetime.now(UTC).date()
    return AtHand(
        hosts=frozenset(fleet.hosts),
        warnings=tuple(expired_words(fleet, today)),
        waived=unexpired(fleet.waivers, today),
        subnets=Subnets({name: host.subnets for name, host in fleet.hosts.items()}),
        fleet=fleet,
    )
