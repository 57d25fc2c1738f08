"""Which service answers where WinRM was expected, by the first bytes that it says. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from orchestrator.domain.primitives.text import clean

_QUOTED = 60  # characters of a banner
_FRAME = 9  # bytes of the head of an HTTP/2 frame (RFC 9113 4.1)
_SETTINGS, _GOAWAY = 4, 7
_MYSQL_GREETING, _MYSQL_ERROR = 10, 255

# First bytes (case does not count) -> service. RFC 4253 4.2, 5321 4.2, 959 4.2, 1939, 3501, 6143, 854, 2326,
# 3261, 1006.
_STARTS: tuple[tuple[bytes, str], ...] = (
    (rb"SSH-", "SSH"),
    (rb"[2-5]\d\d[ -][^\r\n]*SMTP", "a mail server (SMTP)"),
    (rb"[2-5]\d\d[ -][^\r\n]*FTP", "FTP"),
    (rb"[2-5]\d\d[ -]", "a mail or FTP server"),
    (rb"\+OK", "a mail server (POP3)"),
    (rb"\* (OK|BYE|PREAUTH)", "a mail server (IMAP)"),
    (rb"-ERR", "Redis, or a mail server (POP3)"),
    (rb"RFB \d", "VNC"),
    (rb"\xff[\xfb-\xfe]", "Telnet"),
    (rb"RTSP/", "RTSP"),
    (rb"SIP/", "SIP"),
    (rb"ICY ", "a media server (ICY)"),
    (rb"AMQP", "AMQP"),
    (rb"E\x00\x00.{2}S(FATAL|ERROR)", "PostgreSQL"),
    (rb"\x03\x00[\x00-\x04].", "Remote Desktop (RDP)"),
    (rb"PRI \* HTTP/2", "HTTP/2 without TLS"),
    (rb"<!doctype html|<html", "a web server of before HTTP/1.0"),
)
_READ = tuple((re.compile(start, re.IGNORECASE | re.DOTALL), name) for start, name in _STARTS)


def service(heard: bytes) -> str | None:
    """Name the service that begins so, with the line that it says of itself; None where it is not known."""
    for start, title in _READ:
        if start.match(heard):
            return f"{title}{_line(heard)}"
    return next((name for known in _BINARY if (name := known(heard))), None)


def _line(heard: bytes) -> str:
    line = re.split(rb"[\r\n]", heard, maxsplit=1)[0]
    text = line.decode("ascii", "replace").strip()
    return f": {clean(text, limit=_QUOTED)}" if text.isprintable() and "\ufffd" not in text else ""


def _mysql(heard: bytes) -> str | None:
    """MySQL's first packet: three bytes of length, number 0, then a greeting with its version or an error."""
    if len(heard) <= 5 or heard[3] != 0 or heard[4] not in (_MYSQL_GREETING, _MYSQL_ERROR):  # noqa: PLR2004  # its head
        return None
    version = heard[5:].split(b"\0", 1)[0] if heard[4] == _MYSQL_GREETING else b""
    return f"MySQL or MariaDB{_line(version)}" if version else "MySQL or MariaDB"


def _http2(heard: bytes) -> str | None:
    """HTTP/2 begins with a SETTINGS or a GOAWAY frame on stream 0."""
    if len(heard) < _FRAME or heard[0] or heard[3] not in (_SETTINGS, _GOAWAY) or any(heard[5:_FRAME]):
        return None
    return "HTTP/2 without TLS"


_BINARY: tuple[Callable[[bytes], str | None], ...] = (_http2, _mysql)
