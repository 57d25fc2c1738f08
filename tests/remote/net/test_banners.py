"""Other services on WinRM's port are told by the first that they say."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.classify import classify
from orchestrator.remote.faults.fault import Again
from orchestrator.remote.faults.make import Seen
from orchestrator.remote.faults.trouble import Garbled, OtherService, Trouble
from orchestrator.remote.net.banners import service
from orchestrator.remote.net.http import Inbox
from tests.remote.wired import plain

MYSQL = b"8.0.36\0" + bytes(8)
BANNERS = {
    b"SSH-2.0-OpenSSH_for_Windows_8.1\r\n": "SSH: SSH-2.0-OpenSSH_for_Windows_8.1",
    b"220 mail.corp.example ESMTP Postfix\r\n": "a mail server (SMTP): 220 mail.corp.example ESMTP Postfix",
    b"220-FileZilla Server\r\n220 FTP ready\r\n": "a mail or FTP server: 220-FileZilla Server",
    b"220 Microsoft FTP Service\r\n": "FTP: 220 Microsoft FTP Service",
    b"421 Too many connections\r\n": "a mail or FTP server: 421 Too many connections",
    b"+OK POP3 ready\r\n": "a mail server (POP3): +OK POP3 ready",
    b"* OK IMAP4rev1 ready\r\n": "a mail server (IMAP): * OK IMAP4rev1 ready",
    b"-ERR unknown command\r\n": "Redis, or a mail server (POP3): -ERR unknown command",
    b"RFB 003.008\n": "VNC: RFB 003.008",
    b"\xff\xfd\x25\xff\xfb\x01": "Telnet",
    b"RTSP/1.0 400 Bad Request\r\n": "RTSP: RTSP/1.0 400 Bad Request",
    b"ICY 200 OK\r\n": "a media server (ICY): ICY 200 OK",
    b"AMQP\0\0\x09\x01": "AMQP",
    b"E\0\0\0\x8dSFATAL\0": "PostgreSQL",
    b"\x03\0\0\x13\x0e\xd0\0\0\x124\0\x02\x1f\x08\0\x02\0\0\0": "Remote Desktop (RDP)",
    bytes([len(MYSQL) + 1, 0, 0, 0, 10]) + MYSQL: "MySQL or MariaDB: 8.0.36",
    b"\x45\0\0\0\xff\x6a\x04Host is not allowed to connect": "MySQL or MariaDB",
    b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0d": "HTTP/2 without TLS",
    b"\0\0\x22\x07\0\0\0\0\0": "HTTP/2 without TLS",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": "HTTP/2 without TLS",
    b"<html><body>It works!</body></html>": "a web server of before HTTP/1.0",
}


def answered(*pieces: bytes) -> None:
    """Read one answer that comes in these pieces and then ends."""
    inbox, waiting = Inbox(), iter((*pieces, b""))
    for _ in inbox.answer():
        inbox.feed(next(waiting))


@pytest.mark.parametrize("heard", BANNERS)
def test_a_service_is_named_by_its_first_bytes(heard: bytes) -> None:
    """The standard's own beginning tells the service, and the line that it says of itself is quoted."""
    assert (service(heard) or "").startswith(BANNERS[heard])


@pytest.mark.parametrize("heard", [*BANNERS, b"+OK", b"what is this?", b"\0\1\2"])
def test_what_is_no_http_is_another_service(heard: bytes) -> None:
    """The user is told that another service listens there, and where WinRM does; nothing is tried again."""
    with pytest.raises(OtherService) as found:
        answered(heard)
    made = classify(found.value, Seen(endpoint=plain(22), phase=Phase.AUTH))
    assert (made.cause, made.again) == (Cause.NOT_WINRM, Again.NEVER)
    assert made.advice.startswith(
        "Another service listens on 127.0.0.1:22. WinRM's ports are 5985 (http) and 5986"
    )
    assert made.detail.isprintable()


def test_what_follows_http_is_no_other_service() -> None:
    """Nonsense behind an answer comes from the same server: that is garbled."""
    inbox = Inbox()
    inbox.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nSSH-2.0-x\r\n\r\n")
    with pytest.raises(StopIteration):
        next(inbox.answer())
    with pytest.raises(Garbled):
        next(inbox.answer())


def test_a_hostile_banner_is_shown_harmlessly() -> None:
    """Escape sequences in a banner are not printed."""
    assert service(b"SSH-2.0-\x1b[31mred\r\n") == "SSH"


@settings(deadline=None)  # a busy machine is no mistake
@given(st.binary(max_size=300))
def test_no_bytes_break_the_naming(heard: bytes) -> None:
    """Whatever comes first, it is a service or none, in one printable line."""
    assert (service(heard) or "none").isprintable()
    with contextlib.suppress(Trouble):
        answered(heard)
