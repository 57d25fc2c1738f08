"""Hosts, or what stands before them, that end the connection with an answer:
the next request goes over a new one, or not at all.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest

from orchestrator.demo.behaviour import Behaviour, Close, Step
from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.scenes.rows import CLOSES
from orchestrator.demo.scenes.scenario import VALUES
from orchestrator.domain.cause import Cause
from orchestrator.domain.reading import Reading
from orchestrator.remote.apply import apply
from orchestrator.remote.ask import endpoint
from orchestrator.remote.auth.logon import Basic
from orchestrator.remote.contract.repin_answer import RepinAnswer, RepinResult
from orchestrator.remote.faults.fault import Again, Fault
from orchestrator.remote.net.connect import connect_to
from orchestrator.remote.net.http import Answer, Fresh, Idle, idle
from orchestrator.remote.net.stream import Stream
from orchestrator.remote.net.trust import Trust
from orchestrator.remote.over_pypsrp import tls
from orchestrator.remote.over_pypsrp.wire import BlockingConnection
from orchestrator.remote.psrp.speaker import Speaker
from orchestrator.remote.session import Endpoint, Reply
from orchestrator.remote.transport_name import TransportName
from tests.demo.hosts import make_machine, plan_both
from tests.remote.certificates import Issuer, pem, server
from tests.remote.repins import AHEAD, OPERATION
from tests.remote.wired import (
    LOGON,
    ask,
    fault_of,
    fleet_of,
    plain,
    raw_server,
    read_request,
    run,
    simulated,
    transport,
)

BOTH_WIRES = True
WAYS = [
    ("http", "ntlm"),
    ("http", "negotiate"),
    ("https", "ntlm"),
    ("https", "negotiate"),
    ("https", "basic"),
]


def probed(
    folder: Path, closes: Behaviour, scheme: str, auth: str
) -> tuple[tuple[Reading, Reply] | Fault, SimulatedFleet]:
    """Probe a host that ends its connections so."""

    async def main() -> tuple[tuple[Reading, Reply] | Fault, SimulatedFleet]:
        one = simulated("web1", closes, transport=scheme, auth=auth)
        async with fleet_of(folder, one) as (fleet, hosts), transport() as made:
            return await ask(made, hosts[0]), fleet

    found: tuple[tuple[Reading, Reply] | Fault, SimulatedFleet] = run(main())
    return found


@pytest.mark.parametrize(("scheme", "auth"), WAYS)
def test_a_session_goes_on_over_new_connections(tmp_path: Path, scheme: str, auth: str) -> None:
    """Each answer ends its connection: the host is logged on to again, the script runs once,
    and no shell is left.
    """
    found, fleet = probed(tmp_path, CLOSES, scheme, auth)
    assert not isinstance(found, Fault), str(found)
    host = fleet.host("web1")
    seen = host.counters
    assert (dict(seen.scripts), seen.shells_opened, seen.shells_closed, seen.rejected.total()) == (
        {"probe": 1},
        1,
        1,
        0,
    )
    assert (seen.connections >= 5, seen.accepted.total() == seen.connections) == (True, True)


@pytest.mark.parametrize(("scheme", "auth"), [("http", "ntlm"), ("https", "basic")])
def test_a_write_meets_no_closed_connection_and_is_sent_once(tmp_path: Path, scheme: str, auth: str) -> None:
    """The answer in front of the write ended its connection: the script goes over a new one,
    and runs once.
    """
    machine = make_machine()
    one = SimulatedHost(name="web1", machine=machine, behaviours=(CLOSES,), transport=scheme, auth=auth)  # type: ignore[arg-type]  # literals

    async def main() -> tuple[RepinAnswer, dict[str, int]]:
        async with fleet_of(tmp_path, one) as (fleet, hosts), transport() as made:
            session = made.session(endpoint(hosts[0]), LOGON, deadline=20)
            change = plan_both(machine)
            try:
                answer = await apply(session, hosts[0], change, operation=OPERATION, deadline=AHEAD)
            finally:
                await session.close()
            return answer, dict(fleet.host("web1").counters.scripts)

    answer, scripts = run(main())
    assert (answer.result, scripts) == (RepinResult.WRITTEN, {"repin": 1})
    assert [machine.log.count(name) for name in VALUES.values()] == [1, 1]


@pytest.mark.parametrize(("scheme", "auth", "reads"), [("http", "ntlm", False), ("https", "ntlm", True)])
def test_a_logon_that_its_connection_does_not_outlast_is_told(
    tmp_path: Path, scheme: str, auth: str, reads: bool
) -> None:
    """Over http the logon comes before the first message: ended in between, it is told as that, with no other
    try.

    Inside TLS the message goes with the logon's last part, so that nothing is lost.
    """
    ends = Behaviour(name="ends", cause=None, step=Step.LISTEN, act=Close(empty=True))
    found, fleet = probed(tmp_path, ends, scheme, auth)
    assert isinstance(found, Fault) is not reads, str(found)
    if isinstance(found, Fault):
        assert (found.cause, found.again) == (Cause.CONNECTION_NOT_KEPT, Again.NEVER)
        assert "it ended as soon as the logon was through" in found.detail
        assert fleet.host("web1").counters.shells_opened == 0


SHELL = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:RelatesTo>(id)'
    b"</a:RelatesTo></s:Header><s:Body>"
    b"<rsp:Shell "
    b'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><rsp:ShellId>1</rsp:ShellId></rsp:Shell>'
    b"</s:Body></s:Envelope>"
)


def test_a_new_connection_to_another_certificate_gets_nothing(tmp_path: Path) -> None:
    """A balancer may lead to another machine: neither the logon nor a script goes to it."""
    root = Issuer("Root")
    (tmp_path / "ca.pem").write_bytes(pem(root.certificate))
    first, second = (server(key, leaf) for leaf, key in (root.leaf(), root.leaf()))
    seen: list[bytes] = []

    def behave(sock: socket.socket) -> None:
        with (first if not seen else second).wrap_socket(sock, server_side=True) as secured:
            request = read_request(secured)
            if request:
                seen.append(request)
                message = request.partition(b"MessageID")[2].partition(b">")[2].partition(b"<")[0]
                body = SHELL.replace(b"(id)", message)
                head = b"HTTP/1.0 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n"
                secured.sendall(head % len(body) + body)

    with raw_server(behave) as port:
        where = plain(port, transport="https", auth="basic", address="srv01.test", ca=tmp_path / "ca.pem")
        fault = run(fault_of(where))
    assert (fault.cause, "came to another certificate" in fault.detail, len(seen)) == (
        Cause.CONNECTION_NOT_KEPT,
        True,
        1,
    ), fault.detail


def test_a_connection_that_ended_in_silence_is_renewed_before_the_next_request() -> None:
    """Nothing is sent into a closed connection: the speaker asks first,
    and logs on anew where it has ended.
    """
    where = plain(5986, transport="https", auth="basic")
    speaker = Speaker(where, Basic(LOGON), lambda: None)
    good = Answer(status=200, headers={}, challenges=(), body=SHELL)
    first = speaker.exchange(b"one")
    assert type(next(first)) is bytes
    with pytest.raises(StopIteration):
        first.send(good)
    kept, ended = speaker.exchange(b"two"), speaker.exchange(b"three")
    assert (isinstance(next(kept), Idle), type(kept.send(idle(ended=False)))) == (True, bytes)
    with pytest.raises(StopIteration):
        kept.send(good)
    next(ended)
    request = ended.send(idle(ended=True))
    assert (isinstance(request, Fresh), request.endswith(b"three"), b"Authorization: Basic" in request) == (
        True,
    ) * 3


@pytest.mark.parametrize("secure", [False, True])
def test_an_end_in_silence_is_noticed_without_waiting(
    tmp_path: Path, wire: TransportName, secure: bool
) -> None:
    """While the host keeps the connection the question is answered at once,
    and so it is when the host is gone.
    """
    root = Issuer("Root")
    (tmp_path / "ca.pem").write_bytes(pem(root.certificate))
    leaf, key = root.leaf()
    context = server(key, leaf)
    end, gone = threading.Event(), threading.Event()

    def behave(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) if secure else sock as talk:
            end.wait(10)
            talk.shutdown(socket.SHUT_RDWR)
        gone.set()

    async def native(port: int) -> list[bool]:
        stream = Stream(await connect_to("127.0.0.1", port))
        if secure:
            await stream.secure(at(port), Trust())
        found = [(await stream.post(Idle())).last]
        end.set()
        await asyncio.to_thread(gone.wait)
        found.append((await stream.post(Idle())).last)
        stream.close()
        return found

    def blocking(port: int) -> list[bool]:
        talk = BlockingConnection(socket.create_connection(("127.0.0.1", port)), ends=60.0, clock=lambda: 0.0)
        if secure:
            tls.secure(talk, at(port), Trust())
        found = [talk.post(Idle()).last]
        end.set()
        gone.wait()
        found.append(talk.post(Idle()).last)
        talk.close()
        return found

    def at(port: int) -> Endpoint:
        return plain(port, transport="https", address="srv01.test", ca=tmp_path / "ca.pem")

    with raw_server(behave) as port:
        assert (run(native(port)) if wire is TransportName.NATIVE else blocking(port)) == [False, True]
