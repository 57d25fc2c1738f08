"""The command line as a user has it, in this process, and a small simulated fleet to point it at."""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from orchestrator.cli.main import app
from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.scenes.scenario import GATEWAYS, demo_hosts
from tests import winhosts as kit
from tests.quiet import QuietNetwork

if TYPE_CHECKING:
    from tests.cli.drifted import Drifted

HOSTS = ("par-web-01", "mad-mail-02", "lyo-mail-02", "ber-file-03", "lyo-web-01", "mad-db-01")
"""Of the demo's fleet: ok, blocked, drifted (waived), access-denied, logon-failed, split."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@functools.cache
def command_line() -> Any:
    """Return the whole command line, put together once: that takes longer than most commands."""
    return typer.main.get_command(app)


def fleetcheck(*words: str) -> Ended:
    """Run a command line in this process; standard output is no terminal."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            command_line()(list(words), prog_name="fleetcheck")
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return Ended(code, out.getvalue(), err.getvalue())


def url(database: Path) -> str:
    """Return a database's URL."""
    return f"sqlite:///{database}"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no test see the user's database, inventory or colours; each starts in an empty folder."""
    for name in ("FLEETCHECK_INVENTORY", "FLEETCHECK_DEBUG", "FLEETCHECK_NO_MATCH", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("PW", "FC_PASSWORD"):
        monkeypatch.setenv(name, "of no account")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("FLEETCHECK_DB", str(tmp_path / "default.db"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def simulated(net: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Serve six hosts of the demo's fleet; the inventory's path."""
    known = {host.name: host for host in demo_hosts()}
    waiver = {
        "hosts": "tag=change-4711",
        "verdict": "drifted",
        "reason": "change 4711",
        "until": "2099-12-31",
    }
    fleet = SimulatedFleet(
        [known[name] for name in HOSTS],
        address=f"{net}.31",
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": 2147, "timeout": 30},
        waivers=[waiver],
    )
    with serve_in_thread(fleet):
        yield fleet.inventory(tmp_path_factory.mktemp("simulated"))


@dataclass(frozen=True)
class Scanned:
    """A scan that is in a database: what the command said, and the options that lead there."""

    ended: Ended
    inventory: Path
    database: Path

    @property
    def options(self) -> tuple[str, ...]:
        """Options for `scan`."""
        return ("-i", str(self.inventory), "--db", str(self.database))


@pytest.fixture(scope="session")
def scanned(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """Scan the six hosts once, as scan 1 of a database that the tests share; they only read it."""
    database = tmp_path_factory.mktemp("scanned") / "scans.db"
    return Scanned(fleetcheck("scan", "-i", str(simulated), "--db", str(database)), simulated, database)


@pytest.fixture
def own(scanned: Scanned, tmp_path: Path) -> Scanned:
    """Return a copy of the scanned database that a test may write to."""
    shutil.copy(scanned.database, tmp_path / "own.db")
    return replace(scanned, database=tmp_path / "own.db")


@pytest.fixture(scope="session")
def once(net: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Drifted, Path]]:
    """Serve a drifted fleet of six hosts, scanned and planned once; yield it with its database."""
    from tests.cli.drifted import drifted

    folder = tmp_path_factory.mktemp("drifted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLEETCHECK_DB", str(folder / "default.db"))
        with drifted(net, folder) as made:
            patch.undo()
            yield made, folder / "default.db"


@pytest.fixture
def fleet(once: tuple[Drifted, Path], tmp_path: Path) -> Iterator[Drifted]:
    """Yield the fleet as it was when it was planned, with files and a database of the test's own."""
    made, database = once
    shutil.copy(database, tmp_path / "default.db")
    shutil.copytree(made.inventory.parent, tmp_path, dirs_exist_ok=True)
    machines = [host.machine for host in made.served.hosts.values()]
    before = copy.deepcopy(machines)
    yield replace(made, inventory=tmp_path / made.inventory.name, plan=tmp_path / made.plan.name)
    for machine, had in zip(machines, before, strict=True):
        for each in fields(machine):
            setattr(machine, each.name, getattr(had, each.name))


@pytest.fixture
def inventory_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write an inventory and return its path."""

    def write(text: str) -> Path:
        path = tmp_path / "written.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def third_winhost(winhost_kit: None, net: str, quiet: QuietNetwork) -> Iterator[kit.Winhost]:  # noqa: ARG001  # it only skips
    """Yield one real host more, from a kit of its own, with a CA of its own."""
    with contextlib.ExitStack() as stack:
        with quiet.inside():
            (host,) = stack.enter_context(kit.start(net, first=8))
        yield host


@pytest.fixture
def three(winhosts: list[kit.Winhost], third_winhost: kit.Winhost) -> Iterator[list[kit.Winhost]]:
    """Yield three real hosts, each with a registry of its own, which is empty afterwards."""
    hosts = [*winhosts, third_winhost]
    yield hosts
    for host in hosts:
        host.clear()
