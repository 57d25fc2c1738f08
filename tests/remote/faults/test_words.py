"""What a user is told of each way to fail: a cause, what was seen, what to do next."""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import replace
from typing import Any, Literal

import pytest

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.classify import classify, from_records, unreachable, unresolved
from orchestrator.remote.faults.fault import Again
from orchestrator.remote.faults.make import Seen, fault
from orchestrator.remote.faults.table import ROWS
from orchestrator.remote.faults.trouble import (
    BadStatus,
    KerberosTrouble,
    Lost,
    NotKept,
    Overdue,
    Refused,
    Stage,
    Trouble,
    ViaTrouble,
)
from orchestrator.remote.session import ErrorRecord
from tests.remote.wired import plain

SHA = "ab" * 32


def seen(phase: Phase = Phase.AUTH, **more: Any) -> Seen:
    """Say where it happened."""
    return Seen(endpoint=plain(5985, **more), phase=phase, seconds=7.25, script=SHA)


def test_a_kdc_is_asked_from_here_also_for_a_host_behind_a_via() -> None:
    """The jump host leads to hosts alone: no-kdc says that this machine has to reach the KDC itself."""
    no_kdc = KerberosTrouble(2529639068, "Cannot contact any KDC")
    by_jump = classify(no_kdc, seen(via="ssh://ops@jump.site:22"))
    direct = classify(no_kdc, seen())
    assert (by_jump.cause, direct.cause) == (Cause.KERBEROS_NO_KDC, Cause.KERBEROS_NO_KDC)
    assert "`via` leads to hosts alone" in by_jump.advice
    assert "`via`" not in direct.advice


@pytest.mark.parametrize("via", ["ssh://ops@jump.site:2222", "socks5h://[2001:db8::1]:1080"])
@pytest.mark.parametrize("cause", [cause for cause in Cause if cause.startswith("via-")])
def test_what_stands_in_between_is_named_and_cleaned(cause: Cause, via: str) -> None:
    """Each hop's failure names the hop; what it said is shown as harmless as what a host says."""
    found = classify(ViaTrouble(cause, "no\x1b[2Jway"), seen(via=via))
    assert (found.cause, found.phase) == (cause, Phase.CONNECT)
    assert f"{via}: no\\x1b[2Jway" in found.detail
    assert not set("{}") & set(found.detail + found.advice)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_words_without_holes(cause: Cause) -> None:
    """Each cause has a meaning and an advice, and no placeholder is left in them."""
    made = fault(seen(), cause, "seen so", pin="sha256:00")
    assert made.detail == f"{ROWS[cause].meaning}: seen so".replace("{configuration}", "Microsoft.PowerShell")
    assert len(made.advice) > 20
    assert not set("{}") & set(made.detail + made.advice)


def test_a_refused_logon_names_the_credential_to_look_at() -> None:
    """Where the host said no reason, the credential is the place to begin; without one it is the ticket."""
    named = fault(seen(credential="ops"), Cause.LOGON_FAILED, "HTTP 401")
    ticket = fault(seen(), Cause.LOGON_FAILED, "HTTP 401")
    assert "the password of credential `ops` in the inventory" in named.advice
    assert "the password of your own ticket" in ticket.advice


@pytest.mark.parametrize(
    ("status", "cause", "again"),
    [
        (101, Cause.NOT_WINRM, Again.NEVER),
        (200, Cause.NOT_WINRM, Again.NEVER),
        (301, Cause.REDIRECT, Again.NEVER),
        (304, Cause.NOT_WINRM, Again.NEVER),
        (305, Cause.PROXY, Again.NEVER),
        (308, Cause.REDIRECT, Again.NEVER),
        (400, Cause.NOT_WINRM, Again.NEVER),
        (403, Cause.NOT_WINRM, Again.NEVER),
        (404, Cause.NO_LISTENER, Again.NEVER),
        (407, Cause.PROXY, Again.NEVER),
        (408, Cause.SESSION_LOST, Again.BACKOFF),
        (411, Cause.NOT_WINRM, Again.NEVER),
        (413, Cause.ENVELOPE_TOO_LARGE, Again.ONCE),
        (421, Cause.NOT_WINRM, Again.NEVER),
        (426, Cause.NOT_WINRM, Again.NEVER),
        (429, Cause.SERVICE_UNAVAILABLE, Again.BACKOFF),
        (431, Cause.NOT_WINRM, Again.NEVER),
        (500, Cause.NOT_WINRM, Again.NEVER),
        (502, Cause.GATEWAY, Again.BACKOFF),
        (503, Cause.SERVICE_UNAVAILABLE, Again.BACKOFF),
        (504, Cause.GATEWAY, Again.BACKOFF),
        (511, Cause.PROXY, Again.NEVER),
        (599, Cause.NOT_WINRM, Again.NEVER),
    ],
)
def test_an_http_status_without_soap_has_its_cause(status: int, cause: Cause, again: Again) -> None:
    """What answers in the place of WinRM is told by its status, and tried again only where that can help."""
    made = classify(BadStatus(status, {}, b""), seen())
    assert (made.cause, made.again, made.code) == (cause, again, status)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (408, "waited too long for a request"),
        (421, "does not know this one: set `address:`"),
        (426, "wants another protocol"),
        (431, "a Kerberos ticket with many groups"),
        (502, "does not reach WinRM behind it"),
    ],
)
def test_a_status_of_what_stands_between_has_a_step_of_its_own(status: int, words: str) -> None:
    """Each says what to do about it, and what answered is named by its headers."""
    made = classify(BadStatus(status, {"via": "1.1 proxy01", "upgrade": "h2c"}, b""), seen())
    assert (words in made.advice, "via: 1.1 proxy01, upgrade: h2c" in made.detail) == (True, True)


def test_a_connection_that_does_not_outlast_a_logon_is_told_with_who_closed_it() -> None:
    """The headers say who stands in between, and nothing is tried again."""
    made = classify(NotKept("in the middle of the logon", {"via": "1.0 squid"}), seen())
    assert (made.cause, made.again) == (Cause.CONNECTION_NOT_KEPT, Again.NEVER)
    assert made.detail.endswith("it ended in the middle of the logon, via: 1.0 squid")


def test_an_alert_is_not_told_as_an_error_of_the_system() -> None:
    """OpenSSL's numbers are no errno: 1 is not "Operation not permitted"."""
    error = ssl.SSLError(1, "[SSL: SSLV3_ALERT_UNEXPECTED_MESSAGE] sslv3 alert unexpected message")
    made = classify(Lost("reading an answer", error), seen(Phase.RUN))
    assert ("EPERM" in made.detail, "UNEXPECTED_MESSAGE" in made.detail) == (False, True)


def test_another_server_is_quoted_harmlessly() -> None:
    """Its Server header and the beginning of its page are shown, with escape sequences made visible."""
    made = classify(
        BadStatus(500, {"server": "nginx/1.2\x1b[2J", "via": "1.1 squid"}, b"<p>\x1b[31mhi</p>" * 100), seen()
    )
    assert r"server: nginx/1.2\x1b[2J, via: 1.1 squid, body: <p>\x1b[31mhi</p>" in made.detail
    assert len(made.detail) < 500


def test_a_redirect_names_where_to() -> None:
    """The user learns where the redirect points, and that it was not followed."""
    made = classify(BadStatus(302, {"location": "https://elsewhere.example/wsman"}, b""), seen())
    assert "to https://elsewhere.example/wsman" in made.detail
    assert "never follows" in made.advice


@pytest.mark.parametrize(
    ("stage", "offers", "asked", "headers", "cause"),
    [
        (Stage.PROVED, ("Negotiate",), "ntlm", {}, Cause.LOGON_FAILED),
        (Stage.PROVED, ("Negotiate", "Basic"), "basic", {}, Cause.LOGON_FAILED),
        (Stage.PROVED, (), "basic", {}, Cause.LOGON_FAILED),
        (Stage.PROVED, ("Negotiate",), "basic", {}, Cause.LOGON_NOT_OFFERED),
        (Stage.ASKED, ("Basic",), "negotiate", {}, Cause.LOGON_NOT_OFFERED),
        (Stage.ASKED, ("CredSSP",), "ntlm", {}, Cause.LOGON_NOT_OFFERED),
        (Stage.ASKED, (), "ntlm", {}, Cause.LOGON_NOT_OFFERED),
        (Stage.ASKED, ("Kerberos",), "ntlm", {}, Cause.NTLM_DISABLED),
        (Stage.ASKED, ("Negotiate", "Kerberos"), "negotiate", {}, Cause.NTLM_DISABLED),
        (Stage.ASKED, ("Negotiate", "Kerberos"), "ntlm", {"via": "1.1 squid"}, Cause.LOGON_LOOP),
        (Stage.ASKED, ("Negotiate",), "ntlm", {}, Cause.LOGON_LOOP),
        (Stage.ASKED, ("Negotiate", "Kerberos"), "kerberos", {}, Cause.LOGON_LOOP),
        (Stage.RESTARTED, ("Negotiate",), "ntlm", {}, Cause.LOGON_LOOP),
        (Stage.LATER, ("Negotiate",), "ntlm", {}, Cause.LOGON_LOOP),
    ],
)
def test_a_401_is_told_by_how_far_the_logon_came(
    stage: Stage, offers: tuple[str, ...], asked: str, headers: dict[str, str], cause: Cause
) -> None:
    """Only a proof that was sent and refused is a wrong password; all else names what the host offers."""
    made = classify(Refused(stage, offers, headers), seen(auth=asked))
    assert (made.cause, made.phase, made.again) == (cause, Phase.AUTH, Again.NEVER)
    assert f"offers {', '.join(offers) or 'nothing'}" in made.detail


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Cause.CONNECTION_REFUSED),
        (TimeoutError(), Cause.NO_ANSWER),
        (OSError(errno.ETIMEDOUT, "x"), Cause.NO_ANSWER),
        (OSError(errno.EHOSTUNREACH, "x"), Cause.NO_ANSWER),
        (OSError(errno.ENETUNREACH, "x"), Cause.NO_ANSWER),
        (ConnectionResetError(errno.ECONNRESET, "x"), Cause.SESSION_LOST),
        (ConnectionAbortedError(errno.ECONNABORTED, "x"), Cause.SESSION_LOST),
        (OSError(errno.EMFILE, "x"), Cause.UNCLASSIFIED),
    ],
)
def test_a_failed_connect_has_its_cause(error: OSError, cause: Cause) -> None:
    """Refused and unanswered are two things, and both name the address and port."""
    made = unreachable(error, seen(Phase.CONNECT))
    assert (made.cause, made.phase) == (cause, Phase.CONNECT)
    assert "127.0.0.1:5985" in made.detail


def test_an_unknown_name_is_named() -> None:
    """The name that did not resolve is in the detail, and one more try is allowed."""
    made = unresolved(
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"), seen(Phase.RESOLVE, address="web1.x")
    )
    assert (made.cause, made.again, '"web1.x"' in made.detail) == (Cause.NAME_NOT_RESOLVED, Again.ONCE, True)


def test_a_deadline_names_the_phase_and_the_time() -> None:
    """The user learns where it hung and after how long."""
    made = classify(Overdue(), seen(Phase.RUN))
    assert (made.cause, made.phase) == (Cause.DEADLINE, Phase.RUN)
    assert made.detail.endswith("it hung in run after 7.2 s")


def test_a_lost_connection_says_what_was_under_way() -> None:
    """A reset is told by its name and by what was being done."""
    made = classify(Lost("sending", ConnectionResetError(errno.ECONNRESET, "x")), seen(Phase.RUN))
    assert (made.cause, made.again) == (Cause.SESSION_LOST, Again.BACKOFF)
    assert "while sending (ECONNRESET, Connection reset by peer)" in made.detail


def test_a_host_that_takes_basic_alone_over_http_is_told_of_https() -> None:
    """`auth: basic` over http is a mistake of the inventory's: changing `auth` alone would lead there."""
    made = classify(Refused(Stage.ASKED, ("Basic",), {}), seen(auth="ntlm"))
    assert made.cause is Cause.LOGON_NOT_OFFERED
    assert made.advice.startswith("It takes Basic alone, which is never sent in clear: `transport: https`")


@pytest.mark.parametrize(
    ("transport", "port", "phase", "other"),
    [("http", 5986, Phase.AUTH, "https"), ("https", 5985, Phase.TLS, "http")],
)
@pytest.mark.parametrize("heard", [False, True], ids=["without a word", "after some"])
def test_a_port_that_hangs_up_on_the_wrong_transport_is_told_by_the_right_one(
    transport: Literal["http", "https"], port: int, phase: Phase, other: str, *, heard: bool
) -> None:
    """WinRM's https listener ends a connection that begins in clear, and says nothing: the port says why."""
    endpoint = replace(plain(port), transport=transport)
    made = classify(Lost("waiting for the answer"), Seen(endpoint=endpoint, phase=phase, heard=heard))
    assert made.advice == (
        f"Port {port} is WinRM over {other} by custom: set `transport: {other}`, or the right `port:`."
    )


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("ScriptContainedMaliciousContent", Cause.SCRIPT_BLOCKED),
        ("ScriptsNotAllowed", Cause.NO_LANGUAGE),
        ("MethodInvocationNotSupportedInConstrainedLanguage", Cause.CONSTRAINED_LANGUAGE),
        (
            "CannotCreateTypeConstrainedLanguage,Microsoft.PowerShell.Commands.NewObjectCommand",
            Cause.CONSTRAINED_LANGUAGE,
        ),
        ("SomethingElse", Cause.UNCLASSIFIED),
        ("", Cause.UNCLASSIFIED),
    ],
)
def test_an_error_record_is_told_by_its_id(kind: str, cause: Cause) -> None:
    """Security software, restricted endpoints and language modes are told apart by the error's id,
    not its words.
    """
    assert from_records([ErrorRecord(kind, "Das Skript")], seen(Phase.RUN)).cause == cause


def test_a_blocked_script_is_named_by_its_digest() -> None:
    """The SHA-256 is in the advice, so that it can be allowed."""
    assert SHA in from_records([ErrorRecord("ScriptContainedMaliciousContent", "no")], seen(Phase.RUN)).advice


def test_a_forgotten_kind_of_trouble_is_a_bug() -> None:
    """A trouble without a line in the table is not hidden under a wrong cause."""

    class New(Trouble):
        pass

    with pytest.raises(New):
        classify(New(), seen())


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EADDRNOTAVAIL])
def test_a_controller_without_room_blames_no_host(number: int) -> None:
    """No descriptor, buffer or port is left on this side: the words say so and what to change,
    and it is tried again.
    """
    made = unreachable(OSError(number, "no"), seen(Phase.CONNECT))
    assert made.detail.startswith("this machine has no room for one more connection: 127.0.0.1:5985: E")
    assert ("`ulimit -n`" in made.advice, made.again) == (True, Again.BACKOFF)
