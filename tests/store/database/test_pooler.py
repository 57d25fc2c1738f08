"""A pooler between the program and its server: refused where it shares sessions,
and no matter where it does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import psycopg
import pytest

from orchestrator.store.errors import LockTakenError, PlaceError
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.store.pgbouncer import pgbouncer


@pytest.fixture
def base() -> str:
    """Name the test server."""
    named = os.environ.get("FLEETCHECK_TEST_PG_URL")
    if not named:
        pytest.skip("FLEETCHECK_TEST_PG_URL names no PostgreSQL database")
    return named


@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize("way", [Reader.open, lambda url: Writer.open(url, command="scan", user="ann")])
def test_sessions_that_are_shared_are_refused(base: str, mode: str, way: Callable[[str], object]) -> None:
    """The lock of the one who writes lives in a session: behind such a pooler two could write,
    so none does.
    """
    with pgbouncer(base, mode=mode) as url, pytest.raises(PlaceError) as caught:
        way(url)
    assert f"(PgBouncer: pool_mode = {mode})" in str(caught.value)
    assert "Name the server itself, or a database of the pooler with pool_mode = session." in str(
        caught.value
    )


def test_sessions_of_their_own_hold_the_lock(base: str, postgresql_url: str) -> None:
    """In session mode a pooler is no matter: the second writer finds the lock taken."""
    schema = postgresql_url.rpartition("%3D")[2]
    with (
        pgbouncer(base, mode="session", schema=schema) as url,
        Writer.open(url, command="scan", user="ann"),
        pytest.raises(LockTakenError),
    ):
        Writer.open(url, command="scan", user="bob", wait=0.1)


def test_nothing_was_left_in_a_shared_session(base: str) -> None:
    """The next client of a session that we had must not find it read-only, or with our time limits."""
    with pgbouncer(base, mode="transaction", size=1) as url:
        with pytest.raises(PlaceError):
            Reader.open(url)
        with psycopg.connect(url) as other:
            found = [
                other.execute(f"SHOW {name}").fetchone() for name in ("lock_timeout", "transaction_read_only")
            ]
    assert found == [("0",), ("off",)]
