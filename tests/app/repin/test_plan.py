"""A plan is decided on what was read before: no database is open meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from inventory.model import Fleet
from inventory.sources.source import files
from orchestrator.app.invocation import Invocation
from orchestrator.app.repin.evidence import Evidence
from orchestrator.app.repin.plan import PlanRequest, decide, sift_hosts
from orchestrator.domain.repin.conclusion import Conclusion
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation
from orchestrator.domain.repin.plan import Plan
from orchestrator.domain.repin.planner import Rules
from orchestrator.domain.repin.policy import parse_policy
from tests.domain.repin.builders import NOW, concluded, host, machine_of, reading, record
from tests.store.repin_rows import row

HOSTS = [host("web1"), host("web2")]
FLEET = Fleet(
    path=Path("fleet.yaml"),
    digest="0" * 64,
    hosts={each.name: each for each in HOSTS},
    groups={},
    credentials={},
)
FOUND = reading({2147: "timed_out", 443: "connected"})
READ = {each.name: (concluded(each, record(FOUND, name=each.name)),) for each in HOSTS}
MACHINES = {12: machine_of(FOUND)}


def planned(
    conclusions: Mapping[str, tuple[Conclusion, ...]] = READ,
    rows: Mapping[str, Sequence[Operation]] | None = None,
    scan: int | None = None,
) -> Plan:
    """Decide on this evidence."""
    request = PlanRequest(
        inventory=files("fleet.yaml"),
        limit=("web*",),
        policy=parse_policy("desired"),
        max_age=timedelta(hours=24),
        agree=1,
        force_closed=None,
        include_waived=None,
        credential=None,
        scan=scan,
        good_for=timedelta(hours=2),
    )
    rules = Rules(policy=request.policy, now=NOW)
    asked = Invocation(command="test", user="ann")
    sifting = sift_hosts(request, HOSTS, Evidence(conclusions=conclusions, rows=rows or {}), rules)
    return decide(asked, request, FLEET, sifting, MACHINES, rules)


def test_a_plan_says_who_made_it_of_what_and_until_when_it_holds() -> None:
    """Its head is made of the request and the invocation."""
    plan = planned()
    assert [each.host for each in plan.hosts] == ["web1", "web2"]
    assert (plan.user, plan.selection, plan.inventory) == ("ann", "web*", "fleet.yaml")
    assert plan.expires - plan.created == timedelta(hours=2)


def test_a_host_that_the_journal_speaks_against_is_left_out() -> None:
    """Its last write is not known to have ended; the other host is planned."""
    plan = planned(rows={"web1": [row(3, State.UNKNOWN, "web1", id=5)]})
    assert [each.host for each in plan.hosts] == ["web2"]
    assert [each.host for each in plan.left_out] == ["web1"]


def test_a_host_that_the_named_scan_has_no_result_of_is_left_out() -> None:
    """`--scan` names the evidence, and there is none."""
    plan = planned({"web1": READ["web1"]}, scan=12)
    assert [(each.host, each.reason) for each in plan.left_out] == [("web2", "scan 12 has no result of it")]
