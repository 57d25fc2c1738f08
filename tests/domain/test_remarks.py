"""What is worth a line beside the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from inventory.model import RoleValues
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.outcome import Trace
from orchestrator.domain.reading import (
    Kind,
    Part,
    Reading,
    Source,
    Target,
    Value,
    View,
    ViewState,
)
from orchestrator.domain.verdict import judge
from tests.domain.build import (
    GATEWAYS,
    NOON,
    PRIMARY,
    TRACE,
    dword,
    profile,
    reading,
    target,
    view,
)

PIN = dword("PrimaryTunnelPort", 2147)


def judged(found: Reading, desired: int | None = None, *roles: str, trace: Trace | None = None) -> Judgement:
    """Judge a host with one role, unless more are named."""
    names = roles or ("primary",)
    wanted = {} if desired is None else dict.fromkeys(names, desired)
    return judge(found, profile=profile(*names), desired=wanted, gateways=GATEWAYS, trace=trace)


def test_equal_views_are_a_remark() -> None:
    """Both views holding the same is no fault, and said."""
    assert judged(reading([view(64, PIN), view(32, PIN)])).remarks == (
        "the 64 and 32-bit registry views both hold the key, and agree",
    )


def test_a_view_that_could_not_be_read_beside_a_good_one_is_a_remark() -> None:
    """A denial that does not matter for the verdict is still told."""
    denied = View(view=32, state=ViewState.DENIED, error="SecurityException 0x8013150A")

    assert judged(reading([view(64, PIN), denied])).remarks == (
        "the 32-bit registry view could not be read: denied (SecurityException 0x8013150A)",
    )


def test_a_view_that_was_read_in_part_is_a_remark() -> None:
    """A view that broke off is told."""
    part = replace(view(64, PIN), error="IOException 0x80070079")

    assert judged(reading([part])).remarks == (
        "the 64-bit registry view was read in part: IOException 0x80070079",
    )


def test_a_guessed_gateway_is_labelled() -> None:
    """A gateway that nobody named is said to be a guess."""
    found = reading([view(64, PIN)], targets=[target("primary", "192.0.2.1", source=Source.GUESS)])

    assert judged(found).remarks == ("primary: nobody names the gateway; 192.0.2.1 is a guess by its shape",)


def test_a_name_that_resolves_to_the_registry_s_address_is_no_difference() -> None:
    """The inventory may name the gateway that the registry holds as an address."""
    first = target("primary", source=Source.REGISTRY)
    second = Target(role="primary", source=Source.INVENTORY, name="lvig", addresses=(PRIMARY, "192.0.2.9"))

    assert judged(reading([view(64, PIN)], targets=[first, second])).remarks == ()


def test_a_port_outside_the_list_is_a_remark() -> None:
    """A pin or desired pin that the vendor does not know is told."""
    found = reading([view(64, dword("PrimaryTunnelPort", 9999))])

    assert judged(found, 8888).remarks == (
        "primary: the pin 9999 is not in the profile's list",
        "primary: the desired pin 8888 is not in the profile's list",
    )


def test_what_went_wrong_on_the_host_is_a_remark() -> None:
    """A deadline, a part that failed and values that were cut are told."""
    found = reading(
        [view(64, PIN)],
        deadline_hit=True,
        cut_values=2,
        parts=(Part(name="identity", milliseconds=1, error="X 0x1"),),
    )

    assert judged(found).remarks == (
        "the probe ended at its own deadline, before it had tried everything: set a longer `timeout:`",
        "the part identity of the probe failed: X 0x1",
        "2 registry values were too large to bring back",
    )


@pytest.mark.parametrize(
    ("minutes", "remark"),
    [
        (0, ()),
        (5, ()),
        (-5, ()),
        (7, ("the host's clock is 7 minutes ahead",)),
        (-90, ("the host's clock is 90 minutes behind",)),
    ],
)
def test_a_clock_that_is_off_is_a_remark(minutes: int, remark: tuple[str, ...]) -> None:
    """A host's clock more than five minutes off is told: Kerberos would refuse it."""
    found = reading([view(64, PIN)])
    off = replace(found, identity=replace(found.identity, clock=NOON + timedelta(minutes=minutes)))

    assert judged(off, trace=TRACE).remarks == remark


def test_a_named_gateway_value_that_views_share_is_no_split() -> None:
    """Views that agree on the gateway value too are equal."""
    gateway = Value(name="Gateway", kind=Kind.SZ, data=PRIMARY)
    product = profile(
        roles=(RoleValues(role="primary", port_value="PrimaryTunnelPort", address_value="Gateway"),)
    )
    found = reading([view(64, PIN, gateway), view(32, PIN, gateway)])

    assert judge(found, profile=product, desired={}, gateways={}).view == 64
