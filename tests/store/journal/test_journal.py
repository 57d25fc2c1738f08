"""The journal of a re-pin: what it says is on the disk, and moves only as the table allows."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Executable, text, update
from sqlalchemy.exc import DBAPIError

from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.domain.repin.journal import MOVES, IllegalJournalMoveError, State, ended
from orchestrator.domain.repin.operation import Operation, Touch
from orchestrator.store.database import engine
from orchestrator.store.errors import DatabaseError
from orchestrator.store.journal import operations as rows
from orchestrator.store.journal.errors import InFlightError
from orchestrator.store.journal.journal import Journal
from orchestrator.store.journal.tables import operation
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.store.repin_rows import NOW, begun, brought, by_hand, row

LATER = NOW + timedelta(minutes=3)


def test_a_row_is_on_the_disk_when_its_call_returns(journal: Journal, url: str) -> None:
    """Another process sees the intent before the first byte goes to the host, and each move after it."""

    async def go() -> None:
        with Reader.open(url) as reader:
            run = await begun(journal)
            first = await journal.open(row(run, wave=2, before='{"a":1}', detail="443 is open"))
            assert reader.operations(run) == (first,)
            sent = await journal.move(first, State.SENT, changed=LATER, deadline=LATER)
            assert reader.operations(run) == (sent,)
            done = await journal.move(sent, State.CONFIRMED, changed=LATER, detail="written", after="[\0]")
            assert reader.operations(run) == (done,)
        wanted = row(run, State.CONFIRMED, id=1, started=NOW, changed=LATER, wave=2, before='{"a":1}')
        assert done == replace(wanted, deadline=LATER, after="[\0]", detail="written")

    asyncio.run(go())


def test_any_sequence_of_moves_is_legal_or_changes_nothing(journal: Journal, url: str) -> None:
    """Whatever a caller tries in whatever order: what the table lacks raises, and the row is as it was."""
    run, numbers = asyncio.run(begun(journal)), itertools.count()

    with Reader.open(url) as reader, asyncio.Runner() as loop:

        @settings(max_examples=40, deadline=None)
        @given(st.lists(st.tuples(st.booleans(), st.integers(0, 99)), min_size=1, max_size=6))
        def check(choices: list[tuple[bool, int]]) -> None:
            standing: Operation | None = None
            host = f"host{next(numbers)}"
            for lawful, number in choices:
                moves = MOVES.get(standing and standing.state, frozenset())
                among = [each for each in State if each in moves or not lawful] or list(State)
                state = among[number % len(among)]
                before = reader.in_states(*State, hosts=[host])
                try:
                    if standing is None:
                        standing = loop.run(journal.open(row(run, state, host)))
                    else:
                        standing = loop.run(journal.move(standing, state, changed=LATER))
                except IllegalJournalMoveError:
                    assert (state in moves, reader.in_states(*State, hosts=[host])) == (False, before)
                else:
                    assert (state in moves, reader.in_states(*State, hosts=[host])[-1]) == (True, standing)

        check()
        assert reader.verify_audit().broken is None


def test_a_stale_caller_cannot_move_a_row_that_has_ended(journal: Journal, url: str) -> None:
    """What counts is where the row stands in the database, not where its holder last saw it."""

    async def go() -> Operation:
        run = await begun(journal)
        sent = await brought(journal, run, State.SENT)
        mixed = await journal.move(sent, State.MIXED, changed=NOW)
        with pytest.raises(IllegalJournalMoveError, match="may not go from mixed to confirmed"):
            await journal.move(sent, State.CONFIRMED, changed=LATER)
        return mixed

    mixed = asyncio.run(go())
    with Reader.open(url) as reader:
        assert reader.operations(1) == (mixed,)


def test_the_database_itself_keeps_what_has_ended(journal: Journal, url: str) -> None:
    """A row can be changed by hand exactly as long as the table of moves has one for it."""
    run = asyncio.run(begun(journal))
    kept = set()
    with by_hand(url) as connection:
        for state in State:
            columns = rows.operation_columns(row(run, state, started=NOW))
            connection.execute(operation.insert().values(columns))
        for state in State:
            change = update(operation).where(operation.c.state == state.value).values(detail="x")
            if _refused(connection, change, "an operation that has ended never changes"):
                kept.add(state)
    assert kept == {state for state in State if ended(state)}


def test_nothing_is_taken_out_of_the_journal(journal: Journal, url: str) -> None:
    """Neither this program nor a hand in the database removes a row or moves it to another host."""
    asyncio.run(_one_sent(journal))
    answers = {
        "UPDATE operation SET host = 'db9'": "an operation stays where it belongs",
        "UPDATE operation SET plan_id = 'x'": "an operation stays where it belongs",
        "DELETE FROM operation": "an operation is never deleted",
        "DELETE FROM run": "a run is never deleted",
        "UPDATE plan SET text = ''": "a stored plan never changes",
        "DELETE FROM plan": "a stored plan is never deleted",
    }
    with by_hand(url) as connection:
        refused = {act: _refused(connection, text(act), answer) for act, answer in answers.items()}
    assert refused == dict.fromkeys(answers, True)


def _refused(connection: Connection, act: Executable, answer: str) -> bool:
    """Try something by hand; say whether the database refuses it with these words."""
    with connection.begin_nested() as point:
        try:
            connection.execute(act)
        except DBAPIError as error:
            point.rollback()
            return answer in str(error)
    return False


async def _one_sent(journal: Journal) -> Operation:
    return await brought(journal, await begun(journal), State.SENT)


@pytest.mark.parametrize("state", [State.INTENT, State.SENT, State.UNKNOWN])
def test_nothing_is_written_to_a_host_before_an_earlier_write_is_resolved(
    journal: Journal, url: str, state: State
) -> None:
    """A new plan cannot overtake a write of which nobody knows yet what it did;
    the words say how to find out.
    """

    async def go() -> None:
        first, second = await begun(journal), await begun(journal, "plan-2")
        earlier = await brought(journal, first, state)
        with pytest.raises(InFlightError) as caught:
            await journal.open(row(second))
        assert str(caught.value) == (
            f"web1: an earlier write of run 1 is not resolved ({state}). `fleetcheck repin resume 1` reads "
            "it."
        )
        with Reader.open(url) as reader:
            assert (reader.operations(second), reader.unresolved()) == ((), (earlier,))
        await journal.open(row(second, host="web2"))

    asyncio.run(go())


def test_a_host_may_be_written_again_once_it_is_known(journal: Journal) -> None:
    """A revert follows a write that was confirmed, and a second try one of which a reading found nothing."""

    async def go() -> tuple[Operation, Operation]:
        run = await begun(journal)
        confirmed = await brought(journal, run, State.CONFIRMED)
        back = await journal.open(row(run, undoes=confirmed.id))
        unknown = await brought(journal, run, State.UNKNOWN, "web2")
        await journal.move(unknown, State.NOT_WRITTEN, changed=NOW)
        return back, await journal.open(row(run, host="web2"))

    back, again = asyncio.run(go())
    assert (back.id, back.undoes, again.id) == (2, 1, 4)


def test_hosts_never_begun_are_noted_together_or_not_at_all(journal: Journal, url: str) -> None:
    """Ten thousand hosts of a stopped run cost one flush of the disk; an intent is never one of many."""

    async def go() -> tuple[Operation, ...]:
        run = await begun(journal)
        with pytest.raises(ValueError, match="an intent is committed alone"):
            await journal.open_all([row(run, State.NOT_STARTED), row(run)])
        with pytest.raises(IllegalJournalMoveError):
            await journal.open_all([row(run, State.NOT_STARTED), row(run, State.SENT)])
        return await journal.open_all([row(run, State.NOT_STARTED, f"web{n}") for n in range(3)])

    rows = asyncio.run(go())
    with Reader.open(url) as reader:
        assert (reader.operations(1), [each.host for each in rows]) == (rows, ["web0", "web1", "web2"])


def test_rows_are_found_by_state_and_host(journal: Journal, url: str) -> None:
    """`resume` and the planner ask for rows of some states, of all hosts or of some, oldest first."""

    async def go() -> list[Operation]:
        run = await begun(journal)
        states = {
            "web1": State.VERIFIED,
            "web2": State.CONFIRMED,
            "web3": State.UNKNOWN,
            "web4": State.CONFIRMED,
        }
        return [await brought(journal, run, state, host) for host, state in states.items()]

    web1, web2, web3, web4 = asyncio.run(go())
    with Reader.open(url) as reader:
        assert reader.in_states(State.CONFIRMED, State.VERIFIED) == (web1, web2, web4)
        assert reader.in_states(State.CONFIRMED, hosts=["web4", "web3", "web2"]) == (web2, web4)
        assert (reader.unresolved(1), reader.unresolved(2)) == ((web2, web3, web4), ())


def test_the_newest_row_of_each_host_is_found_at_once(journal: Journal, url: str) -> None:
    """Reports ask for what the journal says of the whole fleet: a row a host, its newest in these states."""

    async def go() -> list[Operation]:
        run = await begun(journal)
        await brought(journal, run, State.VERIFIED, "web1")
        return [
            await brought(journal, run, State.VERIFIED, "web1"),
            await brought(journal, run, State.VERIFIED, "web2"),
            await brought(journal, run, State.REFUSED, "web2"),
        ]

    web1, web2, _ = asyncio.run(go())
    with Reader.open(url) as reader:
        assert sorted(reader.newest_in(State.VERIFIED, State.MIXED), key=lambda each: each.host) == [
            Touch(each.host, each.run, each.state, each.changed, each.deadline) for each in (web1, web2)
        ]


def test_the_end_of_a_wait_harms_nobody_else(journal: Journal, url: str) -> None:
    """A call that is cancelled while others wait is stored or not, and all others are answered."""

    async def go() -> None:
        run = await begun(journal)
        calls = [asyncio.create_task(journal.open(row(run, host=f"web{n}"))) for n in range(20)]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert {call.result().host for call in calls[1::2]} == {f"web{n}" for n in range(1, 20, 2)}
        assert len(await journal.operations(run)) >= 10

    asyncio.run(go())
    with Reader.open(url) as reader:
        assert reader.verify_audit().broken is None


def test_a_move_that_is_refused_costs_a_scan_nothing(
    journal: Journal,
    writer: Writer,
    url: str,
    make_scan: Callable[..., ScanRecord],
    make_record: Callable[..., HostRecord],
) -> None:
    """Rows commit alone: results that are stored at the same time are in transactions of their own."""
    scan_id = asyncio.run(writer.begin_scan(make_scan()))

    async def go() -> None:
        ended_row = await brought(journal, await begun(journal), State.REFUSED)
        puts: Iterable[asyncio.Task[None]] = [
            asyncio.create_task(writer.put(scan_id, make_record(f"web{n}"))) for n in range(5)
        ]
        with pytest.raises(IllegalJournalMoveError):
            await journal.move(ended_row, State.SENT, changed=NOW)
        await asyncio.gather(*puts)

    asyncio.run(go())
    with Reader.open(url) as reader:
        assert reader.done(scan_id) == {f"web{n}" for n in range(5)}


def test_a_full_disk_leaves_no_intent_behind(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the intent cannot be committed its call raises, so nothing is written to the host;
    earlier rows stay.
    """
    monkeypatch.setattr(engine, "_WRITING", (*engine._WRITING, "max_page_count=80"))

    stored = itertools.count()

    async def fill(journal: Journal) -> None:
        run = await begun(journal)
        while True:
            await journal.open(row(run, host=f"web{next(stored)}", before="x" * 500))

    with (
        Writer.open(sqlite_url, command="repin", user="ann") as writer,
        pytest.raises(DatabaseError, match=r"no space is left .* and `fleetcheck repin status` name"),
    ):
        asyncio.run(fill(Journal(writer)))
    with Reader.open(sqlite_url) as reader:
        assert len(reader.operations(1)) == next(stored) - 1
        assert reader.verify_audit().broken is None
