"""Runs of a re-pin: begun with their plan, ended, paused, taken over; and hosts that were handed out."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

import pytest

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunState
from orchestrator.domain.repin.plan import WaivedHost
from orchestrator.store.errors import LockTakenError, WriterClosedError
from orchestrator.store.journal.errors import (
    OtherPlanError,
    PlanUsedError,
    RunTakenError,
    UnknownPlanError,
    UnknownRunError,
)
from orchestrator.store.journal.journal import Journal
from orchestrator.store.place import SqlitePlace
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.eventually import eventually
from tests.store.children import child
from tests.store.repin_rows import NOW, PLAN, begun, brought, plan_of, row, run_record

LATER = NOW + timedelta(minutes=3)


def test_a_run_comes_back_with_its_plan(journal: Journal, url: str) -> None:
    """Who applied what, when, with which options, and the plan itself, as it was read from its file."""
    record = run_record(user="ann \ud800\0")
    run = asyncio.run(journal.begin_run(record, PLAN))
    asyncio.run(journal.end_run(1, RunState.STOPPED, "2 failed, --max-failed 2", LATER))
    with Reader.open(url) as reader:
        stored = replace(record, id=1, state=RunState.STOPPED, ended=LATER, reason="2 failed, --max-failed 2")
        assert (run, reader.run(1), reader.runs()) == (replace(record, id=1), stored, (stored,))
        assert reader.plan(PLAN.id) == PLAN


def test_a_plan_is_applied_once_and_not_another_under_its_id(journal: Journal, url: str) -> None:
    """From the commit of its run on a plan is used; one that says something else under the same id is refused
    too.
    """
    asyncio.run(begun(journal))
    with pytest.raises(PlanUsedError, match=f"plan {PLAN.id} was applied by run 1 before"):
        asyncio.run(begun(journal))
    with pytest.raises(OtherPlanError, match=f"another plan with the id {PLAN.id} is stored there already"):
        asyncio.run(journal.begin_run(run_record(), replace(PLAN, user="eve")))
    with Reader.open(url) as reader:
        assert [run.id for run in reader.runs()] == [1]
        assert [run.id for run in reader.runs_of_plan(PLAN.id)] == [1]
        assert reader.runs_of_plan("other") == ()


def test_a_run_begins_with_its_own_plan_only(journal: Journal, url: str) -> None:
    """What the journal says was applied is what was applied."""
    with pytest.raises(ValueError, match="a run of plan other cannot begin with plan"):
        asyncio.run(journal.begin_run(run_record(plan="other"), PLAN))
    with Reader.open(url) as reader:
        assert reader.runs() == ()


def test_a_run_that_another_process_took_over_stops(journal: Journal, writer: Writer, url: str) -> None:
    """A controller that comes back from its pause cannot write beside the `resume` that went on without
    it.
    """
    other = Journal(writer, controller="another process", now=lambda: LATER)

    async def go() -> Operation:
        run = await begun(journal)
        sent = await brought(journal, run, State.SENT)
        taken = await other.begin_run(run_record(id=run), PLAN)
        assert taken == run_record(id=run)
        with pytest.raises(
            RunTakenError, match=r"run 1 has been taken over by another `fleetcheck repin resume`"
        ):
            await journal.open(row(run, host="web2"))
        with pytest.raises(RunTakenError):
            await journal.move(sent, State.CONFIRMED, changed=NOW)
        with pytest.raises(RunTakenError):
            await journal.end_run(run, RunState.FINISHED, "", NOW)
        return await other.move(sent, State.UNKNOWN, changed=LATER)

    with closing(other):
        unknown = asyncio.run(go())
    with Reader.open(url) as reader:
        assert (reader.operations(1), reader.run(1)) == ((unknown,), run_record(id=1))


def test_a_run_that_has_ended_can_be_gone_on_with(journal: Journal, url: str) -> None:
    """`resume` opens it again, and the reason why it stopped is kept in the audit."""
    asyncio.run(begun(journal))
    asyncio.run(journal.end_run(1, RunState.STOPPED, "Ctrl-C", LATER))
    asyncio.run(journal.begin_run(run_record(id=1), PLAN))
    with Reader.open(url) as reader:
        assert reader.run(1) == run_record(id=1)
        told = [(entry.what, json.loads(entry.details)) for entry in reader.audit()][1:]
    assert [
        (what, details["reason"], details.get("state"), details.get("was")) for what, details in told
    ] == [
        ("run ended", "Ctrl-C", "stopped", None),
        ("run resumed", "Ctrl-C", None, "stopped"),
    ]


def test_hosts_handed_out_are_known_until_their_answer_comes(journal: Journal, url: str) -> None:
    """`apply` finds out which hosts a stand-alone script may be writing to, and until when."""
    plan = plan_of("web1", "web2", "web3")

    async def go() -> tuple[Operation, ...]:
        rows = await journal.hand_out(plan, time=NOW)
        await journal.move(rows[1], State.REPORTED, changed=LATER, detail="written")
        found = await journal.handed_out(["web3", "web2", "db1"])
        assert found == {"web3": rows[2]}
        return rows

    first, _, third = asyncio.run(go())
    wanted = row(None, State.HANDED_OUT, id=1, started=NOW, deadline=plan.expires)
    assert first == wanted
    with Reader.open(url) as reader:
        assert reader.handed_out() == {"web1": first, "web3": third}
        assert reader.handed_out(["web3", "db1"]) == {"web3": third}
        assert [each.state for each in reader.operations_of_plan(plan.id)] == [
            State.HANDED_OUT,
            State.REPORTED,
            State.HANDED_OUT,
        ]
        assert reader.plan(plan.id) == plan


def test_the_journal_reads_its_own_run(journal: Journal) -> None:
    """`resume` reads what it goes on with through the connection that it writes with."""

    async def go() -> None:
        run = await begun(journal)
        sent = await brought(journal, run, State.SENT)
        assert await journal.operations(run) == [sent]

    asyncio.run(go())


def test_what_was_never_there_is_said(journal: Journal, url: str) -> None:
    """A run's number and a plan's id that nobody ever gave are told apart from empty ones."""
    with Reader.open(url) as reader:
        with pytest.raises(UnknownRunError, match=r"no run 7 in database .*: there is none yet"):
            reader.operations(7)
        with pytest.raises(UnknownPlanError, match="no plan x in database"):
            reader.plan("x")
    asyncio.run(begun(journal))
    for call in (
        journal.operations(7),
        journal.open(row(7)),
        journal.begin_run(run_record(id=7), PLAN),
        journal.end_run(7, RunState.FINISHED, "", NOW),
    ):
        with pytest.raises(UnknownRunError, match=r"no run 7 in database .*: the latest is 1\."):
            asyncio.run(call)


def test_a_pause_holds_no_lock(journal: Journal, url: str) -> None:
    """Between two waves another command may write; afterwards the run goes on, or says who is in its way."""

    async def go() -> None:
        run = await begun(journal)
        await journal.let_go()
        with pytest.raises(WriterClosedError):
            await journal.open(row(run))
        with Writer.open(url, command="fleetcheck scan", user="bob", wait=0):
            pass
        await journal.take_again()
        await journal.open(row(run))
        with pytest.raises(LockTakenError, match="in use by `fleetcheck scan`, by ann"):
            Writer.open(url, command="fleetcheck scan", user="eve", wait=0)

    asyncio.run(go())


def test_a_run_says_that_its_process_is_alive(journal: Journal, url: str) -> None:
    """At work and in a pause, pid and all; not before it begins, and not when it has done with it."""

    def told() -> tuple[int | None, bool]:
        with Reader.open(url) as reader:
            alive = reader.alive(1)
            return (None if alive is None else alive.pid), reader.writing() is not None

    assert told() == (None, True)
    asyncio.run(begun(journal))
    assert told() == (os.getpid(), True)
    asyncio.run(journal.let_go())
    assert told() == (os.getpid(), False)
    asyncio.run(journal.take_again())
    assert told() == (os.getpid(), True)
    journal.close()
    assert eventually(lambda: told() == (None, True))


def test_whether_a_run_with_open_rows_is_at_work_is_known(journal: Journal, url: str) -> None:
    """As long as its process lives; a row whose end is known asks for nobody."""

    async def go() -> tuple[Operation, Operation]:
        run = await begun(journal)
        return await brought(journal, run, State.SENT), await brought(journal, run, State.VERIFIED, "web2")

    sent, verified = asyncio.run(go())
    with Reader.open(url) as reader:
        assert (reader.at_work([sent, verified]), reader.at_work([verified])) == ({1}, frozenset())
        journal.close()
        assert eventually(lambda: reader.at_work([sent, verified]) == frozenset())


def test_a_process_killed_in_its_pause_gives_no_sign(url: str) -> None:
    """The system takes the sign away with the process; who resumes the run sweeps up what it left."""
    with child("paused_repin.py", url=url) as process:
        assert process.pipe.recv() == 1
        with Reader.open(url) as reader:
            told = reader.alive(1)
            assert told is not None
            assert told.pid == process.process.pid
            process.kill()
            assert eventually(lambda: reader.alive(1) is None)
    with Writer.open(url, command="fleetcheck repin resume 1", user="ann") as writer:
        journal, place = Journal(writer), writer.place
        asyncio.run(journal.begin_run(run_record(id=1), PLAN))
        journal.close()
        assert not isinstance(place, SqlitePlace) or not list(place.path.parent.glob("*.run-*"))


def test_the_sign_is_that_of_the_process_whose_run_it_is(journal: Journal, url: str) -> None:
    """One that still pauses after another has gone on with its run says nothing about that run any more."""
    run = asyncio.run(begun(journal))
    asyncio.run(journal.let_go())
    with Writer.open(url, command="fleetcheck repin resume 1", user="bob") as second:
        other = Journal(second, controller="another")
        asyncio.run(other.begin_run(run_record(id=run), PLAN))
        with Reader.open(url) as reader:
            assert reader.alive(run) is not None
            other.close()
            assert eventually(lambda: reader.alive(run) is None)
    asyncio.run(journal.take_again())


def test_a_reason_for_closed_ports_has_an_entry_of_its_own(journal: Journal, url: str) -> None:
    """Who forces a closed port stands in the audit with the reason,
    for a run and for a script that is given away.
    """
    forced = replace(PLAN, force_closed="change 4711")
    asyncio.run(journal.begin_run(run_record(), forced))
    asyncio.run(journal.hand_out(plan_of("web9", id="other", force_closed="change 4712"), time=NOW))
    with Reader.open(url) as reader:
        told = [entry for entry in reader.audit() if entry.what == "closed ports forced"]
        assert [(entry.subject, entry.who, json.loads(entry.details)["reason"]) for entry in told] == [
            ("run 1", "ann", "change 4711"),
            ("plan other", "ann", "change 4712"),
        ]
        assert reader.verify_audit().broken is None


WAIVED = WaivedHost(host="web1", verdict="drifted", reason="change 4711", until=date(2027, 1, 31))


def test_waived_hosts_have_an_entry_of_their_own(journal: Journal, url: str) -> None:
    """Who goes over a waiver stands in the audit with the reason and each host's waiver,
    for a run and for a script.
    """
    over = replace(PLAN, include_waived="done", waived=(WAIVED,))
    asyncio.run(journal.begin_run(run_record(), over))
    asyncio.run(journal.hand_out(plan_of("web9", id="other", include_waived="given"), time=NOW))
    with Reader.open(url) as reader:
        told = [entry for entry in reader.audit() if entry.what == "waived hosts included"]
        assert [(entry.subject, json.loads(entry.details)) for entry in told] == [
            (
                "run 1",
                {
                    "plan": PLAN.id,
                    "reason": "done",
                    "hosts": [
                        {
                            "host": "web1",
                            "verdict": "drifted",
                            "reason": "change 4711",
                            "until": "2027-01-31",
                        }
                    ],
                },
            ),
            ("plan other", {"plan": "other", "reason": "given", "hosts": []}),
        ]
        assert reader.plan(PLAN.id) == over


def test_a_plan_that_was_handed_out_is_not_applied(journal: Journal, url: str) -> None:
    """Nobody can call a script back; nothing of the run is stored."""
    asyncio.run(journal.hand_out(PLAN, time=NOW))
    with pytest.raises(PlanUsedError, match=f"plan {PLAN.id} was given away as a stand-alone script before"):
        asyncio.run(begun(journal))
    with Reader.open(url) as reader:
        assert reader.runs() == ()


def test_a_plan_that_was_applied_is_not_handed_out(journal: Journal, url: str) -> None:
    """The run may have written there; no row says that it was given away."""
    asyncio.run(begun(journal))
    with pytest.raises(PlanUsedError, match="applied by run 1 before"):
        asyncio.run(journal.hand_out(PLAN, time=NOW))
    with Reader.open(url) as reader:
        assert reader.operations_of_plan(PLAN.id) == ()


def test_a_plan_is_handed_out_once(journal: Journal, url: str) -> None:
    """A second time gives the rows of the first, as they are now, and stores nothing."""
    plan = plan_of("web1", "web2", force_closed="change 4711")
    first = asyncio.run(journal.hand_out(plan, time=NOW))
    with Reader.open(url) as reader:
        entries = len(list(reader.audit()))
        assert asyncio.run(journal.hand_out(plan, time=LATER)) == first
        assert reader.operations_of_plan(plan.id) == first
        assert len(list(reader.audit())) == entries


def test_rows_that_take_a_runs_rows_back_are_found(journal: Journal, url: str) -> None:
    """Whatever run they are of; rows that take back something else are not."""

    async def go() -> None:
        first, second = await begun(journal), await begun(journal, "plan-2")
        own = await brought(journal, first, State.VERIFIED)
        other = await brought(journal, first, State.VERIFIED, host="web2")
        await journal.open(row(second, State.UNREACHABLE, undoes=own.id))
        await journal.open(row(second, State.ALREADY, host="web2", undoes=other.id))

    asyncio.run(go())
    with Reader.open(url) as reader:
        assert [(found.undoes, found.state) for found in reader.undoing(1)] == [
            (1, State.UNREACHABLE),
            (2, State.ALREADY),
        ]
        assert reader.undoing(2) == ()


def test_an_undo_that_is_handed_out_names_the_rows_that_it_takes_back(journal: Journal, url: str) -> None:
    """Those of its run whose values stand; so a scan that proves the script's work proves the undo."""

    async def go() -> None:
        run = await begun(journal)
        own = await brought(journal, run, State.VERIFIED)
        await brought(journal, run, State.CONFLICT, host="web2")
        plan = plan_of("web1", "web2", id="undo", undoes=str(run))
        given = await journal.hand_out(plan, time=NOW)
        assert [row.undoes for row in given] == [own.id, None]

    asyncio.run(go())
    with Reader.open(url) as reader:
        assert [(row.host, row.run) for row in reader.undoing(1)] == [("web1", None)]
