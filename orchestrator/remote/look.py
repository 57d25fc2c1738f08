"""Look at a host without logging on: name, connection, TLS, and what it offers.

No user name is sent, nothing is run.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.auth.logon import offers
from orchestrator.remote.faults.classify import classify
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.faults.make import QUOTED
from orchestrator.remote.faults.trouble import BadStatus, Refused, Stage, Trouble
from orchestrator.remote.lifetime import Lifetime
from orchestrator.remote.net.certificate import days_left, describe
from orchestrator.remote.net.connect import resolve, system_resolver
from orchestrator.remote.net.handshake import Shown
from orchestrator.remote.net.http import Answer
from orchestrator.remote.net.stream import Stream
from orchestrator.remote.net.trust import Trust
from orchestrator.remote.net.via.reach import Logons, Reach, nobody
from orchestrator.remote.psrp.speaker import authority
from orchestrator.remote.session import ClientCertificate, Endpoint, Resolver
from orchestrator.remote.try_progress import TryProgress, trouble_of

_UNAUTHORISED = 401
_TAKES = {  # what a host has to offer for `auth:`; a Kerberos logon may be offered under either name
    "basic": {"basic"},
    "ntlm": {"ntlm", "negotiate"},
    "negotiate": {"negotiate"},
    "kerberos": {"kerberos", "negotiate"},
}


@dataclass(slots=True, kw_only=True)
class Looked:
    """What a look at a host came to. `fault` is where it ended, None where the host offers what is needed.

    `timings` are milliseconds by phase; AUTH's are those of the request without a logon. `offers` are the
    schemes of WWW-Authenticate, `headers` what says who answered, both as the host writes them.
    """

    addresses: tuple[str, ...] = ()
    dialled: str | None = None
    shown: Shown = field(default_factory=Shown)
    answered: bool = False
    offers: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    timings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    fault: Fault | None = None

    @property
    def certificates(self) -> tuple[str, ...]:
        """The certificates that the host sent, each in a line, cleaned, its own first."""
        return tuple(map(describe, self.shown.chain))

    @property
    def date(self) -> datetime | None:
        """The host's clock, aware, to the second; None where it did not say."""
        try:
            said = email.utils.parsedate_to_datetime(self.headers.get("date", "")[:QUOTED])
            return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None

    def days_left(self, now: datetime) -> int | None:
        """Say how many days the host's certificate is still good for, None where none was shown."""
        return days_left(self.shown.chain[0], now) if self.shown.chain else None

    @property
    def server(self) -> str:
        """Who answered, cleaned: the Server header, and Via where something stands in between."""
        named = (("", self.headers.get("server")), ("via ", self.headers.get("via")))
        return ", ".join(f"{word}{clean(value, limit=QUOTED)}" for word, value in named if value)


class Looker:
    """Looks at hosts. Shares the TLS trust of a run."""

    def __init__(
        self,
        *,
        resolver: Resolver = system_resolver,
        clock: Callable[[], float] = time.monotonic,
        via_logons: Logons = nobody,
    ) -> None:
        """Nothing is opened before `look`. `via_logons` gives the logons of proxies and jump hosts."""
        self._reach = Reach(resolver, via_logons)
        self._resolver = resolver
        self._clock = clock
        self._trust = Trust()

    async def look(
        self, endpoint: Endpoint, *, seconds: float, ours: ClientCertificate | None = None
    ) -> Looked:
        """Go as far as a host lets one who has not logged on, in `seconds` at most. Never raises for a host.

        `ours` is shown to a host that asks for a certificate: without it one that demands it goes no further.
        """
        course, found = TryProgress(endpoint, self._clock), Looked()
        try:
            async with Lifetime(course, seconds).kept():
                await self._look(course, found, seconds, ours)
        except Fault as fault:
            found.fault = fault
        found.timings, found.dialled = course.facts().timings, course.dialled
        return found

    async def aclose(self) -> None:
        """Give up the connections to jump hosts."""
        await self._reach.close()

    async def _look(
        self, course: TryProgress, found: Looked, seconds: float, ours: ClientCertificate | None
    ) -> None:
        endpoint, ends = course.endpoint, self._clock() + seconds
        if endpoint.via is None:  # behind a proxy or jump host the name is for the far end to look up
            found.addresses = tuple(await resolve(endpoint, self._resolver))
        reached = await self._reach.connect(
            endpoint, connecting=lambda: course.enter(Phase.CONNECT), left=lambda: ends - self._clock()
        )
        course.dialled = reached.dialled
        stream = Stream(reached.sock, reached.again)
        try:
            await self._talk(stream, course, found, ours)
        except Exception as error:
            raise classify(trouble_of(error), course.seen()) from error
        finally:
            stream.close()

    async def _talk(
        self, stream: Stream, course: TryProgress, found: Looked, ours: ClientCertificate | None
    ) -> None:
        endpoint = course.endpoint
        if endpoint.transport == "https":
            course.enter(Phase.TLS)
            await stream.secure(endpoint, self._trust, ours)
            found.shown = stream.shown
        course.enter(Phase.AUTH)
        answer = await stream.post(_request(endpoint))
        found.answered, found.headers, found.offers = True, answer.headers, offers(answer)
        if (trouble := _unfit(answer, endpoint)) is not None:
            raise trouble


def _request(endpoint: Endpoint) -> bytes:
    """Write the request of somebody who has not logged on:
    WinRM answers it with 401 and its ways to log on.
    """
    head = (
        f"POST /wsman HTTP/1.1\r\nHost: {authority(endpoint)}\r\nUser-Agent: fleetcheck\r\n"
        "Accept-Encoding: identity\r\nContent-Type: application/soap+xml;charset=UTF-8\r\nContent-Length: "
        "0\r\n\r\n"
    )
    return head.encode("latin-1", "replace")


def _unfit(answer: Answer, endpoint: Endpoint) -> Trouble | None:
    """Say why no logon is worth trying, None where one is."""
    if answer.status != _UNAUTHORISED:
        return BadStatus(answer.status, answer.headers, answer.body)
    found = offers(answer)
    if endpoint.auth == "certificate":  # no host offers that: TLS has shown it already
        return None
    if {one.lower() for one in found} & _TAKES[endpoint.auth]:
        return None
    # Basic is told as a logon that was not wanted: there is no first token that could have been.
    stage = Stage.PROVED if endpoint.auth == "basic" and found else Stage.ASKED
    return Refused(stage, found, answer.headers)
