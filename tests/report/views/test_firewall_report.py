"""Firewall rows, as a person and as other programs read them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest

from orchestrator.domain.firewall.firewall import Action, FirewallRow, Why, firewall
from orchestrator.domain.judgement import Belief
from orchestrator.report.views.collapsed import merged_rows, merged_screen
from orchestrator.report.views.firewall import (
    COLUMNS,
    firewall_aerleon,
    firewall_rows,
    firewall_screen,
    rows_csv,
    without_address,
)
from tests.report import standings


@pytest.mark.parametrize("width", [80, 200])
def test_rows_are_shown_as_agreed(golden: Callable[..., None], width: int) -> None:
    """Rows of a site, gateway and port are one line; it fits."""
    golden(
        "firewall",
        firewall_screen(standings.walls(), "fleetcheck firewall --format csv", standings.NOW),
        width,
    )


@pytest.mark.parametrize("width", [80, 200])
def test_merged_rows_are_shown_as_agreed(golden: Callable[..., None], width: int) -> None:
    """A row per subnet with the number of its hosts; what stays exact is told; it fits."""
    command = "fleetcheck firewall --collapse --format csv"
    golden(
        "firewall-merged", merged_screen(standings.merged(), standings.walls(), command, standings.NOW), width
    )


def test_merged_rows_name_their_hosts() -> None:
    """A plain row has how many hosts it covers, and which."""
    rows = {row[0]: row[6:] for row in merged_rows(standings.merged()) if row[2] == "tcp/2147"}
    assert rows["10.1.0.0/24"] == ("5", "ber-00 ber-03 ber-06 ber-09 ber-12", "berlin")


def test_aerleon_gets_subnets_as_they_are_named() -> None:
    """A merged row's network is the subnet, an exact address a network of one."""
    made = json.loads(firewall_aerleon(standings.merged()))
    addresses = [each["address"] for each in made["networks"]["FC_TO_203_0_113_10_2147"]["values"]]
    assert {"10.1.0.0/24", "10.1.1.0/24", "10.1.2.12/32"} <= set(addresses)


def test_csv_comes_back_as_the_rows() -> None:
    """A CSV reader gets the same rows below a heading."""
    found = firewall(standings.blocked_hosts())
    read = list(csv.reader(io.StringIO(rows_csv(COLUMNS, firewall_rows(found)))))
    assert (tuple(read[0]), [tuple(row) for row in read[1:]]) == (COLUMNS, list(firewall_rows(found)))


def test_a_cell_is_no_formula() -> None:
    """What a spreadsheet would compute gets a quote in front."""
    hostile = standings.standing("=cmd()", site="+1")
    assert '"\'=cmd()"' in rows_csv(COLUMNS, firewall_rows(firewall([hostile])))
    assert '"\'+1"' in rows_csv(COLUMNS, firewall_rows(firewall([hostile])))


def test_an_aerleon_policy_defines_what_it_uses() -> None:
    """Every network and service of a term stands in the definitions,
    hosts of one gateway and port in one network.
    """
    made = json.loads(firewall_aerleon(firewall(standings.blocked_hosts()).rows))
    terms = made["filters"][0]["terms"]
    assert [term["destination-port"] for term in terms[:3]] == ["FC_TCP_80", "FC_TCP_443", "FC_TCP_2147"]
    used = {term[key] for term in terms for key in ("source-address", "destination-address")}
    assert used == set(made["networks"])
    assert {term["destination-port"] for term in terms} == set(made["services"])
    assert made["networks"]["FC_GATEWAY_203_0_113_10"] == {"values": [{"address": "203.0.113.10/32"}]}


def test_aerleon_gets_addresses_only() -> None:
    """A host known by its name alone is left out, even where the name is spelt with hexadecimal digits."""
    named = standings.standing("a", address="cafe.be", sources=())
    made = json.loads(firewall_aerleon(firewall([named]).rows))
    assert (made["networks"], made["filters"][0]["terms"]) == ({}, [])


def test_what_aerleon_does_not_get_is_counted_and_named() -> None:
    """A policy from which needed rows are missing would close what a host needs."""
    six = needed("fe80::1%eth0", "2001:db8:f::10", 443)
    rows = [needed("web1.corp.example", "203.0.113.10", 443), needed("192.0.2.1", "gw.example", 80), *FOUR]
    words = "not in Aerleon's policy, which takes addresses and no names"
    assert without_address(rows) == f"2 needed rows are {words}: `web1.corp.example`, `gw.example`"
    assert without_address([six, *SIX]) == f"1 needed row is {words}: `fe80::1%eth0`"
    assert without_address([*FOUR, *SIX]) is None


def test_aerleon_takes_the_policy() -> None:
    """Where Aerleon is installed, it makes a device's configuration of it."""
    api = pytest.importorskip("aerleon.api", reason="aerleon is not installed")
    naming = pytest.importorskip("aerleon.lib.naming", reason="aerleon is not installed")
    made = json.loads(firewall_aerleon(firewall(standings.blocked_hosts()).rows))
    definitions = naming.Naming()
    definitions.ParseDefinitionsObject({key: made[key] for key in ("networks", "services")}, "")
    (text,) = api.Generate([{key: made[key] for key in ("filename", "filters")}], definitions).values()
    assert "permit tcp host 10.1.2.3 host 203.0.113.10 eq 2147" in text


def needed(source: str, destination: str, port: int) -> FirewallRow:
    """Make a row that a host needs."""
    return FirewallRow(
        source=source,
        destination=destination,
        port=port,
        action=Action.PERMIT,
        found=Belief.CLOSED,
        why=Why.PIN,
        host="web1",
        site="paris",
    )


FOUR = [needed(f"192.0.2.{number}", "203.0.113.10", 2147) for number in (11, 12)]
SIX = [
    needed("2001:db8:1::11", "2001:db8:f::10", 2147),
    needed("2001:db8:1::12", "2001:db8:f::10", 443),
    needed("2001:db8:1::13", "2001:db8:f::10", 443),
]


@pytest.mark.parametrize("rows", [FOUR, SIX, [*FOUR, *SIX]], ids=["IPv4", "IPv6", "both"])
def test_aerleon_renders_every_row(rows: list[FirewallRow]) -> None:
    """Each needed row is one permit line of the device's lists, IPv6 or not."""
    api = pytest.importorskip("aerleon.api", reason="aerleon is not installed")
    naming = pytest.importorskip("aerleon.lib.naming", reason="aerleon is not installed")
    made = json.loads(firewall_aerleon(rows))
    definitions = naming.Naming()
    definitions.ParseDefinitionsObject({key: made[key] for key in ("networks", "services")}, "")
    (text,) = api.Generate([{key: made[key] for key in ("filename", "filters")}], definitions).values()
    permits = sorted(line.strip() for line in text.splitlines() if line.strip().startswith("permit"))
    assert permits == sorted(
        f"permit tcp host {row.source} host {row.destination} eq {row.port}" for row in rows
    )


def test_aerleons_list_stays_what_it_was_without_ipv6() -> None:
    """A policy for IPv4 alone keeps its kind of list, so that a device's names do not change."""
    targets = [json.loads(firewall_aerleon(rows))["filters"][0]["header"]["targets"] for rows in (FOUR, SIX)]
    assert targets == [{"cisco": "fleetcheck extended"}, {"cisco": "fleetcheck mixed"}]
