"""The Grafana dashboard, and the examples of its page: each query runs on PostgreSQL as it is printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from orchestrator.cli.main import app
from orchestrator.store.database import schema
from tests.cli.conftest import fleetcheck
from tests.docs.pages import ROOT, blocks
from tests.store.by_hand import config, connected, rows
from tests.store.conftest import MORNING

DASHBOARD = json.loads((ROOT / "orchestrator/report/grafana.json").read_text("utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
EXAMPLES = {block.about: block.text for block in blocks("docs/views.md")}
MACROS = (
    (r"\$__timeFilter\(([\w.]+)\)", r"\1 BETWEEN '2026-01-01' AND '2026-12-31'"),
    (r"\$\{fleet:sqlstring\}", "''"),
    (r"\$\{site:sqlstring\}", "'paris', ''"),
)
"""What Grafana's data source and its variables put in the place of their names."""
DATABASE, *OTHERS = PANELS
"""The first panel tells of the database itself, the others need its views."""


def sql(panel: dict[str, Any]) -> str:
    """Return a panel's query as Grafana sends it."""
    (target,) = panel["targets"]
    query: str = target["rawSql"]
    for pattern, value in MACROS:
        query = re.sub(pattern, value, query)
    assert "$" not in query
    return query.replace(":", r"\:")


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_panel_has_a_query_a_unit_and_a_place_of_its_own(panel: dict[str, Any]) -> None:
    """Grafana needs an id and a place for each; a reader needs the unit."""
    assert [each["id"] for each in PANELS].count(panel["id"]) == 1
    assert [each["gridPos"] for each in PANELS].count(panel["gridPos"]) == 1
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["title"]
    assert [
        target["rawSql"] for target in panel["targets"] if target["datasource"] == panel["datasource"]
    ] != []


def test_panels_do_not_lie_on_one_another() -> None:
    """Each has its part of the 24 columns for itself."""
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in PANELS)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert {x for x, _ in taken} <= set(range(24))


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_every_query_gives_rows(filled: str) -> None:
    """On a database with scans and a run each panel, and each list to choose from, has something to show."""
    found = {panel["title"]: rows(filled, sql(panel)) for panel in PANELS}
    assert [title for title, each in found.items() if not each] == []
    assert found["Database"] == [{"database": f"schema {schema.REVISIONS[-1]}"}]
    assert found["Hosts"] == [{"hosts": 2}]
    assert found["Need attention"] == [{"hosts": 2}]
    assert found["Not read by their latest scan"] == [{"hosts": 1}]
    chosen = [each for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
    assert [rows(filled, each["query"]) != [] for each in chosen] == [True, True]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_series_has_time_metric_and_value(filled: str) -> None:
    """Latency is a series for each site, gateway and port: the median, and the slowest twentieth."""
    series = [panel for panel in PANELS if panel["type"] == "timeseries"]
    assert len(series) == 3
    for panel in series:
        assert {tuple(row) for row in rows(filled, sql(panel))} == {("time", "metric", "value")}
    p50, p95, failed = (rows(filled, sql(panel)) for panel in series)
    assert {row["metric"] for row in p50} == {"paris 203.0.113.10:443", "203.0.113.10:443"}
    assert [row["value"] for row in p50 if row["time"] == MORNING] == [20.0]
    assert [row["value"] for row in p95 if row["time"] == MORNING] == [29.0]
    assert {float(row["value"]) for row in failed if row["metric"].endswith(":443")} == {0.0}


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_against_an_older_database_the_dashboard_names_the_command(filled: str) -> None:
    """The other panels fail there; the first says which schema it is and what to type, and that helps."""
    with connected(filled) as connection:
        command.downgrade(config(connection), "0006")
    with pytest.raises(ProgrammingError, match='"v_host_now" does not exist'):
        rows(filled, sql(OTHERS[0]))
    ((said,),) = (row.values() for row in rows(filled, sql(DATABASE)))
    assert "older than the dashboard (schema 0006)" in said
    typed = said.partition("as its owner: fleetcheck ")[2].split()
    assert typed[:2] == ["scans", "--db"]
    with pytest.raises(SystemExit) as ended:
        app([*typed[:2], filled], prog_name="fleetcheck")
    assert ended.value.code == 0
    assert rows(filled, sql(DATABASE)) == [{"database": f"schema {schema.REVISIONS[-1]}"}]
    assert rows(filled, sql(OTHERS[0])) == [{"hosts": 2}]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_the_pages_role_may_read_the_views_and_nothing_else(filled: str) -> None:
    """The statements that the page shows make a role for which every panel works, and no table opens."""
    role = f"grafana_{uuid.uuid4().hex}"
    with connected(filled) as connection:
        own = connection.execute(text("SELECT current_schema()")).scalar()
        made = re.sub(r"\bgrafana\b", role, EXAMPLES["example: a role that may only read"])
        connection.execute(text(made.replace("SCHEMA public", f"SCHEMA {own}")))
    try:
        with connected(filled) as connection:
            connection.execute(text(f"SET ROLE {role}"))
            assert [
                panel["title"] for panel in PANELS if not connection.execute(text(sql(panel))).all()
            ] == []
            with pytest.raises(ProgrammingError, match="permission denied for table host_result"):
                connection.execute(text("SELECT * FROM host_result"))
    finally:
        with connected(filled) as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_the_pages_percentiles_are_sql(filled: str) -> None:
    """The page's query gives what the fleet's connects took, with time enough to look back."""
    query = EXAMPLES["example: p95"].replace("'30 days'", "'30 years'")
    assert [(row["p50"], row["p95"]) for row in rows(filled, query)] == [(20.0, 29.0), (50.0, 50.0)]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_pages_notebook_runs(filled: str) -> None:
    """What the page prints as Python prints median and slowest twentieth of an SQLite database."""
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES["example: latency"]],
        env={"FLEETCHECK_DB": filled.partition("///")[2]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.partition("203")[2] for line in done.stdout.splitlines()] == [
        ".0.113.10 443 p50 20 ms, p95 30 ms",
        ".0.113.10 443 p50 50 ms, p95 50 ms",
    ]


def test_the_dashboard_comes_out_of_the_program(tmp_path: Path) -> None:
    """`db dashboard` prints it or writes a file that Grafana imports; another kind of file is left alone."""
    assert json.loads(fleetcheck("db", "dashboard").out) == DASHBOARD
    path = tmp_path / "fleetcheck.json"
    for _ in range(2):
        written = fleetcheck("db", "dashboard", "-o", str(path))
        assert (written.code, written.out, json.loads(path.read_text("utf-8"))) == (0, "", DASHBOARD)
    path.write_text("{}", "utf-8")
    refused = fleetcheck("db", "dashboard", "-o", str(path))
    assert (refused.code, path.read_text("utf-8")) == (2, "{}")
    assert "is there already and is no dashboard of fleetcheck" in refused.err
