"""Firewall rows of many hosts, merged by the subnets that the inventory names."""

from __future__ import annotations

import ipaddress

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.firewall.collapsed import CollapsedRows, collapse
from orchestrator.domain.firewall.firewall import Action, FirewallRow, Why
from orchestrator.domain.firewall.subnets import Subnets
from orchestrator.domain.judgement import Belief

GATEWAY = "203.0.113.10"


def row(host: str, source: str, action: Action = Action.PERMIT, **changes: object) -> FirewallRow:
    """Make a host's row to one gateway and port."""
    why = Why.PIN if action is Action.PERMIT else None
    cells = {"destination": GATEWAY, "port": 2147, "found": Belief.OPEN, "why": why, "site": "paris"}
    return FirewallRow(host=host, source=source, action=action, **{**cells, **changes})  # type: ignore[arg-type]  # a test names fields that exist


def merged(rows: list[FirewallRow], **named: str) -> list[tuple[str, bool, tuple[str, ...]]]:
    """Collapse with these networks by host; return source, whether it is a subnet, and hosts."""
    subnets = Subnets({host: networks.split() for host, networks in named.items()})
    return [(each.source, each.subnet, each.hosts) for each in collapse(rows, subnets)]


def test_hosts_in_their_subnet_are_one_row() -> None:
    """Two hosts of a named subnet become the subnet; one outside of it stays exact."""
    rows = [row("a", "10.1.2.3"), row("b", "10.1.2.4"), row("c", "10.9.9.9")]
    assert merged(rows, a="10.1.2.0/24", b="10.1.2.0/24", c="10.1.2.0/24") == [
        ("10.1.2.0/24", True, ("a", "b")),
        ("10.9.9.9", False, ("c",)),
    ]


def test_another_hosts_subnet_widens_nothing() -> None:
    """A host for which nothing is named stays exact, although its address lies in a neighbour's subnet."""
    rows = [row("a", "10.1.2.3"), row("b", "10.1.2.4")]
    assert merged(rows, a="10.1.2.0/24") == [("10.1.2.0/24", True, ("a",)), ("10.1.2.4", False, ("b",))]


def test_the_smallest_subnet_counts() -> None:
    """Of two that hold the address, the narrower one is asked for."""
    assert merged([row("a", "10.1.2.3")], a="10.0.0.0/8 10.1.2.0/24")[0][0] == "10.1.2.0/24"


def test_a_row_says_what_its_hosts_found_and_why() -> None:
    """Beliefs are counted by host, reasons joined."""
    rows = [
        row("a", "10.1.2.3"),
        row("b", "10.1.2.4", found=Belief.CLOSED, why=Why.DESIRED, site="lyon"),
        row("c", "10.1.2.5", found=Belief.CLOSED),
    ]
    (found,) = collapse(rows, Subnets({name: ["10.1.2.0/24"] for name in "abc"}))
    assert found == CollapsedRows(
        source="10.1.2.0/24",
        subnet=True,
        destination=GATEWAY,
        port=2147,
        action=Action.PERMIT,
        found={Belief.OPEN: 1, Belief.CLOSED: 2},
        why=(Why.PIN, Why.DESIRED),
        hosts=("a", "b", "c"),
        sites=("lyon", "paris"),
    )


def test_a_subnet_is_not_given_up_while_a_host_in_it_needs_the_port() -> None:
    """What one host has no use for is removed for its address alone, where another one of the subnet has."""
    needs, has = row("a", "10.1.2.3"), row("b", "10.1.2.4", Action.REMOVE)
    networks = {"b": "10.1.2.0/24"}
    assert merged([needs, has], **networks) == [
        ("10.1.2.3", False, ("a",)),
        ("10.1.2.4", False, ("b",)),
    ]
    assert merged([row("a", "10.1.3.3"), has], **networks) == [
        ("10.1.3.3", False, ("a",)),
        ("10.1.2.0/24", True, ("b",)),
    ]


def test_names_and_both_families_are_taken() -> None:
    """A source that is a name stays one; an IPv6 address lies in an IPv6 subnet."""
    rows = [row("a", "web1.corp.example"), row("b", "2001:db8::1")]
    assert merged(rows, a="10.0.0.0/8", b="10.0.0.0/8 2001:db8::/32") == [
        ("2001:db8::/32", True, ("b",)),
        ("web1.corp.example", False, ("a",)),
    ]


ADDRESSES = st.integers(0, 1023).map(lambda number: str(ipaddress.IPv4Address(0x0A000000 + number)))
NETWORKS = st.lists(st.sampled_from(["10.0.0.0/23", "10.0.0.0/24", "10.0.1.0/25", "10.0.2.0/24"]), max_size=2)


@settings(deadline=None)  # a busy machine is no fault of the rows
@given(st.lists(st.tuples(ADDRESSES, NETWORKS, st.sampled_from(Action)), max_size=30))
def test_no_row_is_lost_and_none_covers_more_than_was_named(
    hosts: list[tuple[str, list[str], Action]],
) -> None:
    """Every exact row is covered by a merged one of its action,
    and no removal touches an address that is needed.
    """
    rows = [row(f"h{number}", address, action) for number, (address, _, action) in enumerate(hosts)]
    named = {f"h{number}": networks for number, (_, networks, _) in enumerate(hosts)}
    found = collapse(rows, Subnets(named))

    def within(address: str, source: str) -> bool:
        return ipaddress.ip_address(address) in ipaddress.ip_network(source)

    for each in rows:
        covering = [m for m in found if m.action is each.action and each.host in m.hosts]
        assert [within(each.source, m.source) for m in covering] == [True]
        assert covering[0].source in {each.source, *named[each.host]}
    needed = {each.source for each in rows if each.action is Action.PERMIT}
    given_up = [m.source for m in found if m.action is Action.REMOVE and m.subnet]
    assert [address for address in needed for subnet in given_up if within(address, subnet)] == []
