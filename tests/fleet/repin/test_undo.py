"""From a run to the plan that takes it back, and that plan applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from inventory.model import Fleet, Host
from orchestrator.demo.machine.plot import Event, Kill, Moment
from orchestrator.domain.primitives.digest import host_facts
from orchestrator.domain.reading import Kind, Result
from orchestrator.domain.repin import planfile
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.plan import Plan
from orchestrator.fleet.repin.undo import Ticket, reversed_change, takes_back, undo_plan
from orchestrator.remote.apply import repin_script
from tests.fleet.repin.world import (
    DOWN,
    LOST,
    NEW,
    OLD,
    Repinned,
    SimHost,
    fleet_of,
    inventory_host,
    plan_of,
    planned,
    repin,
    sim_host,
)
from tests.fleet.travel import NEW_YEAR

TICKET = Ticket(
    id="plan-2",
    created=NEW_YEAR,
    expires=NEW_YEAR + timedelta(hours=24),
    user="me",
    version="0",
    script=repin_script().sha256,
)


def undo(done: Repinned, hosts: Mapping[str, Host] | None = None, **changes: object) -> Plan:
    """Plan the way back of a run."""
    record, plan = done.journal.runs[1]
    known = hosts if hosts is not None else {each.host: inventory_host(each.host) for each in plan.hosts}
    fleet = Fleet(path=Path("fleet.yaml"), digest="cd" * 32, hosts=known, groups={}, credentials={})
    rows = [row for row in done.journal.rows.values() if row.run == 1]
    ids = {row.id for row in rows}
    undone = [row for row in done.journal.rows.values() if row.undoes in ids]
    return undo_plan(record, plan, rows, fleet, ticket=replace(TICKET, **changes), undone=undone)  # type: ignore[arg-type]  # a test's own keys


def test_an_undo_puts_back_what_was_there_kinds_and_all() -> None:
    """Text pins with zeros in front come back as they were, in both views."""
    sim = sim_host("h1")
    sim.pin("02147", Kind.SZ)
    sim.pin("02147", Kind.SZ, view=32)
    sim.machine.network.ports[OLD] = Result.CONNECTED
    plan = plan_of([planned(inventory_host("h1"), sim, kind=Kind.SZ)])
    done = repin({"h1": sim}, plan=plan)
    assert sim.pins() == ("443", "443")
    back = undo(done)
    assert planfile.loads(planfile.dumps(back).encode(), "undo.json") == back
    undone = repin({"h1": sim}, plan=back, journal=done.journal)
    assert undone.states() == {"h1": State.VERIFIED}
    assert (sim.pins(64), sim.pins(32)) == (("02147", "02147"), ("02147", "02147"))
    assert undone.journal.rows[2].undoes == 1


def test_only_what_the_run_wrote_is_taken_back() -> None:
    """A host that was as wanted before, or was not written, is left out with its reason."""
    sims = fleet_of(6)
    plan = plan_of(planned(inventory_host(name), sim) for name, sim in sims.items())
    sims["h2"].pin(NEW)
    sims["h3"].pin(8080)
    sims["h4"].writes, sims["h4"].probes = [LOST], [None, DOWN]
    sims["h5"].probes = [DOWN]
    sims["h6"].events = (Event(at=Moment.WAS_SET, target=0, act=Kill()),)
    done = repin(sims, plan=plan, window=10)
    back = undo(done)
    assert [host.host for host in back.hosts] == ["h1"]
    assert {left.host: left.reason for left in back.left_out} == {
        "h2": "run 1 left nothing there to take back: already",
        "h3": "run 1 left nothing there to take back: conflict",
        "h4": "nobody knows yet what run 1 did there: fleetcheck repin resume 1",
        "h5": "run 1 left nothing there to take back: unreachable",
        "h6": "run 1 left some values new and some old there: fleetcheck scan --limit h6, then fleetcheck "
        "repin plan --limit h6",
    }
    assert (back.undoes, back.policy, back.id) == ("1", "undo", "plan-2")
    assert back.hosts[0].why == "undo of run 1: primary 443 -> 2147; backup 443 -> 2147"


def test_a_value_that_changed_since_is_a_conflict_also_for_an_undo() -> None:
    """Somebody else's change stays."""
    sim = sim_host("h1")
    done = repin({"h1": sim})
    sim.pin(8080)
    undone = repin({"h1": sim}, plan=undo(done), journal=done.journal)
    assert undone.states() == {"h1": State.CONFLICT}
    assert sim.pins() == (8080, 8080)


def test_an_undo_goes_through_the_same_gates() -> None:
    """Back to a port that is closed now: refused, unless the plan says so."""
    sim = sim_host("h1")
    done = repin({"h1": sim})
    undone = repin({"h1": sim}, plan=undo(done), journal=done.journal)
    assert undone.states() == {"h1": State.REFUSED}
    forced = replace(undo(done), force_closed="it has to go back", id="plan-3")
    again = repin({"h1": sim}, plan=forced, journal=done.journal)
    assert again.states() == {"h1": State.VERIFIED}
    assert sim.pins() == (OLD, OLD)


def test_an_undo_can_be_undone() -> None:
    """It is one more plan."""
    sim = sim_host("h1")
    sim.machine.network.ports[OLD] = Result.CONNECTED
    done = repin({"h1": sim})
    undone = repin({"h1": sim}, plan=undo(done), journal=done.journal)
    record, plan = undone.journal.runs[2]
    rows = [row for row in undone.journal.rows.values() if row.run == 2]
    fleet = Fleet(
        path=Path("fleet.yaml"),
        digest="cd" * 32,
        hosts={"h1": inventory_host("h1")},
        groups={},
        credentials={},
    )
    redo = undo_plan(record, plan, rows, fleet, ticket=replace(TICKET, id="plan-3"))
    again = repin({"h1": sim}, plan=redo, journal=undone.journal)
    assert again.states() == {"h1": State.VERIFIED}
    assert sim.pins() == (NEW, NEW)
    assert [row.undoes for row in again.journal.of("h1")] == [None, 1, 2]


def test_hosts_that_left_or_are_forbidden_are_left_out() -> None:
    """The way back obeys today's inventory."""
    done = repin(fleet_of(2))
    hosts = {"h2": inventory_host("h2", repin="forbid")}
    back = undo(done, hosts)
    assert back.hosts == ()
    assert [left.reason for left in back.left_out] == [
        "not in the inventory any more",
        "the inventory says `repin: forbid`",
    ]


def test_an_undo_is_planned_on_the_inventory_of_today() -> None:
    """A host that moved is taken back where it is now."""
    done = repin(fleet_of(1))
    moved = inventory_host("h1", port=5985)
    assert undo(done, {"h1": moved}).hosts[0].facts == host_facts(moved)


def test_a_way_back_within_the_run_is_not_undone_again() -> None:
    """A reverted host has nothing left of the run."""
    sim = sim_host("h1", reconnects=None)
    sim.machine.network.ports[OLD] = Result.CONNECTED
    done = repin({"h1": sim}, wait_live=60.0, revert_if_not_live=True)
    assert done.states() == {"h1": State.REVERTED}
    assert undo(done).left_out[0].reason == "run 1 left nothing there to take back: reverted"


def test_100_re_pins_of_which_a_tenth_changed_since() -> None:
    """90 are restored, 10 are conflicts; `bench_repin undo` counts 500."""
    sims = fleet_of(100, seconds=0.1)
    for sim in sims.values():
        sim.machine.network.ports[OLD] = Result.CONNECTED
    done = repin(sims, jobs=64)
    assert set(done.states().values()) == {State.VERIFIED}
    for number in range(1, 101, 10):
        sims[f"h{number}"].pin(8080)
    undone = repin(sims, jobs=64, plan=undo(done), journal=done.journal)
    counts = undone.summary.counts
    assert (counts[State.VERIFIED], counts[State.CONFLICT]) == (90, 10)
    assert sum(sim.pins() == (OLD, OLD) for sim in sims.values()) == 90
    assert sum(sim.pins() == (8080, 8080) for sim in sims.values()) == 10


def open_again(count: int) -> dict[str, SimHost]:
    """Make hosts whose old port connects too, so that an undo may go back."""
    sims = fleet_of(count)
    for sim in sims.values():
        sim.machine.network.ports[OLD] = Result.CONNECTED
    return sims


def test_what_is_taken_back_is_not_planned_again() -> None:
    """A second undo of the same run has nothing to do, and names the run that did it and the way on."""
    sims = open_again(2)
    done = repin(sims)
    assert [host.host for host in undo(done).hosts] == ["h1", "h2"]
    repin(sims, plan=undo(done), journal=done.journal)
    again = undo(done, id="plan-3")
    assert again.hosts == ()
    assert {left.reason for left in again.left_out} == {
        "taken back already, by run 2; to write it again: fleetcheck repin undo 2"
    }


def test_the_rest_of_a_half_done_undo_is_planned() -> None:
    """What was denied or unreachable in the undo is still the first run's;
    what nobody knows has to be read first.
    """
    sims = open_again(4)
    done = repin(sims)
    back = undo(done)
    sims["h2"].probes = [DOWN]
    sims["h3"].writes, sims["h3"].probes = [LOST], [None, DOWN]
    sims["h4"].pin(OLD)
    undone = repin(sims, plan=back, journal=done.journal, window=10)
    assert undone.states() == {
        "h1": State.VERIFIED,
        "h2": State.UNREACHABLE,
        "h3": State.UNKNOWN,
        "h4": State.ALREADY,
    }
    rest = undo(done, id="plan-3")
    assert [host.host for host in rest.hosts] == ["h2"]
    assert {left.host: left.reason.split(";")[0] for left in rest.left_out} == {
        "h1": "taken back already, by run 2",
        "h3": "nobody knows yet whether run 2 took it back: fleetcheck repin resume 2",
        "h4": "taken back already: run 2 found the old values there",
    }


def test_the_run_that_wrote_is_the_way_on_and_not_one_that_found_nothing_to_do() -> None:
    """Of two undos of one run the advice names the one that wrote, whichever came last."""
    sims = open_again(1)
    done = repin(sims)
    first, second = undo(done), undo(done, id="plan-3")
    repin(sims, plan=first, journal=done.journal)
    assert repin(sims, plan=second, journal=done.journal).states() == {"h1": State.ALREADY}
    (left,) = undo(done, id="plan-4").left_out
    assert left.reason == "taken back already, by run 2; to write it again: fleetcheck repin undo 2"


def test_an_undo_goes_on_with_the_credential_of_the_run() -> None:
    """Who wrote may take back; the plan names the credential."""
    done = repin(fleet_of(1))
    record, plan = done.journal.runs[1]
    hosts = {"h1": inventory_host("h1")}
    fleet = Fleet(path=Path("fleet.yaml"), digest="cd" * 32, hosts=hosts, groups={}, credentials={})
    rows = done.journal.rows.values()
    back = undo_plan(record, plan, rows, fleet, ticket=TICKET, credential="writer")
    assert (back.credential, back.hosts[0].verdict) == ("writer", None)


def test_what_a_script_took_back_is_not_planned_again() -> None:
    """A row without a run is a stand-alone script's; verified by a scan, it has taken the write back."""
    done = repin(fleet_of(1))
    (row,) = done.journal.rows.values()
    done.journal.rows[2] = replace(row, id=2, run=None, plan="undo", undoes=row.id)
    assert undo(done).left_out[0].reason == "taken back already, by a stand-alone script"


def test_an_undo_is_what_puts_back_what_was_written_and_nothing_else() -> None:
    """Its plan passes; one with another value, another host, or a host that was not written does not."""
    sims = fleet_of(3)
    sims["h2"].pin(NEW)
    sims["h3"].probes = [DOWN]
    plan = plan_of(planned(inventory_host(name), sim) for name, sim in sims.items())
    done = repin(sims, plan=plan)
    rows = list(done.journal.rows.values())
    back = undo(done)
    assert [host.host for host in back.hosts] == ["h1"]
    assert takes_back(back, plan, rows)
    (first,) = back.hosts
    other = replace(first, targets=tuple(replace(each, new="80") for each in first.targets))
    forged = [
        (other,),
        (replace(first, host="h9"),),
        (replace(first, machine_id="another"),),
        (replace(first, targets=first.targets[:1]),),
        (first, replace(reversed_change(plan.hosts[1]), facts=first.facts)),
        (first, replace(reversed_change(plan.hosts[2]), facts=first.facts)),
    ]
    assert [takes_back(replace(back, hosts=hosts), plan, rows) for hosts in forged] == [False] * len(forged)
