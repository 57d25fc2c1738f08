"""Which hosts a scan asks is decided on values: no database is there, and no host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inventory.model import Fleet
from orchestrator.app.errors import UsageError
from orchestrator.app.scan.plan import earlier_hosts, resumed_scan
from tests.fleet.fakes import hosts, record_of

ALL = hosts(3)
RECORD = record_of(ALL, id=7)
FLEET = Fleet(
    path=Path("fleet.yaml"),
    digest=RECORD.inventory_digest,
    hosts={host.name: host for host in ALL},
    groups={},
    credentials={},
)


def test_a_scan_goes_on_with_the_hosts_that_have_no_result() -> None:
    """They keep the scan's order, and nothing is to be said where nothing has changed."""
    plan = resumed_scan(RECORD, {"h2"}, FLEET)
    assert ([host.name for host in plan.hosts], plan.record, plan.remarks) == (["h1", "h3"], RECORD, ())


def test_what_has_changed_since_a_scan_began_is_said() -> None:
    """A host that has left the inventory is named and not asked; so is a new content of the file."""
    fleet = replace(FLEET, digest="f" * 64, hosts={"h3": ALL[2]})
    plan = resumed_scan(RECORD, {"h2"}, fleet)
    assert [host.name for host in plan.hosts] == ["h3"]
    assert plan.remarks == (
        "fleet.yaml has changed since scan 7 began: its present settings count",
        "no longer in the inventory, and not asked: h1",
    )


@pytest.mark.parametrize(
    ("done", "known", "expected"),
    [
        ({"h1", "h2", "h3"}, ALL, "scan 7 is complete: every host has a result"),
        ({"h1"}, ALL[:1], "scan 7: no host that it left is in fleet.yaml any more"),
    ],
)
def test_a_scan_with_nobody_left_to_ask_is_refused(
    done: set[str], known: list[object], expected: str
) -> None:
    """It is complete, or its hosts are gone: what was asked for is a mistake."""
    fleet = replace(FLEET, hosts={host.name: host for host in ALL if host in known})
    with pytest.raises(UsageError) as caught:
        resumed_scan(RECORD, done, fleet)
    assert str(caught.value) == expected


def test_hosts_of_an_earlier_scan_are_those_that_only_means() -> None:
    """`not-started` takes the hosts without a result; one that was not selected now stays out."""
    only = frozenset({"not-started"})
    found = earlier_hosts(only, FLEET, ALL[:2], RECORD, [])
    assert [host.name for host in found] == ["h1", "h2"]
    with pytest.raises(UsageError, match=r"no host that was selected in fleet\.yaml was in scan 7"):
        earlier_hosts(frozenset(), FLEET, [replace(ALL[0], name="other")], RECORD, [])
