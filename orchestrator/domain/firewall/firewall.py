"""What firewalls have to permit for the fleet as it is, and what they permit that no host may need any more.
Pure.

All of it is what hosts told and found; no firewall was asked. A source is an address of the host's own
interfaces: one behind address translation looks different to a firewall.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from inventory.model import Host
from inventory.schema.shapes import is_ip
from inventory.schema.via import network
from inventory.verdicts import Verdict
from orchestrator.domain.firewall.claims import Claimant, Claims, Destinations, Mark
from orchestrator.domain.firewall.holders import HeldBack, Holders
from orchestrator.domain.firewall.needs import HostNeeds, Needs, Why, listed_needs
from orchestrator.domain.firewall.rows import Action, FirewallRow, OpenPort, family, open_ports
from orchestrator.domain.firewall.sources import own_addresses, sources
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.standing import HostNow, Standing

__all__ = ["Action", "Firewall", "FirewallRow", "MarkedRow", "Needed", "Why", "firewall", "sources"]

T = TypeVar("T")

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
    places: Collection[tuple[str | None, int]]


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
    known = Needs()
    needs = [known.of(now, listed.get(now.latest.host)) for now in seen]
    names = {each.host for each in needs}
    unseen = [host for name, host in listed.items() if name not in names and name not in set_aside]
    destinations = _destinations(needs, [host for host in listed.values() if host.name not in set_aside])
    every = [*needs, *map(listed_needs, unseen)]
    claimants = [*_claimants(seen, needs, listed), *map(_unseen, unseen)]
    said = {each.host: each.said for each in claimants}
    origins = {each.host: sources(each.based, said[each.host]) for each in needs if each.based is not None}
    origins |= {host.name: (host.address,) for host in unseen}
    holders = Holders(every, destinations)
    sorter = _Sorter(Claims(claimants, destinations.known()), holders, destinations.known(), origins)
    unknown = [each.host for each in needs if not sorter.add(each)]
    return Firewall(
        rows=sorter.rows(),
        unknown=tuple(unknown),
        held_back=sorter.held_back(),
        marked=tuple(sorter.marked),
        set_aside=tuple(sorted(set_aside)),
        needed=tuple(
            Needed(host=each.host, sources=origins[each.host], places=holders.places(each).keys())
            for each in every
            if each.needs
        ),
    )


class _Sorter:
    """Takes hosts one by one and puts each row where it belongs: to be shown, marked, or held back."""

    def __init__(
        self,
        claims: Claims,
        holders: Holders,
        destinations: Collection[str],
        origins: Mapping[str, tuple[str, ...]],
    ) -> None:
        """`origins`: the addresses that each host connects from."""
        self._claims, self._holders, self._known, self._origins = claims, holders, destinations, origins
        self._open: dict[tuple[int, str], _Open] = {}
        self._permits: list[FirewallRow] = []
        self._removes: list[FirewallRow] = []
        self._held: defaultdict[tuple[str, str, int], list[FirewallRow]] = defaultdict(list)
        self.marked: list[MarkedRow] = []

    def add(self, needs: HostNeeds) -> bool:
        """Take the rows of one host; False where nobody knows what it needs."""
        standing = needs.based
        if standing is None or standing.judgement.verdict is Verdict.NO_AGENT:
            return standing is not None  # where no agent is, nothing is needed
        alike = id(needs.like), needs.site
        found = self._open.get(alike)
        if found is None:
            found = self._open[alike] = self._opened(needs, standing)
        via = network(standing.via)
        own = [
            (
                source,
                family(source) if found.six or ":" in source else None,  # else it makes no difference
                self._claims.mark(standing.host, needs.site, source, via),
            )
            for source in self._origins[standing.host]
        ]
        for each, version, take in found.ports:
            for source, other, (mark, others) in own:
                if other == version or version is None or other is None:  # else the two never meet
                    row = each.row(source, standing)
                    if mark is None:
                        take(row)
                    else:
                        self.marked.append(MarkedRow(row=row, mark=mark, others=others))
        return found.roles

    def _opened(self, needs: HostNeeds, standing: Standing) -> _Open:
        roles = [role for role in standing.judgement.roles if role.role in standing.gateways]
        own = {(need.destination, need.port) for need in needs.needs}
        ports = [
            (each, family(each.destination), self._place(needs.site, each))
            for each in open_ports(standing, roles, own)
        ]
        return _Open(ports, six=any(version == 6 for _, version, _ in ports), roles=bool(roles))  # noqa: PLR2004 - IPv6

    def _place(self, site: str, port: OpenPort) -> Callable[[FirewallRow], None]:
        """Return what takes the rows of a port at a site, from sources that nothing is wrong with."""
        if port.destination not in self._known:
            return self._mark_destination
        if port.action is Action.PERMIT:
            return self._permits.append
        if self._holders.of(site, port.destination, port.port):
            return self._held[site, port.destination, port.port].append
        return self._removes.append

    def _mark_destination(self, row: FirewallRow) -> None:
        self.marked.append(MarkedRow(row=row, mark=Mark.DESTINATION))

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
            if rows
        )


class _Open(NamedTuple):
    """What hosts of a site that are alike have open or need, with the destinations' families and with what
    takes the rows; whether any is IPv6, and whether there is a role.
    """

    ports: list[tuple[OpenPort, int | None, Callable[[FirewallRow], None]]]
    six: bool
    roles: bool


def _now(host: Standing | HostNow) -> HostNow:
    if isinstance(host, HostNow):
        return host
    return HostNow(latest=host, known=host if host.probed else None)


def _destinations(needs: Iterable[HostNeeds], listed: Iterable[Host]) -> Destinations:
    found = Destinations()
    for gateways in _each_once(host.gateways for host in listed):
        found.name(gateways.values())
    told = [each.based for each in needs if each.based is not None]
    for named in _each_once(standing.named for standing in told if standing.named is not None):
        found.name(named.values())
    # nobody looked what the inventory says
    for by_role in _each_once(standing.gateways for standing in told if standing.named is None):
        for addresses in by_role.values():
            found.name(addresses)
    alike = Counter(id(standing.network.resolved) for standing in told)
    for resolved in _each_once(standing.network.resolved for standing in told):
        found.resolved(resolved, alike[id(resolved)])
    return found


def _each_once(values: Iterable[T]) -> Iterable[T]:
    """Return values without those that are an earlier one itself: what many hosts share is one object."""
    return {id(value): value for value in values}.values()


def _claimants(
    seen: Iterable[HostNow], needs: Iterable[HostNeeds], listed: Mapping[str, Host]
) -> Iterator[Claimant]:
    for now, each in zip(seen, needs, strict=True):
        if each.based is not None:
            via = network(each.based.via)
            yield Claimant(
                host=each.host,
                site=each.site,
                via=via,
                owned=frozenset(
                    map(
                        canonical,
                        filter(is_ip, _answered(now.latest, each.based, listed.get(each.host), via)),
                    )
                ),
                said=own_addresses(each.based),
            )


def _answered(latest: Standing, based: Standing, today: Host | None, via: str) -> set[str]:
    """Return the addresses that a host was dialled at, or is to be dialled at today, in a network."""
    found = {based.address}
    if based.network.dialled:
        found.add(based.network.dialled)
    if latest is not based and network(latest.via) == via:
        found.add(latest.address)
    if today is not None and network(today.via) == via:
        found.add(today.address)
    return found


def _unseen(host: Host) -> Claimant:
    owned = frozenset({canonical(host.address)} if is_ip(host.address) else ())
    return Claimant(host=host.name, site=host.site or "", via=network(host.via), owned=owned, said=())
