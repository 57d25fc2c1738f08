"""A host speaks only for itself: whose address a firewall row is from, and who names where it goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.firewall.firewall import Firewall, firewall
from orchestrator.domain.standing import Network, Standing
from tests.report.samples import BACKUP, PRIMARY
from tests.report.standings import standing

NAMED = {"primary": PRIMARY, "backup": BACKUP}


def host(name: str, *said: str, dialled: str | None = None, **changes: object) -> Standing:
    """Make a host of the inventory by name that says it has these addresses."""
    network = Network(dialled=dialled)
    return replace(standing(name, sources=said, named=NAMED, network=network), **changes)  # type: ignore[arg-type]  # a test names fields that exist


def from_(found: Firewall) -> set[tuple[str, str]]:
    """Return who has rows from where."""
    return {(row.host, row.source) for row in found.rows}


def marks(found: Firewall) -> set[tuple[str, str, str, tuple[str, ...]]]:
    """Return which hosts' rows are marked: the host, the source, the mark, and whom it is about."""
    return {(each.row.host, each.row.source, str(each.mark), each.others) for each in found.marked}


@pytest.mark.parametrize("by", ["dialled", "inventory"])
def test_the_address_that_was_dialled_is_its_hosts_own(by: str) -> None:
    """Who claims it loses the row, marked with whom it belongs to; the owner keeps its own."""
    honest = (
        host("web1", "10.1.1.1", dialled="10.1.1.1")
        if by == "dialled"
        else host("web1", "10.1.1.1", address="10.1.1.1")
    )
    liar = host("liar", "10.1.1.1", "10.1.6.6", dialled="10.1.6.6")
    found = firewall([liar, honest])
    assert from_(found) == {("web1", "10.1.1.1"), ("liar", "10.1.6.6")}
    assert marks(found) == {("liar", "10.1.1.1", "claimed", ("web1",))}


def test_an_owner_need_not_say_so() -> None:
    """A host behind address translation owns the address that it answers at,
    though its own interfaces do not have it.
    """
    owner = host("nat", "192.168.0.5", dialled="10.1.1.1")
    found = firewall([owner, host("liar", "10.1.1.1", dialled="10.1.6.6")])
    assert from_(found) == {("nat", "192.168.0.5")}


def test_where_nobody_owns_what_two_claim_both_are_left_out() -> None:
    """A virtual switch has the same address on many hosts; nobody can tell them apart by it."""
    hosts = [host(name, f"10.1.1.{n}", "172.20.0.1", dialled=f"10.1.1.{n}") for n, name in enumerate("ab", 1)]
    found = firewall(hosts)
    assert from_(found) == {("a", "10.1.1.1"), ("b", "10.1.1.2")}
    assert {mark[:3] for mark in marks(found)} == {(name, "172.20.0.1", "disputed") for name in "ab"}


def test_sites_may_use_the_same_networks() -> None:
    """10.0.0.5 of Paris is not 10.0.0.5 of Berlin; a host without a site may stand in either."""
    paris = host("p", "10.0.0.5", dialled="10.0.0.5", site="paris")
    berlin = host("b", "10.0.0.5", dialled="192.0.2.1", site="berlin")
    assert from_(firewall([paris, berlin])) == {("p", "10.0.0.5"), ("b", "10.0.0.5")}
    assert from_(firewall([paris, replace(berlin, site=None)])) == {("p", "10.0.0.5")}


def test_networks_behind_two_jump_hosts_do_not_mix() -> None:
    """10.0.0.5 behind one jump host is not 10.0.0.5 behind another;
    who logs on there makes no other network.
    """
    one = host("a", "10.0.0.5", dialled="10.0.0.5", via="ssh://ops@one.site:22")
    liar = host("b", "10.0.0.5", dialled="10.0.0.9", via="ssh://ops@two.site:22")
    assert from_(firewall([one, liar])) == {("a", "10.0.0.5"), ("b", "10.0.0.5")}
    assert from_(firewall([one, replace(liar, via=None)])) == {("a", "10.0.0.5"), ("b", "10.0.0.5")}
    assert from_(firewall([one, replace(liar, via="ssh://root@one.site:22")])) == {("a", "10.0.0.5")}


def test_a_gateway_is_never_a_source() -> None:
    """A host that says it has the gateway's address opens nothing from there, whoever answers at it."""
    found = firewall([host("liar", PRIMARY, "10.1.6.6", dialled="10.1.6.6")])
    assert from_(found) == {("liar", "10.1.6.6")}
    assert {mark[2] for mark in marks(found)} == {"gateway"}


def test_a_destination_that_only_the_host_names_is_marked() -> None:
    """The registry of one host sends it to an address of no inventory: no rule is written for that."""
    evil = {"primary": ("198.51.100.66",), "backup": (BACKUP,)}
    found = firewall([host("liar", "10.1.6.6", gateways=evil), host("web1", "10.1.1.1")])
    assert {row.destination for row in found.rows} == {PRIMARY, BACKUP}
    marked = {(each.row.host, each.row.destination, str(each.mark)) for each in found.marked}
    assert marked == {("liar", "198.51.100.66", "destination")}


def test_a_name_of_the_inventory_is_what_hosts_find_for_it() -> None:
    """What one host alone finds for it, where others find another address, is marked;
    one host's word alone has to do.
    """

    def by_name(name: str, address: str, source: str) -> Standing:
        return host(
            name,
            source,
            named={"primary": "gw.example", "backup": BACKUP},
            gateways={"primary": (address,), "backup": (BACKUP,)},
            network=Network(resolved={"gw.example": (address,)}),
        )

    alone = by_name("a", PRIMARY, "10.1.1.1")
    assert {row.destination for row in firewall([alone]).rows} == {PRIMARY, BACKUP}
    found = firewall([alone, by_name("b", PRIMARY, "10.1.1.2"), by_name("liar", "198.51.100.66", "10.1.6.6")])
    assert {(each.row.host, each.row.destination) for each in found.marked} == {("liar", "198.51.100.66")}


addresses = st.sampled_from([f"10.1.1.{n}" for n in range(1, 7)] + [PRIMARY, "2001:DB8::1", "2001:db8:0::1"])


@given(st.lists(addresses, max_size=6), st.sampled_from([None, "paris", "berlin"]))
def test_whatever_a_liar_says_the_others_rows_stay(said: list[str], site: str | None) -> None:
    """No claim takes a row from an owner or adds one from its address, whatever the site, in any spelling."""
    honest = [host(f"web{n}", f"10.1.1.{n}", address=f"10.1.1.{n}", site="paris") for n in range(1, 6)]
    liar = host("liar", *said, address="10.1.1.6", site=site)
    before, after = firewall(honest), firewall([*honest, liar])
    assert [row for row in after.rows if row.host != "liar" and row.action == "permit"] == [
        row for row in before.rows if row.action == "permit"
    ]
    owned = {f"10.1.1.{n}" for n in range(1, 6)} if site != "berlin" else set()
    assert {row.source for row in after.rows if row.host == "liar"}.isdisjoint(owned | {PRIMARY})
