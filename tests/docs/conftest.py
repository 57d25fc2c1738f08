"""A world for the pages' readers: the README's fleet, simulated, scanned once,
and a plan that waits to be applied.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import RunningHost, SimulatedHost
from orchestrator.demo.scenes.scenario import demo_hosts
from tests.cli.conftest import fleetcheck
from tests.docs.pages import blocks, files, plans
from tests.docs.shell import Done, Shell

(INVENTORY,) = (block.text for block in blocks("README.md") if block.about == "inventory")
MACHINES = {"web1": "par-web-01", "db7": "par-db-01"}
"""The README's hosts, and the demo's machines that stand in for them:
db7 is pinned to 2147 where 443 is wanted.
"""


class _Person(io.StringIO):
    """A terminal at which somebody says yes to everything."""

    def isatty(self) -> bool:
        return True

    def readline(self, *_: object) -> str:
        return "yes\n"


def pins(host: RunningHost) -> set[str]:
    """Look into a host's registry from outside."""
    values = [entry for key in host.machine.registry.keys(64) for entry in key.values.values()]
    return {str(entry.data) for entry in values if entry.name.endswith("TunnelPort")}


def _pin_again(host: RunningHost, port: int) -> None:
    for key in host.machine.registry.keys(64):
        for entry in list(key.values.values()):
            if entry.name.endswith("TunnelPort"):
                key.set(entry.name, entry.kind, port)


class World:
    """The served fleet, a folder in the state that a page's reader begins in,
    and the pages that were already typed.
    """

    def __init__(self, fleet: SimulatedFleet, begin: Path, folder: Path) -> None:
        self.fleet = fleet
        self.begin = begin
        self._folder = folder
        self._typed: dict[str, list[Done]] = {}

    def type(self, page: str) -> list[Done]:
        """Type all commands of a page, once, in its order, each page in a folder of its own."""
        if page not in self._typed:
            for name in MACHINES:
                _pin_again(self.fleet.host(name), 2147)
            folder = self._folder / page.replace("/", "-")
            shutil.copytree(self.begin, folder)
            for name in plans(page):
                (folder / name).unlink(missing_ok=True)
            for name, text in files(page).items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, "utf-8")
            with pytest.MonkeyPatch.context() as patch, _server() as change:
                _sit_down(patch, folder)
                shell = Shell(folder, patch.setenv, change, lambda: pins(self.fleet.host("db7")))
                self._typed[page] = [
                    done
                    for block in blocks(page)
                    if block.runs and not block.sets_up
                    for done in shell.type(block)
                ]
        return self._typed[page]


def _sit_down(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.chdir(folder)
    patch.setattr(sys, "stdin", _Person())
    patch.setenv("FC_PASSWORD", "Passw0rd!")
    patch.setenv("FLEETCHECK_DB", str(folder / "fleet.db"))
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    patch.setenv("COLUMNS", "80")
    patch.setenv("NO_COLOR", "1")
    patch.delenv("FLEETCHECK_INVENTORY", raising=False)


@contextlib.contextmanager
def _server() -> Iterator[Callable[[str], str]]:
    """Yield what turns the pages' PostgreSQL database into one of its own on the tests' server; it is dropped
    afterwards.

    Without a server, or its tools, the page's commands go to a file.
    """
    server = os.environ.get("FLEETCHECK_TEST_PG_URL", "")
    if not server or not all(map(shutil.which, ("createdb", "pg_dump"))):
        yield (
            lambda line: (
                "true"
                if line.startswith(("createdb ", "pg_dump "))
                else line.replace("postgresql:///fleetcheck", "other.db")
            )
        )
        return
    name = f"fc_{uuid.uuid4().hex}"
    url = re.sub(r"/[^/]*$", f"/{name}", server)

    def change(line: str) -> str:
        if line.startswith("createdb "):
            return f"createdb --maintenance-db={server} {name}"
        if line.startswith("pg_dump "):
            return re.sub(r"\bfleetcheck$", url, line)
        return line.replace("postgresql:///fleetcheck", url)

    try:
        yield change
    finally:
        _drop(server, name)


def _drop(server: str, name: str) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def write_inventory(folder: Path, served: SimulatedFleet) -> None:
    """Write the README's inventory with the addresses of simulated hosts in the real ones' place."""
    text = INVENTORY
    for name, host in served.hosts.items():
        text, count = re.subn(
            rf"address: {name}\.corp\.example", f"address: {host.address}, port: {host.port}", text
        )
        assert count == 1
    (folder / "fleet.yaml").write_text(text, "utf-8")
    (folder / "corp-ca.pem").write_text(served.authority.pem, "ascii")


@pytest.fixture(scope="session")
def world(net: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Serve the README's fleet and leave behind what its reader has after a first evening:
    two scans and a plan.
    """
    known = {host.name: host.machine for host in demo_hosts()}
    hosts = [SimulatedHost(name=name, machine=known[machine]) for name, machine in MACHINES.items()]
    begin = tmp_path_factory.mktemp("begin")
    with serve_in_thread(SimulatedFleet(hosts, address=f"{net}.40")) as served:
        write_inventory(begin, served)
        with pytest.MonkeyPatch.context() as patch:
            _sit_down(patch, begin)
            for mode in ("auto", "full"):
                assert fleetcheck("scan", "--probe", mode).code == 3
            assert fleetcheck("repin", "plan", "-o", "plan.json").code == 0
        yield World(served, begin, tmp_path_factory.mktemp("pages"))
