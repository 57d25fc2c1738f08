"""What firewalls have to permit, what can go, and what is held back for a host that may need it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from inventory.model import Host
from inventory.verdicts import Verdict
from orchestrator.domain.firewall.firewall import Firewall, firewall, sources
from orchestrator.domain.judgement import Belief, Judgement
from orchestrator.domain.reading import Reading, ViewState
from orchestrator.domain.standing import HostNow, Network, Standing, Tunnel
from tests.domain.build import believed, dword, reading, view
from tests.report.samples import BACKUP, NOON, PORTS, PRIMARY, PROFILE
from tests.report.standings import role, standing, unprobed

LISTED = tuple(number for number, _ in PORTS)


def at(host: Standing, address: str) -> Standing:
    """Return a host with an address of its own."""
    return replace(host, sources=(address,))


def rows(found: Firewall, action: str) -> set[tuple[str, str, int, str, str | None]]:
    """Return the rows of an action: host, destination, port, what was found, why."""
    return {(r.host, r.destination, r.port, r.found, r.why) for r in found.rows if r.action == action}


def held(found: Firewall) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return who holds what: destination and port, and the holders' names."""
    return {(e.destination, e.port): tuple(each.host for each in e.held_by) for e in found.held_back}


def keyless(host: str, verdict: Verdict, **changes: object) -> Standing:
    """Make a result that has a reading and says nothing by role."""
    return replace(standing(host), judgement=Judgement(verdict=verdict), sources=("10.1.7.7",), **changes)  # type: ignore[arg-type]  # a test names fields that exist


OTHER = at(standing("other", role(opened=LISTED), role("backup", opened=LISTED)), "10.1.9.9")
"""A healthy host of the same site that finds every port open: all but 2147 could go, were it alone."""


def test_pin_desired_pin_and_live_connections_are_needed() -> None:
    """Each is a row with what the host found of it, and the reason that counts most."""
    host = standing("a", role(pin=443, desired=80, opened=(443,)), role("backup", opened=(2147,)))
    assert rows(firewall([host]), "permit") == {
        ("a", PRIMARY, 443, "open", "pin"),
        ("a", PRIMARY, 80, "closed", "desired"),
        ("a", PRIMARY, 2147, "closed", "live"),
        ("a", BACKUP, 2147, "open", "pin"),
    }


def test_a_tunnel_is_permitted_to_where_it_goes() -> None:
    """The registry decides for one gateway and the tunnel is up to the inventory's:
    that is the row's destination.
    """
    elsewhere = "203.0.113.99"
    host = replace(
        standing("a", replace(role(), live=(443,)), role("backup")),
        named={"primary": elsewhere, "backup": BACKUP},
        network=Network(tunnels=(Tunnel(role="primary", address=elsewhere, port=443),)),
    )
    other = at(standing("b", named={"primary": PRIMARY, "backup": BACKUP}), "10.1.2.4")
    found = rows(firewall([host, other]), "permit")
    assert ("a", elsewhere, 443, "untried", "live") in found
    assert ("a", PRIMARY, 2147, "open", "pin") in found
    assert ("a", PRIMARY, 443, "open", "live") not in found


def test_what_is_open_and_nobody_of_the_site_needs_can_go() -> None:
    """A port that one host of the site is pinned to stays,
    for the others it is no row to remove but one held back.
    """
    hosts = [
        at(standing("a", site="paris"), "10.1.1.1"),
        at(standing("b", role(pin=443, desired=None), role("backup"), site="paris"), "10.1.1.2"),
        at(standing("c", site="berlin"), "10.2.1.1"),
    ]
    found = firewall(hosts)
    assert rows(found, "remove") == {
        ("a", BACKUP, 443, "open", None),
        ("b", BACKUP, 443, "open", None),
        ("c", PRIMARY, 443, "open", None),
        ("c", BACKUP, 443, "open", None),
    }
    assert held(found) == {(PRIMARY, 443): ("b",)}


def test_a_bad_pin_holds_what_was_not_seen_closed() -> None:
    """A host whose pin is no port has 2147 and 443 open: neither can go there,
    nor at its neighbours of the site.
    """
    bad = standing(
        "bad",
        role(verdict=Verdict.BAD_PIN, pin=None, desired=None, opened=(2147, 443)),
        role("backup", verdict=Verdict.BAD_PIN, pin=None, desired=None, opened=(2147, 443)),
    )
    assert rows(firewall([bad]), "remove") == set()
    found = firewall([bad, OTHER])
    assert held(found)[PRIMARY, 443] == ("bad",)
    assert (PRIMARY, 80) not in held(found)  # seen closed from the bad one
    assert ("other", PRIMARY, 80, "open", None) in rows(found, "remove")


def test_two_views_hold_both_their_pins() -> None:
    """A host pinned to 2147 in one view and to 443 in the other may use either."""
    network = Network(reading=two_views(2147, 443))
    found = firewall([keyless("split", Verdict.SPLIT, network=network), OTHER])
    assert found.unknown == ("split",)
    assert {place for place, names in held(found).items() if names == ("split",)} == {
        (PRIMARY, 443),
        (BACKUP, 443),
    }


def two_views(first: int, second: int) -> Reading:
    """Make a reading whose views hold different pins."""
    return reading(
        [
            view(bits, dword("PrimaryTunnelPort", pin), dword("BackupTunnelPort", pin))
            for bits, pin in ((64, first), (32, second))
        ]
    )


@pytest.mark.parametrize("named", [{}, {"primary": PRIMARY, "backup": BACKUP}], ids=["nowhere", "named"])
def test_a_host_that_was_never_read_holds_the_whole_list(named: dict[str, str]) -> None:
    """Nobody knows its pin: every port of the list, to its gateways, or to any where nobody names them."""
    never = unprobed("db7", site="paris", named=named)
    found = firewall([never, replace(OTHER, named={"primary": PRIMARY, "backup": BACKUP})])
    assert rows(found, "remove") == set()
    assert set(held(found)) == {(to, port) for to in (PRIMARY, BACKUP) for port in LISTED if port != 2147}
    assert found.unknown == ("db7",)


def test_a_host_of_the_inventory_without_a_result_holds_too() -> None:
    """What no scan has seen yet may need its gateways; at another site it holds nothing."""
    paris = Host(
        name="new", address="new", port=5986, profile=PROFILE, gateways={"primary": PRIMARY}, site="paris"
    )
    found = firewall([OTHER], listed={"new": paris})
    assert {to for to, _ in held(found)} == {PRIMARY, BACKUP}  # nobody names its backup: it may be any
    assert held(firewall([OTHER], listed={"new": replace(paris, site="berlin")})) == {}


def test_a_host_that_cannot_be_read_now_holds_what_it_last_said() -> None:
    """Its last reading counts, and how old that is goes with it: once for a failure,
    once for a key that is locked.
    """
    old = at(standing("a", role(pin=443), role("backup"), at=NOON - timedelta(days=9)), "10.1.1.1")
    locked = keyless("a", Verdict.UNREADABLE)
    for now in (
        HostNow(latest=unprobed("a"), known=old),
        HostNow(latest=locked, known=locked, readable=old),
    ):
        ((holder,),) = (e.held_by for e in firewall([now, OTHER]).held_back if e.destination == PRIMARY)
        assert (holder.host, holder.why, holder.read, holder.stale) == ("a", "pin", old.at, True)


def test_a_key_that_was_never_readable_holds_what_was_not_seen_closed() -> None:
    """The connects of the same reading say which ports it cannot be using."""
    shut = dict.fromkeys(LISTED, Belief.CLOSED) | {443: Belief.OPEN}
    seen = believed({"primary": shut, "backup": shut}, {})
    locked = replace(seen, views=(view(64, state=ViewState.DENIED),))
    network = Network(reading=locked)
    found = firewall([keyless("locked", Verdict.UNREADABLE, network=network), OTHER])
    assert {port for _, port in held(found)} == {443}


def test_no_agent_needs_nothing_and_cut_off_its_two_pins() -> None:
    """Where no agent is, nothing is held; who is cut off keeps its pin and its desired pin."""
    found = firewall([keyless("none", Verdict.NO_AGENT), OTHER])
    assert (held(found), found.unknown) == ({}, ())
    shut = role(verdict=Verdict.CUT_OFF, pin=80, desired=443, opened=())
    cut = at(standing("cut", shut, role("backup")), "10.1.1.1")
    assert set(held(firewall([cut, OTHER]))) == {(PRIMARY, 80), (PRIMARY, 443)}


def test_a_host_without_a_site_may_stand_anywhere() -> None:
    """It holds rows of every site, and its own rows are held by every host of the fleet."""
    pinned = role(pin=443, desired=None)
    nowhere = at(standing("nowhere", pinned, role("backup"), site=None), "10.1.1.1")
    assert held(firewall([nowhere, OTHER]))[PRIMARY, 443] == ("nowhere",)
    elsewhere = at(standing("berlin", pinned, role("backup"), site="berlin"), "10.1.1.1")
    assert (PRIMARY, 443) in held(firewall([elsewhere, replace(OTHER, site=None)]))
    assert (PRIMARY, 443) not in held(firewall([elsewhere, OTHER]))


def test_hosts_that_are_no_more_are_set_aside() -> None:
    """A decommissioned host holds nothing, has no rows, and is named."""
    found = firewall([unprobed("old1", site="paris"), OTHER], set_aside={"old1"})
    assert (found.held_back, found.unknown, found.set_aside) == ((), (), ("old1",))
    assert rows(found, "remove")


def test_the_source_is_the_address_that_the_host_has() -> None:
    """The inventory's address counts where the host has it; else its own,
    without loopback and link-local ones.
    """
    own = ("127.0.0.1", "10.1.2.3", "fe80::1", "224.0.0.9", "10.9.9.9")
    assert sources(standing(address="10.9.9.9", sources=own)) == ("10.9.9.9",)
    assert sources(standing(address="web1.corp.example", sources=own)) == ("10.1.2.3", "10.9.9.9")
    assert sources(standing(address="web1.corp.example", sources=())) == ("web1.corp.example",)
    dialled = Network(dialled="10.9.9.9")
    assert sources(standing(address="web1", sources=(), network=dialled)) == ("10.9.9.9",)


def test_addresses_of_two_families_make_no_row() -> None:
    """A host's IPv6 address does not reach a gateway's IPv4 address."""
    found = firewall([standing("a", sources=("10.1.2.3", "2001:db8::1"))])
    assert {row.source for row in found.rows} == {"10.1.2.3"}


def test_hosts_without_a_reading_are_named() -> None:
    """Nothing is said to be needed by a host that nobody has looked at."""
    assert firewall([unprobed("db7")]) == Firewall(rows=(), unknown=("db7",))


@pytest.mark.parametrize("seed", range(20))
def test_hosts_that_share_a_conclusion_have_the_rows_of_hosts_with_equal_ones(seed: int) -> None:
    """What equal hosts come to is worked out once: that changes no row, whatever differs between them."""
    made = random.Random(seed)  # noqa: S311 -- the same hosts each time
    judged = [standing("a"), standing("b", role(pin=443), role("backup", opened=(80,)))]
    gateways = [{"primary": (PRIMARY,), "backup": (BACKUP,)}, {"primary": ("gw.example", PRIMARY)}]
    tunnels = [(), (Tunnel(role="primary", address="198.51.100.6", port=8080),)]
    networks = [Network(tunnels=each, resolved={"gw.example": (PRIMARY,)}) for each in tunnels]
    named = [None, {"primary": PRIMARY}, {"primary": "gw.example", "backup": BACKUP}]
    shared = [
        replace(
            made.choice(judged),
            host=f"host{number}",
            site=made.choice([None, "paris", "berlin"]),
            sources=tuple(made.sample(["10.1.1.1", "10.1.1.2", "2001:db8::5"], made.randint(1, 3))),
            gateways=made.choice(gateways),
            network=made.choice(networks),
            named=made.choice(named),
            desired=made.choice([{}, {"primary": 80}]),
        )
        for number in range(12)
    ]
    own = [
        replace(
            each,
            judgement=replace(each.judgement),
            gateways=dict(each.gateways),
            network=replace(
                each.network, tunnels=(*each.network.tunnels,), resolved={**each.network.resolved}
            ),
            named=each.named and dict(each.named),
            desired=dict(each.desired),
        )
        for each in shared
    ]
    assert firewall(own) == firewall(shared)
