"""What firewalls have to permit, and what can go."""

from __future__ import annotations

from orchestrator.domain.firewall import Firewall, firewall, sources
from tests.report.samples import BACKUP, PRIMARY
from tests.report.standings import role, standing, unprobed


def rows(found: Firewall, action: str) -> set[tuple[str, str, int, str, str | None]]:
    """Give the rows of an action: host, destination, port, what was found, why."""
    return {(r.host, r.destination, r.port, r.found, r.why) for r in found.rows if r.action == action}


def test_pin_desired_pin_and_live_connections_are_needed() -> None:
    """Each is a row with what the host found of it, and the reason that counts most."""
    host = standing("a", role(pin=443, desired=80, opened=(443,)), role("backup", opened=(2147,)))
    assert rows(firewall([host]), "permit") == {
        ("a", PRIMARY, 443, "open", "pin"),
        ("a", PRIMARY, 80, "closed", "desired"),
        ("a", PRIMARY, 2147, "closed", "live"),
        ("a", BACKUP, 2147, "open", "pin"),
    }


def test_what_is_open_and_nobody_of_the_site_needs_can_go() -> None:
    """A port that one host of the site is pinned to stays, for the others it is no row to remove."""
    hosts = [
        standing("a", site="paris"),
        standing("b", role(pin=443, desired=None), role("backup"), site="paris"),
        standing("c", site="berlin"),
    ]
    assert rows(firewall(hosts), "remove") == {
        ("a", BACKUP, 443, "open", None),
        ("b", BACKUP, 443, "open", None),
        ("c", PRIMARY, 443, "open", None),
        ("c", BACKUP, 443, "open", None),
    }


def test_the_source_is_the_address_that_the_host_has() -> None:
    """The inventory's address counts where the host has it; else its own, without loopback and link-local ones."""
    own = ("127.0.0.1", "10.1.2.3", "fe80::1", "10.9.9.9")
    assert sources(standing(address="10.9.9.9", sources=own)) == ("10.9.9.9",)
    assert sources(standing(address="web1.corp.example", sources=own)) == ("10.1.2.3", "10.9.9.9")
    assert sources(standing(address="web1.corp.example", sources=())) == ("web1.corp.example",)


def test_addresses_of_two_families_make_no_row() -> None:
    """A host's IPv6 address does not reach a gateway's IPv4 address."""
    found = firewall([standing("a", sources=("10.1.2.3", "2001:db8::1"))])
    assert {row.source for row in found.rows} == {"10.1.2.3"}


def test_hosts_without_a_reading_are_named() -> None:
    """Nothing is said to be needed by a host that nobody has looked at."""
    assert firewall([unprobed("db7")]) == Firewall(rows=(), unknown=("db7",))
