"""The pure pieces of the wire: HTTP answers, sealed bodies, envelopes, SOAP answers,
and who talks with whom.
"""

from __future__ import annotations

import contextlib
import itertools
import struct
import time
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.cause import Cause
from orchestrator.remote.auth import kerberos
from orchestrator.remote.auth.nt_hash import NtHashes
from orchestrator.remote.auth.sealing import Sealing
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.faults.trouble import Garbled, Trouble
from orchestrator.remote.net.http import Answer, Inbox
from orchestrator.remote.over_pypsrp.imports import WinRMEncryption
from orchestrator.remote.psrp.envelopes import ENVELOPE, SMALLEST_ENVELOPE, Envelopes
from orchestrator.remote.psrp.fragments import fragments
from orchestrator.remote.psrp.soap_answers import command_id, received, shell_id
from orchestrator.remote.session import Endpoint, Logon
from orchestrator.remote.try_progress import TryProgress
from tests.remote.wired import plain

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: a\r\nX: 1\r\nx: 2\r\n"
WHOLE = HEAD + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n"
SOAP = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{}</s:Body></s:Envelope>'
RSP = 'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"'


def answered(*pieces: bytes) -> Answer:
    """Read one answer that comes in these pieces and then ends."""
    inbox, waiting = Inbox(), iter((*pieces, b""))
    reading = inbox.answer()
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return end.value
        inbox.feed(next(waiting))


@settings(deadline=None)  # a busy machine is no mistake
@given(st.sampled_from([WHOLE, CHUNKED]), st.lists(st.integers(0, len(CHUNKED)), max_size=6))
def test_an_answer_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    """TCP may cut anywhere: within a header, a chunk's size, a line end."""
    edges = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(edges) if a != b]
    answer = answered(*pieces)
    assert (answer.status, answer.body, answer.headers["x"]) == (200, b"hello", "1, 2")


@settings(deadline=None)  # a busy machine is no mistake
@given(st.lists(st.binary(max_size=60), max_size=6), st.sampled_from([b"", WHOLE[:40], CHUNKED[:80]]))
def test_no_bytes_bring_up_anything_but_trouble(pieces: list[bytes], start: bytes) -> None:
    """Whatever a host sends in the place of HTTP, it is an answer or trouble."""
    with contextlib.suppress(Trouble):
        answered(start, *filter(None, pieces))


def said(head: bytes, body: bytes = b"hello") -> Answer:
    """Read an answer of this head."""
    return answered(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    ("version", "headers", "last"),
    [
        (b"1.1", b"", False),
        (b"1.1", b"\nConnection: keep-alive", False),
        (b"1.1", b"\nConnection: close", True),
        (b"1.1", b"\nConnection: Keep-Alive, close", True),
        (b"1.1", b"\nConnection: CLOSE , Keep-Alive", True),
        (b"1.1", b"\nConnection: keep-alive\nConnection: Close", True),
        (b"1.1", b"\nConnection: close-notify", False),
        (b"1.1", b"\nConnection: Upgrade, foo", False),
        (b"1.1", b"\nProxy-Connection: close", False),
        (b"1.0", b"", True),
        (b"1.0", b"\nConnection: Keep-Alive", False),
        (b"1.0", b"\nConnection: keep-alive, close", True),
        (b"1.0", b"\nProxy-Connection: keep-alive", True),
    ],
)
def test_an_answer_says_whether_its_connection_goes_on(version: bytes, headers: bytes, last: bool) -> None:
    """`close` among the options wins, HTTP/1.0 has to ask for more,
    and `Proxy-Connection` is no header of HTTP.
    """
    answer = said(b"HTTP/" + version + b" 200 OK\nContent-Length: 5" + headers)
    assert (answer.last, answer.body) == (last, b"hello")


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 5",
        b"HTTP/1.1 200 OK\nContent-Length: 5, 5",
        b"HTTP/1.1 200\nContent-Length: 5",
        b"HTTP/1.1 200 \nContent-Length: 5",
        b"HTTP/1.1 200 Zugriff f\xfcr alle: ja\nContent-Length: 5",
        b"HTTP/1.1 200 OK\nX-Long: one\n two\n\tthree\nContent-Length: 5",
        b"HTTP/1.1 200 OK\nContent-Length : 5",
        b"HTTP/1.1 200 OK\nX:\nContent-Length:\t5 ",
        b"HTTP/1.1 200 OK\nTransfer-Encoding: identity\nContent-Length: 5",
        b"HTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 102 Processing\n\nHTTP/1.1 200 OK\nContent-Length: 5",
        b"HTTP/1.2 200 OK\nContent-Length: 5",
    ],
)
def test_what_is_odd_and_legal_is_read(head: bytes) -> None:
    """As proxies write HTTP: equal lengths twice, no reason, folded headers,
    answers of the 100 family before the real one.
    """
    answer = said(head)
    assert (answer.status, answer.body, answer.last) == (200, b"hello", False)


def test_lines_that_end_in_lf_alone_are_read() -> None:
    """Small devices write so; waiting for CR would take the whole of the host's time."""
    answer = answered(b"HTTP/1.0 404 No\nServer: small\n\nnothing")
    assert (answer.status, answer.headers["server"], answer.body) == (404, "small", b"nothing")


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 6",
        b"HTTP/1.1 200 OK\nContent-Length: 5,",
        b"HTTP/1.1 200 OK\nContent-Length: +5",
        b"HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked",
        b"HTTP/1.1 2000 OK\nContent-Length: 5",
        b"HTTP/1.1 099 OK\nContent-Length: 5",
        b"HTTP/2 200\nContent-Length: 5",
    ],
)
def test_what_no_proxy_may_write_is_garbled(head: bytes) -> None:
    """Two lengths that differ, codings that nobody asked for, status lines that are none."""
    with pytest.raises(Garbled):
        said(head)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_long_page_with_a_refusal_leaves_the_next_answer_whole(chunked: bool) -> None:
    """A proxy's page of 200 KB beside a challenge is passed over, its first part kept: the logon goes on."""
    page = b"x" * 200_000
    head = b"HTTP/1.1 401 No\r\n"
    if chunked:
        first = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(page), page)
    else:
        first = head + b"Content-Length: 200000\r\n\r\n" + page
    inbox = Inbox()
    inbox.feed(first + WHOLE)
    found = []
    for _ in range(2):
        with pytest.raises(StopIteration) as end:
            next(inbox.answer())
        found.append(end.value.value)
    assert [(one.status, len(one.body), one.last) for one in found] == [(401, 65_536, False), (200, 5, False)]


def test_nothing_follows_a_switch_of_protocols() -> None:
    """101 is an answer of its own: what comes behind it is no HTTP."""
    answer = said(b"HTTP/1.1 101 Switching Protocols\nUpgrade: h2c", b"\0\0\0\4")
    assert (answer.status, answer.last, answer.body) == (101, True, b"")


def test_a_new_connection_begins_with_nothing_of_the_old_one() -> None:
    """What was left of the former is gone, and what was received in all stays counted."""
    inbox = Inbox()
    inbox.feed(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\nrubbish")
    with pytest.raises(StopIteration) as end:
        next(inbox.answer())
    received = inbox.received
    inbox.feed(b"")
    inbox.renew()
    inbox.feed(WHOLE)
    with pytest.raises(StopIteration) as again:
        next(inbox.answer())
    assert (end.value.value.last, again.value.value.body, inbox.received) == (
        True,
        b"hello",
        received + len(WHOLE),
    )


def test_two_answers_in_one_piece_are_two() -> None:
    """What came behind an answer is kept for the next one."""
    inbox = Inbox()
    inbox.feed(WHOLE + CHUNKED)
    bodies = []
    for _ in range(2):
        with pytest.raises(StopIteration) as end:
            next(inbox.answer())
        bodies.append(end.value.value.body)
    assert bodies == [b"hello", b"hello"]


class Xor:
    """A context that seals by flipping bits; its header says how long the message is."""

    def wrap_winrm(self, data: bytes) -> Any:
        """Seal."""
        return struct.pack("<I", len(data)), bytes(byte ^ 90 for byte in data), 0

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        """Open; a length that does not fit is tampering."""
        if struct.unpack("<I", header)[0] != len(data):
            raise ValueError("tampered")
        return bytes(byte ^ 90 for byte in data)


@settings(deadline=None)  # a busy machine is no mistake
@given(st.binary(max_size=300), st.sampled_from(["Negotiate", "Kerberos"]))
def test_a_message_is_sealed_as_pypsrp_seals_it(message: bytes, scheme: str) -> None:
    """Byte for byte, for both schemes; and each opens what the other sealed."""
    word = WinRMEncryption.KERBEROS if scheme == "Kerberos" else WinRMEncryption.SPNEGO
    ours, theirs = Sealing(Xor(), scheme), WinRMEncryption(Xor(), word)
    body = ours.wrap(message)
    assert theirs.wrap_message(message) == ("multipart/encrypted", body)
    assert ours.unwrap(body, ours.content_type) == message


@pytest.mark.parametrize("boundary", ["Encrypted Boundary", "strange+(one)"])
def test_what_exchange_writes_is_opened_too(boundary: str) -> None:
    """A space behind the dashes, and a boundary of the host's own choice."""
    body = Sealing(Xor(), "Negotiate").wrap(b"hello")
    body = body.replace(b"--Encrypted Boundary", b"-- " + boundary.encode())
    content_type = f'multipart/encrypted;protocol="x";boundary="{boundary}"'
    assert Sealing(Xor(), "Negotiate").unwrap(body, content_type) == b"hello"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Length=5", b"Length=6"),
        (b"Length=5", b"Length=five"),
        (b"--\r\n", b""),
        (b"octet-stream", b"octet-strea"),
        (b"\x04\x00\x00\x00", b"\xff\x00\x00\x00"),
        (b"--Encrypted", b"x--Encrypted"),
        (b"OriginalContent", b"--Encrypted Boundary\r\n"),
    ],
)
def test_a_sealed_body_that_was_tampered_with_is_garbled(old: bytes, new: bytes) -> None:
    """A length that lies, a part that is missing, a header that points outside."""
    sealing = Sealing(Xor(), "Negotiate")
    body = sealing.wrap(b"hello").replace(old, new, 1)
    with pytest.raises(Garbled):
        sealing.unwrap(body, sealing.content_type)


@pytest.mark.parametrize("boundary", ["", "\t" * 71, "-" * 60_000])
def test_a_boundary_that_no_mail_may_have_is_refused(boundary: str) -> None:
    """A host that chose a long one and a body to match it kept the whole process busy for minutes."""
    with pytest.raises(Garbled, match="divided by"):
        Sealing(Xor(), "Negotiate").unwrap(b"--" * 500_000, f'multipart/encrypted;boundary="{boundary}"')


@settings(deadline=None)  # a busy machine is no mistake
@given(st.binary(max_size=200), st.sampled_from([b"--Encrypted Boundary\r\n", b""]))
def test_no_bytes_break_the_unsealing(data: bytes, start: bytes) -> None:
    """Whatever stands in a sealed body's place is opened or garbled."""
    sealing = Sealing(Xor(), "Negotiate")
    with contextlib.suppress(Garbled):
        sealing.unwrap(start + data + start, sealing.content_type)


@pytest.mark.parametrize(("small", "most"), [(False, ENVELOPE), (True, SMALLEST_ENVELOPE)])
def test_an_envelope_full_of_payload_is_no_larger_than_it_says(small: bool, most: int) -> None:
    """The largest fragment fits, with the longest names that an inventory may hold."""
    where = plain(65535, address="a" * 253, configuration="C" * 200)
    made = Envelopes(where, seconds=10_000, small=small)
    made.created("S" * 200)
    (piece,) = fragments(1, b"x" * (made.room - 21), size=made.room)
    assert [len(made.command("C" * 36, piece)) <= most, len(made.send("C" * 200, piece)) <= most] == [
        True,
        True,
    ]


def test_what_a_host_calls_its_shell_stays_text_in_our_envelope() -> None:
    """An id with markup in it is escaped: it cannot write a request of its own."""
    made = Envelopes(plain(5985), seconds=10, small=False)
    made.created('x</wsman:Selector><a b="')
    root = ET.fromstring(made.delete())  # noqa: S314  # our own
    selector = next(element for element in root.iter() if element.tag.endswith("}Selector"))
    assert (selector.text, len(selector)) == ('x</wsman:Selector><a b="', 0)


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "PT1S"), (20.9, "PT20S"), (3600, "PT60S")])
def test_a_host_is_not_asked_to_wait_longer_than_we_do(seconds: float, said: str) -> None:
    """The operation's time-out is what the session has left, a minute at most."""
    made = Envelopes(plain(5985), seconds=seconds, small=False)
    assert f"<wsman:OperationTimeout>{said}</wsman:OperationTimeout>" in made.delete().decode()


@pytest.mark.parametrize(
    "body",
    [
        b"<a/>",
        b"<half",
        SOAP.format("").encode(),
        SOAP.format(f"<rsp:ShellId {RSP}> </rsp:ShellId>").encode(),
        SOAP.format(f"<rsp:ShellId {RSP}>{'x' * 201}</rsp:ShellId>").encode(),
    ],
)
def test_a_shell_without_a_usable_id_is_garbled(body: bytes) -> None:
    """No id, an empty one, one too long, no SOAP."""
    with pytest.raises(Garbled):
        shell_id(body)


@pytest.mark.parametrize(
    "stream",
    [
        f"<rsp:Receive {RSP}/>",
        f'<rsp:ReceiveResponse {RSP}><rsp:Stream Name="stderr">QQ==</rsp:Stream></rsp:ReceiveResponse>',
        f'<rsp:ReceiveResponse {RSP}><rsp:Stream Name="stdout">Q</rsp:Stream></rsp:ReceiveResponse>',
        f'<rsp:ReceiveResponse {RSP}><rsp:Stream Name="stdout">\u00e9</rsp:Stream></rsp:ReceiveResponse>',
        f'<rsp:ReceiveResponse {RSP}><rsp:Stream Name="stdout">%%%%</rsp:Stream></rsp:ReceiveResponse>',
    ],
)
def test_a_stream_that_cannot_be_read_is_garbled(stream: str) -> None:
    """No response, another stream, half a Base64 letter, no Base64."""
    with pytest.raises(Garbled):
        received(SOAP.format(stream).encode())


def test_base64_in_lines_is_read() -> None:
    """White space between its letters is no mistake."""
    stream = '<rsp:Stream Name="stdout">aGVs\r\n bG8=\n</rsp:Stream>'
    said = received(SOAP.format(f"<rsp:ReceiveResponse {RSP}>{stream}</rsp:ReceiveResponse>").encode())
    assert said == b"hello"


def test_a_host_that_names_the_command_is_believed() -> None:
    """Its id is used from then on; where it says none, ours stands."""
    named = f"<rsp:CommandResponse {RSP}><rsp:CommandId>7</rsp:CommandId></rsp:CommandResponse>"
    assert [command_id(SOAP.format(inner).encode()) for inner in (named, "")] == ["7", None]


def test_a_password_is_hashed_once() -> None:
    """Every host of a credential uses the hash that the first one made; no repr shows it."""
    hashes = NtHashes()
    logon = Logon(username="u", password="Passw0rd!")
    first = hashes.of(logon)
    assert first == "fc525c9683e8fe067095ba2ddc971889"
    assert (
        hashes.of(logon) is first,
        hashes.of(Logon(username="u", password=None)),
        "fc52" in repr(hashes),
    ) == (
        True,
        None,
        False,
    )


@pytest.mark.parametrize(
    ("auth", "address", "kerberos_here", "wanted"),
    [
        ("kerberos", "web1.test", False, True),
        ("negotiate", "web1.test", True, True),
        ("negotiate", "web1.test", False, False),
        ("negotiate", "127.0.0.1", True, False),
        ("ntlm", "web1.test", True, False),
        ("basic", "web1.test", True, False),
    ],
)
def test_kerberos_is_tried_where_it_may_be_the_logon(
    monkeypatch: pytest.MonkeyPatch, auth: Any, address: str, kerberos_here: bool, wanted: bool
) -> None:
    """Asked for, or Negotiate with a name on a controller that has Kerberos;
    nothing else asks a domain controller.
    """
    monkeypatch.setattr(kerberos, "can_ask_kdc", lambda: kerberos_here)
    where = Endpoint(host="web1", address=address, port=5986, transport="https", auth=auth)
    assert kerberos.may_use(where, Logon(username="CORP\\ops", password="x")) == wanted


def test_a_local_name_asks_no_domain_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name behind a dot or the host's own name is the host's account: Negotiate takes NTLM for it."""
    monkeypatch.setattr(kerberos, "can_ask_kdc", lambda: True)
    where = Endpoint(host="web1", address="web1.test", port=5986, transport="https", auth="negotiate")
    names = (".\\ops", "WEB1\\ops", "CORP\\ops")
    tried = [kerberos.may_use(where, Logon(username=name, password="x")) for name in names]
    assert tried == [False, False, True]


def test_an_account_of_the_host_s_own_asks_no_domain_controller() -> None:
    """Kerberos cannot serve it, and the domain's account of that name is not tried with its password."""
    where = Endpoint(host="web1", address="web1.corp.example", port=5985, transport="http", auth="kerberos")
    with pytest.raises(Fault) as refused:
        TryProgress(where, time.monotonic).refuse(Logon(username="WEB1\\fleet", password="x"))
    assert (refused.value.cause, "auth: ntlm" in refused.value.advice) == (Cause.LOGON_NOT_OFFERED, True)
