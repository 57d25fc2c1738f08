"""Which firewall rules bring blocked hosts back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from inventory.verdicts import Verdict
from orchestrator.domain.firewall.subnets import Subnets
from orchestrator.domain.firewall.unblock import NO_GATEWAY, REPIN, unblock
from orchestrator.domain.judgement import RoleJudgement
from orchestrator.domain.standing import Standing
from tests.report.samples import BACKUP, PRIMARY
from tests.report.standings import blocked, blocked_hosts, role, standing, unprobed


def shut(name: str = "primary", pin: int = 2147, desired: int | None = None) -> RoleJudgement:
    """Make a role with nothing open."""
    return role(name, Verdict.CUT_OFF, pin=pin, desired=desired, opened=())


def test_the_rule_that_helps_most_comes_first() -> None:
    """Rules are ranked by the hosts that they help, and say how many are back by then."""
    found = unblock(blocked_hosts())
    assert [(rule.port, rule.gateway, len(rule.hosts), rule.back) for rule in found.rules] == [
        (2147, (PRIMARY,), 17, 14),
        (2147, (BACKUP,), 3, 17),
        (443, (PRIMARY,), 1, 17),
        (443, (BACKUP,), 1, 18),
    ]
    assert (found.blocked, found.back, found.left) == (18, 18, ())


def test_hosts_are_grouped_by_site() -> None:
    """A rule names its hosts by site, so that each firewall's owner sees what is asked of him."""
    rule = unblock(blocked_hosts()).rules[0]
    assert [(at.site, at.subnet, len(at.hosts)) for at in rule.places] == [
        ("berlin", "", 14),
        ("paris", "", 3),
    ]


def test_hosts_are_told_apart_by_named_subnets() -> None:
    """Within a site, hosts in a subnet of theirs stand apart from those in none."""
    hosts = [
        standing(name, blocked(), role("backup"), sources=(address,))
        for name, address in (("a", "10.1.2.3"), ("b", "10.1.2.4"), ("c", "10.9.9.9"), ("d", "10.1.2.5"))
    ]
    named = Subnets({"a": ["10.1.0.0/16"], "b": ["10.1.0.0/16"], "c": ["10.1.0.0/16"]})
    (rule,) = unblock(hosts, subnets=named).rules
    assert [(at.subnet, at.hosts) for at in rule.places] == [("", ("c", "d")), ("10.1.0.0/16", ("a", "b"))]


def test_ties_go_by_the_profiles_order() -> None:
    """Of two ports that help as many, the earlier one of the profile's list is asked for:
    443 stands before 80.
    """
    (rule,) = unblock([standing("a", shut(pin=80, desired=443), role("backup"))]).rules
    assert rule.port == 443


def test_a_host_that_may_not_be_re_pinned_needs_its_pin() -> None:
    """With `repin: forbid` only the pin's own port helps."""
    host = standing("a", shut(pin=80, desired=443), role("backup"), repin="forbid")
    assert [rule.port for rule in unblock([host]).rules] == [80]


def test_a_target_ends_the_list_early() -> None:
    """With 95% of 18 hosts asked for, the last host is left, and named."""
    found = unblock(blocked_hosts(), target=0.94)
    assert (len(found.rules), found.back, found.left) == (2, 17, ("mad-01",))


def test_what_no_rule_can_fix_stands_apart_with_its_reason() -> None:
    """Interception, no reading, no gateway's address, and an open desired pin: each says why."""
    repinned = role("primary", Verdict.BLOCKED, desired=443, opened=(443,))
    hosts = [
        standing("suspect", role("primary", Verdict.SUSPECT), role("backup")),
        unprobed("dead"),
        standing("lost", blocked(), role("backup"), gateways={}),
        standing("easy", repinned, role("backup")),
        standing("half", blocked(), role("backup", Verdict.BAD_PIN, pin=None)),
        standing("fine"),
    ]
    found = unblock(hosts)
    assert (found.blocked, found.rules) == (0, ())
    reasons = {item.hosts: item.reason for item in found.apart}
    assert set(reasons) == {("suspect",), ("dead",), ("lost",), ("easy",), ("half",)}
    assert (reasons["lost",], reasons["easy",]) == (NO_GATEWAY, REPIN)
    assert reasons["half",] == "another role: the pin is not a port"


def test_a_role_without_a_tunnel_does_not_hinder_the_rule_for_the_other() -> None:
    """An agent may have no tunnel at all because one of its gateways is closed:
    the rule for that one is asked for.
    """
    host = standing("a", role("primary", Verdict.DISCONNECTED), blocked("backup"))
    assert [(rule.port, rule.gateway) for rule in unblock([host]).rules] == [(2147, (BACKUP,))]


PORTS = st.sampled_from((2147, 443, 80))


@st.composite
def fleets(draw: st.DrawFn) -> list[Standing]:
    """Make up a few blocked hosts."""
    return [
        standing(
            f"h{number}",
            shut("primary", draw(PORTS), draw(PORTS)),
            shut("backup", draw(PORTS), draw(PORTS)),
        )
        for number in range(draw(st.integers(1, 5)))
    ]


def fewest(hosts: Sequence[Standing]) -> int:
    """Find the true least number of rules by trying all."""
    needs = [
        {(port, each.role) for port in (each.pin.port, each.desired)}
        for host in hosts
        for each in host.judgement.roles
    ]
    rules = list(itertools.product((2147, 443, 80), ("primary", "backup")))
    return next(
        size
        for size in range(len(rules) + 1)
        for chosen in itertools.combinations(rules, size)
        if all(need & set(chosen) for need in needs)
    )


@given(fleets())
def test_all_come_back_within_the_bound(hosts: list[Standing]) -> None:
    """Whatever the fleet, every host is back, with at most 1 + ln(n) times the fewest rules."""
    found = unblock(hosts)
    assert (found.back, found.left) == (len(hosts), ())
    most = max(len(rule.hosts) for rule in found.rules)
    assert len(found.rules) <= (1 + math.log(most)) * fewest(hosts)
