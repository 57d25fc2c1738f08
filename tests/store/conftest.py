"""A database of each test's own, on SQLite and, where FLEETCHECK_TEST_PG_URL names one, on PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.store.place import database_url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name an SQLite database that is not there yet, in a folder that is not there either."""
    return database_url(str(tmp_path / "state" / "fleet.db"), {})


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """Name a PostgreSQL schema of the test's own, dropped afterwards."""
    base = os.environ.get("FLEETCHECK_TEST_PG_URL")
    if not base:
        pytest.skip("FLEETCHECK_TEST_PG_URL names no PostgreSQL database")
    import psycopg

    schema = f"fc_{uuid.uuid4().hex}"
    with psycopg.connect(base, autocommit=True) as server:
        server.execute(f"CREATE SCHEMA {schema}")  # type: ignore[arg-type]  # made of hex digits here
        try:
            joint = "&" if "?" in base else "?"
            yield database_url(f"{base}{joint}options=-csearch_path%3D{schema}", {})
        finally:
            server.execute(f"DROP SCHEMA {schema} CASCADE")  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Name a database of each kind, one after the other."""
    name: str = request.getfixturevalue(f"{request.param}_url")
    return name
