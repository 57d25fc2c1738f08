"""What counts as a change between two results."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.standing import Standing
from orchestrator.domain.views.diff import What, changes, diff, of_what_both_asked
from tests.report.samples import scan
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


def test_a_gateway_changes_where_the_conclusion_is_the_very_same() -> None:
    """Results that say the same share their conclusion as the store reads them; the gateway may differ."""
    first = standing()
    moved = replace(first, gateways={**first.gateways, "backup": ("203.0.113.21",)})
    assert what(first, moved) == [("gateway", "backup", ("203.0.113.20",), ("203.0.113.21",))]


def test_a_change_within_a_verdict_is_no_worsening() -> None:
    """Another pin, and as blocked as before: it stands behind what got worse, whatever its verdict."""
    other = role(verdict=Verdict.BLOCKED, pin=554, opened=(443,))
    found = diff(
        [
            (standing("same", blocked(), role("backup")), standing("same", other, role("backup"))),
            (standing("worse"), standing("worse", role(verdict=Verdict.DRIFTED), role("backup"))),
        ]
    )
    assert [(group.hosts, group.worse) for group in found.groups] == [(("worse",), True), (("same",), False)]


def test_groups_come_by_verdict_then_by_how_many_hosts_then_by_name() -> None:
    """Of what got worse: the worst verdict, then the most hosts, then the first name."""

    def pair(name: str, verdict: Verdict, opened: int = 443) -> tuple[Standing, Standing]:
        bad = role(verdict=verdict, opened=(2147, opened))
        return standing(name), standing(name, bad, role("backup"))

    found = diff(
        [
            pair("z1", Verdict.DRIFTED),
            pair("d1", Verdict.CUT_OFF, 80),
            pair("c2", Verdict.CUT_OFF),
            pair("c1", Verdict.CUT_OFF),
            *(pair(f"y{number}", Verdict.DRIFTED, 80) for number in range(3)),
            pair("a1", Verdict.DRIFTED),
        ]
    )
    assert [group.hosts for group in found.groups] == [
        ("c1", "c2"),
        ("d1",),
        ("y0", "y1", "y2"),
        ("a1", "z1"),
    ]


@pytest.mark.parametrize(
    ("earlier", "later", "gone", "new", "not_asked"),
    [
        ("", "", ("gone", "out"), ("in", "new"), 0),
        ("", "a,out", ("out",), ("in", "new"), 1),
        ("a,in", "", ("gone", "out"), ("in",), 1),
        ("a", "a", (), (), 4),
    ],
)
def test_who_was_not_meant_to_be_asked_is_neither_gone_nor_new(
    earlier: str, later: str, gone: tuple[str, ...], new: tuple[str, ...], not_asked: int
) -> None:
    """A scan of a part says nothing of the others: they are counted, and named by neither list."""
    names = ("gone", "out", "in", "new")
    pairs = [(standing(name), None) if name in {"gone", "out"} else (None, standing(name)) for name in names]
    records = [
        replace(scan(number), selection=limit, hosts=tuple(limit.split(",")) if limit else ("a",))
        for number, limit in ((11, earlier), (12, later))
    ]
    found = of_what_both_asked(diff(pairs), *records)
    assert (found.only_earlier, found.only_later, found.not_asked) == (gone, new, not_asked)
