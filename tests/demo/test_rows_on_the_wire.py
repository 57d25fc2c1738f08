"""Each way to misbehave, looked at with sockets, http.client and pypsrp:
it happens on the wire as its name says.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pypsrp.exceptions import WSManFaultError

from orchestrator.demo.behaviour import Act, Behaviour, Body, Cut, Drip, Flood, Hang, SoapFault, Status, Step
from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import MAX_CONNECTIONS, OPS, RunningHost, SimulatedHost
from orchestrator.demo.scenes.rows import DELETE_FAILS, ROWS, flaky, slow
from orchestrator.domain.cause import Cause
from tests.demo.hosts import make_machine, run_script
from tests.eventually import eventually

CREATE = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header>'
    b"<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Create</a:Action><a:MessageID>uuid:1</a:MessageID>"
    b"</s:Header><s:Body/></s:Envelope>"
)
Serve = Callable[..., RunningHost]


@pytest.fixture
def serve(net: str, tmp_path: Path) -> Iterator[Serve]:
    """Serve one host with some behaviours; its CA is `tmp_path/ca.pem`."""
    with ExitStack() as stack:

        def start(*behaviours: Behaviour, transport: str = "https", auth: str = "negotiate") -> RunningHost:
            host = SimulatedHost(name="web1", machine=make_machine(), behaviours=behaviours)
            spec = replace(host, transport=transport, auth=auth)  # type: ignore[arg-type]  # literals above
            fleet = stack.enter_context(serve_in_thread(SimulatedFleet([spec], address=f"{net}.26")))
            (tmp_path / "ca.pem").write_text(fleet.authority.pem)
            return fleet.host("web1")

        yield start


def at_create(act: Act) -> Behaviour:
    """Let it happen to the first SOAP request."""
    return Behaviour(name="one", cause=None, step=Step.CREATE, act=act)


@contextmanager
def posting(
    host: RunningHost, ca: Path | None = None, *, timeout: float = 5, logon: bool = True
) -> Iterator[http.client.HTTPResponse]:
    """Post once, over TLS with a CA or in clear without, logged on by Basic."""
    if ca is None:
        client = http.client.HTTPConnection(host.address, host.port, timeout=timeout)
    else:
        context = ssl.create_default_context(cafile=str(ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        client = http.client.HTTPSConnection(host.address, host.port, timeout=timeout, context=context)
    token = base64.b64encode(f"{OPS.username}:{OPS.password}".encode()).decode()
    with closing(client):
        client.request("POST", "/wsman", CREATE, {"Authorization": f"Basic {token}"} if logon else {})
        with client.getresponse() as response:
            yield response


def post(
    host: RunningHost, ca: Path | None = None, *, timeout: float = 5, logon: bool = True
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Post once and read all of it: status, headers, body."""
    with posting(host, ca, timeout=timeout, logon=logon) as response:
        return response.status, response.headers, response.read()


def rows_with(kind: type[Act]) -> Sequence[Behaviour]:
    """Return the rows that do such a thing."""
    return [row for row in ROWS.values() if isinstance(row.act, kind)]


def test_every_cause_that_a_host_can_show_has_a_row() -> None:
    """Only Kerberos on this side, what stands before a host, and what is known of secrets or concluded here,
    is not served.
    """
    missing = set(Cause) - {row.cause for row in ROWS.values()}
    own = {Cause.QUOTA_SUSPECT, Cause.BUG, Cause.NO_SECRET, Cause.CLIENT_CERTIFICATE_REFUSED}
    at_a_site = {Cause.REFUSED_BY_SITE, Cause.LOST_BY_SITE}
    kerberos = {cause for cause in Cause if cause.startswith("kerberos-")} - {Cause.KERBEROS_NEEDS_NAME}
    before_it = {cause for cause in Cause if cause.startswith("via-")}
    assert missing == own | at_a_site | kerberos | before_it


@pytest.mark.parametrize("row", rows_with(SoapFault), ids=lambda row: row.name)
def test_a_fault_row_gives_its_code_at_its_step(serve: Serve, tmp_path: Path, row: Behaviour) -> None:
    """A plain client hears the very code of the row, or the subcode where there is no code."""
    host = serve(row, transport="http", auth="ntlm")
    with pytest.raises(WSManFaultError) as caught:
        run_script(host, tmp_path / "ca.pem")
    assert isinstance(row.act, SoapFault)
    assert caught.value.code == (row.act.subcode if row.act.code is None else row.act.code)
    assert host.counters.shells_opened == (0 if row.step is Step.CREATE else 1)


@pytest.mark.parametrize("row", rows_with(Status), ids=lambda row: row.name)
def test_a_status_row_answers_before_anybody_logs_on(serve: Serve, row: Behaviour) -> None:
    """The status, its headers and its body come without any SOAP and without a question for a name."""
    host = serve(row, transport="http")
    status, headers, body = post(host)
    assert isinstance(row.act, Status)
    assert (status, body) == (row.act.code, row.act.body)
    assert {name: headers[name] for name, _ in row.act.headers} == dict(row.act.headers)
    assert host.counters.logons == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tls-unknown-ca", "CERTIFICATE_VERIFY_FAILED"),
        ("tls-wrong-name", "CERTIFICATE_VERIFY_FAILED"),
        ("tls-expired", "CERTIFICATE_VERIFY_FAILED"),
        ("tls-too-old", "UNSUPPORTED_PROTOCOL"),
        ("tls-too-old/small-key", "CERTIFICATE_VERIFY_FAILED"),
        ("tls-bad-certificate", "CERTIFICATE_VERIFY_FAILED"),
        ("not-tls", "WRONG_VERSION_NUMBER"),
    ],
)
def test_a_tls_row_fails_in_the_handshake_for_its_own_reason(
    serve: Serve, tmp_path: Path, name: str, reason: str
) -> None:
    """OpenSSL on this side says why, and no request is made."""
    host = serve(ROWS[name])
    with pytest.raises(ssl.SSLError) as caught:
        post(host, tmp_path / "ca.pem")
    expected = {
        "tls-unknown-ca": "unable to get local issuer certificate",
        "tls-wrong-name": "IP address mismatch",
        "tls-expired": "certificate has expired",
        "tls-too-old/small-key": "EE certificate key too weak",
        "tls-bad-certificate": "unsuitable certificate purpose",
    }.get(name, "")
    assert caught.value.reason == reason
    assert expected in str(caught.value)
    assert host.counters.requests == 0


def test_a_demanded_certificate_ends_the_connection_after_the_handshake(serve: Serve, tmp_path: Path) -> None:
    """TLS 1.3: the client has finished by then, and hears nothing at its first request;
    asyncio sends no alert.
    """
    host = serve(ROWS["tls-client-certificate"])
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected, ssl.SSLError)):
        post(host, tmp_path / "ca.pem")
    assert host.counters.requests == 0


def test_a_closed_port_refuses_and_a_dropped_one_is_silent(serve: Serve) -> None:
    """Nothing listens; or no SYN is ever answered."""
    with pytest.raises(ConnectionRefusedError):
        post(serve(ROWS["connection-refused"]))
    host = serve(ROWS["no-answer"])
    with pytest.raises(TimeoutError):
        socket.create_connection((host.address, host.port), timeout=0.3)


def test_a_silent_port_takes_the_connection_and_says_nothing(serve: Serve) -> None:
    """Not even to a TLS hello."""
    host = serve(ROWS["deadline/silent"])
    with (
        socket.create_connection((host.address, host.port), timeout=0.3) as sock,
        pytest.raises(TimeoutError),
    ):
        ssl.create_default_context().wrap_socket(sock, server_hostname="web1")


def test_what_a_host_offers_is_in_its_challenge(serve: Serve) -> None:
    """A host without NTLM names Kerberos alone."""
    status, headers, _ = post(serve(ROWS["ntlm-disabled"], transport="http"), logon=False)
    assert (status, headers.get_all("WWW-Authenticate")) == (401, ["Kerberos"])


def test_a_logon_loop_never_accepts_anybody(serve: Serve) -> None:
    """The right password gets the same 401, with the proxy's header, and no logon is counted."""
    host = serve(ROWS["logon-loop"], transport="http")
    status, headers, _ = post(host)
    assert (status, headers["Via"], host.counters.logons) == (401, "1.1 proxy.example", 0)


def test_a_connection_is_cut_instead_of_the_reply(serve: Serve, tmp_path: Path) -> None:
    """The request was read; nothing comes back."""
    host = serve(at_create(Cut()))
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected, ssl.SSLError)):
        post(host, tmp_path / "ca.pem")
    assert host.counters.requests == 1


def test_a_reply_is_cut_in_the_middle(serve: Serve) -> None:
    """Half of the bytes, then a reset."""
    half = Behaviour(name="half", cause=None, step=Step.LOGON, act=Cut(half=True))
    host = serve(half, transport="http")
    with socket.create_connection((host.address, host.port), timeout=5) as sock:
        sock.sendall(b"POST /wsman HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        got = sock.recv(4096)
        with pytest.raises(ConnectionResetError):
            sock.recv(4096)
    assert got.startswith(b"HTTP/1.1 200")
    assert b"\r\n\r\n" not in got


def test_a_hanging_step_never_replies(serve: Serve, tmp_path: Path) -> None:
    """The client's own patience is the end of it."""
    with pytest.raises(TimeoutError):
        post(serve(at_create(Hang())), tmp_path / "ca.pem", timeout=0.5)


def test_a_dripping_reply_comes_byte_by_byte(serve: Serve) -> None:
    """At a byte an hour the first one comes alone; at a thousand a second the whole head comes in the end."""
    slow, quick = (
        serve(Behaviour(name="drip", cause=None, step=Step.LOGON, act=Drip(interval)), transport="http")
        for interval in (3600.0, 0.001)
    )
    assert next(_said(slow)) == b"H"
    said = b""
    for piece in _said(quick):
        said += piece
        if b"\r\n\r\n" in said:
            break
    assert said.startswith(b"HTTP/1.1 200")


def _said(host: RunningHost) -> Iterator[bytes]:
    """Send a request without a logon over plain HTTP; yield what comes, as it comes."""
    with socket.create_connection((host.address, host.port), timeout=20) as sock:
        sock.sendall(b"POST /wsman HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        while data := sock.recv(4096):
            yield data


def test_a_flood_stops_when_nobody_reads_it(serve: Serve, tmp_path: Path) -> None:
    """A client that goes away ends the stream, and the host keeps no connection."""
    host = serve(at_create(Flood(300 * 1024 * 1024)))
    with posting(host, tmp_path / "ca.pem") as response:
        assert (response.length, len(response.read(1_000_000))) == (300 * 1024 * 1024, 1_000_000)
    assert eventually(lambda: not host.counters.open_connections)


def test_a_body_takes_the_place_of_the_soap_reply(serve: Serve, tmp_path: Path) -> None:
    """Byte for byte, with the status that was asked for."""
    status, _, body = post(serve(at_create(Body(b"\x00rubbish", 500))), tmp_path / "ca.pem")
    assert (status, body) == (500, b"\x00rubbish")


def test_a_flaky_host_fails_as_often_as_it_was_told_and_then_works(serve: Serve, tmp_path: Path) -> None:
    """Two sessions hear 503, the third is served."""
    host = serve(flaky(2))
    assert [post(host, tmp_path / "ca.pem")[0] for _ in range(2)] == [503, 503]
    assert len(run_script(host, tmp_path / "ca.pem").output) == 1


def test_a_slow_script_is_waited_for_through_time_outs(serve: Serve, tmp_path: Path) -> None:
    """The client asks again when the operation timed out, and gets the answer in the end."""
    host = serve(slow(1.2), transport="http")
    assert len(run_script(host, tmp_path / "ca.pem", patience=1).output) == 1
    assert host.counters.requests > 8  # at least one Receive more than without waiting


def test_a_delete_that_fails_comes_after_the_good_result(serve: Serve, tmp_path: Path) -> None:
    """The script has run when closing the shell goes wrong."""
    host = serve(DELETE_FAILS)
    with pytest.raises(WSManFaultError) as caught:
        run_script(host, tmp_path / "ca.pem")
    assert (caught.value.code, host.counters.scripts) == (995, {"probe": 1})


def test_a_host_takes_no_more_connections_than_its_cap(serve: Serve) -> None:
    """The connection after the last allowed one is closed at once."""
    host = serve(transport="http")
    socks = [
        socket.create_connection((host.address, host.port), timeout=5) for _ in range(MAX_CONNECTIONS + 1)
    ]
    try:
        assert _hung_up(socks[-1])
        socks[0].settimeout(0.1)
        with pytest.raises(TimeoutError):
            _hung_up(socks[0])
    finally:
        for sock in socks:
            sock.close()


def _hung_up(sock: socket.socket) -> bool:
    """Whether the other end has gone; waits as long as the socket's time-out, then raises TimeoutError."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True
