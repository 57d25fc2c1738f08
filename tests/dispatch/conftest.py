"""A vhost of the tests' own on a RabbitMQ that is there, and sites on it with their own users and rights.

FLEETCHECK_TEST_AMQP_URL names the broker, such as amqp://guest:guest@127.0.0.1:5672; vhosts and users are
made as tests/rabbit.py says. Else the tests skip.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from orchestrator.dispatch.broker import Broker
from orchestrator.dispatch.hub import HubSettings
from orchestrator.dispatch.keys import load_key, make_key, public_text, read_public
from orchestrator.domain.sites.names import SiteNames
from tests.dispatch.broker import OwnBroker, own_broker
from tests.dispatch.worker_nursery import Forked, Nursery, nursery
from tests.eventually import eventually
from tests.rabbit import VARIABLE, Made, define, gone_afterwards, rights

STOCK = 12  # sites whose users are made in one go


@pytest.fixture(scope="session")
def at_broker() -> Iterator[Made]:
    """Yield what is to be gone from the broker when all tests have ended."""
    with gone_afterwards() as made:
        yield made


@pytest.fixture(scope="session")
def vhost(at_broker: Made) -> Broker:
    """Make a vhost; return the broker as its owner sees it."""
    named = os.environ.get(VARIABLE)
    if not named:
        pytest.skip(f"{VARIABLE} names no RabbitMQ")
    parts = urlsplit(named)
    name = f"fc_{uuid.uuid4().hex[:12]}"
    owner = parts.username or "guest"
    define(vhosts=[{"name": name}], permissions=[rights(owner, name, ".*", ".*", ".*")])
    at_broker.vhosts.append(name)
    return Broker(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 5672,
        vhost=name,
        user=owner,
        password=parts.password or "guest",
        tls=False,
    )


@pytest.fixture(scope="session")
def site_names(vhost: Broker, at_broker: Made) -> Iterator[str]:
    """Yield names of sites whose users are at the broker, each once."""

    def names() -> Iterator[str]:
        while True:
            fresh = [SiteNames(f"site-{uuid.uuid4().hex[:8]}") for _ in range(STOCK)]
            at_broker.users += [each.user for each in fresh]
            define(
                users=[{"name": each.user, "password": "secret", "tags": ""} for each in fresh],
                permissions=[rights(each.user, vhost.vhost, *each.rights) for each in fresh],
            )
            yield from (each.site for each in fresh)

    return names()


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    """Run a broker that tests may treat as they like; each leaves it running.

    Its tests share a worker (`own broker`), those of the vhost another (`broker`): they mostly wait.
    """
    with own_broker(tmp_path_factory.mktemp("own")) as made:
        yield made


@dataclass
class WorkerProcess:
    """A site's worker, in a process of its own."""

    process: subprocess.Popen[bytes] | Forked
    output: Path

    @property
    def said(self) -> str:
        """What it has logged so far."""
        return self.output.read_text()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Ask it to end, as systemd does, and wait for it."""
        self.process.terminate()
        return self.process.wait(60)


@dataclass
class TestSite:
    """A site with a user of its own at the broker."""

    __test__ = False

    name: str
    broker: Broker
    folder: Path
    hub_key: str
    width: int = 10
    slots: int = 4
    slow: float = 1.0
    more: dict[str, Any] = field(default_factory=dict)  # for its workers' specs
    environ: dict[str, str] = field(default_factory=dict)
    nursery: Nursery | None = None  # starts those that need no environment of their own
    started: list[WorkerProcess] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """The hosts that its workers were made to ask, in order."""
        path = self.folder / "asked"
        return path.read_text().split() if path.exists() else []

    def go(self) -> None:
        """Let the hosts answer that are called `held...`."""
        (self.folder / "go").touch()

    def start(self, *, wait: bool = True) -> WorkerProcess:
        """Start a worker, and wait until it serves."""
        number = len(self.started)
        spec = {
            "site": self.name,
            "key": str(self.folder / "site.key"),
            "hub": self.hub_key,
            "broker": asdict(self.broker),
            "folder": str(self.folder),
            "asked": str(self.folder / "asked"),
            "width": self.width,
            "slots": self.slots,
            "slow": self.slow,
            **self.more,
        }
        file = self.folder / f"spec-{number}.json"
        file.write_text(json.dumps(spec, default=str))
        output = self.folder / f"log-{number}"
        process = self._process(file, output)
        made = WorkerProcess(process, output)
        self.started.append(made)
        if wait:
            eventually(lambda: "serving" in made.said or process.poll() is not None)
        return made

    def _process(self, spec: Path, output: Path) -> subprocess.Popen[bytes] | Forked:
        output.touch()
        if self.nursery is not None and not self.environ:
            return self.nursery.start(spec, output, os.environ)
        with output.open("wb") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.dispatch.worker_process", str(spec)],
                stdout=stream,
                stderr=stream,
                cwd=Path(__file__).parents[2],
                env={**os.environ, **self.environ},
            )


@dataclass
class Hub:
    """The hub's end, for any number of sites."""

    broker: Broker
    folder: Path
    sites: dict[str, TestSite] = field(default_factory=dict)

    @property
    def settings(self) -> HubSettings:
        """What a dispatcher is opened with."""
        publics = {
            name: read_public(public_text(load_key(site.folder / "site.key")))
            for name, site in self.sites.items()
        }
        return HubSettings(
            name="hub", key=load_key(self.folder / "hub.key"), broker=self.broker, sites=publics
        )


MakeSite = Callable[..., TestSite]


@pytest.fixture(scope="session")
def workers() -> Iterator[Nursery]:
    """Run what workers are forked from."""
    with nursery() as made:
        yield made


@pytest.fixture
def hub(vhost: Broker, tmp_path: Path) -> Hub:
    """Make a hub with a key of its own."""
    make_key(tmp_path / "hub.key")
    return Hub(vhost, tmp_path)


@pytest.fixture
def make_site(hub: Hub, site_names: Iterator[str], workers: Nursery) -> Iterator[MakeSite]:
    """Yield a maker of sites; their workers are gone afterwards."""
    with _sites(hub, site_names, workers) as make:
        yield make


@contextmanager
def _sites(hub: Hub, site_names: Iterator[str], workers: Nursery) -> Iterator[MakeSite]:
    from orchestrator.dispatch import topology

    def make(**changes: float) -> TestSite:
        name = next(site_names)
        folder = hub.folder / name
        folder.mkdir()
        make_key(folder / "site.key")
        key = public_text(load_key(hub.folder / "hub.key"))
        broker = replace(hub.broker, user=SiteNames(name).user, password="secret")
        hub.sites[name] = TestSite(name, broker, folder, key, nursery=workers, **changes)  # type: ignore[arg-type]
        with hub.broker.connection() as connection:
            topology.make(connection, [name])
        return hub.sites[name]

    try:
        yield make
    finally:
        for site in hub.sites.values():
            for worker in site.started:
                if worker.process.poll() is None:
                    worker.kill()
