"""Dashboards and notebooks read views: plain columns, the same on both databases, there again after every
upgrade.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import inspect, text

from orchestrator.domain.outcome import Probed
from orchestrator.domain.reading import Result, Source
from orchestrator.store.database import migrating, schema, view_list, views
from orchestrator.store.errors import ViewsInTheWayError
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.store.by_hand import config, connected, rows
from tests.store.database.conftest import MakeRecord, MakeScan, Put

AS_OF = ("0015", "5c53aea59b0bbed9fa7e24d7798b0e3bb4563048217956adf68cdb8c87c3c399")
"""The newest step that was made for the list of views, and the digest of the list then."""

TYPES = {"text": {"TEXT"}, "number": {"INTEGER", "BIGINT"}, "time": {"TIMESTAMP"}, "yes/no": {"BOOLEAN"}}
NUL = "a\x00b\x1b[31m<script>\ud800"


def everything(url: str) -> dict[str, list[dict[str, Any]]]:
    """Read every view whole."""
    return {name: rows(url, f"SELECT * FROM {name}") for name in views.NAMES}  # noqa: S608  # names of ours


def test_the_views_have_the_columns_of_the_list(filled: str) -> None:
    """Each column is there, in the list's order; on PostgreSQL it has the type that the list says."""
    with connected(filled) as connection:
        found = inspect(connection)
        assert set(found.get_view_names()) == set(views.NAMES)
        for view in view_list.VIEWS:
            columns = found.get_columns(view.name)
            assert [column["name"] for column in columns] == [column.name for column in view.columns]
            if connection.dialect.name == "postgresql":
                kinds = [str(column["type"]).split("(")[0] for column in columns]
                wrong = [
                    (column.name, kind)
                    for kind, column in zip(kinds, view.columns, strict=True)
                    if kind not in TYPES[column.kind]
                ]
                assert wrong == []


def test_a_host_now_is_what_the_reader_says(filled: str) -> None:
    """The latest result of each host, and its last reading, are those that `report` shows."""
    found = rows(
        filled,
        "SELECT host, scan, verdict, cause, known_scan, known_verdict, site FROM v_host_now ORDER BY host",
    )
    with Reader.open(filled) as reader:
        wanted = [
            {
                "host": each.latest.host,
                "scan": each.latest.scan,
                "verdict": each.latest.judgement.verdict.value,
                "cause": each.latest.cause.partition(": ")[2] or None,
                "known_scan": each.known.scan if each.known else None,
                "known_verdict": each.known.judgement.verdict.value if each.known else None,
                "site": each.latest.site,
            }
            for each in reader.fleet_now()
        ]
    assert found == wanted
    assert [(row["verdict"], row["known_scan"]) for row in found] == [("drifted", 2), ("unknown", 1)]


def test_an_attempt_names_its_gateway_site_and_time(filled: str) -> None:
    """Latency can be grouped by site, gateway and port, over the scans."""
    found = rows(
        filled,
        "SELECT scan, site, gateway, port, count(*) AS attempts, min(milliseconds) AS least FROM v_attempt"
        " WHERE port < 3 GROUP BY scan, site, gateway, port ORDER BY scan, port",
    )
    assert [tuple(row.values()) for row in found] == [
        (1, "paris", "203.0.113.10", 1, 2, 3001),
        (1, "paris", "203.0.113.10", 2, 2, 3002),
        (2, None, "203.0.113.10", 1, 1, 3001),
        (2, None, "203.0.113.10", 2, 1, 3002),
    ]


def test_runs_and_operations_are_the_journals(filled: str) -> None:
    """A run has its plan's times; each operation its state and its run."""
    (run,) = rows(filled, "SELECT run, state, hosts, plan_expires > plan_created AS sound FROM v_run")
    assert (run["run"], run["state"], bool(run["sound"])) == (1, "running", True)
    found = rows(filled, "SELECT DISTINCT run, state FROM v_operation")
    with Reader.open(filled) as reader:
        assert found == [
            {"run": 1, "state": state} for state in {row.state.value for row in reader.operations(1)}
        ]


def test_nothing_that_a_host_wrote_is_in_a_view(
    url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """A name, an error or a registry text with U+0000 in it neither fails a view nor shows in one."""
    record = make_record("web1")
    assert isinstance(record.outcome, Probed)
    reading = record.outcome.reading
    attempt = replace(reading.attempts[0], source=Source.REGISTRY, target=NUL, error=NUL, result=Result.ERROR)
    identity = replace(reading.identity, computer=NUL, machine_id=NUL)
    hostile = replace(reading, attempts=(attempt, *reading.attempts[1:]), identity=identity)
    with Writer.open(url, command="scan", user="ann") as writer:
        scan = asyncio.run(writer.begin_scan(make_scan("web1")))
        put(writer, scan, [replace(record, outcome=replace(record.outcome, reading=hostile))])
    said = [value for found in everything(url).values() for row in found for value in row.values()]
    assert said != []
    assert [value for value in said if "script" in str(value) or "\\u0000" in str(value)] == []
    assert rows(url, "SELECT gateway FROM v_attempt WHERE source = 'registry'") == [
        {"gateway": "203.0.113.10"}
    ]


@pytest.mark.parametrize("revision", [step for step in schema.REVISIONS if step != schema.REVISIONS[-1]])
def test_a_database_of_any_step_gets_the_views(filled: str, revision: str) -> None:
    """Every database that was ever released comes up with all of them, and they answer."""
    with connected(filled) as connection:
        command.downgrade(config(connection), revision)
    with connected(filled) as connection:
        command.upgrade(config(connection), "head")
        assert set(inspect(connection).get_view_names()) == set(views.NAMES)
    assert [row["host"] for row in rows(filled, "SELECT host FROM v_host_now ORDER BY host")] == [
        "web1",
        "web2",
    ]


NEXT_STEP = """
import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade():
    rebuild = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    for name in ("host_result", "scan"):
        with op.batch_alter_table(name, recreate=rebuild) as table:
            table.add_column(sa.Column("note", sa.Text()))
            table.alter_column("version" if name == "scan" else "site", type_=sa.String(9))


def downgrade():
    pass
"""


@pytest.fixture
def newer(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program be a newer one, with a step that rebuilds tables under the views and changes their
    columns.

    The database was made by the program as it is.
    """
    assert filled
    folder = tmp_path / "migrations"
    shutil.copytree(schema.scripts(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    step = NEXT_STEP.format(before=schema.REVISIONS[-1])
    (folder / "versions" / "v0099_next.py").write_text(step, "utf-8")
    monkeypatch.setattr(migrating, "scripts", lambda: folder)
    revisions = (*schema.REVISIONS, "0099")
    for module in (migrating, schema):
        monkeypatch.setattr(module, "REVISIONS", revisions)


@pytest.mark.usefixtures("newer")
def test_tables_are_rebuilt_under_the_views(filled: str) -> None:
    """A step may do with a table what it likes: the views are gone while it works, and there again at its
    end.
    """
    before = {name: len(found) for name, found in everything(filled).items()}
    migrating.ensure(filled, command="test")
    assert {name: len(found) for name, found in everything(filled).items()} == before
    assert before == {"v_host_now": 2, "v_attempt": 36, "v_run": 1, "v_operation": 1}


@pytest.fixture
def role(postgresql_url: str) -> Iterator[str]:
    """Make a role with a name that has to be quoted; it is dropped afterwards with its rights."""
    name = f'read "only": {uuid.uuid4().hex}'
    quoted = '"' + name.replace('"', '""') + '"'
    plain = text(f"CREATE ROLE {quoted}".replace(":", r"\:"))
    with connected(postgresql_url) as connection:
        connection.execute(plain)
    yield quoted.replace(":", r"\:")
    with connected(postgresql_url) as connection:
        connection.execute(text(f"DROP OWNED BY {quoted}".replace(":", r"\:")))
        connection.execute(text(f"DROP ROLE {quoted}".replace(":", r"\:")))


@pytest.mark.usefixtures("newer")
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_who_may_only_read_may_read_again_after_an_upgrade(filled: str, role: str) -> None:
    """A dashboard's role keeps its right to the views that it had it for, and gets none to others."""
    with connected(filled) as connection:
        connection.execute(text(f"GRANT SELECT ON v_host_now, v_run TO {role}"))
        connection.execute(text("GRANT SELECT ON v_attempt TO PUBLIC"))
    migrating.ensure(filled, command="test")
    with connected(filled) as connection:
        schema_name = connection.execute(text("SELECT current_schema()")).scalar()
        connection.execute(text(f"GRANT USAGE ON SCHEMA {schema_name} TO {role}"))
        connection.execute(text(f"SET ROLE {role}"))
        allowed = [
            name
            for name in (*views.NAMES, "host_result")
            if connection.execute(text(f"SELECT has_table_privilege('{name}', 'SELECT')")).scalar()
        ]
        assert allowed == ["v_host_now", "v_attempt", "v_run"]
        assert connection.execute(text("SELECT count(*) FROM v_host_now")).scalar() == 2
        connection.execute(text("RESET ROLE"))


@pytest.mark.usefixtures("newer")
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_who_may_read_some_columns_may_read_these_after_an_upgrade(filled: str, role: str) -> None:
    """A right to single columns is kept, with the right to hand it on, and becomes no right to others."""
    with connected(filled) as connection:
        connection.execute(text(f"GRANT SELECT (host, verdict) ON v_host_now TO {role} WITH GRANT OPTION"))
    migrating.ensure(filled, command="test")
    with connected(filled) as connection:
        schema_name = connection.execute(text("SELECT current_schema()")).scalar()
        connection.execute(text(f"GRANT USAGE ON SCHEMA {schema_name} TO {role}"))
        connection.execute(text(f"SET ROLE {role}"))
        right = "SELECT WITH GRANT OPTION"
        allowed = [
            column["name"]
            for column in inspect(connection).get_columns("v_host_now")
            if connection.execute(
                text(f"SELECT has_column_privilege('v_host_now', '{column['name']}', '{right}')")
            ).scalar()
        ]
        connection.execute(text("RESET ROLE"))
    assert allowed == ["host", "verdict"]


@pytest.mark.usefixtures("newer")
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_views_own_settings_are_kept(filled: str) -> None:
    """`security_barrier`, and what else an administrator has set to hold readers back."""
    with connected(filled) as connection:
        connection.execute(text("ALTER VIEW v_run SET (security_barrier = true)"))
    migrating.ensure(filled, command="test")
    found = rows(filled, "SELECT reloptions FROM pg_class WHERE oid = 'v_run'\\:\\:regclass")
    assert found == [{"reloptions": ["security_barrier=true"]}]


TRIGGERS = {
    "sqlite": ["CREATE TRIGGER noted INSTEAD OF DELETE ON {VIEW} BEGIN SELECT ':a'; END"],
    "postgresql": [
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER noted INSTEAD OF DELETE ON {view} FOR EACH ROW EXECUTE FUNCTION nothing()",
    ],
}


@pytest.mark.usefixtures("newer")
@pytest.mark.parametrize("view", ["v_run", "wall"])
def test_a_trigger_on_a_view_is_not_lost(filled: str, view: str) -> None:
    """On SQLite it is made again, as is one on a view of somebody's own; on PostgreSQL, where one on a view
    of ours would go with it, the upgrade says which one and stops.
    """
    with connected(filled) as connection:
        kind = connection.dialect.name
        connection.execute(text("CREATE VIEW wall AS SELECT 1 AS one"))
        for statement in TRIGGERS[kind]:
            connection.execute(text(statement.format(view=view, VIEW=view.upper()).replace(":", r"\:")))
    if kind == "postgresql" and view == "v_run":
        with pytest.raises(
            ViewsInTheWayError, match=r"noted is a trigger or rule on fleetcheck's own views.*Nothing was"
        ):
            migrating.ensure(filled, command="test")
    else:
        migrating.ensure(filled, command="test")
    with connected(filled) as connection:
        connection.execute(text(f"DELETE FROM {view}"))  # noqa: S608  # refused where there is no trigger


@pytest.mark.usefixtures("newer")
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_rule_on_a_view_stops_an_upgrade(filled: str) -> None:
    """It would be gone with the view: which one is told, and it is still there."""
    with connected(filled) as connection:
        connection.execute(text("CREATE RULE nothing AS ON DELETE TO v_run DO INSTEAD NOTHING"))
    with pytest.raises(ViewsInTheWayError, match="nothing is a trigger or rule"):
        migrating.ensure(filled, command="test")
    with connected(filled) as connection:
        connection.execute(text("DELETE FROM v_run"))


@pytest.mark.usefixtures("newer")
def test_a_view_of_somebody_elses_is_not_lost(filled: str) -> None:
    """On SQLite it is made again; on PostgreSQL, where it would go with ours, the upgrade says which one and
    stops.
    """
    with connected(filled) as connection:
        connection.execute(text("CREATE VIEW wall AS SELECT host FROM v_host_now WHERE verdict <> 'a\\:b'"))
        sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        migrating.ensure(filled, command="test")
    else:
        with pytest.raises(
            ViewsInTheWayError, match=r"wall stands on fleetcheck's own views.*Nothing was changed"
        ):
            migrating.ensure(filled, command="test")
    assert len(rows(filled, "SELECT * FROM wall")) == 2


@pytest.mark.parametrize("what", ["VIEW v_run AS SELECT 1 AS mine", "TABLE v_run (mine integer)"])
def test_what_has_a_views_name_already_is_left_alone(filled: str, what: str) -> None:
    """Something of somebody else's by the name of a view stops the upgrade, with words, and stays."""
    with connected(filled) as connection:
        command.downgrade(config(connection), "0006")
        connection.execute(text(f"CREATE {what}"))
    with pytest.raises(ViewsInTheWayError, match="v_run has the name of one of fleetcheck's views"):
        migrating.ensure(filled, command="test")
    with connected(filled) as connection:
        assert [column["name"] for column in inspect(connection).get_columns("v_run")] == ["mine"]
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0006"


def test_who_changes_the_list_adds_a_step() -> None:
    """Databases that are up to date would keep the old views: a changed list needs a step, named here."""
    texts: Sequence[str] = [view.statement for view in view_list.VIEWS]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    revision, known = AS_OF
    assert digest == known, (
        "add a step to migrations/ (an empty one will do), then write it and the new digest here"
    )
    assert revision in schema.REVISIONS
    assert schema.REVISIONS.index(view_list.FIRST) <= schema.REVISIONS.index(revision)
