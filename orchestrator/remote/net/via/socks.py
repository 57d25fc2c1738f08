"""The way by a SOCKS5 proxy: one connection a host, the host's name given to the proxy as it is."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from inventory.schema.via import Via
from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.trouble import ViaTrouble
from orchestrator.remote.net.via.hop import Hop
from orchestrator.remote.session import Endpoint, Logon, Resolver

if TYPE_CHECKING:
    from python_socks import ProxyError

_REPLIES = {  # RFC 1928, 6
    2: Cause.VIA_NOT_ALLOWED,
    3: Cause.VIA_HOST_UNREACHABLE,
    4: Cause.VIA_HOST_UNREACHABLE,
    5: Cause.VIA_HOST_REFUSED,
    6: Cause.VIA_HOST_UNREACHABLE,
}
_LOGON = "authentic"  # python-socks has no number for a refused logon, only English words


class SocksProxy:
    """One proxy of a run. Where a password is at stake, one host goes first until the proxy has taken it."""

    def __init__(self, via: Via, logon: Logon | None, resolver: Resolver) -> None:
        self._via = via
        self._logon = logon
        self._hop = Hop(via, resolver)
        self._first = asyncio.Lock()
        self._taken = logon is None
        self._refused: ViaTrouble | None = None

    async def connect(self, endpoint: Endpoint, seconds: float) -> socket.socket:
        """Return a socket that leads to the host. Raises ViaTrouble; cancelling leaves nothing."""
        if self._taken:
            return await self._connect(endpoint, seconds)
        async with self._first:
            if self._refused is not None:
                raise self._refused.again()
            try:
                return await self._connect(endpoint, seconds)
            except ViaTrouble as trouble:
                self._taken = trouble.kind in _REPLIES.values()
                if trouble.kind is Cause.VIA_LOGON_REFUSED:
                    self._refused = trouble
                raise

    async def close(self) -> None:
        """Do nothing: each connection is closed by the host's session."""

    async def _connect(self, endpoint: Endpoint, seconds: float) -> socket.socket:
        from python_socks import ProxyError, ProxyTimeoutError, ProxyType
        from python_socks.async_.asyncio import Proxy

        sock, logon = await self._hop.connect(), self._logon
        proxy = Proxy(
            ProxyType.SOCKS5,
            self._via.host,
            self._via.port,
            username=logon.username if logon else None,
            password=logon.password if logon else None,
            rdns=True,
            forward=_Connected(sock),  # type: ignore[arg-type]  # all that is asked of it is `connect`
        )
        try:  # python-socks closes the connection where it fails
            made: socket.socket = await proxy.connect(
                endpoint.address.rstrip("."), endpoint.port, timeout=seconds
            )
        except ProxyTimeoutError:
            raise ViaTrouble(Cause.VIA_HOST_UNREACHABLE, f"no answer within {seconds:.0f} s") from None
        except ProxyError as error:
            raise _refusal(error, endpoint) from error
        except UnicodeError as error:
            raise ViaTrouble(Cause.VIA_LOGON_REFUSED, _NOT_ASCII) from error
        except (OSError, ValueError) as error:  # ValueError: python-socks over what the proxy said
            raise ViaTrouble(Cause.VIA_REFUSED, str(error)) from error
        self._taken = True
        return made


_NOT_ASCII = "python-socks sends user and password in ASCII alone, and these are not"


class _Connected:
    """Stands where python-socks takes a proxy before the proxy:
    gives the connection that is there already.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    async def connect(self, **_: Any) -> socket.socket:
        """Return that connection."""
        return self._sock


def _refusal(error: ProxyError, endpoint: Endpoint) -> ViaTrouble:
    """Sort a refusal by its number; without one the logon was refused, or nothing that is SOCKS5 came."""
    code, said = error.error_code, str(error)
    if code is not None:
        return ViaTrouble(_REPLIES.get(int(code), Cause.VIA_REFUSED), f"SOCKS reply {int(code)}, {said}")
    if type(error.__cause__).__name__ == "IncompleteReadError":  # python-socks does not give its class away
        advice = _NO_REPLY.format(address=endpoint.address, port=endpoint.port)
        return ViaTrouble(
            Cause.VIA_HOST_UNREACHABLE, "the proxy ended the connection without a reply", advice=advice
        )
    return ViaTrouble(Cause.VIA_LOGON_REFUSED if _LOGON in said.lower() else Cause.VIA_REFUSED, said)


_NO_REPLY = (
    "`ssh -D` does so where its server does not reach {address}:{port}, or must not: look from there "
    "whether the name resolves and the port answers. Else what listens there is no SOCKS5 proxy."
)
