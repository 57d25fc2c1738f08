"""A RabbitMQ node of the test's own: to be stopped, killed, filled up and cut off."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator.dispatch.broker import Broker
from tests.eventually import eventually

_PROGRAMS = Path("/usr/lib/rabbitmq/bin")  # Debian's; those in the path change the user first


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Node:
    """A broker on a port of its own, with everything it writes in one folder."""

    folder: Path
    port: int = field(default_factory=free_port)
    settings: str = ""
    plugins: str = ""
    name: str = field(default_factory=lambda: f"fc{secrets.token_hex(4)}@localhost")
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        """Write its files."""
        self._dist = free_port()
        (self.folder / "plugins").write_text(f"[{self.plugins}].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nloopback_users = none\n{self.settings}"
        )
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(10))
        cookie.chmod(0o400)

    @property
    def broker(self) -> Broker:
        """The node as its owner sees it."""
        return Broker(host="127.0.0.1", port=self.port, vhost="/", user="guest", password="guest", tls=False)

    @property
    def environ(self) -> dict[str, str]:
        """What the node and its rabbitmqctl are told."""
        return {
            **os.environ,
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(self._dist),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2",
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
        }

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        with (self.folder / "out").open("ab") as out:
            self.process = subprocess.Popen(
                [str(_PROGRAMS / "rabbitmq-server")], env=self.environ, stdout=out, stderr=out
            )
        assert eventually(self._answers), (self.folder / "out").read_text()[-2000:]

    def _answers(self) -> bool:
        try:
            with self.broker.connection() as connection:
                connection.connect()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.process is not None:
            pid = (self.folder / "pid").read_text().strip()
            subprocess.run(["kill", "-9", pid], check=False)
            self.process.wait(30)
            self.process = None

    def ctl(self, *words: str) -> str:
        """Run its rabbitmqctl; what it prints."""
        done = subprocess.run(
            [str(_PROGRAMS / "rabbitmqctl"), "-q", "-n", self.name, *words],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout


@contextmanager
def node(folder: Path, settings: str = "", plugins: str = "") -> Iterator[Node]:
    """Run a node for the block. Skips where RabbitMQ is not installed as Debian has it."""
    if not (_PROGRAMS / "rabbitmq-server").exists() or shutil.which("epmd") is None:
        pytest.skip("RabbitMQ is not installed here")
    folder.mkdir(parents=True, exist_ok=True)
    made = Node(folder, settings=settings, plugins=plugins)
    try:
        made.start()
        yield made
    finally:
        made.kill()
