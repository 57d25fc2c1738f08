"""What stands between a controller and hosts, for tests: a SOCKS5 proxy and an SSH jump host,
on addresses of this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncssh

Place = tuple[str, int]
SILENT = -1  # in the place of a reply: the proxy closes the connection, as `ssh -D` does


class SocksServer:
    """A SOCKS5 proxy (RFC 1928, 1929). `table` says where a host and port lead to, or which reply it gives;
    else as asked.

    `asked` is what it was asked for, `logons` the users and passwords that it was shown. `yes_first`: it says
    yes before it has tried.
    """

    def __init__(
        self,
        table: Mapping[Place, Place | int] | None = None,
        *,
        account: tuple[str, str] | None = None,
        yes_first: bool = False,
    ) -> None:
        self._table = table or {}
        self._account = account
        self._yes_first = yes_first
        self.asked: list[Place] = []
        self.kinds: list[int] = []
        self.logons: list[tuple[str, str]] = []
        self.port = 0
        self._serving: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def serving(self, address: str = "127.0.0.1", port: int = 0) -> AsyncIterator[SocksServer]:
        """Serve until the block ends."""
        server = await asyncio.start_server(self._serve, address, port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def url(self) -> str:
        """The `via` that leads here."""
        return f"socks5h://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                if await self._greeted(reader, writer):
                    await self._connect(reader, writer)
        finally:
            self._serving.discard(task)
            await _closed(writer)

    async def _greeted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, count = await reader.readexactly(2)
        offered = await reader.readexactly(count)
        if self._account is None:
            writer.write(b"\x05\x00")
            return True
        if 2 not in offered:
            writer.write(b"\x05\xff")
            return False
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        user, password = [
            (await reader.readexactly((await reader.readexactly(1))[0])).decode() for _ in range(2)
        ]
        self.logons.append((user, password))
        good = (user, password) == self._account
        writer.write(b"\x01\x00" if good else b"\x01\x01")
        return good

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        place = host, int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(place)
        self.kinds.append(kind)
        where = self._table.get(place, place)
        if isinstance(where, int):
            writer.write(b"" if where == SILENT else bytes([5, where, 0, 1, 0, 0, 0, 0, 0, 0]))
            return
        yes = bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        if self._yes_first:
            writer.write(yes)
        try:
            far = await asyncio.open_connection(*where)
        except OSError:
            writer.write(b"" if self._yes_first else bytes([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]))
            return
        if not self._yes_first:
            writer.write(yes)
        try:
            await _carry((reader, writer), far)
        finally:
            await _closed(far[1])


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _carry(
    one: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    other: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    async def way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    await asyncio.gather(way(one[0], other[1]), way(other[0], one[1]))


class JumpServer(asyncssh.SSHServer):
    """What an SSH jump host allows. `table` as a proxy's, with SSH's codes for refusals (RFC 4254, 5.1)."""

    def __init__(self, jump: Jump) -> None:
        self._jump = jump

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Count connections."""
        self._jump.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        """Demand a logon, always."""
        self._jump.users.append(username)
        return True

    def password_auth_supported(self) -> bool:
        """Take passwords."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Take the one password."""
        self._jump.logons.append((username, password))
        return (username, password) == self._jump.account

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> asyncssh.SSHTCPSession | bool:
        """Lead to where the table says."""
        del orig_host, orig_port
        place = dest_host, dest_port
        self._jump.asked.append(place)
        where = self._jump.table.get(place, place)
        if isinstance(where, int):
            raise asyncssh.ChannelOpenError(where, "by the table")
        conn = self._jump.connections[-1]
        return conn.forward_connection(*where)  # type: ignore[no-any-return, attr-defined]


class Jump:
    """An SSH jump host with a key of its own."""

    def __init__(
        self,
        table: Mapping[Place, Place | int] | None = None,
        *,
        account: tuple[str, str] = ("ops", "s3cret"),
        kind: str = "ssh-ed25519",
    ) -> None:
        self.table = table or {}
        self.account = account
        self.key = asyncssh.generate_private_key(kind)
        self.asked: list[Place] = []
        self.users: list[str] = []
        self.logons: list[tuple[str, str]] = []
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.port = 0

    @contextlib.asynccontextmanager
    async def serving(
        self, address: str = "127.0.0.1", port: int = 0, keys: str | None = None
    ) -> AsyncIterator[Jump]:
        """Serve until the block ends; `keys` are the users' public keys."""
        more = {} if keys is None else {"authorized_client_keys": asyncssh.import_authorized_keys(keys)}
        server = await asyncssh.create_server(
            lambda: JumpServer(self), address, port, server_host_keys=[self.key], gss_host=None, **more
        )
        self.port = server.get_port()
        try:
            yield self
        finally:
            server.close()

    @property
    def url(self) -> str:
        """The `via` that leads here."""
        return f"ssh://{self.account[0]}@127.0.0.1:{self.port}"

    def known(self, home: Path, address: str = "127.0.0.1", key: asyncssh.SSHKey | None = None) -> None:
        """Write the key (or another one in its place) into a user's known_hosts."""
        folder = home / ".ssh"
        folder.mkdir(exist_ok=True)
        text = (key or self.key).export_public_key().decode()
        with (folder / "known_hosts").open("a") as stream:
            stream.write(f"[{address}]:{self.port} {text}\n")
