"""The inventory where one is at hand: what reads the database does well without it, and better with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.sources.source import Sources, named
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


def at_hand(sources: Sources, *, required: bool, on_event: NoteListener) -> AtHand:
    """Load the inventory, and nothing where there is none.

    No program is run: who looks at results asks nobody. Raises InventoryError where it is `required`; else
    one that is broken, or a program, is told and left aside.
    """
    from inventory.errors import InventoryError
    from inventory.sources.load import load_all
    from inventory.sources.program import is_program

    if not required and not any(source.path.exists() for source in sources):
        return AtHand()
    programs = [source.path for source in sources if is_program(source.path)]
    if programs and not required:
        on_event(
            Remark(words=f"{programs[0]} is a program, which is not run here: no inventory is looked at")
        )
        return AtHand()
    try:
        return _of(load_all(tuple(replace(source, runs=False) for source in sources)))
    except InventoryError as error:
        if required:
            raise
        count = len(error.problems)
        words = f"{named(sources)} has mistakes and is left aside ({count}): fleetcheck inventory check"
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
