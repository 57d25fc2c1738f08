"""The way by an SSH jump host: one connection a run, on it one channel (direct-tcpip) a host.

Nothing of OpenSSH's configuration is read, nothing is forwarded but the channel, and nothing is asked: the
key has to be in the user's known_hosts, and the logon is a password by reference, or a key that needs none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING, Any

from inventory.schema.via import Via
from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.trouble import ViaTrouble
from orchestrator.remote.net.via.bridge import WINDOW, Bridge
from orchestrator.remote.net.via.hop import Hop
from orchestrator.remote.net.via.known_hosts import known_hosts
from orchestrator.remote.session import Endpoint, Logon, Resolver

if TYPE_CHECKING:
    import asyncssh

LOGON = 15.0  # seconds for key exchange and logon
ENDING = 1.0  # seconds for the farewell
_USUAL = 22  # known_hosts writes other ports beside the name
_ALIVE = (
    15  # seconds without a word after which the jump host is asked for a sign of life; three in vain end it
)
_LOST = "the connection with it was lost"
_OPEN_FAILURES = {1: Cause.VIA_NOT_ALLOWED, 2: Cause.VIA_HOST_UNREACHABLE}  # RFC 4254, 5.1


class JumpHost:
    """One jump host of a run.

    Its connection is made when the first host asks, and again where it was lost.
    """

    def __init__(self, via: Via, logon: Logon | None, resolver: Resolver) -> None:
        self._via = via
        self._logon = logon
        self._hop = Hop(via, resolver)
        self._made: asyncio.Task[asyncssh.SSHClientConnection] | None = None
        self._bridges: set[Bridge] = set()

    async def connect(self, endpoint: Endpoint, seconds: float) -> socket.socket:
        """Return a socket that leads to the host. Raises ViaTrouble; cancelling leaves nothing."""
        try:
            async with asyncio.timeout(seconds):
                jump = await self._connection()
                reader, writer = await _channel(jump, endpoint)
        except TimeoutError:
            stands = self._made is not None and self._made.done()
            kind = Cause.VIA_HOST_UNREACHABLE if stands else Cause.VIA_UNREACHABLE
            raise ViaTrouble(kind, f"no answer within {seconds:.0f} s") from None
        bridge = Bridge(reader, writer)
        self._bridges.add(bridge)
        bridge.when_over(self._bridges.discard)
        return bridge.sock

    async def close(self) -> None:
        """End every channel, then the connection, within ENDING seconds. Never raises."""
        for bridge in self._bridges:
            bridge.end()
        made, self._made = self._made, None
        if made is None:
            return
        made.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            jump = await made
            jump.close()
            async with asyncio.timeout(ENDING):
                await jump.wait_closed()

    async def _connection(self) -> asyncssh.SSHClientConnection:
        """Return the connection, made by the first who asks;
        a host that gives up waiting takes it from nobody.
        """
        made = self._made
        if made is None or (
            made.done() and (made.cancelled() or made.exception() or made.result().is_closed())
        ):
            made = self._made = asyncio.create_task(self._connect())
            made.add_done_callback(_looked_at)
        try:
            return await asyncio.shield(made)
        except ViaTrouble as trouble:
            raise trouble.again() from None

    async def _connect(self) -> asyncssh.SSHClientConnection:
        import asyncssh

        logging.getLogger("asyncssh").setLevel(logging.CRITICAL)  # what it would say goes into the fault
        via, sock = self._via, await self._hop.connect()
        attempt: _Attempt | None = None
        try:
            attempt = _Attempt(via, sock)
            options = self._options() | {"sock": sock, "known_hosts": attempt.known}
            return await asyncssh.connect(via.host, via.port, client_factory=attempt.client, **options)
        except Exception as error:
            sock.close()
            if attempt is None:
                raise ViaTrouble(Cause.VIA_KEY_UNKNOWN, f"~/.ssh/known_hosts: {error}") from error
            raise attempt.trouble(error) from error
        except BaseException:
            sock.close()
            raise

    def _options(self) -> dict[str, Any]:
        """Return asyncssh's options: by default it reads OpenSSH's configuration, and tries whatever it
        can.
        """
        logon = self._logon
        shown: dict[str, Any] = {"preferred_auth": ["publickey"]}
        if logon is not None:  # then no key is shown, and no agent asked
            shown = {
                "password": logon.password,  # asyncssh gives it away once, by either of the two
                "preferred_auth": ["password", "keyboard-interactive"],
                "client_keys": None,
                "agent_path": None,
            }
        return {
            "username": self._via.user or (logon.username if logon else ""),
            "config": None,
            "agent_forwarding": False,
            "gss_auth": False,
            "gss_kex": False,
            "host_based_auth": False,
            "x509_trusted_certs": None,
            "x509_trusted_cert_paths": [],
            "connect_timeout": LOGON,
            "login_timeout": LOGON,
            "keepalive_interval": _ALIVE,
            "keepalive_count_max": 3,
            **shown,
        }


def _looked_at(made: asyncio.Task[Any]) -> None:
    """Look at how it ended, so that asyncio does not tell the user where nobody waited for it any more."""
    if not made.cancelled():
        made.exception()


async def _channel(jump: asyncssh.SSHClientConnection, endpoint: Endpoint) -> tuple[Any, Any]:
    """Open a channel to the host. Raises ViaTrouble; one that comes after its host has given up is closed."""
    import asyncssh

    name = endpoint.address.rstrip(".")
    opening = asyncio.ensure_future(jump.open_connection(name, endpoint.port, window=WINDOW))
    try:
        return await asyncio.shield(opening)
    except asyncssh.ChannelOpenError as error:
        if jump.is_closed():  # asyncssh's own word then, with the code of a host that does not answer
            raise ViaTrouble(Cause.VIA_REFUSED, _LOST) from error
        kind = _OPEN_FAILURES.get(error.code, Cause.VIA_REFUSED)
        raise ViaTrouble(kind, f"SSH channel refused, code {error.code}: {error.reason}") from error
    except (asyncssh.Error, OSError) as error:
        raise ViaTrouble(Cause.VIA_REFUSED, f"{_LOST}: {error}") from error
    except asyncio.CancelledError:
        opening.add_done_callback(_given_up)
        raise


def _given_up(opening: asyncio.Future[tuple[Any, Any]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[1].close()


class _Attempt:
    """What is known of a connection that is being made, to say why it was not."""

    def __init__(self, via: Via, sock: socket.socket) -> None:
        """Look up what the user's known_hosts says of the jump host.

        Raises OSError where it cannot be read.
        """
        self.known = known_hosts()
        port = None if via.port == _USUAL else via.port
        keys, authorities, revoked, *_ = self.known.match(via.host, str(sock.getpeername()[0]), port)
        self._held = bool(keys or authorities or revoked)
        self._client: Any = None

    def client(self) -> asyncssh.SSHClient:
        """Make what asyncssh tells of the connection."""
        import asyncssh

        class Client(asyncssh.SSHClient):
            seen = ""  # the key that known_hosts does not hold
            jump: asyncssh.SSHClientConnection | None = None

            def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
                self.jump = conn

            def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
                del host, addr, port
                self.seen = f"{key.get_algorithm()} {key.get_fingerprint()}"
                return False

        self._client = made = Client()
        return made

    def trouble(self, error: Exception) -> ViaTrouble:
        """Say why the connection was not made."""
        import asyncssh

        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            seen = f"it shows {self._client.seen}" if self._client.seen else error.reason
            return ViaTrouble(Cause.VIA_KEY_CHANGED if self._held else Cause.VIA_KEY_UNKNOWN, seen)
        if isinstance(error, asyncssh.KeyExchangeFailed) and self._held and "host key" in error.reason:
            return ViaTrouble(Cause.VIA_KEY_CHANGED, "it has no key of the kind that known_hosts holds")
        if isinstance(error, asyncssh.PermissionDenied) or (
            self._agreed and isinstance(error, asyncssh.Error)
        ):
            return ViaTrouble(Cause.VIA_LOGON_REFUSED, getattr(error, "reason", str(error)))
        if isinstance(error, asyncssh.Error | OSError):
            return ViaTrouble(Cause.VIA_UNREACHABLE, f"no SSH connection came about: {error}")
        return ViaTrouble(
            Cause.VIA_LOGON_REFUSED, f"{type(error).__name__}: {error}"
        )  # a key in ~/.ssh, a name

    @property
    def _agreed(self) -> bool:
        """Whether keys were exchanged: what comes after that is about the logon."""
        jump = self._client and self._client.jump
        return jump is not None and bool(jump.get_extra_info("recv_cipher"))
