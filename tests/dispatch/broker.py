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
from tests.dispatch.pki import Authority
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
def _running(made: Node) -> Iterator[None]:
    """Run a node for the block. Skips where RabbitMQ is not installed as Debian has it."""
    if not (_PROGRAMS / "rabbitmq-server").exists() or shutil.which("epmd") is None:
        pytest.skip("RabbitMQ is not installed here")
    try:
        made.start()
        yield
    finally:
        made.kill()


@contextmanager
def node(folder: Path) -> Iterator[Node]:
    """Run a plain node for the block."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Node(folder)
    with _running(made):
        yield made


@dataclass
class OwnBroker(Node):
    """A node that speaks TLS too: there it demands a client's certificate, whose name is the user's."""

    tls_port: int = field(default_factory=free_port)
    authority: Authority = field(init=False)
    certificate: Path = field(init=False)  # of the user `fc-hub`

    def __post_init__(self) -> None:
        """Make its certificates and write its files."""
        self.authority = Authority(self.folder)
        server = self.authority.sign("server", server=True)
        self.certificate = self.authority.sign("fc-hub", server=False)
        self.settings = f"""listeners.ssl.1 = 127.0.0.1:{self.tls_port}
ssl_options.cacertfile = {self.authority.file}
ssl_options.certfile = {server}
ssl_options.keyfile = {server}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_cert_login_from = common_name
auth_mechanisms.1 = EXTERNAL
auth_mechanisms.2 = PLAIN
"""
        self.plugins = "rabbitmq_auth_mechanism_ssl"
        super().__post_init__()


@contextmanager
def own_broker(folder: Path) -> Iterator[OwnBroker]:
    """Run one for the block, with the user `fc-hub`."""
    made = OwnBroker(folder)
    with _running(made):
        made.ctl("add_user", "fc-hub", "unused")
        made.ctl("set_permissions", "fc-hub", ".*", ".*", ".*")
        yield made
