"""The transport over pypsrp: threads of our own, one connection, one shell and one logon for each host.

pypsrp blocks and knows no deadline. So the thread's socket belongs to us: at the deadline, and when the task
is cancelled, it is shut down from outside, and the thread is back at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from orchestrator.domain.cause import Cause
from orchestrator.domain.execution.examination import AccountFacts
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.lifetime import Lifetime
from orchestrator.remote.net.connect import system_resolver
from orchestrator.remote.net.via.reach import Logons, Reach, nobody
from orchestrator.remote.over_pypsrp.conversation import Conversation, Tools
from orchestrator.remote.over_pypsrp.dialling import in_loop
from orchestrator.remote.over_pypsrp.wire import BlockingConnection
from orchestrator.remote.session import Endpoint, Logon, Parameter, Reply, Resolver, Script, TryFacts
from orchestrator.remote.try_progress import TryProgress
from orchestrator.remote.watch import Watch, unwatched, watched

Result = TypeVar("Result")

COMING_BACK = 1.0  # seconds that a thread gets to notice that its socket is shut


@dataclass(slots=True, kw_only=True)
class Shared:
    """What the sessions of a run share. `small` holds the places of hosts that want small envelopes."""

    threads: ThreadPoolExecutor
    reach: Reach
    tools: Tools
    watch: Watch = unwatched
    open: set[PypsrpSession] = field(default_factory=set)
    small: set[tuple[str, str, int]] = field(default_factory=set)


class PypsrpTransport:
    """Makes sessions. Shares threads, TLS trust and the memory of which hosts want small envelopes."""

    def __init__(
        self,
        *,
        jobs: int,
        resolver: Resolver = system_resolver,
        clock: Callable[[], float] = time.monotonic,
        via_logons: Logons = nobody,
        watch: Watch = unwatched,
    ) -> None:
        """At most `jobs` sessions talk at a time; threads start as they are needed.

        `via_logons` gives the logons of proxies and jump hosts.
        """
        threads = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="winrm")
        reach = Reach(resolver, via_logons)
        self._shared = Shared(threads=threads, reach=reach, tools=Tools(clock=clock), watch=watch)

    def session(
        self,
        endpoint: Endpoint,
        logon: Logon,
        *,
        deadline: float,
        before_logon: Callable[[], Awaitable[None]] | None = None,
        accepted: Callable[[], None] | None = None,
    ) -> PypsrpSession:
        """Make a session that may take `deadline` seconds from the start of `run`; nothing is sent yet."""
        return PypsrpSession(self._shared, endpoint, logon, deadline, before_logon, accepted)

    async def aclose(self) -> None:
        """Cut the sessions that are still open, and give the threads back.

        By a thread of its own: asyncio's would make the loop start one more when it closes, and raise where
        the system has none to give.
        """
        for session in tuple(self._shared.open):
            session.cut()
        await self._shared.reach.close()
        loop, back = asyncio.get_running_loop(), asyncio.Event()

        def end() -> None:
            self._shared.threads.shutdown(cancel_futures=True)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(back.set)

        try:
            threading.Thread(target=end, name="winrm-end", daemon=True).start()
        except RuntimeError:  # no thread is to be had: those there are end by themselves
            self._shared.threads.shutdown(wait=False, cancel_futures=True)
        else:
            await back.wait()


class PypsrpSession:
    """One try with one host; `run` works once. Made by `PypsrpTransport.session`."""

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
        small = endpoint.place in shared.small
        self._course = TryProgress(endpoint, shared.tools.clock, shared.watch(endpoint))
        self._lifetime = Lifetime(self._course, deadline)
        self._talk = Conversation(self._course, logon, shared.tools, small=small)

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
        self._course.script = script.sha256
        self._course.refuse(self._logon)
        self._shared.open.add(self)
        try:
            with watched(self._course.watcher, script.name):
                async with self._lifetime.kept():
                    return await self._run(script, parameters)
        except Fault as error:
            if error.cause is Cause.ENVELOPE_TOO_LARGE:
                self._shared.small.add(self._endpoint.place)
            raise

    async def account(self, seconds: float) -> AccountFacts:
        """Ask for the account's quotas and shells over the connection that `run` has left open."""
        return await self._in_thread(self._shared.threads.submit(self._talk.account, seconds))

    async def close(self) -> tuple[str, ...]:
        """End the shell on the host and give the connection back, in bounded time.

        What went wrong is a remark.
        """
        self._shared.open.discard(self)
        if not self._talk.has_shell:
            return self._talk.close()
        try:
            return await self._in_thread(self._shared.threads.submit(self._talk.close))
        except RuntimeError:  # the transport was closed: no thread is left
            self._talk.cut()
            return self._talk.close()

    def cut(self) -> None:
        """End it now: a `run` that is under way raises Fault."""
        self._lifetime.cut()
        self._talk.cut()

    async def _run(self, script: Script, parameters: Mapping[str, Parameter]) -> Reply:
        talk, clock = self._talk, self._shared.tools.clock
        ends = clock() + self._deadline
        course, loop = self._course, asyncio.get_running_loop()
        reached = await self._shared.reach.connect(
            self._endpoint, connecting=lambda: course.enter(Phase.CONNECT), left=lambda: ends - clock()
        )
        course.dialled = reached.dialled
        again = None if self._endpoint.via is None else in_loop(loop, reached.again)
        talk.take(BlockingConnection(reached.sock, ends=ends + COMING_BACK, clock=clock, again=again))
        if self._before_logon is not None:
            await self._before_logon()

        def accepted() -> None:
            if self._accepted is not None:
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(self._accepted)

        return await self._in_thread(self._shared.threads.submit(talk.converse, script, parameters, accepted))

    async def _in_thread(self, job: Future[Result]) -> Result:
        """Wait for the thread. When the wait is cancelled, cut its socket and wait for it to be back."""
        waiting = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            self._talk.cut()
            waiting.add_done_callback(_forget)
            if not job.cancel():
                await asyncio.wait({waiting}, timeout=COMING_BACK)
            raise


def _forget(ended: asyncio.Future[Result]) -> None:
    """Look at what a cut made of a conversation, so that asyncio does not tell the user of it,
    however late it ends.
    """
    if not ended.cancelled():
        ended.exception()
