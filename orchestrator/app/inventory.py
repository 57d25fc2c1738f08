"""The inventory where one is at hand: what reads the database does well without it, and better with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.events import NoteListener, Remark
from orchestrator.app.names import expired_words
from orchestrator.domain.firewall.subnets import Subnets
from orchestrator.domain.waiver import Waived, unexpired, waived_now

if TYPE_CHECKING:
    from inventory.model import Fleet
    from orchestrator.domain.standing import HostNow


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """What an inventory adds.

    `hosts` are their names (None: no inventory is at hand), `warnings` are to be said first. `waived` is what
    it waives today; None where no inventory is at hand, and what was waived in the scan has to do.
    """

    hosts: frozenset[str] | None = None
    warnings: tuple[str, ...] = ()
    waived: Waived | None = None
    subnets: Subnets = field(default_factory=lambda: Subnets({}))
    fleet: Fleet | None = None

    def as_of_today(self, hosts: Iterable[HostNow]) -> Iterable[HostNow]:
        """Return hosts as today's waivers have them."""
        waived = self.waived
        return hosts if waived is None else (waived_now(host, waived) for host in hosts)

    def missing(self, found: int) -> tuple[str, ...]:
        """Say how many hosts of the inventory have no result, `found` having one."""
        left = 0 if self.hosts is None else len(self.hosts) - found
        return (f"hosts of the inventory that no scan has a result of: {left:,}",) if left else ()


def at_hand(path: Path, *, required: bool, on_event: NoteListener) -> AtHand:
    """Load the inventory, and nothing where there is none.

    Raises InventoryError where it is `required`; else one that is broken is told and left aside.
    """
    from inventory.errors import InventoryError
    from inventory.load import load

    if not required and not path.exists():
        return AtHand()
    try:
        return _of(load(path))
    except InventoryError as error:
        if required:
            raise
        words = f"{path} has mistakes and is left aside ({len(error.problems)}): fleetcheck inventory check"
        on_event(Remark(words=words))
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
