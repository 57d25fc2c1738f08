"""Waivers that a plan does not know, and the credential that it is applied with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from inventory.model import Waiver
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunState
from orchestrator.domain.repin.plan import Plan, WaivedHost
from orchestrator.domain.repin.waived import waived_since
from orchestrator.domain.waiver import in_force
from orchestrator.fleet.repin.details import WAIVED_ADVICE
from orchestrator.remote.session import Logon
from tests.fleet.repin.world import (
    NEW,
    OLD,
    MemoryJournal,
    fleet_of,
    inventory_host,
    plan_of,
    planned,
    record_of,
    repin,
)

WHY = {"h2": "waived since it was planned, drifted until 2027-01-31: change 4711"}
WAIVER = Waiver(hosts=("h1", "h2"), verdict="drifted", reason="change 4711", until=date(2027, 1, 31))
TODAY = date(2026, 1, 1)


def drifted(**changes: object) -> Plan:
    """Plan two hosts that are drifted."""
    hosts = (planned(inventory_host(name), sim) for name, sim in fleet_of(2).items())
    return plan_of((replace(each, verdict="drifted") for each in hosts), **changes)


@pytest.mark.parametrize(
    ("waiver", "read_since", "expected"),
    [
        (WAIVER, {}, ["h1", "h2"]),
        (replace(WAIVER, hosts=("h2",)), {}, ["h2"]),
        (replace(WAIVER, verdict="blocked"), {}, []),
        (replace(WAIVER, verdict="blocked"), {"h1": "blocked"}, ["h1"]),
        (replace(WAIVER, until=date(2025, 12, 31)), {}, []),
    ],
)
def test_a_newer_waiver_names_its_hosts(
    waiver: Waiver, read_since: dict[str, str], expected: list[str]
) -> None:
    """By the verdict of the plan, or by that of a reading since."""
    found = waived_since(drifted(), in_force([waiver], TODAY), read_since)
    assert list(found) == expected
    if "h2" in found:
        assert found == {**found, **WHY}


def test_a_waiver_that_the_plan_goes_over_binds_it_no_more() -> None:
    """Only as it stood then: one with another day or reason is newer than the plan."""
    known = tuple(
        WaivedHost(host=name, verdict="drifted", reason="change 4711", until=date(2027, 1, 31))
        for name in ("h1", "h2")
    )
    plan = drifted(include_waived="done", waived=known)
    assert waived_since(plan, in_force([WAIVER], TODAY), {}) == {}
    longer = replace(WAIVER, until=date(2027, 2, 28))
    assert list(waived_since(plan, in_force([longer], TODAY), {})) == ["h1", "h2"]


def test_no_waiver_binds_an_undo() -> None:
    """Taking back is never kept from anybody."""
    assert waived_since(drifted(undoes="1"), in_force([WAIVER], TODAY), {}) == {}


def test_a_host_that_is_waived_since_is_refused_and_not_asked() -> None:
    """A row says why; the others are written, and there is nothing to resume."""
    sims = fleet_of(3)
    done = repin(sims, waived=WHY)
    assert done.states() == {"h1": State.VERIFIED, "h2": State.REFUSED, "h3": State.VERIFIED}
    assert (done.end("h2").detail, done.end("h2").advice) == (WHY["h2"], WAIVED_ADVICE)
    assert (sims["h2"].probed, sims["h2"].pins()) == (0, (OLD, OLD))
    assert [(row.state, row.detail) for row in done.journal.of("h2")] == [(State.REFUSED, WHY["h2"])]
    assert (done.summary.state, done.summary.exit_code) == (RunState.FINISHED, 3)


def test_a_dry_run_says_the_same_and_keeps_no_row() -> None:
    """What apply would refuse, the rehearsal refuses."""
    done = repin(fleet_of(2), waived=WHY, dry_run=True)
    assert done.states() == {"h1": None, "h2": State.REFUSED}
    assert done.journal.rows == {}


def test_a_resumed_run_is_not_bound() -> None:
    """A run that has begun goes on with all its hosts."""
    sims = fleet_of(2)
    plan = plan_of(planned(inventory_host(name), sim) for name, sim in sims.items())
    journal = MemoryJournal()
    journal.runs[1] = (replace(record_of(plan), id=1), plan)
    done = repin(sims, plan=plan, journal=journal, run=1, waived=WHY)
    assert done.states() == {"h1": State.VERIFIED, "h2": State.VERIFIED}
    assert sims["h2"].pins() == (NEW, NEW)


def test_every_session_of_a_run_logs_on_with_the_credential_that_is_asked_for() -> None:
    """The hosts' own is not even looked up; the settings that the plan holds do not know the credential."""
    asked: list[str | None] = []

    def logons(name: str | None) -> Logon:
        asked.append(name)
        return Logon(username=rf"CORP\{name}", password="secret")

    done = repin(fleet_of(2), credential="writer", logons=logons)
    assert set(done.states().values()) == {State.VERIFIED}
    assert set(asked) == {"writer"}


def test_another_credential_does_not_make_a_plan_hold_no_more() -> None:
    """Credentials stand outside of the facts about a host: who logs on may change."""
    sims = fleet_of(1)
    plan = plan_of([planned(inventory_host("h1"), sims["h1"])])
    done = repin(sims, plan=plan, fleet={"h1": inventory_host("h1", credential="other")})
    assert done.states() == {"h1": State.VERIFIED}
