"""Whether a plan still holds is settled before anything is sent,
and every reason against it is told at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from inventory.model import Fleet, Host, RoleValues
from orchestrator.domain.primitives.digest import host_digest_v1, host_facts
from orchestrator.domain.repin.planfile import PlanError
from orchestrator.fleet.repin.checks import PlanRefused, check, refusals
from orchestrator.remote.apply import repin_script
from tests.domain.repin.builders import profile
from tests.fleet.repin.world import fleet_of, inventory_host, plan_of, planned
from tests.fleet.travel import NEW_YEAR

SCRIPT = repin_script().sha256
PLAN = plan_of(planned(inventory_host(name), sim) for name, sim in fleet_of(3).items())


def fleet(**changes: Host | None) -> Fleet:
    """Return the inventory of today: the plan's hosts, and what has changed about them."""
    hosts: Mapping[str, Host | None] = {name: inventory_host(name) for name in ("h1", "h2", "h3")} | changes
    return Fleet(
        path=Path("fleet.yaml"),
        digest="",
        hosts={name: host for name, host in hosts.items() if host is not None},
        groups={},
        credentials={},
    )


def reasons(given: Fleet, *, hours: float = 1, script: str = SCRIPT) -> tuple[str, ...]:
    """Check the plan, and return what was said against it."""
    with pytest.raises(PlanRefused) as raised:
        check(PLAN, given, NEW_YEAR + timedelta(hours=hours), script)
    assert isinstance(raised.value, PlanError)
    assert all(reason in str(raised.value) for reason in raised.value.reasons)
    return raised.value.reasons


def test_a_plan_that_holds_passes() -> None:
    """Changes that decide nothing (a tag, a site) do not count."""
    check(PLAN, fleet(h1=inventory_host("h1", tags=("web",), site="paris")), NEW_YEAR, SCRIPT)


def test_an_expired_plan_is_refused() -> None:
    """At its hour, not after it."""
    assert reasons(fleet(), hours=24) == ("it expired at 2026-01-02 00:00 UTC",)


def test_a_plan_for_another_script_is_refused() -> None:
    """Both versions are named by the start of their digests."""
    (reason,) = reasons(fleet(), script="f" * 64)
    assert reason.startswith("it was made for another version of the write script")
    assert SCRIPT[:12] in reason
    assert "ffffffffffff" in reason


def test_hosts_that_left_changed_or_are_forbidden_now_are_named() -> None:
    """One line a host, all of them at once."""
    given = fleet(
        h1=None, h2=inventory_host("h2", address="10.0.0.9"), h3=inventory_host("h3", repin="forbid")
    )
    assert reasons(given) == (
        "h1: not in the inventory any more",
        "h2: the inventory has changed for it since it was planned: address was h2, is 10.0.0.9 now",
        "h3: the inventory says `repin: forbid`",
    )


def test_every_reason_is_told_at_once() -> None:
    """Time, script and hosts together; and what to do next."""
    told = reasons(fleet(h1=None), hours=48, script="0" * 64)
    assert len(told) == 3
    with pytest.raises(PlanRefused, match="fleetcheck repin plan"):
        check(PLAN, fleet(h1=None), NEW_YEAR, SCRIPT)


def test_a_plan_of_another_inventory_is_refused_in_one_line() -> None:
    """Where none of its hosts is there, where it was made says more than a line for each."""
    none = fleet(h1=None, h2=None, h3=None, other=inventory_host("other"))
    assert reasons(none) == ("none of its hosts is in this inventory: it was made from fleet.yaml",)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": r"SOFTWARE\Other\Route"},
        {"key": r"SOFTWARE\Agent\Route\Below"},
        {"value": "SomethingElse"},
        {"value": "BackupTunnelPort"},
        {"view": 16},
    ],
)
def test_a_plan_that_would_write_something_else_is_refused(changes: dict[str, Any]) -> None:
    """A digest that fits is no proof: only the values that the profile names as pins are ever written."""
    first, *rest = PLAN.hosts
    target, *others = first.targets
    parts = {name: changes[name] for name in changes if name != "key"}
    forged = replace(first, targets=(replace(target, **parts), *others), key=changes.get("key", first.key))
    with pytest.raises(PlanRefused, match="h1: what it would write is no pin of Agent"):
        check(replace(PLAN, hosts=(forged, *rest)), fleet(), NEW_YEAR, SCRIPT)


def test_a_wildcard_in_the_profiles_key_stands_for_one_subkey() -> None:
    """The planned key names the subkey that was found."""
    wild = replace(profile(), key=r"SOFTWARE\*\route")
    host = inventory_host("h1", profile=wild)
    first = replace(PLAN.hosts[0], facts=host_facts(host))
    check(replace(PLAN, hosts=(first,)), fleet(h1=host), NEW_YEAR, SCRIPT)


def test_a_plan_of_version_1_is_not_applied() -> None:
    """It was made by 0.1, whatever else may be said against it."""
    with pytest.raises(PlanRefused, match=r"made by 0\.1: plan again") as raised:
        check(replace(PLAN, file_version=1), fleet(h1=None), NEW_YEAR + timedelta(days=9), "0" * 64)
    assert len(raised.value.reasons) == 1


def test_what_changed_is_told_by_field_then_and_now() -> None:
    """Every field, those of a mapping by key; what was or is not set is said so."""
    roles = (RoleValues(role="primary", port_value="PrimaryTunnelPort", address_value="Primary"),)
    given = fleet(
        h1=inventory_host("h1", gateways={"primary": "127.9.0.1", "backup": "127.9.0.9"}, port=5985),
        h2=inventory_host("h2", desired={"primary": 443}, tls_pin="sha256:ab"),
        h3=inventory_host("h3", profile=replace(profile(), roles=roles)),
    )
    head = "the inventory has changed for it since it was planned"
    primary = "roles.primary was PrimaryTunnelPort, not set, is PrimaryTunnelPort, Primary now"
    assert reasons(given) == (
        f"h1: {head}: port was 5986, is 5985 now; gateways.backup was 127.9.0.2, is 127.9.0.9 now",
        f"h2: {head}: tls_pin was not set, is sha256:ab now; desired.primary was not set, is 443 now",
        f"h3: {head}: {primary}; roles.backup was BackupTunnelPort, not set, is not set now",
    )


@pytest.mark.parametrize("field", sorted(host_facts(inventory_host("h1", ca=Path("ca.pem"), tls_pin="ab"))))
def test_a_plan_holds_its_hosts_to_every_field(field: str) -> None:
    """A forged plan that leaves a field out would be approved for one machine, and go to whatever the
    inventory says later; a field of a later version is not compared.
    """
    host = inventory_host("h1", ca=Path("ca.pem"), tls_pin="ab", desired={"primary": 443})
    facts = host_facts(host)
    whole = replace(PLAN, hosts=(replace(PLAN.hosts[0], facts=facts),))
    assert list(refusals(whole, {"h1": host}, NEW_YEAR, SCRIPT)) == []
    less = {name: value for name, value in facts.items() if name != field}
    forged = replace(PLAN, hosts=(replace(PLAN.hosts[0], facts=less),))
    (reason,) = refusals(forged, {"h1": host}, NEW_YEAR, SCRIPT)
    assert f"{field} was not set, is " in reason


def test_a_plan_without_a_via_is_of_a_host_that_was_reached_directly() -> None:
    """Plans of earlier versions still hold, and a host that is reached another way now may be another
    machine.
    """
    host = inventory_host("h1", via="ssh://ops@jump.site:22")
    assert reasons(fleet(h1=host)) == (
        (
            "h1: the inventory has changed for it since it was planned: via was not set, is "
            "ssh://ops@jump.site:22 now"
        ),
    )
    planned = replace(PLAN.hosts[0], facts=host_facts(host))
    check(replace(PLAN, hosts=(planned,)), fleet(h1=host), NEW_YEAR, SCRIPT)
    other = fleet(h1=inventory_host("h1", via="ssh://ops@other.site:22"))
    with pytest.raises(
        PlanRefused, match=r"via was ssh://ops@jump\.site:22, is ssh://ops@other\.site:22 now"
    ):
        check(replace(PLAN, hosts=(planned,)), other, NEW_YEAR, SCRIPT)
    old = replace(PLAN.hosts[0], facts=host_digest_v1(inventory_host("h1")))
    first_version = replace(PLAN, hosts=(old,), file_version=1)
    assert len(list(refusals(first_version, {"h1": host}, NEW_YEAR, SCRIPT))) == 1


def test_another_credential_is_no_change() -> None:
    """Who logs on is not what is written."""
    check(PLAN, fleet(h1=inventory_host("h1", credential="other")), NEW_YEAR, SCRIPT)


def test_a_version_1_digest_still_counts_the_credential() -> None:
    """`resume` holds a plan of 0.1 against its own rule, to the byte."""
    host = inventory_host("h1")
    first = replace(PLAN.hosts[0], facts=host_digest_v1(host))
    plan = replace(PLAN, hosts=(first,), file_version=1)
    assert list(refusals(plan, {"h1": host}, NEW_YEAR, SCRIPT)) == []
    other = {"h1": inventory_host("h1", credential="other")}
    assert list(refusals(plan, other, NEW_YEAR, SCRIPT)) == [
        "h1: the inventory has changed for it since it was planned"
    ]


def test_a_value_that_two_roles_share_is_not_written_twice() -> None:
    """0.1 planned it so, and the script would write before it put back: refused before anything is sent."""
    roles = tuple(RoleValues(role=role, port_value="PrimaryTunnelPort") for role in ("primary", "backup"))
    host = inventory_host("h1", profile=replace(profile(), roles=roles))
    first = replace(PLAN.hosts[0], facts=host_facts(host))
    target = first.targets[0]
    twice = replace(first, targets=(target, replace(target, role="backup")))
    apart = replace(first, targets=(target,), roles=(first.roles[0], replace(first.roles[1], new=80)))
    for forged in (twice, apart):
        with pytest.raises(PlanRefused, match="h1: PrimaryTunnelPort holds the ports of two roles"):
            check(replace(PLAN, hosts=(forged,)), fleet(h1=host), NEW_YEAR, SCRIPT)
    once = replace(first, targets=(target,))
    check(replace(PLAN, hosts=(once,)), fleet(h1=host), NEW_YEAR, SCRIPT)
