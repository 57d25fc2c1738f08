"""Which gateways agents use."""

from __future__ import annotations

from orchestrator.domain.judgement import Belief
from orchestrator.domain.standing import Standing
from orchestrator.domain.views.gateways import Gateways, GatewayUse
from tests.report.standings import blocked, role, standing, unprobed


def uses(*standings: Standing) -> tuple[GatewayUse, ...]:
    """Count these results."""
    gateways = Gateways()
    for each in standings:
        gateways.add(each)
    return gateways.uses()


def test_a_gateway_counts_its_hosts_by_pin_and_by_what_they_believe_of_it() -> None:
    """Hosts, pins, beliefs of the pin and tunnels are counted for each gateway of a role."""
    found = uses(
        standing("web1"),
        standing("web2", blocked(), role("backup")),
        standing("web3", role(pin=443), role("backup")),
        standing("web4", role(pin=None), role("backup")),
    )
    assert found[0] == GatewayUse(
        role="primary",
        addresses=("203.0.113.10",),
        hosts=4,
        pins={2147: 2, 443: 1},
        beliefs={Belief.OPEN: 2, Belief.CLOSED: 1},
        live=3,
    )


def test_one_host_alone_at_a_gateway_is_named_where_several_share_another() -> None:
    """Two spellings of an address are one gateway."""
    mapped = standing("web4", gateways={"primary": ("::ffff:203.0.113.10",)})
    odd = standing("odd", gateways={"primary": ("198.51.100.9",)})
    hosts = [standing(f"web{n}") for n in range(3)]
    assert [(use.hosts, use.lonely) for use in uses(*hosts, mapped, odd) if use.role == "primary"] == [
        (4, None),
        (1, "odd"),
    ]
    assert [use.lonely for use in uses(hosts[0], odd) if use.role == "primary"] == [None, None]


def test_a_host_that_was_never_read_uses_no_gateway() -> None:
    """Nothing is known of it."""
    assert uses(unprobed()) == ()
