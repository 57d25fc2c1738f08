"""The transport against simulated hosts over real WinRM: logons, trust, results that are kept,
nothing left behind.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inventory.model import Host
from orchestrator.demo.behaviour import Behaviour, Body, SoapFault, Step
from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.scenes.rows import DELETE_CUTS, DELETE_FAILS, ROWS, flaky, slow
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.reading import Reading
from orchestrator.remote.faults.fault import Again, Fault
from orchestrator.remote.over_pypsrp import shell
from orchestrator.remote.probe import endpoint, probe
from orchestrator.remote.psrp import envelopes
from orchestrator.remote.session import Logon, Reply
from orchestrator.remote.transport_name import TransportName
from tests.eventually import eventually
from tests.remote.wired import LOGON, ask, fleet_of, run, script, simulated, transport

BOTH_WIRES = True

WAYS = [
    ("http", "ntlm"),
    ("http", "negotiate"),
    ("https", "ntlm"),
    ("https", "negotiate"),
    ("https", "basic"),
]


def probed(
    folder: Path, *behaviours: Behaviour, deadline: float = 20.0, **spec: str
) -> tuple[Reading, Reply] | Fault:
    """Probe one simulated host that misbehaves so."""

    async def main() -> tuple[Reading, Reply] | Fault:
        async with (
            fleet_of(folder, simulated("web1", *behaviours, **spec)) as (_, hosts),
            transport() as made,
        ):
            return await ask(made, hosts[0], deadline=deadline)

    found: tuple[Reading, Reply] | Fault = run(main())
    return found


def read(found: tuple[Reading, Reply] | Fault) -> Reply:
    """Return the reply of a probe that worked."""
    assert not isinstance(found, Fault), str(found)
    return found[1]


def test_each_transport_has_its_turn(wire: TransportName) -> None:
    """The tests of this module really run over both."""

    async def main() -> str:
        async with transport() as made:
            return type(made).__name__

    assert (
        run(main())
        == {TransportName.NATIVE: "NativeTransport", TransportName.PYPSRP: "PypsrpTransport"}[wire]
    )


@pytest.mark.parametrize(("scheme", "auth"), WAYS)
def test_every_way_to_log_on_gives_a_reading(tmp_path: Path, scheme: str, auth: str) -> None:
    """NTLM and Negotiate sealed over http and inside TLS, Basic inside TLS:
    the reply names what was really used.
    """
    reply = read(probed(tmp_path, transport=scheme, auth=auth))
    assert reply.auth == ("basic" if auth == "basic" else "ntlm")
    assert (reply.certificate is None) == (scheme == "http")
    assert set(reply.timings) == {"resolve", "connect", "auth", "open", "run"} | (
        {"tls"} if scheme == "https" else set()
    )
    assert reply.received > 1000
    assert reply.dialled is not None
    assert reply.dialled.startswith("127.")


@pytest.mark.parametrize(("scheme", "auth"), WAYS)
def test_a_wrong_password_is_one_logon_and_a_fault(tmp_path: Path, scheme: str, auth: str) -> None:
    """A stale password is sent once and never again behind the user's back: the host counts one rejection."""

    async def main() -> tuple[Fault | tuple[Reading, Reply], int]:
        one = simulated("web1", ROWS["logon-failed"], transport=scheme, auth=auth)
        async with fleet_of(tmp_path, one) as (fleet, hosts), transport() as made:
            found = await ask(made, hosts[0])
            return found, fleet.host("web1").counters.rejected.total()

    found, rejected = run(main())
    assert isinstance(found, Fault)
    assert (found.cause, found.phase, found.again, rejected) == (
        Cause.LOGON_FAILED,
        Phase.AUTH,
        Again.NEVER,
        1,
    )


def test_a_session_is_few_requests(tmp_path: Path) -> None:
    """Over https with NTLM a probe takes six requests over one connection:
    the second half of the logon carries the shell.
    """

    async def main() -> tuple[int, int, int]:
        async with fleet_of(tmp_path, simulated("web1", auth="ntlm")) as (fleet, hosts), transport() as made:
            read(await ask(made, hosts[0]))
            host = fleet.host("web1")
            return host.counters.requests, host.counters.connections, host.open_shells

    assert run(main()) == (6, 1, 0)


def test_the_logon_is_told_as_soon_as_it_was_taken(tmp_path: Path) -> None:
    """Who waits for the credential to be good need not wait for the script: `accepted` comes while it runs,
    once.
    """

    async def main() -> tuple[list[Phase], bool]:
        told: list[Phase] = []
        one = simulated("web1", slow(1.0))
        async with fleet_of(tmp_path, one) as (_, hosts), transport() as made:
            first = asyncio.Event()

            def accepted() -> None:
                told.append(session.phase)
                first.set()

            session = made.session(endpoint(hosts[0]), LOGON, deadline=20, accepted=accepted)
            work = asyncio.create_task(
                probe(session, hosts[0], mode="auto", canaries=False, deadline_ms=5000, width=8)
            )
            await first.wait()
            running = not work.done()
            await work
            await session.close()
        return told, running

    told, running = run(main())
    assert (len(told), told[0] in (Phase.OPEN, Phase.RUN), running) == (1, True, True)


def test_a_refused_logon_is_never_told_as_taken(tmp_path: Path) -> None:
    """`accepted` is not called for a wrong password."""

    async def main() -> list[str]:
        told: list[str] = []
        async with (
            fleet_of(tmp_path, simulated("web1", ROWS["logon-failed"])) as (_, hosts),
            transport() as made,
        ):
            session = made.session(
                endpoint(hosts[0]), LOGON, deadline=20, accepted=lambda: told.append("taken")
            )
            with pytest.raises(Fault):
                await probe(session, hosts[0], mode="auto", canaries=False, deadline_ms=5000, width=8)
            await session.close()
        return told

    assert run(main()) == []


@pytest.mark.parametrize("behaviour", [DELETE_FAILS, DELETE_CUTS], ids=["fails", "cuts"])
def test_a_failed_close_is_a_remark_and_the_result_is_kept(tmp_path: Path, behaviour: Behaviour) -> None:
    """A host that ends the session badly after a good answer loses nothing but a remark."""

    async def main() -> tuple[bool, tuple[str, ...]]:
        async with fleet_of(tmp_path, simulated("web1", behaviour)) as (_, hosts), transport() as made:
            session = made.session(endpoint(hosts[0]), LOGON, deadline=20)
            reading, _ = await probe(
                session, hosts[0], mode="auto", canaries=False, deadline_ms=5000, width=8
            )
            return isinstance(reading, Reading), await session.close()

    kept, remarks = run(main())
    assert (kept, len(remarks)) == (True, 1)
    assert remarks[0].startswith("the shell did not close, the host ends it when it idles: ")


def test_a_shell_is_closed_after_a_fault_too(tmp_path: Path) -> None:
    """A host that refuses the script over a working connection keeps no open shell of ours."""

    async def main() -> tuple[Cause, int]:
        busy = Behaviour(name="busy", cause=None, step=Step.COMMAND, act=SoapFault(2150859175))
        async with fleet_of(tmp_path, simulated("web1", busy)) as (fleet, hosts), transport() as made:
            found = await ask(made, hosts[0])
            assert isinstance(found, Fault)
            return found.cause, fleet.host("web1").open_shells

    assert run(main()) == (Cause.QUOTA, 0)


def test_a_shell_that_is_left_behind_ends_by_itself_within_two_minutes(tmp_path: Path) -> None:
    """A controller that dies must not hold the account's quota for the two hours that Windows gives a shell
    whose client does not say; the shell says what docs/winrm.md and docs/security.md tell.
    """

    async def main() -> list[float]:
        async with fleet_of(tmp_path, simulated("web1")) as (fleet, hosts), transport() as made:
            session = made.session(endpoint(hosts[0]), LOGON, deadline=20)
            await probe(session, hosts[0], mode="auto", canaries=False, deadline_ms=5000, width=8)
            left = [shell.idle for shell in fleet.host("web1")._service.shells.values()]
            await session.close()
            return left

    assert run(main()) == [90.0]


def test_a_shell_that_the_host_refused_is_not_closed(tmp_path: Path) -> None:
    """Where no shell came about there is nothing to end: no request more,
    and no remark that it did not close.
    """

    async def main() -> tuple[Cause, tuple[str, ...], int]:
        full = Behaviour(name="full", cause=None, step=Step.CREATE, act=SoapFault(2150859173))
        async with fleet_of(tmp_path, simulated("web1", full)) as (fleet, hosts), transport() as made:
            session = made.session(endpoint(hosts[0]), LOGON, deadline=20)
            with pytest.raises(Fault) as found:
                await session.run(script(), {})
            before = fleet.host("web1").counters.requests
            remarks = await session.close()
            return found.value.cause, remarks, fleet.host("web1").counters.requests - before

    assert run(main()) == (Cause.TOO_MANY_SHELLS, (), 0)


def test_an_answer_to_another_request_is_garbled(tmp_path: Path) -> None:
    """An answer names its request; one that does not may be another client's, mixed up on the way."""
    empty = (
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="http://schemas.microsoft.com/wbem/'
        b'wsman/1/windows/shell"><s:Body><rsp:ReceiveResponse/></s:Body></s:Envelope>'
    )
    stray = Behaviour(name="stray", cause=None, step=Step.RECEIVE, act=Body(empty))
    found = probed(tmp_path, stray, deadline=5.0)
    assert isinstance(found, Fault)
    assert (found.cause, found.phase) == (Cause.GARBLED, Phase.RUN)
    assert re.search("another request than ours|related id does not match", found.detail)


def test_a_script_that_runs_long_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that says "still running" again and again is asked again, until the answer is there."""
    monkeypatch.setattr(shell, "OPERATION", 1)
    monkeypatch.setattr(envelopes, "OPERATION", 1)
    assert read(probed(tmp_path, slow(2.5), transport="http", auth="ntlm")).auth == "ntlm"


def test_a_host_that_wants_small_envelopes_gets_them_the_second_time(tmp_path: Path) -> None:
    """After "too large" the next try uses the smallest envelope that Windows knows, and goes through."""

    async def main() -> tuple[object, object]:
        fussy = Behaviour(name="fussy", cause=None, step=Step.COMMAND, act=SoapFault(2150858824), times=1)
        async with fleet_of(tmp_path, simulated("web1", fussy)) as (_, hosts), transport() as made:
            first, second = await ask(made, hosts[0]), await ask(made, hosts[0])
            return first, second

    first, second = run(main())
    assert isinstance(first, Fault)
    assert (first.cause, first.again, isinstance(second, Fault)) == (
        Cause.ENVELOPE_TOO_LARGE,
        Again.ONCE,
        False,
    )


def test_a_second_try_is_a_session_of_its_own(tmp_path: Path) -> None:
    """A host that was unavailable once works with the next session of the same transport."""

    async def main() -> list[bool]:
        async with fleet_of(tmp_path, simulated("web1", flaky(1))) as (_, hosts), transport() as made:
            return [isinstance(await ask(made, hosts[0]), Fault) for _ in range(2)]

    assert run(main()) == [True, False]


def test_the_transport_does_not_ask_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies, CA bundles and pypsrp's own variable in the environment change nothing."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PYPSRP_LOG_CFG"):
        monkeypatch.setenv(name, str(tmp_path / "not there"))
    read(probed(tmp_path))
    read(probed(tmp_path, transport="http"))


def test_the_loggers_of_the_libraries_say_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even with everything logged, neither the script nor a host's words nor the password appear."""
    caplog.set_level(logging.DEBUG)
    read(probed(tmp_path))
    probed(tmp_path, ROWS["garbled/not-xml"])
    said = caplog.text + "".join(capsys.readouterr())
    assert [word for word in ("param(", "Envelope", LOGON.password or "?", "not XML") if word in said] == []
    assert logging.getLogger("pypsrp").level == logging.WARNING


def test_no_secret_shows_in_a_repr(tmp_path: Path) -> None:
    """Neither a logon, a session nor a fault shows the password, in whatever form it is printed."""
    found = probed(tmp_path, ROWS["logon-failed"])
    assert isinstance(found, Fault)
    printed = repr(Logon(username="u", password="s3cret")) + repr(found) + str(found) + found.advice
    assert ("s3cret" in printed, str(LOGON.password) in printed) == (False, False)


def test_threads_and_descriptors_are_back_when_the_transport_is_closed(tmp_path: Path) -> None:
    """After hosts that hang, drip, cut and answer, nothing of them is left."""

    async def once(hosts: list[Host]) -> None:
        async with transport(jobs=8) as made:
            await asyncio.gather(*(ask(made, host, deadline=1.0) for host in hosts))

    async def gone(fleet: SimulatedFleet) -> None:
        """Wait until the simulated hosts, in this process too, have noticed that their clients have gone."""
        everybody = fleet.hosts.values()
        assert await asyncio.to_thread(
            eventually, lambda: not any(host.counters.open_connections for host in everybody)
        )

    async def main() -> tuple[tuple[int, int], tuple[int, int]]:
        names = (
            "deadline/create",
            "deadline/drip",
            "session-lost/receive",
            "deadline/silent",
            "tls-unknown-ca",
            "no-answer",
        )
        specs = [simulated(name.replace("/", "-"), ROWS[name]) for name in names] + [simulated("good")]
        async with fleet_of(tmp_path, *specs) as (fleet, hosts):
            await once(hosts)
            await gone(fleet)
            before = _resources()
            await once(hosts)
            await gone(fleet)
            return before, _resources()

    before, after = run(main())
    assert after == before


def _resources() -> tuple[int, int]:
    gc.collect()
    threads = sum(thread.name.startswith("winrm") for thread in threading.enumerate())
    return threads, len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Leave the root logger as it was."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


def test_two_pins_of_one_host_are_compared_in_any_case(tmp_path: Path) -> None:
    """A pin is hex digits: upper and lower case are the same fingerprint."""

    async def main() -> str | None:
        async with fleet_of(tmp_path, simulated("web1")) as (_, hosts), transport() as made:
            mark = read(await ask(made, hosts[0])).certificate or ""
            pinned = replace(hosts[0], ca=None, tls_pin="sha256:" + mark.removeprefix("sha256:").upper())
            return read(await ask(made, pinned)).certificate

    assert (run(main()) or "").startswith("sha256:")
