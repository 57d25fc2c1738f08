"""The breaker of a realm's domain controllers, with a clock of its own and calls that end when the test says
so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from orchestrator.remote.auth.kdc_breaker import KDC_UNREACHABLE, RETRY, KdcBreaker
from orchestrator.remote.faults.trouble import KerberosTrouble

NO_SPN = 2529638919
REALM = "CORP.TEST"


class Lab:
    """A breaker whose time is `now`, and the calls that went through it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.breaker = KdcBreaker(lambda: self.now)
        self.asked = 0
        self.given_up = 0

    async def ask(self, call: Callable[[], Awaitable[str]], realm: str = REALM) -> str:
        """Ask a realm; return the answer, or what is told instead."""

        async def counted() -> str:
            self.asked += 1
            try:
                return await call()
            except asyncio.CancelledError:
                self.given_up += 1
                raise

        try:
            return await self.breaker.ask(realm, counted)
        except KerberosTrouble as trouble:
            return f"{trouble.minor}: {trouble.text}"


async def ticket() -> str:
    """Answer at once."""
    return "ticket"


async def silence() -> str:
    """Take too long."""
    raise TimeoutError


def fails(minor: int, text: str) -> Callable[[], Awaitable[str]]:
    """Make a call that fails so."""

    async def call() -> str:
        raise KerberosTrouble(minor, text)

    return call


async def begun() -> None:
    """Let what was just begun come to its call."""
    for _ in range(3):
        await asyncio.sleep(0)


async def never() -> str:
    """Wait for a domain controller that says nothing."""
    await asyncio.Event().wait()
    return "never"


SILENT = f"{KDC_UNREACHABLE}: no domain controller of {REALM} answered in 10 s"


def test_one_call_that_gets_no_answer_answers_all_that_wait() -> None:
    """199 hosts that wait, or queue for a thread, are told at once, and their calls are given up."""

    async def main() -> None:
        lab = Lab()
        late = asyncio.Event()

        async def first() -> str:
            await late.wait()
            raise TimeoutError

        waiting = [asyncio.ensure_future(lab.ask(call)) for call in (first, *[never] * 199)]
        await asyncio.sleep(0)
        late.set()
        assert set(await asyncio.gather(*waiting)) == {SILENT}
        assert (lab.asked, lab.given_up) == (200, 199)

    asyncio.run(main())


def test_a_silent_realm_is_not_asked_until_it_is_time_and_then_by_one_host() -> None:
    """For RETRY seconds nobody asks; then one does, the others are told what is known,
    and its answer closes it.
    """

    async def main() -> None:
        lab = Lab()
        assert await lab.ask(silence) == SILENT
        lab.now += RETRY - 1
        assert (await lab.ask(ticket), lab.asked) == (SILENT, 1)
        lab.now += 1
        one = asyncio.ensure_future(lab.ask(never))
        await begun()
        assert (await lab.ask(ticket), lab.asked) == (SILENT, 2)
        one.cancel()
        lab.now += RETRY
        assert await lab.ask(ticket) == "ticket"
        assert await asyncio.gather(lab.ask(ticket), lab.ask(ticket)) == ["ticket", "ticket"]

    asyncio.run(main())


def test_a_realm_that_stays_silent_costs_one_call_each_time() -> None:
    """The call that finds out keeps the others waiting for another RETRY seconds."""

    async def main() -> None:
        lab = Lab()
        for _ in range(3):
            assert await lab.ask(silence) == SILENT
            assert await lab.ask(ticket) == SILENT
            lab.now += RETRY
        assert lab.asked == 3

    asyncio.run(main())


def test_what_a_domain_controller_answers_is_no_silence() -> None:
    """A host without a service name is that host's trouble;
    another realm has domain controllers of its own.
    """

    async def main() -> None:
        lab = Lab()
        assert await lab.ask(fails(NO_SPN, "not found")) == f"{NO_SPN}: not found"
        assert await lab.ask(ticket) == "ticket"
        assert await lab.ask(silence) == SILENT
        assert await lab.ask(ticket, "OTHER.TEST") == "ticket"
        assert await lab.ask(ticket, REALM.lower()) == SILENT

    asyncio.run(main())


@pytest.mark.parametrize("minor", [KDC_UNREACHABLE, 2529639066])
def test_libkrb5_s_own_word_for_no_answer_is_believed_at_once(minor: int) -> None:
    """A domain controller that refuses connections, and a realm that nobody knows,
    are told in the library's words.
    """

    async def main() -> None:
        lab = Lab()
        said = f"{minor}: Cannot contact any KDC"
        assert await lab.ask(fails(minor, "Cannot contact any KDC")) == said
        assert (await lab.ask(ticket), lab.asked) == (said, 1)

    asyncio.run(main())


def test_a_host_that_gives_up_ends_its_call_and_trips_nothing() -> None:
    """A host's deadline says nothing of the domain controllers."""

    async def main() -> None:
        lab = Lab()
        one = asyncio.ensure_future(lab.ask(never))
        await begun()
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        await asyncio.sleep(0)
        assert (lab.given_up, await lab.ask(ticket)) == (1, "ticket")

    asyncio.run(main())
