"""The pace of a gateway over all sites: what several ask gets no more from all of them together."""

from __future__ import annotations

import pytest

from orchestrator.domain.execution.effort import usual_attempts
from orchestrator.fleet.dispatch.shares import HERE, shares
from tests.fleet.dispatch.sites import Network, scan_sites, transports
from tests.fleet.dispatch.test_sites_run import at
from tests.fleet.fakes import answers, hosts

ONE, TWO = "203.0.113.10", "203.0.113.20"


def test_who_asks_a_gateway_has_an_equal_share_of_it() -> None:
    """Two sites and this machine ask one gateway, a site alone another one."""
    there = [*at("berlin", 3, gateways={"primary": ONE}), *at("paris", 3, gateways={"a": ONE, "b": TWO})]
    here = hosts(2, gateways={"primary": ONE})
    third = pytest.approx(100 / 3)
    assert shares(here, there, 100) == {
        HERE: {ONE: third},
        "berlin": {ONE: third},
        "paris": {ONE: third, TWO: 100},
    }
    assert shares(here, there, 0) == {}


def test_each_batch_says_its_hosts_shares() -> None:
    """A batch names the gateways of its own hosts alone, each with the site's share."""
    there = [*at("berlin", 3, gateways={"primary": ONE}), *at("paris", 3, gateways={"a": ONE, "b": TWO})]
    network = Network(transports({}, answers(), "berlin", "paris"), pace=100)
    scan_sites(network, there)
    said = {batch.site: dict(batch.options.shares) for batch in network.batches}
    assert said == {"berlin": {ONE: 50}, "paris": {ONE: 50, TWO: 100}}


def test_two_sites_keep_to_one_pace() -> None:
    """Their workers' files know no limit: the scan's own holds for one gateway over both of them."""
    gateways = {"primary": ONE}
    there = [one for site in ("berlin", "paris") for one in at(site, 40, credential=None, gateways=gateways)]
    network = Network(transports({}, answers(0.0), "berlin", "paris"), pace=20)
    found = scan_sites(network, there)
    connects = sum(usual_attempts(there[0], "auto", canaries=True).values())
    assert connects > 0
    assert len(found.scanned.writer.records) == 80
    assert found.scanned.seconds >= 80 * connects / 20 - 2  # a second's worth is free for each of the two
