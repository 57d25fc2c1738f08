"""What firewalls have to permit for the fleet as it is, and what they permit that no host may need any more.
Pure.

All of it is what hosts told and found; no firewall was asked. A source is an address of the host's own
interfaces: one behind address translation looks different to a firewall.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from inventory.model import Host
from inventory.schema.shapes import is_ip
from inventory.schema.via import network
from inventory.verdicts import Verdict
from orchestrator.domain.firewall.claims import Claimant, Claims, Destinations, Mark
from orchestrator.domain.firewall.holders import HeldBack, Holders, places
from orchestrator.domain.firewall.needs import HostNeeds, Why, host_needs, listed_needs
from orchestrator.domain.firewall.rows import Action, FirewallRow, HostRows
from orchestrator.domain.firewall.sources import own_addresses, sources
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.standing import HostNow, Standing

__all__ = ["Action", "Firewall", "FirewallRow", "MarkedRow", "Needed", "Why", "firewall", "sources"]

_NOTHING: Mapping[str, Host] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedRow:
    """A row that no machine is to take, since only this host vouches for it.

    `others` own a source that is claimed.
    """

    row: FirewallRow
    mark: Mark
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Where a host may connect to, destination (None: any) and port, and from which addresses,
    as far as is known.
    """

    host: str
    sources: tuple[str, ...]
    places: frozenset[tuple[str | None, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """All rows: what is needed, by host, then what is not. `unknown` are hosts of which no need is known.

    `held_back` is what could go but for hosts that may need it, `marked` what a machine must not be given.
    `set_aside` are the hosts that were left out on demand. `needed` has what every host may need.
    """

    rows: tuple[FirewallRow, ...]
    unknown: tuple[str, ...]
    held_back: tuple[HeldBack, ...] = ()
    marked: tuple[MarkedRow, ...] = ()
    set_aside: tuple[str, ...] = ()
    needed: tuple[Needed, ...] = field(default=(), compare=False, repr=False)


def firewall(
    hosts: Iterable[Standing | HostNow],
    *,
    listed: Mapping[str, Host] = _NOTHING,
    set_aside: Collection[str] = (),
) -> Firewall:
    """Work out the rows of what is known of hosts. A port can go where a host finds it open and nobody may
    need it.

    `listed` are the hosts of today's inventory: what they may need counts, also where no scan has seen them.
    `set_aside` hosts are no more: they need nothing, own nothing and have no rows.
    """
    seen = [now for now in map(_now, hosts) if now.latest.host not in set_aside]
    needs = [host_needs(now, listed.get(now.latest.host)) for now in seen]
    names = {each.host for each in needs}
    unseen = [host for name, host in listed.items() if name not in names and name not in set_aside]
    destinations = _destinations(needs, [host for host in listed.values() if host.name not in set_aside])
    every = [*needs, *map(listed_needs, unseen)]
    sorter = _Sorter(
        Claims([*_claimants(seen, needs, listed), *map(_unseen, unseen)], destinations.known()),
        Holders(every, destinations),
        destinations.known(),
    )
    unknown = [each.host for each in needs if not sorter.add(each)]
    return Firewall(
        rows=sorter.rows(),
        unknown=tuple(unknown),
        held_back=sorter.held_back(),
        marked=tuple(dict.fromkeys(sorter.marked)),
        set_aside=tuple(sorted(set_aside)),
        needed=tuple(_needed(each, listed, destinations) for each in every if each.needs),
    )


class _Sorter:
    """Takes hosts one by one and puts each row where it belongs: to be shown, marked, or held back."""

    def __init__(self, claims: Claims, holders: Holders, destinations: Collection[str]) -> None:
        self._claims, self._holders, self._known = claims, holders, destinations
        self._permits: dict[FirewallRow, None] = {}
        self._removes: dict[FirewallRow, None] = {}
        self._held: defaultdict[tuple[str, str, int], dict[FirewallRow, None]] = defaultdict(dict)
        self.marked: list[MarkedRow] = []

    def add(self, needs: HostNeeds) -> bool:
        """Take the rows of one host; False where nobody knows what it needs."""
        standing = needs.based
        if standing is None or standing.judgement.verdict is Verdict.NO_AGENT:
            return standing is not None  # where no agent is, nothing is needed
        roles = [role for role in standing.judgement.roles if role.role in standing.gateways]
        own = {(need.destination, need.port) for need in needs.needs}
        made = HostRows(standing)
        marks: dict[str, tuple[Mark | None, tuple[str, ...]]] = {}
        for role in roles:
            for row in (*made.needed(role), *made.unneeded(role, own)):
                if row.source not in marks:
                    marks[row.source] = self._claims.mark(
                        row.host, row.site, row.source, network(standing.via)
                    )
                self._put(row, *marks[row.source])
        return bool(roles)

    def _put(self, row: FirewallRow, mark: Mark | None, others: tuple[str, ...]) -> None:
        if mark is None and row.destination not in self._known:
            mark = Mark.DESTINATION
        if mark is not None:
            self.marked.append(MarkedRow(row=row, mark=mark, others=others))
        elif row.action is Action.PERMIT:
            self._permits[row] = None
        elif self._holders.of(row.site, row.destination, row.port):
            self._held[row.site, row.destination, row.port][row] = None
        else:
            self._removes[row] = None

    def rows(self) -> tuple[FirewallRow, ...]:
        """Return the rows that nothing speaks against, those to permit first."""
        return (*self._permits, *self._removes)

    def held_back(self) -> tuple[HeldBack, ...]:
        """Return what could go but for hosts that may need it, by site, destination and port."""
        return tuple(
            HeldBack(
                site=site,
                destination=destination,
                port=port,
                rows=len(rows),
                hosts=tuple(sorted({row.host for row in rows})),
                held_by=self._holders.of(site, destination, port),
            )
            for (site, destination, port), rows in sorted(self._held.items())
        )


def _now(host: Standing | HostNow) -> HostNow:
    if isinstance(host, HostNow):
        return host
    return HostNow(latest=host, known=host if host.probed else None)


def _destinations(needs: Iterable[HostNeeds], listed: Iterable[Host]) -> Destinations:
    found = Destinations()
    for host in listed:
        found.name(host.gateways.values())
    for standing in (each.based for each in needs if each.based is not None):
        if standing.named is None:  # nobody looked what the inventory says
            for addresses in standing.gateways.values():
                found.name(addresses)
        else:
            found.name(standing.named.values())
        found.resolved(standing.network.resolved)
    return found


def _claimants(
    seen: Iterable[HostNow], needs: Iterable[HostNeeds], listed: Mapping[str, Host]
) -> Iterator[Claimant]:
    for now, each in zip(seen, needs, strict=True):
        if each.based is not None:
            today = listed.get(each.host)
            found = [(now.latest.via, now.latest.address), (each.based.via, each.based.address)]
            found += [(each.based.via, each.based.network.dialled or "")]
            found += [] if today is None else [(today.via, today.address)]
            via = network(each.based.via)
            answered = {address for by, address in found if network(by) == via}
            yield Claimant(
                host=each.host,
                site=each.site,
                via=via,
                owned=frozenset(canonical(address) for address in answered if is_ip(address)),
                said=own_addresses(each.based),
            )


def _unseen(host: Host) -> Claimant:
    owned = frozenset({canonical(host.address)} if is_ip(host.address) else ())
    return Claimant(host=host.name, site=host.site or "", via=network(host.via), owned=owned, said=())


def _needed(needs: HostNeeds, listed: Mapping[str, Host], destinations: Destinations) -> Needed:
    return Needed(
        host=needs.host,
        sources=(listed[needs.host].address,) if needs.based is None else sources(needs.based),
        places=frozenset(
            (place, need.port) for need in needs.needs for place in places(need, needs.needs, destinations)
        ),
    )
