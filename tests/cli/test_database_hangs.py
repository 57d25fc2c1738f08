"""A PostgreSQL database that hangs: another session holds a table, and the commands wait for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from orchestrator.store.reader import Reader
from tests.cli.conftest import fleetcheck
from tests.cli.drifted import Drifted
from tests.eventually import eventually
from tests.store.conftest import new_schema

MAIN = "from orchestrator.cli.main import main; main()"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(fleet: Drifted, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Copy the drifted fleet's database to a PostgreSQL schema, which commands use from then on; its URL."""
    with new_schema() as url:
        assert fleetcheck("db", "copy", os.environ["FLEETCHECK_DB"], url).code == 0
        monkeypatch.setenv("FLEETCHECK_DB", url)
        assert fleet.plan.is_file()
        yield url


@contextmanager
def _held(url: str, table: str) -> Iterator[Callable[[], bool]]:
    """Hold a table for the block, as another session of the server; yield what says whether one waits."""
    import psycopg

    plain = url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as watching, psycopg.connect(plain) as holding:
        holding.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        query = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        yield lambda: watching.execute(query, (table,)).fetchone() is not None


def _abandoned(url: str, table: str, *words: str, after: str = "") -> tuple[int, str]:
    """Run a command, abandon it by two Ctrl-C once it waits for the table, which is held from the words
    `after` on; how it ended, and what it said.
    """
    command = [sys.executable, "-c", MAIN, *words]
    with ExitStack() as stack:
        waits = None if after else stack.enter_context(_held(url, table))
        process = subprocess.Popen(
            command,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        stack.enter_context(process)
        assert process.stderr is not None
        said = next(line for line in process.stderr if after in line) if after else ""
        assert eventually(waits or stack.enter_context(_held(url, table)))
        process.send_signal(signal.SIGINT)
        for line in process.stderr:
            said += line
            if "nothing new starts" in line:
                process.send_signal(signal.SIGINT)
        return process.wait(), " ".join(said.split())


def test_a_second_ctrl_c_leaves_a_server_that_does_not_take_a_scans_start(
    fleet: Drifted, server: str
) -> None:
    """Long before the server gives up itself (30 s): the words say that no host was asked, the code is 1."""
    code, said = _abandoned(server, "scan", "scan", "-i", str(fleet.inventory))
    assert (code, "the database does not answer: no host was asked" in said) == (1, True)
    with Reader.open(server) as reader:
        assert [scan.id for scan in reader.scans()] == [1]


def test_a_second_ctrl_c_leaves_a_server_that_does_not_take_a_runs_end(fleet: Drifted, server: str) -> None:
    """Long before the server gives up itself: the code is 1, and the run can be gone on with."""
    for name in fleet.served.hosts:
        fleet.served.host(name).machine.latency = 1.0
    words = ("repin", "apply", str(fleet.plan), "-i", str(fleet.inventory), "--yes", "--batch", "1")
    code, said = _abandoned(server, "operation", *words, after="wave 1")
    assert (code, "the database does not answer: how the run ended was not stored" in said) == (1, True)
    assert "fleetcheck repin resume 1" in said
    for name in fleet.served.hosts:
        fleet.served.host(name).machine.latency = 0.0
    ended = fleetcheck("repin", "resume", "1", "-i", str(fleet.inventory), "--yes", "--quiet")
    assert (ended.code, set(map(frozenset, fleet.pins().values()))) == (0, {frozenset({"2147"})})
