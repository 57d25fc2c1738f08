"""Servers on 127.0.0.1 that break HTTP in every way: each ends as a fault with a cause, in time,
in bounded memory.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.auth.kerberos import can_ask_kdc
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.net.connect import system_resolver
from orchestrator.remote.net.http import MAX_ANSWER
from orchestrator.remote.session import Reply
from tests.remote.wired import (
    LOGON,
    fault_of,
    plain,
    raw_server,
    read_request,
    run,
    script,
    silent_server,
    transport,
)

BOTH_WIRES = True
NEVER = 1e6  # seconds: a deadline that comes after any test's end


def says(data: bytes) -> Callable[[socket.socket], None]:
    """Answer the first request with these bytes and hang up."""

    def behave(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)

    return behave


def fault_from(behave: Callable[[socket.socket], None], deadline: float = 5.0) -> Fault:
    """Log on to a server that behaves so; return the fault."""
    with raw_server(behave) as port:
        found: Fault | Reply = run(fault_of(plain(port), deadline=deadline))
    assert isinstance(found, Fault)
    return found


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"", Cause.SESSION_LOST),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Cause.NOT_WINRM),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", Cause.GARBLED),
        (b"\x15\x03\x01\x00\x02\x02\x46", Cause.NOT_WINRM),
        (b"HTTP/1.1 2\xb2\xb2 OK\r\n\r\n", Cause.GARBLED),
        (b"HTTP/9.9 200 OK\r\n\r\n", Cause.GARBLED),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Cause.GARBLED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5", Cause.GARBLED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Cause.GARBLED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", Cause.GARBLED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", Cause.GARBLED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", Cause.SESSION_LOST),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", Cause.GARBLED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", Cause.GARBLED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", Cause.SESSION_LOST),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50, Cause.GARBLED),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 50_000, Cause.GARBLED),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Negotiate !!!\r\n\r\n", Cause.GARBLED),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Negotiate YWJj\r\n\r\n", Cause.GARBLED),
        (
            b'HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n',
            Cause.LOGON_NOT_OFFERED,
        ),
        (b"HTTP/1.1 404 No\r\nConnection: close\r\n\r\n" + b"x" * 3 * MAX_ANSWER, Cause.NO_LISTENER),
        (b"HTTP/1.0 503 No\r\n\r\n", Cause.SERVICE_UNAVAILABLE),
        (b"HTTP/1.0 504 No\n\n", Cause.GATEWAY),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\0\0\0", Cause.NOT_WINRM),
        (b"HTTP/1.1 408 Request Time-out\r\nConnection: close\r\n\r\n", Cause.SESSION_LOST),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<p>Welcome</p>",
            Cause.NOT_WINRM,
        ),
        (b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0d\0\4\0\x10\0\0", Cause.NOT_WINRM),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Cause.GARBLED),
    ],
)
def test_a_broken_answer_has_a_cause(answer: bytes, cause: Cause) -> None:
    """Whatever comes in the place of HTTP, the host has a cause, and nothing is raised but a fault."""
    fault = fault_from(says(answer))
    assert fault.cause == cause, fault.detail


def test_a_refusal_is_read_though_the_request_was_not_taken() -> None:
    """A server that answers 413 and closes before it has read the request is still understood."""

    def behave(sock: socket.socket) -> None:
        sock.recv(1)
        sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        read_request(sock)

    assert fault_from(behave).cause == Cause.ENVELOPE_TOO_LARGE


def test_a_host_that_drips_is_ended_at_its_deadline() -> None:
    """One byte every tenth of a second never runs into a read time-out; the total deadline ends it."""
    dripped: list[int] = []

    def behave(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:  # it ends when the client has hung up
            dripped.append(sock.send(b"y"))
            never.wait(0.1)

    never = threading.Event()
    fault = fault_from(behave, deadline=1.0)
    assert (fault.cause, fault.phase) == (Cause.DEADLINE, Phase.AUTH)
    assert "after 1.0 s" in fault.detail
    assert len(dripped) > 1


@pytest.mark.parametrize("phase", ["tls", "auth"])
def test_a_host_that_says_nothing_is_ended_at_its_deadline(phase: str) -> None:
    """A hung handshake and a hung answer end on time, and the fault names where it hung."""

    async def ask(port: int) -> Fault | Reply:
        more = {"transport": "https", "tls_pin": "sha256:" + "0" * 64} if phase == "tls" else {}
        return await fault_of(plain(port, **more), deadline=0.5)

    with silent_server() as (port, _):
        fault = run(ask(port))
    assert (fault.cause, fault.phase) == (Cause.DEADLINE, Phase(phase))
    assert "after 0.5 s" in fault.detail


def test_a_flood_does_not_grow_the_client() -> None:
    """A reply without end is refused after one megabyte; the memory that it took is of that size."""

    def behave(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            sock.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    tracemalloc.start()
    try:
        fault = fault_from(behave)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (fault.cause, "too large" in fault.detail) == (Cause.GARBLED, True)
    assert peak < 20 * MAX_ANSWER


def test_a_cancelled_session_gives_its_thread_and_socket_back() -> None:
    """Cancelling a session on a silent host ends it at once: the thread is free for the next host,
    the socket closed.
    """

    async def main(port: int, asked: threading.Event) -> tuple[bool, str]:
        async with transport(jobs=1) as made:
            session = made.session(plain(port), LOGON, deadline=NEVER)
            task = asyncio.create_task(session.run(script(), {}))
            await asyncio.to_thread(asked.wait)
            task.cancel()
            await asyncio.wait({task})
            await session.close()
            # The only thread has to be free again for this one.
            follower = made.session(plain(port), LOGON, deadline=0.3)
            try:
                await follower.run(script(), {})
            except Fault as fault:
                return task.cancelled(), fault.phase
            finally:
                await follower.close()
        return task.cancelled(), "no fault"

    with silent_server() as (port, asked):
        cancelled, phase = run(main(port, asked))
    gc.collect()
    assert (cancelled, phase) == (True, "auth")


def test_closing_the_transport_cuts_sessions_that_are_still_open() -> None:
    """A run that ends does not wait for hosts that hang."""

    async def main(port: int, asked: threading.Event) -> Fault | None:
        found: list[Fault] = []

        async def ask() -> None:
            session = made.session(plain(port), LOGON, deadline=NEVER)
            try:
                await session.run(script(), {})
            except Fault as fault:
                found.append(fault)
            finally:
                await session.close()

        async with transport() as made:
            task = asyncio.create_task(ask())
            await asyncio.to_thread(asked.wait)
        await task
        return found[0] if found else None

    with silent_server() as (port, asked):
        fault = run(main(port, asked))
    assert fault is not None
    assert fault.cause == Cause.SESSION_LOST


@pytest.mark.parametrize("phase", ["resolve", "connect"])
def test_closing_the_transport_ends_sessions_that_have_said_nothing_yet(phase: str) -> None:
    """Who waits for a name, or for another host's logon, does not go on to log on afterwards."""

    async def main(port: int) -> Fault:
        waits = asyncio.Event()

        async def never(*_: str) -> list[str]:
            waits.set()
            await asyncio.Event().wait()
            return []

        async def wait() -> None:
            await never()

        async with transport(resolver=never) as made:
            address = "web1.test" if phase == "resolve" else "127.0.0.1"
            session = made.session(plain(port, address=address), LOGON, deadline=NEVER, before_logon=wait)
            task = asyncio.create_task(session.run(script(), {}))
            await waits.wait()
        with pytest.raises(Fault) as found:
            await task
        await session.close()
        return found.value

    seen: list[bytes] = []
    with raw_server(lambda sock: seen.append(sock.recv(65536))) as port:
        fault = run(main(port))
    assert (fault.cause, fault.phase) == (Cause.SESSION_LOST, Phase(phase))
    assert [data for data in seen if data] == []


def test_basic_over_plain_http_sends_nothing() -> None:
    """The password would be readable, so not even a connection is made."""
    seen: list[bytes] = []
    with raw_server(lambda sock: seen.append(sock.recv(65536))) as port:
        fault = run(fault_of(plain(port, auth="basic")))
    assert (fault.cause, seen) == (Cause.LOGON_NOT_OFFERED, [])


def test_kerberos_with_an_address_is_refused_before_anything_is_sent() -> None:
    """Kerberos needs a name; with an IP address the user is told so at once."""
    fault = run(fault_of(plain(9, auth="kerberos")))
    assert (fault.cause, fault.phase) == (Cause.KERBEROS_NEEDS_NAME, Phase.AUTH)


def test_kerberos_without_its_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Kerberos is not installed, the words name the extra; where it is,
    no domain controller is known here.
    """
    (tmp_path / "krb5.conf").write_text(
        "[libdefaults]\ndefault_realm = NOBODY.TEST\ndns_lookup_kdc = false\ndns_lookup_realm = false\n"
    )
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "krb5.conf"))
    with raw_server(says(b"")) as port:
        fault = run(fault_of(plain(port, address="web1.test", auth="kerberos")))
    cause = Cause.KERBEROS_NO_KDC if can_ask_kdc() else Cause.KERBEROS_TICKET
    assert (fault.cause, fault.phase, fault.refused_by) == (cause, Phase.AUTH, None)
    assert ("fleetcheck[kerberos]" in fault.detail) is not can_ask_kdc()


def test_an_unknown_name_is_a_fault_of_its_phase() -> None:
    """A name that nobody resolves never comes to a connection."""
    fault = run(fault_of(plain(5985, address="web1.invalid")))
    assert (fault.cause, fault.phase) == (Cause.NAME_NOT_RESOLVED, Phase.RESOLVE)


def test_a_name_that_no_thread_is_left_to_ask_for_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that gives this process no more threads makes a host's fault of it, not a bug."""

    def none(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> Fault:
        async with transport(resolver=system_resolver) as made:
            session = made.session(plain(9, address="web1.invalid"), LOGON, deadline=5)
            with monkeypatch.context() as patched:
                patched.setattr(threading.Thread, "start", none)
                with pytest.raises(Fault) as found:
                    await session.run(script(), {})
            return found.value

    fault = run(main())
    assert (fault.cause, "no thread is left" in fault.detail) == (Cause.NAME_NOT_RESOLVED, True)


def test_an_address_that_refuses_passes_on_to_the_next() -> None:
    """Of several addresses of a name, the first that lets us connect is used."""

    async def two(_name: str) -> list[str]:
        return ["127.0.0.3", "127.0.0.1"]

    async def main(port: int) -> Fault | Reply:
        async with transport(resolver=two) as made:
            session = made.session(plain(port, address="web1.test"), LOGON, deadline=5)
            try:
                return await session.run(script(), {})
            except Fault as fault:
                return fault
            finally:
                await session.close()

    with raw_server(says(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")) as port:
        found = run(main(port))
    assert isinstance(found, Fault)
    assert found.cause == Cause.NO_LISTENER


def test_where_no_thread_is_to_be_had_the_transport_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that gives this process no more threads takes a host's result, and not the end of the run."""
    from orchestrator.remote.over_pypsrp.transport import PypsrpTransport

    def none(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        made = PypsrpTransport(jobs=1)
        monkeypatch.setattr(threading.Thread, "start", none)
        await made.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("value", [2**31, True, 1.5, None, (1, 2), [1, None]])
def test_a_parameter_that_would_break_on_the_wire_is_our_mistake(value: object) -> None:
    """What pypsrp sends broken, or not at all, is refused as a mistake of the program,
    not blamed on the host.
    """
    from orchestrator.remote.psrp.pipeline import check

    with pytest.raises(TypeError, match="parameter Port"):
        check({"Port": value})  # type: ignore[dict-item]  # that is the point
