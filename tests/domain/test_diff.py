"""What counts as a change between two results."""

from __future__ import annotations

from inventory.verdicts import Verdict
from orchestrator.domain.diff import What, changes, diff
from tests.report.standings import blocked, role, standing, unprobed


def what(*pair: object) -> list[tuple[str, str | None, tuple[str, ...], tuple[str, ...]]]:
    """Compare two results; the changes as tuples."""
    return [(each.what.value, each.role, each.before, each.after) for each in changes(*pair)]  # type: ignore[arg-type]  # two standings


def test_a_result_that_comes_again_changed_nothing() -> None:
    """Two equal results have no change between them, whenever they came."""
    assert what(standing(), standing(scan=13)) == []


def test_verdict_and_ports_change_together() -> None:
    """A port that closes under the pin is both: another verdict, and a port less."""
    assert what(standing(), standing("web1", role(), blocked("backup"))) == [
        ("verdict", None, ("ok",), ("blocked (backup)",)),
        ("ports", "backup", ("2147",), ()),
    ]


def test_a_pin_changes() -> None:
    """A new pin is told with the old one, a missing one by that word."""
    missing = standing("web1", role(pin=None), role("backup"))
    assert what(standing("web1", role(pin=443), role("backup")), missing) == [
        ("pin", "primary", ("443",), ("missing",))
    ]


def test_what_was_not_tried_did_not_close() -> None:
    """A scan that tries the pins alone closes none of the ports that an earlier one found open."""
    light = standing("web1", role(tried=(2147,)), role("backup", tried=(2147,)))
    assert what(standing(), light) == []
    assert what(light, standing()) == []


def test_a_port_that_opens_is_told_in_the_profiles_order() -> None:
    """Newly open ports stand on the right."""
    assert what(standing(), standing("web1", role(opened=(80, 554, 443, 2147)), role("backup"))) == [
        ("ports", "primary", (), ("554", "80"))
    ]


def test_a_gateway_changes() -> None:
    """Another deciding address is told per role."""
    moved = standing(gateways={"primary": ("203.0.113.11",), "backup": ("203.0.113.20",)})
    assert what(standing(), moved) == [("gateway", "primary", ("203.0.113.10",), ("203.0.113.11",))]


def test_a_host_that_was_not_probed_changed_its_verdict_only() -> None:
    """Nothing is concluded about pin, ports and gateways from a reading that is not there."""
    assert what(standing(), unprobed("web1")) == [("verdict", None, ("ok",), ("unknown",))]
    assert what(unprobed("web1"), unprobed("web1", "connect: no-answer")) == []


def test_hosts_that_changed_alike_are_one_group_worst_first() -> None:
    """Groups come worse first; hosts of one scan alone are counted apart and changed nothing."""
    found = diff(
        [
            (standing("b"), standing("b", blocked(), role("backup"))),
            (standing("a"), standing("a", blocked(), role("backup"))),
            (standing("better", blocked(), role("backup")), standing("better")),
            (standing("gone"), None),
            (None, standing("new")),
            (standing("same"), standing("same")),
        ]
    )
    assert [(group.hosts, group.verdict, group.worse) for group in found.groups] == [
        (("a", "b"), Verdict.BLOCKED, True),
        (("better",), Verdict.OK, False),
    ]
    assert (found.compared, found.changed, found.only_earlier, found.only_later) == (
        4,
        3,
        ("gone",),
        ("new",),
    )
    assert {change.what for change in found.groups[0].changes} == {What.VERDICT, What.PORTS}
