"""The database fails in the middle of a re-pin, for real: full, read-only, locked by another program."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from orchestrator.domain.reading import Kind
from orchestrator.fleet.repin_options import RepinOptions
from orchestrator.store import engine
from orchestrator.store.place import Place
from tests.cli.conftest import Ended, fleetcheck
from tests.cli.test_repin_apply_command import Drifted, drifted, states

SAID = {
    "full": "no space is left",
    "read-only": "it cannot be written",
    "locked": "another program holds it locked",
}


@dataclass
class Trouble:
    """What befalls the writing connection at its transaction number `at`, and stays. SQLite itself does the refusing."""

    kind: str
    at: int
    begun: int = 0
    other: sqlite3.Connection | None = None

    def writing(self, place: Place, **named: Any) -> Engine:
        """Make the writer's engine."""
        made = _WRITING(place, **named)
        event.listen(made, "begin", lambda connection: self._begin(place, connection), insert=True)
        return made

    def over(self) -> None:
        """Let the other program go away."""
        if self.other is not None:
            self.other.close()

    def _begin(self, place: Place, connection: Connection) -> None:
        self.begun += 1
        if self.begun < self.at:
            return
        if self.kind == "full":
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        elif self.kind == "read-only":
            connection.exec_driver_sql("PRAGMA query_only=ON")
        elif self.other is None:
            connection.exec_driver_sql("PRAGMA busy_timeout=100")
            self.other = sqlite3.connect(place.shown, isolation_level=None, check_same_thread=False)
            self.other.execute("BEGIN IMMEDIATE")


_WRITING = engine.writing


@pytest.fixture(scope="module")
def scanned(net: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Drifted, Path]]:
    """Serve a drifted fleet, scanned and planned once; give it with its database, for each test to copy."""
    folder = tmp_path_factory.mktemp("storage")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLEETCHECK_DB", str(folder / "default.db"))
        with drifted(net, folder) as made:
            patch.undo()
            yield made, folder / "default.db"


@pytest.fixture
def fleet(scanned: tuple[Drifted, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drifted:
    """Give the fleet as it was when it was planned, and a database of the test's own."""
    made, database = scanned
    shutil.copy(database, tmp_path / "default.db")
    # A killed write's deadline is waited for by `resume`.
    monkeypatch.setitem(RepinOptions.__init__.__kwdefaults__, "window", 2.0)
    for host in made.served.hosts.values():
        registry = host.machine.registry
        for key in [key for view in (64, 32) for key in registry.keys(view)]:
            for entry in [entry for entry in key.values.values() if entry.name.endswith("TunnelPort")]:
                key.set(entry.name, entry.kind, "443" if entry.kind in {Kind.SZ, Kind.EXPAND_SZ} else 443)
        host.machine.log.writes.clear()
    return made


@contextmanager
def trouble(kind: str, at: int) -> Iterator[None]:
    """Let the database fail from its writer's transaction `at` on, for the block."""
    found = Trouble(kind, at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "writing", found.writing)
        yield
    found.over()
    assert found.begun >= at, "the run was over before the trouble came"


def applied(fleet: Drifted, kind: str, at: int, *words: str) -> Ended:
    """Apply the plan while the database fails."""
    with trouble(kind, at):
        return fleet.apply("--yes", "--quiet", "--batch", "1,100%", *words)


@pytest.mark.parametrize(
    ("kind", "at"), [("full", 4), ("full", 9), ("full", 15), ("read-only", 9), ("locked", 9)]
)
def test_trouble_in_the_middle_writes_nowhere_without_an_intent(fleet: Drifted, kind: str, at: int) -> None:
    """Exit code 1 with what to do; each host is told; what was written has its row, and `resume` brings the rest."""
    ended = applied(fleet, kind, at)
    assert ended.code == 1, ended
    assert f"stopped: database {Path('default.db').absolute()}: {SAID[kind]}" in ended.err
    told = {line.split("\t")[0]: line.split("\t") for line in ended.out.splitlines()}
    assert list(told) == list(fleet.served.hosts)
    journal = states(fleetcheck("repin", "status", "1"))
    assert {name: row[1] for name, row in told.items()} == journal
    for name, row in told.items():
        wrote = bool(fleet.served.host(name).machine.log.ours)
        assert not wrote or row[1] in {"sent", "confirmed", "verified"}, row
        assert row[1] == "verified" or "fleetcheck repin resume 1" in row[5], row
    assert fleetcheck("repin", "status").out.split("\t")[2] == "killed"

    gone = fleetcheck("repin", "resume", "1", "-i", str(fleet.inventory), "--yes", "--quiet")
    assert gone.code in {0, 3}, gone
    for name, state in states(gone).items():
        assert (fleet.pins()[name], state) in (({"2147"}, "verified"), ({"443"}, "not-written"))
    assert fleetcheck("audit", "verify").code == 0


@pytest.mark.parametrize("kind", SAID)
def test_a_run_that_cannot_be_journaled_does_not_begin(fleet: Drifted, kind: str) -> None:
    """No host is asked anything: exit code 1, and the words say what the database refused for and what to do."""
    before = {name: host.counters.shells_opened for name, host in fleet.served.hosts.items()}
    ended = applied(fleet, kind, 2)
    assert (ended.code, ended.out) == (1, "")
    assert SAID[kind] in ended.err
    assert {name: host.counters.shells_opened for name, host in fleet.served.hosts.items()} == before
