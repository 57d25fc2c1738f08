"""The transport of our own: asyncio alone, one loop, no thread for a host."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from orchestrator.domain.cause import Cause, fallback_remark
from orchestrator.domain.execution.examination import AccountFacts
from orchestrator.domain.outcome import Phase
from orchestrator.remote.auth.kerberos import may_use
from orchestrator.remote.auth.kerberos_logon import Kerberos, KerberosLogon
from orchestrator.remote.auth.logon import UNBOUND, LogonScheme, scheme
from orchestrator.remote.auth.nt_hash import NtHashes
from orchestrator.remote.contract.output import document_among
from orchestrator.remote.faults.classify import classify
from orchestrator.remote.faults.codes import PASSWORD_REFUSED
from orchestrator.remote.faults.fault import Fault, tell_both
from orchestrator.remote.faults.trouble import KerberosTrouble, SoapFault, TooOldShell
from orchestrator.remote.lifetime import Lifetime
from orchestrator.remote.net.certificate import binding
from orchestrator.remote.net.connect import system_resolver
from orchestrator.remote.net.stream import Stream
from orchestrator.remote.net.trust import Trust
from orchestrator.remote.net.via.reach import Logons, Reach, nobody
from orchestrator.remote.psrp.envelopes import Envelopes
from orchestrator.remote.psrp.runspace import Runspace
from orchestrator.remote.psrp.speaker import Speaker
from orchestrator.remote.session import Endpoint, Logon, Parameter, Reply, Resolver, Script, TryFacts
from orchestrator.remote.try_progress import CLOSING, TryProgress, trouble_of, unasked, unclosed
from orchestrator.remote.watch import Watch, unwatched, watched


@dataclass(slots=True, kw_only=True)
class Shared:
    """What the sessions of a run share. `small` holds the places of hosts that want small envelopes."""

    reach: Reach
    clock: Callable[[], float]
    watch: Watch = unwatched
    trust: Trust = field(default_factory=Trust)
    hashes: NtHashes = field(default_factory=NtHashes)
    kerberos: Kerberos = field(default_factory=Kerberos)
    open: set[NativeSession] = field(default_factory=set)
    small: set[tuple[str, str, int]] = field(default_factory=set)


class NativeTransport:
    """Makes sessions that share TLS trust, password hashes, and which hosts want small envelopes."""

    def __init__(
        self,
        *,
        resolver: Resolver = system_resolver,
        clock: Callable[[], float] = time.monotonic,
        via_logons: Logons = nobody,
        watch: Watch = unwatched,
    ) -> None:
        """Nothing is opened before a session runs. `via_logons` gives those of proxies and jump hosts."""
        self._shared = Shared(reach=Reach(resolver, via_logons), clock=clock, watch=watch)

    def session(
        self,
        endpoint: Endpoint,
        logon: Logon,
        *,
        deadline: float,
        before_logon: Callable[[], Awaitable[None]] | None = None,
        accepted: Callable[[], None] | None = None,
    ) -> NativeSession:
        """Make a session that may take `deadline` seconds from the start of `run`; nothing is sent yet."""
        return NativeSession(self._shared, endpoint, logon, deadline, before_logon, accepted)

    async def aclose(self) -> None:
        """Cut the sessions that are still open."""
        for session in tuple(self._shared.open):
            session.cut()
        self._shared.kerberos.close()
        await self._shared.reach.close()


class NativeSession:
    """One try with one host; `run` works once. Made by `NativeTransport.session`."""

    __slots__ = (
        "_accepted",
        "_before_logon",
        "_course",
        "_deadline",
        "_endpoint",
        "_ends",
        "_fell_back",
        "_kerberos",
        "_lifetime",
        "_logon",
        "_runspace",
        "_shared",
        "_stream",
    )

    def __init__(
        self,
        shared: Shared,
        endpoint: Endpoint,
        logon: Logon,
        deadline: float,
        before_logon: Callable[[], Awaitable[None]] | None,
        accepted: Callable[[], None] | None,
    ) -> None:
        self._shared = shared
        self._endpoint = endpoint
        self._logon = logon
        self._deadline = deadline
        self._before_logon = before_logon
        self._accepted = accepted
        self._course = TryProgress(endpoint, shared.clock, shared.watch(endpoint))
        self._lifetime = Lifetime(self._course, deadline)
        self._ends = 0.0  # when the session's time is up, by the clock; `run` begins it
        self._kerberos: KerberosLogon | None = None
        self._fell_back: Fault | None = None  # why Kerberos, tried first, did not serve
        self._stream: Stream | None = None
        self._runspace: Runspace | None = None

    @property
    def phase(self) -> Phase:
        """How far it is, or how far it came."""
        return self._course.phase

    @property
    def facts(self) -> TryFacts:
        """What is known of the try so far."""
        return self._course.facts()

    async def run(self, script: Script, parameters: Mapping[str, Parameter]) -> Reply:
        """Resolve, connect, log on, open a shell, run the script.

        Raises Fault: DEADLINE, with the phase it hung in, after `deadline` seconds. The shell stays open for
        `close`.
        """
        course = self._course
        course.script = script.sha256
        course.refuse(self._logon)
        self._ends = self._shared.clock() + self._deadline
        self._shared.open.add(self)
        try:
            with watched(course.watcher, script.name):
                async with self._lifetime.kept():
                    return await self._run(script, parameters)
        except Fault as error:
            if error.cause is Cause.ENVELOPE_TOO_LARGE:
                self._shared.small.add(self._endpoint.place)
            raise

    async def account(self, seconds: float) -> AccountFacts:
        """Ask for the account's quotas and shells over the connection that `run` has left open."""
        stream, runspace = self._stream, self._runspace
        if stream is None or runspace is None or not stream.inbox.usable:
            return unasked(None, self._course)
        try:
            async with asyncio.timeout(seconds):
                return await stream.drive(runspace.account(self._endpoint, self._logon.username, seconds))
        except Exception as error:  # noqa: BLE001  # whatever this brings, it takes no result away
            stream.inbox.usable = False
            return unasked(error, self._course)

    async def close(self) -> tuple[str, ...]:
        """End the shell on the host and give the connection back, in bounded time.

        What went wrong is a remark.
        """
        self._shared.open.discard(self)
        stream, runspace = self._stream, self._runspace
        if stream is None:
            return ()
        # Who is asked to tell of a logon knows this session: a ring that kept its TLS, 40 KB a host, until it
        # was collected.
        self._stream = self._runspace = self._before_logon = self._accepted = None
        try:
            if runspace is not None and runspace.created and stream.inbox.usable:
                async with asyncio.timeout(CLOSING):
                    await stream.drive(runspace.close())
        except TimeoutError:
            return (f"the shell did not close, the host ends it when it idles: no answer in {CLOSING:.0f} s",)
        except Exception as error:  # noqa: BLE001  # whatever closing brings, it takes no result away
            return (unclosed(error, self._course),)
        finally:
            stream.close()
        return ()

    def cut(self) -> None:
        """End it now: a `run` that is under way raises Fault."""
        self._lifetime.cut()
        self._give_up()

    def _give_up(self) -> None:
        if self._stream is not None:
            self._stream.inbox.usable = False
            self._stream.cut()

    async def _run(self, script: Script, parameters: Mapping[str, Parameter]) -> Reply:
        try:
            self._kerberos = await self._tickets()
            stream = self._stream = await self._connected()
            return await self._converse(stream, script, parameters)
        except asyncio.CancelledError:  # the deadline, or who asked for it
            self._give_up()
            raise

    async def _tickets(self) -> KerberosLogon | None:
        """Fetch the host's tickets, before a connection has to wait for them; None where NTLM is to serve.

        Raises Fault.
        """
        endpoint, logon = self._endpoint, self._logon
        if not may_use(endpoint, logon):
            return None
        try:
            return await self._shared.kerberos.logon(endpoint, logon)
        except KerberosTrouble as trouble:
            found = classify(trouble, replace(self._course.seen(), phase=Phase.AUTH))
            if endpoint.auth == "kerberos" or logon.password is None or trouble.minor in PASSWORD_REFUSED:
                raise found from trouble
            self._fell_back = found
            if self._course.watcher is not None:
                self._course.watcher.noted(fallback_remark(found.cause, found.detail))
            return None

    async def _connected(self) -> Stream:
        course = self._course
        reached = await self._shared.reach.connect(
            self._endpoint, connecting=lambda: course.enter(Phase.CONNECT), left=self._left
        )
        course.dialled = reached.dialled
        return Stream(reached.sock, reached.again)

    async def _converse(self, stream: Stream, script: Script, parameters: Mapping[str, Parameter]) -> Reply:
        if self._before_logon is not None:
            await self._before_logon()
        try:
            return await self._talk(stream, script, parameters)
        except Exception as error:
            if not isinstance(error, SoapFault | TooOldShell):
                stream.inbox.usable = False  # nobody knows what the host would make of another request
            found = classify(trouble_of(error), replace(self._course.seen(), heard=stream.heard))
            if found.phase is Phase.AUTH and self._fell_back is not None:
                tell_both(self._fell_back, found)
            raise found from error

    async def _talk(self, stream: Stream, script: Script, parameters: Mapping[str, Parameter]) -> Reply:
        course, endpoint = self._course, self._endpoint
        bound = None
        if endpoint.transport == "https":
            course.enter(Phase.TLS)
            secured = await stream.secure(endpoint, self._shared.trust, self._logon.certificate)
            course.certificate = secured.fingerprint
            bound = None if endpoint.auth in UNBOUND else binding(secured.der)
        course.enter(Phase.AUTH)
        logon = await self._scheme(bound)
        runspace = self._runspace = Runspace(
            Speaker(endpoint, logon, self._taken, course.watcher),
            Envelopes(endpoint, seconds=self._left(), small=self._small()),
            course.given_shell,
        )
        await stream.drive(runspace.open())
        course.enter(Phase.RUN)
        objects, errors = await stream.drive(runspace.run(script, parameters))
        course.enter(Phase.DECODE)
        text, beside = document_among(objects, script.name)
        fell = self._fell_back
        return Reply(
            text=text,
            beside=beside,
            errors=errors,
            auth=logon.used,
            certificate=course.certificate,
            timings=dict(course.timings),
            received=stream.inbox.received,
            remarks=() if fell is None else (fallback_remark(fell.cause, fell.detail),),
            dialled=course.dialled,
        )

    async def _scheme(self, bound: bytes | None) -> LogonScheme:
        if self._kerberos is not None:
            started = await self._kerberos.begin(bound)
            return scheme(self._endpoint, self._logon, bound, started=started)
        hashed = None if self._endpoint.auth in UNBOUND else self._shared.hashes.of(self._logon)
        return scheme(self._endpoint, self._logon, bound, nt_hash=hashed)

    def _taken(self) -> None:
        self._course.enter(Phase.OPEN)
        if self._accepted is not None:
            self._accepted()

    def _left(self) -> float:
        return self._ends - self._shared.clock()

    def _small(self) -> bool:
        return self._endpoint.place in self._shared.small
