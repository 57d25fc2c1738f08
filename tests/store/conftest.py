"""A database of each test's own, on SQLite and, where FLEETCHECK_TEST_PG_URL names one, on PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from inventory.model import ListedPort, Profile, RoleValues
from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.judgement import Belief, Judgement, Pin, RoleJudgement
from orchestrator.domain.outcome import Failed, Outcome, Phase, Probed, Trace
from orchestrator.domain.reading import (
    Attempt,
    Connection,
    Identity,
    Kind,
    Part,
    Reading,
    Result,
    Source,
    Target,
    Value,
    View,
    ViewState,
)
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.store.database import engine, migrating
from orchestrator.store.journal.journal import Journal
from orchestrator.store.journal.tables import metadata
from orchestrator.store.place import database_url, parse
from orchestrator.store.writer import Writer

MORNING = datetime(2026, 3, 1, 6, 0, 0, 123456, tzinfo=UTC)

_PROFILE = Profile(
    name="livevault",
    title="LiveVault",
    key="SOFTWARE\\Agent",
    roles=(RoleValues(role="primary", port_value="PrimaryTunnelPort"),),
    ports=(ListedPort(number=2147, label="tunnel"), ListedPort(number=443)),
)

MakeRecord = Callable[..., HostRecord]
MakeScan = Callable[..., ScanRecord]


@pytest.fixture
def environ() -> dict[str, str]:
    """Return an environment in which another Python finds what this one finds,
    wherever the tests were started.
    """
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name an SQLite database that is not there yet, in a folder that is not there either."""
    return database_url(str(tmp_path / "state" / "fleet.db"), {})


@contextmanager
def new_schema() -> Iterator[str]:
    """Make a PostgreSQL schema, yield the URL that leads to it, and drop it."""
    base = os.environ.get("FLEETCHECK_TEST_PG_URL")
    if not base:
        pytest.skip("FLEETCHECK_TEST_PG_URL names no PostgreSQL database")
    import psycopg
    from psycopg import sql

    schema = f"fc_{uuid.uuid4().hex}"
    with psycopg.connect(base, autocommit=True) as server:
        server.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        try:
            joint = "&" if "?" in base else "?"
            yield database_url(f"{base}{joint}options=-csearch_path%3D{schema}", {})
        finally:
            server.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """Name a PostgreSQL schema of the test's own, empty, dropped afterwards."""
    with new_schema() as url:
        yield url


@pytest.fixture(scope="session")
def made_schema() -> Iterator[str]:
    """Name a PostgreSQL schema whose tables are made once: making them takes longer than most tests."""
    with new_schema() as url:
        migrating.ensure(url, command="tests")
        yield url


@pytest.fixture
def emptied_url(made_schema: str) -> str:
    """Name that schema without any rows, its counters at the start."""
    source = engine.writing(parse(made_schema))
    with source.connect() as connection, connection.begin():
        for table in reversed(metadata.sorted_tables):
            connection.execute(text(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER'))
            connection.execute(table.delete())
            connection.execute(text(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER'))
        for table in ("scan", "run", "operation"):
            connection.execute(text(f"ALTER SEQUENCE {table}_id_seq RESTART"))
    source.dispose()
    return made_schema


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Name a database of each kind, one after the other;
    who also asks for a writer gets one that it could have made.
    """
    kind = request.param
    ready = kind == "postgresql" and "writer" in request.fixturenames
    name: str = request.getfixturevalue("emptied_url" if ready else f"{kind}_url")
    return name


@pytest.fixture
def writer(url: str) -> Iterator[Writer]:
    """Open a writer on a fresh database."""
    with Writer.open(url, command="fleetcheck scan", user="ann") as writer:
        yield writer


@pytest.fixture
def journal(writer: Writer) -> Iterator[Journal]:
    """Open a journal on a fresh database.

    It is closed: one left open says that its run 1 is alive, to whoever has the same PostgreSQL schema next.
    """
    with closing(Journal(writer)) as journal:
        yield journal


@pytest.fixture
def put() -> Callable[[Writer, int, Iterable[HostRecord]], None]:
    """Return a way to store many results at once, as a scan does, and wait for all."""

    def put_all(writer: Writer, scan_id: int, records: Iterable[HostRecord]) -> None:
        async def all_at_once() -> None:
            await asyncio.gather(*(writer.put(scan_id, record) for record in records))

        asyncio.run(all_at_once())

    return put_all


@pytest.fixture
def make_scan() -> MakeScan:
    """Return a maker of scans of these hosts."""

    def make(*hosts: str, started: datetime = MORNING) -> ScanRecord:
        return ScanRecord(
            id=None,
            started=started,
            mode="auto",
            inventory="fleet.yaml",
            inventory_digest="ab" * 32,
            selection="paris:&db*",
            hosts=hosts,
            command="fleetcheck scan",
            user="ann",
            version="0.1.0",
            script="cd" * 32,
        )

    return make


@pytest.fixture
def make_record() -> MakeRecord:
    """Return a maker of results: probed with a dozen attempts, or failed where `cause` is given."""

    def make(
        host: str = "web1",
        *,
        cause: Cause | None = None,
        verdict: Verdict = Verdict.OK,
        started: datetime = MORNING,
        tries: int = 1,
        site: str | None = "paris",
    ) -> HostRecord:
        trace = Trace(started=started, ended=started + timedelta(seconds=3), tries=tries, auth="ntlm")
        outcome: Outcome
        if cause is None:
            outcome = Probed(host=host, reading=_reading(host, started), trace=trace)
        else:
            verdict = Verdict.UNKNOWN
            outcome = Failed(
                host=host, phase=Phase.AUTH, cause=cause, detail="said no", advice="ask", trace=trace
            )
        return HostRecord(
            host=host,
            address=f"{host}.corp.example",
            port=5986,
            profile=_PROFILE,
            outcome=outcome,
            judgement=_judgement(verdict) if cause is None else Judgement(verdict=verdict),
            site=site,
            groups=("paris",),
            desired={"primary": 443},
            gateways={"primary": "203.0.113.10"},
        )

    return make


def _reading(host: str, clock: datetime) -> Reading:
    target = Target(role="primary", source=Source.INVENTORY, name="203.0.113.10", decides=True)
    return Reading(
        mode="auto",
        identity=Identity(computer=host.upper(), machine_id=f"id-{host}", clock=clock),
        views=(
            View(
                view=64,
                state=ViewState.PRESENT,
                path="SOFTWARE\\Agent",
                values=(
                    Value(name="PrimaryTunnelPort", kind=Kind.DWORD, data=2147),
                    Value(name="Names", kind=Kind.MULTI_SZ, data=("a", "")),
                ),
            ),
            View(view=32, state=ViewState.ABSENT),
        ),
        targets=(target,),
        attempts=tuple(
            Attempt(
                role="primary",
                source=Source.INVENTORY,
                target="203.0.113.10",
                address="203.0.113.10",
                port=port,
                result=Result.TIMED_OUT,
                milliseconds=3000 + port,
                error="TimedOut",
            )
            for port in range(1, 13)
        ),
        canaries=(),
        connections=(
            Connection(
                local_address="10.0.0.1",
                local_port=50_000,
                remote_address="203.0.113.10",
                remote_port=443,
                state="Established",
            ),
        ),
        connections_complete=True,
        parts=(Part(name="identity", milliseconds=4),),
    )


def _judgement(verdict: Verdict) -> Judgement:
    role = RoleJudgement(
        role="primary",
        verdict=verdict,
        pin=Pin(port=2147, kind="DWORD", shown="2147"),
        desired=443,
        beliefs={2147: Belief.OPEN, 443: Belief.CLOSED},
        live=(443,),
        evidence=("primary 2147: timed out after 3.0 s, twice",),
        action="",
    )
    return Judgement(verdict=verdict, roles=(role,), view=64, any_live=True)
