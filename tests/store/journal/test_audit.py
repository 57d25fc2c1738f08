"""The audit: who did what, and nothing in it changes unseen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Executable, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from orchestrator.domain.repin.audit import FIRST, AuditCheck, BrokenLink, check, document, link
from orchestrator.domain.repin.bound import BOUND, FIELDS, NEWEST, OPERATION, RUN
from orchestrator.domain.repin.bound import PLAN as PLAN_KIND
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import AuditEntry, Operation, RunState
from orchestrator.store.database import engine, views
from orchestrator.store.journal import audits
from orchestrator.store.journal.errors import OtherPlanError
from orchestrator.store.journal.journal import Journal
from orchestrator.store.journal.tables import audit, operation, plan, run
from orchestrator.store.place import parse
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.store.repin_rows import NOW, PLAN, begun, brought, by_hand, run_record


@pytest.fixture
def told(journal: Journal) -> Journal:
    """Fill a journal with a run of two hosts and something beside it: ten entries of the audit."""

    async def go() -> None:
        run = await begun(journal)
        await brought(journal, run, State.VERIFIED)
        await brought(journal, run, State.UNKNOWN, "web2")
        await journal.audit("eve", "credential changed", "ops", {"from": 'a"\ud800', "n": [1, None]}, NOW)
        await journal.end_run(run, RunState.STOPPED, "Ctrl-C", NOW)
        await journal.audit("ann", "audit exported", "-", {}, NOW)

    asyncio.run(go())
    return journal


@contextmanager
def _by_hand(url: str) -> Iterator[Connection]:
    """Open the database as somebody who knows how to get rid of the triggers."""
    with by_hand(url) as connection:
        if connection.dialect.name == "sqlite":
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
            yield connection
            return
        for table in ("audit", "operation", "plan", "run"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield connection
        for table in ("audit", "operation", "plan", "run"):
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def _tampered(url: str, act: Executable) -> AuditCheck:
    """Do something by hand, look what `verify` says of it, and take it back."""
    with _by_hand(url) as connection:
        point = connection.begin_nested()
        connection.execute(act)
        found = audits.verify(connection)
        point.rollback()
    return found


def _verified(url: str) -> AuditCheck:
    with Reader.open(url) as reader:
        return reader.verify_audit()


def test_every_act_leaves_its_entry(told: Journal, url: str) -> None:
    """The run, each state of each host and what else was done stand in one line of time, with who did it."""
    assert told
    with Reader.open(url) as reader:
        entries = list(reader.audit())
        assert list(reader.audit(after=8)) == entries[8:]
    assert [(entry.who, entry.what, entry.subject) for entry in entries] == [
        ("ann", "run begun", "run 1"),
        *[("ann", "operation", "web1")] * 4,
        *[("ann", "operation", "web2")] * 2,
        ("eve", "credential changed", "ops"),
        ("ann", "run ended", "run 1"),
        ("ann", "audit exported", "-"),
    ]
    moves = [(d["from"], d["to"]) for d in map(json.loads, (entry.details for entry in entries[1:5]))]
    assert moves == [
        (None, "intent"),
        ("intent", "sent"),
        ("sent", "confirmed"),
        ("confirmed", "verified"),
    ]


def test_an_audit_that_nobody_touched_holds(told: Journal, url: str) -> None:
    """`audit verify` says how many entries there are, and the last hash to compare with a note elsewhere."""
    assert told
    with Reader.open(url) as reader:
        last = list(reader.audit())[-1]
        assert reader.verify_audit() == AuditCheck(entries=10, last=last.hash)


def test_an_empty_audit_holds(journal: Journal, url: str) -> None:
    """Nothing has been done yet, and nothing is wrong."""
    assert journal
    assert _verified(url) == AuditCheck(entries=0, last=FIRST)


CHANGES = {
    "time": datetime(2020, 1, 1, tzinfo=UTC),
    "who": "bob",
    "what": "nothing",
    "subject": "web9",
    "details": '{"a":1}',
    "previous": "ab" * 32,
    "hash": "ab" * 32,
}


@pytest.mark.parametrize("number", [1, 5, 10])
def test_a_changed_entry_is_found(told: Journal, url: str, number: int) -> None:
    """Whatever was changed in whichever entry, it is the first one named."""
    assert told
    one = update(audit).where(audit.c.number == number)
    found = {column: _tampered(url, one.values({column: value})) for column, value in CHANGES.items()}
    named = {column: (after.entries, after.broken and after.broken.number) for column, after in found.items()}
    assert named == dict.fromkeys(CHANGES, (number - 1, number))


@pytest.mark.parametrize("number", [1, 6])
def test_an_entry_that_is_gone_is_found(told: Journal, url: str, number: int) -> None:
    """The one behind the gap does not follow what is before it."""
    assert told
    with _by_hand(url) as connection:
        connection.execute(delete(audit).where(audit.c.number == number))
    what = f"entry {number + 1} follows entry {number - 1}: what was between is gone"
    assert _verified(url).broken == BrokenLink(number=number + 1, found=what)


def test_a_history_written_anew_from_somewhere_on_has_another_last_hash(told: Journal, url: str) -> None:
    """Who forges the whole rest of the chain cannot forge the hash that was noted elsewhere."""
    assert told
    before = _verified(url)
    with _by_hand(url) as connection:
        rows = connection.execute(select(audit).order_by(audit.c.number)).all()
        last = (rows[-2].number, rows[-2].hash)
        connection.execute(delete(audit).where(audit.c.number == 10))
        forged = link(last, time=NOW, who="bob", what="audit exported", subject="-", details={})
        connection.execute(audit.insert().values({c.name: getattr(forged, c.name) for c in audit.columns}))
    after = _verified(url)
    assert (after.broken, after.entries, after.last == before.last) == (None, 10, False)


def test_a_tail_that_was_cut_off_is_found_by_the_journal(told: Journal, url: str) -> None:
    """The last entries of a chain can go without a gap, but the rows that they tell of still stand."""
    assert told
    with _by_hand(url) as connection:
        connection.execute(delete(audit).where(audit.c.number >= 5))
    broken = _verified(url).broken
    assert broken == BrokenLink(
        number=None,
        found="operation 1 (web1, verified) is not what was written: its last entry tells of other content",
    )


def test_a_changed_row_of_the_journal_is_found(told: Journal, url: str) -> None:
    """The audit knows every row as it was last written, in all its columns."""
    assert told
    changes: dict[str, Any] = {
        "run_id": None,
        "host": "db1",
        "state": "verified",
        "started": NOW + timedelta(seconds=1),
        "changed": NOW + timedelta(seconds=1),
        "wave": 7,
        "detail": "all well",
        "before": "[]",
        "after": "[]",
        "deadline": NOW,
        "undoes": 1,
    }
    row = update(operation).where(operation.c.id == 2)
    found = {column: _tampered(url, row.values({column: value})).broken for column, value in changes.items()}
    told_of = {column: broken and broken.found[:13] for column, broken in found.items()}
    assert told_of == dict.fromkeys(changes, "operation 2 (")
    assert changes.keys() | {"id", "plan_id"} == set(operation.c.keys())


def test_a_changed_plan_or_run_is_found(told: Journal, url: str) -> None:
    """`resume` and `undo` act on what is stored of a plan and a run: no column of either changes unseen."""
    assert told
    changes: dict[Any, dict[str, Any]] = {
        plan: {"digest": "ab" * 32, "text": "{}", "created": NOW, "expires": NOW},
        run: {
            "started": NOW + timedelta(seconds=1),
            "ended": None,
            "state": "running",
            "reason": "a limit",
            "hosts": 9,
            "options": "{}",
            "command": "fleetcheck",
            "user_name": "bob",
            "version": "9",
            "controller": "x",
        },
    }
    wanted = {(table.name, column) for table, columns in changes.items() for column in columns}
    found = {
        (table.name, column): _tampered(url, update(table).values({column: value})).broken
        for table, columns in changes.items()
        for column, value in columns.items()
    }
    named = {key: broken and broken.found for key, broken in found.items()}
    assert named == {
        (table, column): f"{table} {PLAN.id if table == 'plan' else 1} is not what was written: "
        "its last entry tells of other content"
        for table, column in wanted
    }
    assert set(plan.c.keys()) == changes[plan].keys() | {"id"}
    assert set(run.c.keys()) == changes[run].keys() | {"id", "plan_id"}


def test_one_run_is_proved_alone(told: Journal, url: str) -> None:
    """`resume` and `undo` ask about one run: its plan, itself and its rows count, others' do not,
    the chain does.
    """

    async def another() -> None:
        run = await begun(told, "plan-2")
        await told.end_run(run, RunState.FINISHED, "", NOW)

    asyncio.run(another())
    of_2 = update(run).where(run.c.id == 2).values(options="{}")
    acts: dict[str, Executable] = {
        "run 2": of_2,
        "plan": update(plan).values(text="{}"),
        "operation 2": update(operation).where(operation.c.id == 2).values(detail="x"),
        "operation 2 gone": delete(operation).where(operation.c.id == 2),
        "operation 2 elsewhere": update(operation).where(operation.c.id == 2).values(run_id=2),
        "entry 3": update(audit).where(audit.c.number == 3).values(who="bob"),
    }
    broken = {}
    for name, act in acts.items():
        with _by_hand(url) as connection:
            point = connection.begin_nested()
            connection.execute(act)
            first, second = (audits.prove(connection, number).broken for number in (1, 2))
            point.rollback()
        broken[name] = (first is not None, second is not None)
    assert broken == {
        "run 2": (False, True),
        "plan": (True, True),
        "operation 2": (True, False),
        "operation 2 gone": (True, False),
        "operation 2 elsewhere": (True, True),
        "entry 3": (True, True),
    }
    with Reader.open(url) as reader:
        assert [reader.prove(number).broken for number in (1, 2)] == [None, None]


def test_a_plan_that_was_handed_out_is_bound_too(journal: Journal, url: str) -> None:
    """An exported plan belongs to no run: the entries about its rows hold its digest."""
    asyncio.run(journal.hand_out(PLAN, time=NOW))
    with Reader.open(url) as reader:
        assert reader.verify_audit().broken is None
    assert _tampered(url, update(plan).values(text="{}")).broken is not None


def test_a_run_or_plan_that_is_gone_or_made_up_is_found(told: Journal, url: str) -> None:
    """Neither a run nor a plan can be put in, or taken out, without the audit telling."""
    assert told
    with _by_hand(url) as connection:
        row = dict(connection.execute(select(run)).one()._mapping)
        connection.execute(run.insert().values(row | {"id": 7}))
    broken = _verified(url).broken
    assert broken == BrokenLink(number=None, found="run 7 is not what was written: no entry tells of it")


def test_another_text_under_a_stored_plan_s_digest_is_refused(told: Journal, url: str) -> None:
    """A plan whose text was forged and whose digest was not is no plan that a run may begin with."""
    with _by_hand(url) as connection:
        connection.execute(update(plan).values(text="{}"))
    with pytest.raises(OtherPlanError):
        asyncio.run(told.begin_run(run_record(), PLAN))


def test_the_lists_of_fields_are_the_tables() -> None:
    """A column that is added needs a list of fields of its own number:
    what was written is checked by the old one.
    """
    newest = {kind: set(FIELDS[kind][number]) for kind, number in NEWEST.items()}
    assert newest == {
        OPERATION: {each.name for each in fields(Operation)},
        RUN: set(run.c.keys()),
        PLAN_KIND: set(plan.c.keys()),
    }


def test_an_older_list_of_fields_is_still_checked_by_itself(
    told: Journal, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade that adds a field, what was written before holds, and a change in it is found."""
    assert told
    monkeypatch.setitem(FIELDS, RUN, {**FIELDS[RUN], 2: FIELDS[RUN][1][:-1]})
    monkeypatch.setitem(NEWEST, RUN, 2)
    assert _verified(url).broken is None
    assert _tampered(url, update(run).values(controller="x")).broken is not None
    asyncio.run(told.end_run(1, RunState.FINISHED, "", NOW))
    assert _verified(url).broken is None
    assert _tampered(url, update(run).values(controller="x")).broken is None
    assert _tampered(url, update(run).values(options="{}")).broken is not None


def _as_before(url: str) -> None:
    """Make the database as 0.1 would have: no entry holds a digest of a plan or a run,
    and the upgrade is to come.
    """
    with _by_hand(url) as connection:
        chain = connection.execute(select(audit).order_by(audit.c.number)).all()
        connection.execute(delete(audit))
        last: tuple[int, str] | None = None
        for row in chain:
            details = json.loads(row.details)
            new = ("fields", "plan_row", "plan_fields", *(() if row.what == OPERATION else ("row",)))
            kept = {key: value for key, value in details.items() if key not in new}
            entry = link(last, time=row.time, who=row.who, what=row.what, subject=row.subject, details=kept)
            connection.execute(audit.insert().values({c.name: getattr(entry, c.name) for c in audit.columns}))
            last = (entry.number, entry.hash)
        for name in views.NAMES:
            connection.execute(text(f"DROP VIEW {name}"))
        for later in ("notice", "told"):
            connection.execute(text(f"DROP TABLE {later}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))


def test_what_was_stored_before_is_not_covered_until_it_is_gone_on_with(told: Journal, url: str) -> None:
    """The upgrade writes one entry; older runs and plans are named, and the next entry about one binds it."""
    told._writer.close()
    _as_before(url)
    with Reader.open(url, command="fleetcheck scans", user="ann") as reader:
        found = reader.verify_audit()
        entry = list(reader.audit())[-1]
        assert (entry.who, entry.what) == ("fleetcheck", BOUND)
        assert json.loads(entry.details) == {"runs before": 1, "plans before": 1}
        assert found == AuditCheck(entries=11, last=entry.hash, not_covered=(f"plan {PLAN.id}", "run 1"))
        assert reader.prove(1).not_covered == (f"plan {PLAN.id}", "run 1")
    assert _tampered(url, update(run).values(options="{}")).broken is None
    assert _tampered(url, update(operation).where(operation.c.id == 2).values(detail="x")).broken is not None
    with Writer.open(url, command="repin", user="ann") as writer, closing(Journal(writer)) as journal:
        asyncio.run(journal.begin_run(run_record(id=1), PLAN))
    with Reader.open(url) as reader:
        assert (reader.verify_audit().broken, reader.verify_audit().not_covered) == (None, ())
    assert _tampered(url, update(run).values(options="{}")).broken is not None


def test_a_run_made_up_after_the_upgrade_is_not_taken_for_an_older_one(told: Journal, url: str) -> None:
    """`not covered` is for what an entry of before the upgrade tells of, and for nothing else."""
    told._writer.close()
    _as_before(url)
    Reader.open(url, command="fleetcheck scans", user="ann").close()
    with _by_hand(url) as connection:
        row = dict(connection.execute(select(run)).one()._mapping)
        connection.execute(run.insert().values(row | {"id": 7}))
    broken = _verified(url).broken
    assert broken == BrokenLink(number=None, found="run 7 is not what was written: no entry tells of it")


def test_a_row_that_is_gone_or_made_up_is_found(told: Journal, url: str) -> None:
    """A host's write cannot be taken out of the journal, nor put in, without the audit telling."""
    assert told
    with _by_hand(url) as connection:
        row = dict(connection.execute(select(operation).where(operation.c.id == 2)).one()._mapping)
        connection.execute(delete(operation).where(operation.c.id == 2))
    assert _verified(url).broken == BrokenLink(
        number=None, found="operation 2 is not in the journal any more"
    )
    with _by_hand(url) as connection:
        connection.execute(operation.insert().values(row | {"id": 9}))
    broken = _verified(url).broken
    assert broken is not None
    assert broken.found == "operation 9 (web2, unknown) is not what was written: no entry tells of it"


def test_the_database_refuses_to_change_the_audit(told: Journal, url: str) -> None:
    """A hand in the database has to take a trigger away first."""
    assert told
    source = engine.writing(parse(url))
    with source.connect() as connection:
        for act in ("UPDATE audit SET who = 'bob'", "DELETE FROM audit WHERE number = 10"):
            with connection.begin(), pytest.raises(DBAPIError, match="an entry of the audit"):
                connection.execute(text(act))
    source.dispose()
    assert _verified(url).broken is None


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_replacing_is_no_way_round_it(told: Journal, url: str) -> None:
    """SQLite's REPLACE deletes without asking the triggers of DELETE."""
    assert told
    source = engine.writing(parse(url))
    columns = "number, time, who, what, subject, details, previous, hash"
    with (
        source.connect() as connection,
        connection.begin(),
        pytest.raises(DBAPIError, match="audit: its number is not the next one"),
    ):
        connection.execute(
            text(f"INSERT OR REPLACE INTO audit ({columns}) VALUES (3, '', '', '', '', '', '', '')")  # noqa: S608 -- a constant
        )
    source.dispose()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_emptying_is_refused(told: Journal, url: str) -> None:
    """PostgreSQL's TRUNCATE removes rows without asking the triggers of DELETE."""
    assert told
    source = engine.writing(parse(url))
    with (
        source.connect() as connection,
        connection.begin(),
        pytest.raises(DBAPIError, match="audit is never emptied"),
    ):
        connection.execute(text("TRUNCATE audit"))
    source.dispose()


def test_an_exported_line_is_the_whole_entry(told: Journal, url: str) -> None:
    """Whoever has the lines can compute every hash again; the details are an object, not text in text."""
    assert told
    with Reader.open(url) as reader:
        lines = [json.loads(json.dumps(document(entry))) for entry in reader.audit()]
    assert lines[7]["details"] == {"from": 'a"\ud800', "n": [1, None]}
    assert lines[7]["time"] == "2026-11-01T13:00:00.000005+00:00"
    assert [line["previous"] for line in lines] == [FIRST, *(line["hash"] for line in lines[:-1])]
    assert lines[0]["details"]["plan"] == PLAN.id


TEXT = st.text(st.characters(codec=None, categories=None), max_size=5)
DETAILS = st.dictionaries(TEXT, st.none() | st.integers() | TEXT | st.lists(TEXT, max_size=2), max_size=3)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(TEXT, TEXT, TEXT, DETAILS, st.datetimes(timezones=st.just(UTC))), min_size=1, max_size=4
    ),
    st.data(),
)
def test_no_change_of_any_chain_goes_unseen(acts: list[tuple[Any, ...]], data: st.DataObject) -> None:
    """Any entry of any chain, any field, any other value: the check breaks there or right behind it."""
    chain: list[AuditEntry] = []
    for who, what, subject, details, time in acts:
        before = (chain[-1].number, chain[-1].hash) if chain else None
        chain.append(link(before, time=time, who=who, what=what, subject=subject, details=details))
    assert check(chain) == AuditCheck(entries=len(chain), last=chain[-1].hash)
    place = data.draw(st.integers(0, len(chain) - 1))
    field = data.draw(st.sampled_from(["who", "what", "subject", "details", "previous", "hash"]))
    value = data.draw(TEXT.filter(lambda value: value != getattr(chain[place], field)))
    chain[place] = replace(chain[place], **{field: value})
    broken = check(chain).broken
    assert broken is not None
    assert broken.number == place + 1
