"""The tickets of a run, with a domain controller that is a function: who asks it, how often,
and what is kept.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Literal

import pytest

from orchestrator.remote.auth import kerberos_logon
from orchestrator.remote.auth.kdc_breaker import RETRY
from orchestrator.remote.auth.kerberos_logon import RENEW, Kerberos
from orchestrator.remote.auth.logon import Started
from orchestrator.remote.auth.tickets import HOSTS_PER_CACHE, TicketCache
from orchestrator.remote.faults.trouble import KerberosTrouble
from orchestrator.remote.session import Endpoint, Logon

SVC = Logon(username="svc@CORP.TEST", password="Passw0rd!")
OWN = Logon(username="", password=None)
REFUSED = 2529638936
NO_CACHE = 2529639107
HOUR = 3600.0


class Cache(TicketCache):
    """Tickets that end at a time; their caches in memory are numbers."""

    def __init__(self, ends: float) -> None:
        super().__init__(None, [], None)
        self.ends = round(ends)
        self.made = 0
        self.destroyed = False

    def _new(self) -> Any:
        self.made += 1
        return type("Cache", (), {"name": str(self.made).encode()})

    def destroy(self) -> None:
        """Note it."""
        self.destroyed = True


class Controller:
    """A domain controller: `answer` is called for each exchange. `now` is everybody's time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Cache] | None = None) -> None:
        self.now = 1_000_000.0
        self.exchanges: list[str] = []
        self.caches: list[Cache] = []
        self.bindings: list[bytes | None] = []
        self.answer = answer or (lambda: Cache(self.now + HOUR))
        monkeypatch.setattr(kerberos_logon, "obtain", self._obtain)
        monkeypatch.setattr(kerberos_logon, "_started", self._started)
        self.kerberos = Kerberos(clock=lambda: self.now, wall=lambda: self.now)

    def _obtain(self, logon: Logon) -> Cache:
        self.exchanges.append(logon.username)
        self.caches.append(self.answer())
        return self.caches[-1]

    def _started(self, _endpoint: Endpoint, cache: str, binding: bytes | None) -> Started:
        self.bindings.append(binding)
        return Started(None, cache.encode(), lambda: None)

    async def log_on(self, logon: Logon = SVC, transport: Literal["http", "https"] = "http") -> str:
        """Have one more host log on; return its token, which is its cache's name, or the trouble's number."""
        host = Endpoint(
            host="web1", address="web1.corp.test", port=5985, transport=transport, auth="kerberos"
        )
        try:
            made = await self.kerberos.logon(host, logon)
            return (await made.begin(b"cert" if transport == "https" else None)).token.decode()
        except KerberosTrouble as trouble:
            return str(trouble.minor)


def refuses(minor: int, *, refused: bool) -> Callable[[], Cache]:
    """Make the answer that raises."""

    def answer() -> Cache:
        raise KerberosTrouble(minor, "No", refused=refused)

    return answer


def test_a_credential_is_asked_for_once_whatever_the_number_of_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 hosts that begin together make one exchange; a cache in memory serves 250,
    and the next has one of its own.
    """

    async def main() -> None:
        lab = Controller(monkeypatch)
        names = await asyncio.gather(*(lab.log_on() for _ in range(HOSTS_PER_CACHE + 1)))
        assert lab.exchanges == ["svc@CORP.TEST"]
        assert [names.count("MEMORY:1"), names.count("MEMORY:2")] == [HOSTS_PER_CACHE, 1]

    asyncio.run(main())


def test_the_first_host_s_deadline_takes_nothing_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host that asked first gives up while the domain controller thinks; the second gets its ticket,
    unasked.
    """

    async def main() -> None:
        asked, thinks = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        lab = Controller(monkeypatch)

        def answer() -> Cache:
            loop.call_soon_threadsafe(asked.set)
            assert thinks.wait(30)
            return Cache(lab.now + HOUR)

        lab.answer = answer
        first, second = asyncio.ensure_future(lab.log_on()), asyncio.ensure_future(lab.log_on())
        await asked.wait()
        first.cancel()
        await asyncio.sleep(0)
        thinks.set()
        assert (await second, first.cancelled(), len(lab.exchanges)) == ("MEMORY:1", True, 1)

    asyncio.run(main())


def test_a_refusal_stands_for_the_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that a domain controller refused is not sent again, however long the run takes."""

    async def main() -> None:
        lab = Controller(monkeypatch, refuses(REFUSED, refused=True))
        assert set(await asyncio.gather(*(lab.log_on() for _ in range(20)))) == {str(REFUSED)}
        lab.now += 10 * HOUR
        assert (await lab.log_on(), len(lab.exchanges)) == (str(REFUSED), 1)

    asyncio.run(main())


def test_a_ticket_cache_that_was_missing_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody types `kinit` during the run: hosts that come later have a ticket."""

    async def main() -> None:
        lab = Controller(monkeypatch, refuses(NO_CACHE, refused=False))
        assert await asyncio.gather(lab.log_on(OWN), lab.log_on(OWN)) == [str(NO_CACHE)] * 2
        assert len(lab.exchanges) == 1
        lab.answer = lambda: Cache(lab.now + HOUR)
        lab.now += RETRY + 1
        assert await lab.log_on(OWN) == "MEMORY:1"

    asyncio.run(main())


def test_tickets_are_renewed_before_they_end_and_all_are_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """RENEW seconds before the end a new ticket is asked for;
    what hosts still use of the old one stays until the end.
    """

    async def main() -> None:
        lab = Controller(monkeypatch)
        await lab.log_on()
        lab.now += HOUR - RENEW - 1
        await lab.log_on()
        assert len(lab.exchanges) == 1
        lab.now += 2
        await lab.log_on()
        assert len(lab.exchanges) == 2
        assert not any(cache.destroyed for cache in lab.caches)
        lab.kerberos.close()
        assert [cache.destroyed for cache in lab.caches] == [True, True]

    asyncio.run(main())


def test_a_ticket_that_is_short_from_the_start_is_no_reason_to_ask_for_each_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A domain that gives two minutes is asked again after one."""

    async def main() -> None:
        lab = Controller(monkeypatch)
        lab.answer = lambda: Cache(lab.now + 120)
        for _ in range(7):
            await lab.log_on()
            lab.now += 25
        assert len(lab.exchanges) == 3

    asyncio.run(main())


def test_over_https_the_token_is_bound_to_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service ticket comes before the connection, the token of it when the certificate is known;
    http needs one.
    """

    async def main() -> None:
        lab = Controller(monkeypatch)
        await lab.log_on(transport="https")
        assert lab.bindings == [None, b"cert"]
        await lab.log_on()
        assert lab.bindings == [None, b"cert", None]

    asyncio.run(main())
