"""The broker: how it is reached, and what its refusals mean."""

from __future__ import annotations

import shlex
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from orchestrator.dispatch.errors import BrokerError, MisfitQueuesError, SitesMissingError
from orchestrator.domain.primitives.text import clean

if TYPE_CHECKING:
    from kombu import Connection

HEARTBEAT = 10  # seconds: a link that is dead without a word is given up after about three of them
CONNECT = 10  # seconds to connect
_SHOWN = 200  # characters of a broker's words
# OpenSSL's words for an answer in clear.
_NO_TLS = {"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and who logs on there. With `certificate` (PEM, with its key) by EXTERNAL.

    `heartbeat` is in whole seconds, for each of the connections to it.
    """

    host: str
    port: int
    vhost: str
    user: str
    tls: bool
    password: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    heartbeat: int = HEARTBEAT

    @property
    def place(self) -> str:
        """The broker as messages name it."""
        return f"{'amqps' if self.tls else 'amqp'}://{self.user}@{self.host}:{self.port}/{self.vhost}"

    @property
    def url(self) -> str:
        """The URL for Celery, which keeps it in memory; it holds the password."""
        user, password = quote(self.user, safe=""), quote(self.password, safe="")
        return f"amqp://{user}:{password}@{self.host}:{self.port}/{quote(self.vhost, safe='')}"

    @property
    def ssl(self) -> dict[str, Any] | bool:
        """The TLS settings of amqp, False without TLS. The name is checked always."""
        if not self.tls:
            return False
        files = {
            "ca_certs": str(self.ca) if self.ca else None,
            "certfile": str(self.certificate) if self.certificate else None,
        }
        given = {key: value for key, value in files.items() if value}
        return given | {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": self.host}

    @property
    def login_method(self) -> str | None:
        """How the broker is logged on to; None for user and password."""
        return "EXTERNAL" if self.certificate else None

    def connection(self) -> Connection:
        """Make a connection, which is not open yet. Raises SitesMissingError."""
        try:
            from kombu import Connection
        except ImportError as error:
            raise SitesMissingError("sites", str(error)) from None
        return Connection(
            hostname=self.host,
            userid=self.user,
            password=self.password,
            port=self.port,
            virtual_host=self.vhost,
            ssl=self.ssl,
            login_method=self.login_method,
            heartbeat=self.heartbeat,
            connect_timeout=CONNECT,
            transport_options={"confirm_publish": True},
        )


@contextmanager
def told(broker: Broker) -> Iterator[None]:
    """Turn what a broker refuses into a BrokerError with words; everything else goes through."""
    import amqp.exceptions as refused

    try:
        yield
    except MisfitQueuesError as error:
        raise _misfit(broker, error) from error
    except (refused.AccessRefused, refused.NotAllowed, refused.NotFound, refused.PreconditionFailed) as error:
        raise _refused(broker, error) from error
    except (refused.AMQPError, OSError) as error:
        raise BrokerError(broker.place, _words(error), _advice(error)) from error


def _refused(broker: Broker, error: Any) -> BrokerError:
    import amqp.exceptions as refused

    said = clean(str(getattr(error, "reply_text", "") or error), limit=_SHOWN)
    if isinstance(error, refused.NotAllowed):
        return BrokerError(
            broker.place,
            f"the vhost {broker.vhost!r} is not there, or {broker.user} may not use it ({said})",
            "`fleetcheck hub init` prints the rabbitmqctl lines that make it.",
        )
    if isinstance(error, refused.AccessRefused) and "operation" not in said and "queue" not in said:
        return BrokerError(
            broker.place, f"it refuses the logon of {broker.user} ({said})", "Look at user and password."
        )
    if isinstance(error, refused.PreconditionFailed):
        return BrokerError(
            broker.place,
            f"a queue or an exchange of this name is there, and is of another kind ({said})",
            "Delete it on the broker, or give fleetcheck a vhost of its own.",
        )
    if isinstance(error, refused.NotFound):
        return BrokerError(
            broker.place,
            f"a queue or an exchange is missing ({said})",
            "On the hub `fleetcheck hub init` makes them, for a new site `fleetcheck hub site add`.",
        )
    return BrokerError(
        broker.place,
        f"{broker.user} lacks a right ({said})",
        "`fleetcheck hub init` prints the rabbitmqctl lines that give it.",
    )


def _misfit(broker: Broker, error: MisfitQueuesError) -> BrokerError:
    """Name all queues that have to be made anew: a hub that was updated meets every one of an older one."""
    delete = " ".join(
        f"`rabbitmqctl delete_queue --vhost {shlex.quote(broker.vhost)} {shlex.quote(name)}`"
        for name in error.names
    )
    return BrokerError(
        broker.place,
        f"a queue of this name is there, and is of another kind: {', '.join(error.names)} "
        f"({clean(error.said, limit=_SHOWN)})",
        "Another version of fleetcheck made it, or something else. Where nothing waits there that is needed, "
        f"on the broker's machine, as root: {delete} Then `fleetcheck hub init`. Or give fleetcheck a vhost "
        "of its own.",
    )


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message or error.reason})"
    if isinstance(error, ssl.SSLError):
        return f"TLS fails ({clean(str(error.reason or error), limit=_SHOWN)})"
    if isinstance(error, socket.gaierror):
        return "its name is not known to the resolver"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    return f"the connection ended ({clean(str(error), limit=_SHOWN) or type(error).__name__})"


def _advice(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
        return "That port speaks no TLS: name the broker's TLS port (5671), or write amqp:// without TLS."
    if isinstance(error, ssl.SSLError):
        return "Name its CA with `ca:`; with client certificates look at `certificate:`, too."
    return "Is it running, and does a firewall let this machine reach it?"
