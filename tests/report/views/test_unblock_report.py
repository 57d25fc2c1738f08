"""The rules to ask for, as a person reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.domain.firewall.unblock import unblock
from orchestrator.report.views.unblock import unblock_rows, unblock_screen
from tests.report import standings
from tests.report.conftest import render


@pytest.mark.parametrize("width", [80, 200])
def test_rules_are_shown_as_agreed(golden: Callable[..., None], width: int) -> None:
    """What helps most comes first, hosts by site below it, and those that no rule can fix apart; it fits."""
    golden("unblock", unblock_screen(standings.unblocking(), 0.95, "fleetcheck unblock --json"), width)


def test_a_rule_for_the_same_hosts_names_them_once() -> None:
    """Two closed gateways make two rules; the second one refers to the first."""
    hosts = [
        standings.standing(f"h{n}", *(standings.blocked(name) for name in ("primary", "backup")))
        for n in range(4)
    ]
    text = render(unblock_screen(unblock(hosts), 1, "fleetcheck unblock --json"), 80)
    assert (text.count("h0, h1, h2, h3"), text.count("the same hosts as 1.")) == (1, 1)


def test_a_rule_for_many_places_is_short() -> None:
    """Of seven sites with five hosts each, three hosts a site are named; the rest is a count,
    and a command.
    """
    hosts = [
        standings.standing(f"s{site}h{n}", standings.blocked(), standings.role("backup"), site=f"site{site}")
        for site in range(7)
        for n in range(5)
    ]
    text = render(unblock_screen(unblock(hosts), 1, "fleetcheck unblock --json"), 80)
    assert "site3, 5 hosts: s3h0, s3h1, s3h2 and 2 more" in text
    assert text.endswith("    fleetcheck unblock --json\n")


def test_a_pipe_gets_a_line_per_rule_and_site() -> None:
    """Each line names port, gateway, site, how many hosts and which."""
    rows = list(unblock_rows(standings.unblocking()))
    assert rows[1] == ("rule", 2147, "203.0.113.10", "paris", 3, "par-00,par-01,par-02", "")
    assert rows[-1][0] == "apart"
