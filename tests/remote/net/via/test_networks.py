"""Two sites with the same addresses, each behind a machine of its own: real networks, real routes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from inventory.model import Host
from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.fault import Fault
from tests.remote.net.via.far import Jump, SocksServer
from tests.remote.net.via.networks import HOST, inside, jump_of, networks
from tests.remote.net.via.test_via import PASSWORDS, machine, no_lookup
from tests.remote.wired import PROFILE, WIRE, ask, made_by, simulated

BOTH_WIRES = True
PORT, PROXY, JUMP = 5985, 1080, 2222


class Site:
    """A site's servers, in its own network and thread: a host at HOST, a proxy, and a jump host."""

    def __init__(self, network: str, number: int) -> None:
        self.jump = Jump()
        self.jump.port = JUMP
        self._network, self._number = network, number
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._done: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: inside(self._network, self._run))

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        spec = simulated(f"site{self._number}", transport="http", port=PORT)
        address = jump_of(self._number)
        async with (
            SimulatedFleet([spec], address=HOST),
            SocksServer().serving(address, PROXY),
            self.jump.serving(address, JUMP),
        ):
            self._ready.set()
            await self._done.wait()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve until the block ends."""
        self._thread.start()
        self._ready.wait()
        try:
            assert self._done is not None
            yield
        finally:
            if self._done is not None:
                self._loop.call_soon_threadsafe(self._done.set)
            self._thread.join()


@pytest.fixture(scope="module")
def sites() -> Iterator[tuple[str, list[Jump]]]:
    """Serve two sites; yield the controller's network, and their jump hosts."""
    try:
        made = networks(2)
        names = made.__enter__()
    except OSError as error:
        pytest.skip(f"no networks of one's own: {error}")
    try:
        first, second = (Site(name, number) for number, name in enumerate(names[1:], 1))
        with first.serving(), second.serving():
            yield names[0], [first.jump, second.jump]
    finally:
        made.__exit__(None, None, None)


def host(name: str, via: str | None, **more: object) -> Host:
    """Return the host at HOST, by a way."""
    made = Host(name=name, address=HOST, port=PORT, profile=PROFILE, transport="http", auth="ntlm", via=via)
    return replace(made, **more)  # type: ignore[arg-type]


def asked(network: str, hosts: list[Host]) -> list[object]:
    """Ask hosts from a network, all at once, by one run's transport."""
    wire = WIRE.get()

    async def body() -> list[object]:
        made = made_by(wire, jobs=4, resolver=no_lookup, via_logons=PASSWORDS.__getitem__)
        try:
            return list(await asyncio.gather(*(ask(made, each, deadline=8.0) for each in hosts)))
        finally:
            await made.aclose()

    work: Callable[[], list[object]] = lambda: asyncio.run(body())  # noqa: E731
    return inside(network, work)


def test_overlapping_addresses_behind_two_ways_do_not_mix(
    sites: tuple[str, list[Jump]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One address and port, four ways, two machines: each way leads to its own site's, all in one run."""
    here, jumps = sites
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    for number, jump in enumerate(jumps, 1):
        jump.known(tmp_path, jump_of(number))
    by_proxy = [host(f"p{n}", f"socks5h://{jump_of(n)}:{PROXY}") for n in (1, 2)]
    by_jump = [host(f"j{n}", f"ssh://ops@{jump_of(n)}:{JUMP}", via_credential="jump") for n in (1, 2)]
    found = asked(here, [*by_proxy, *by_jump])
    assert [machine(each) for each in found] == ["SITE1", "SITE2", "SITE1", "SITE2"]


def test_the_controller_has_no_way_of_its_own(sites: tuple[str, list[Jump]]) -> None:
    """Without `via` the same address leads nowhere: what answered above was reached by the way alone."""
    here, _ = sites
    (found,) = asked(here, [host("direct", None)])
    assert isinstance(found, Fault)
    assert found.cause is Cause.NO_ANSWER


def test_a_jump_hosts_key_of_another_site_is_a_changed_one(
    sites: tuple[str, list[Jump]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A jump host that shows another key ends its own hosts; those of the other site are asked."""
    here, jumps = sites
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    jumps[0].known(tmp_path, jump_of(1), asyncssh.generate_private_key("ssh-ed25519"))
    jumps[1].known(tmp_path, jump_of(2))
    ways = [f"ssh://ops@{jump_of(number)}:{JUMP}" for number in (1, 2)]
    wrong, right = asked(here, [host("h", via, via_credential="jump") for via in ways])
    assert isinstance(wrong, Fault)
    assert (wrong.cause, machine(right)) == (Cause.VIA_KEY_CHANGED, "SITE2")
