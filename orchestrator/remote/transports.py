"""Which transport talks with which host: our own, and pypsrp's for what ours does not do."""

from __future__ import annotations

import enum
import importlib.util
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from inventory.schema.shapes import is_ip
from orchestrator.remote.native import NativeTransport
from orchestrator.remote.net.connect import system_resolver
from orchestrator.remote.session import Endpoint, Logon, Resolver, Session, Transport

if TYPE_CHECKING:
    from orchestrator.remote.over_pypsrp.transport import PypsrpTransport


class Wire(enum.StrEnum):
    """What `--transport` takes."""

    NATIVE = "native"
    PYPSRP = "pypsrp"


def transport(wire: Wire, *, jobs: int, resolver: Resolver = system_resolver) -> Transport:
    """Make the transport of a run. `jobs` is how many hosts are under way at once."""
    if wire is Wire.PYPSRP:
        return _pypsrp(jobs, resolver)
    return NativeOrPypsrp(jobs=jobs, resolver=resolver)


def wants_kerberos(endpoint: Endpoint) -> bool:
    """Whether a logon may turn out to be Kerberos: asked for, or Negotiate with a name where this side has Kerberos."""
    if endpoint.auth == "kerberos":
        return True
    return endpoint.auth == "negotiate" and not is_ip(endpoint.address) and _HAS_KERBEROS


def has_kerberos() -> bool:
    """Whether this side can log on by Kerberos."""
    return _HAS_KERBEROS


_HAS_KERBEROS = sys.platform == "win32" or importlib.util.find_spec("gssapi") is not None


class NativeOrPypsrp:
    """Our own transport, and pypsrp's for hosts that may log on by Kerberos; that one is made when the first comes."""

    def __init__(self, *, jobs: int, resolver: Resolver = system_resolver) -> None:
        self._jobs = jobs
        self._resolver = resolver
        self._native = NativeTransport(resolver=resolver)
        self._pypsrp: PypsrpTransport | None = None

    def session(
        self,
        endpoint: Endpoint,
        logon: Logon,
        *,
        deadline: float,
        before_logon: Callable[[], Awaitable[None]] | None = None,
        accepted: Callable[[], None] | None = None,
    ) -> Session:
        """Make a session by the transport that can log on there; nothing is sent yet."""
        made: Transport = self._native
        if wants_kerberos(endpoint):
            made = self._pypsrp = self._pypsrp or _pypsrp(self._jobs, self._resolver)
        return made.session(endpoint, logon, deadline=deadline, before_logon=before_logon, accepted=accepted)

    async def aclose(self) -> None:
        """Close both."""
        await self._native.aclose()
        if self._pypsrp is not None:
            await self._pypsrp.aclose()


def _pypsrp(jobs: int, resolver: Resolver) -> PypsrpTransport:
    from orchestrator.remote.over_pypsrp.transport import PypsrpTransport

    return PypsrpTransport(jobs=jobs, resolver=resolver)
