"""Which answers to a logon count toward an account's lock-out: refusals of a proof, and nothing else."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator.demo.wire.ntlm import Acceptor
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.auth import tickets
from orchestrator.remote.auth.kerberos import kerberos_trouble
from orchestrator.remote.auth.logon import Basic
from orchestrator.remote.faults.classify import classify
from orchestrator.remote.faults.fault import Fault, RefusedBy
from orchestrator.remote.faults.make import Seen
from orchestrator.remote.faults.trouble import KerberosTrouble, Refused
from orchestrator.remote.net.http import Answer
from orchestrator.remote.session import Logon
from tests.remote.faults.test_codes import envelope
from tests.remote.wired import LOGON, fault_of, plain, raw_server, read_request, run

BOTH_WIRES = True

SEEN = Seen(endpoint=plain(5985), phase=Phase.AUTH)
HOST = RefusedBy.HOST


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Write an answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def soap(code: int) -> bytes:
    """Write HTTP 500 with a WSMan fault."""
    return http(500, envelope(str(code)), "Content-Type: application/soap+xml")


def challenge(token: bytes) -> str:
    """Write the header that carries a logon's token."""
    return f"WWW-Authenticate: Negotiate {base64.b64encode(token).decode()}"


def ntlm_host(*answers: bytes) -> Callable[[socket.socket], None]:
    """Make a host that answers the first messages so; an empty one is its NTLM challenge,
    then it hangs up.
    """

    def behave(sock: socket.socket) -> None:
        acceptor = Acceptor(lambda _domain, _user: None, "WEB1")
        for answer in answers:
            request = read_request(sock)
            _, _, rest = request.partition(b"Authorization: Negotiate ")
            token = base64.b64decode(rest.partition(b"\r\n")[0])
            sock.sendall(answer or http(401, b"", challenge(acceptor.step(token))))
        read_request(sock)
        sock.shutdown(socket.SHUT_RDWR)

    return behave


def told(*answers: bytes) -> Fault:
    """Log on to such a host; return the fault."""
    with raw_server(ntlm_host(*answers)) as port:
        found = run(fault_of(plain(port)))
    assert isinstance(found, Fault)
    return found


OFFER = "WWW-Authenticate: Negotiate"


@pytest.mark.parametrize(
    ("answers", "cause", "refused_by"),
    [
        ((http(401, b"", OFFER),), Cause.LOGON_LOOP, None),
        ((http(401, b"", OFFER, "WWW-Authenticate: Kerberos"),), Cause.NTLM_DISABLED, None),
        ((http(401),), Cause.LOGON_NOT_OFFERED, None),
        ((soap(1326),), Cause.LOGON_FAILED, None),
        ((b"", http(401, b"", OFFER)), Cause.LOGON_FAILED, HOST),
        ((b"", http(401)), Cause.LOGON_FAILED, HOST),
        ((b"", soap(1909)), Cause.LOGON_FAILED, HOST),
        ((b"", soap(0xC0000234)), Cause.LOGON_FAILED, HOST),
        ((b"", soap(1450)), Cause.HOST_ILL, None),
        ((b"", http(500, b"<h1>no</h1>")), Cause.NOT_WINRM, None),
        ((b"",), Cause.SESSION_LOST, None),
    ],
)
def test_only_the_refusal_of_a_proof_counts(
    answers: tuple[bytes, ...], cause: Cause, refused_by: RefusedBy | None
) -> None:
    """A 401 to the first token tried no password; the same after NTLM's third message,
    or a fault about the account, did.
    """
    fault = told(*answers)
    assert (fault.cause, fault.refused_by, fault.phase) == (cause, refused_by, Phase.AUTH)


def test_a_new_challenge_after_the_proof_counts() -> None:
    """A balancer that answers the proof with another server's challenge has let that server's domain see the
    password.
    """

    def behave(sock: socket.socket) -> None:
        first = Acceptor(lambda _domain, _user: None, "WEB1")
        for _ in range(2):
            _, _, rest = read_request(sock).partition(b"Authorization: Negotiate ")
            token = base64.b64decode(rest.partition(b"\r\n")[0])
            if token[8] == 1:
                sent = first.step(token)
            sock.sendall(http(401, b"", challenge(sent)))

    with raw_server(behave) as port:
        fault = run(fault_of(plain(port)))
    assert (fault.cause, fault.refused_by) == (Cause.LOGON_LOOP, HOST)


@pytest.mark.parametrize(
    ("offered", "cause", "refused_by"),
    [
        ((), Cause.LOGON_FAILED, HOST),
        (('Basic realm="WSMAN"',), Cause.LOGON_FAILED, HOST),
        (("BASIC",), Cause.LOGON_FAILED, HOST),
        (("Negotiate",), Cause.LOGON_NOT_OFFERED, None),
    ],
)
def test_basic_counts_where_the_host_takes_basic(
    offered: tuple[str, ...], cause: Cause, refused_by: RefusedBy | None
) -> None:
    """Basic sends the password with its first request; a host that offers no Basic has not looked at it."""
    trying = Basic(LOGON).begin(b"x")
    next(trying)
    with pytest.raises(Refused) as caught:
        trying.send(Answer(status=401, headers={}, challenges=offered, body=b""))
    fault = classify(caught.value, Seen(endpoint=plain(5986, auth="basic"), phase=Phase.AUTH))
    assert (fault.cause, fault.refused_by) == (cause, refused_by)


class Krb5Error(Exception):
    """An error as krb5 raises it: its code is `err_code`, and stands behind its words too."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(f"{said} {code}")
        self.err_code = code


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-1765328360, "the domain controller did not take the password"),
        (-1765328353, "the domain controller did not take the password"),
        (-1765328378, "the domain does not know that user"),
        (-1765328366, "the account is locked, disabled or expired"),
        (-1765328383, "the account has expired"),
        (-1765328361, "the password has expired"),
        (-1765328372, "a restriction of the account forbids it"),
    ],
)
def test_a_refused_as_exchange_is_the_domain_s_word(code: int, reason: str) -> None:
    """What a domain controller says of an account and its password is a refused logon, with its reason,
    never tried again.
    """
    fault = classify(kerberos_trouble(Krb5Error("No", code), proved=True), SEEN)
    assert (fault.cause, fault.refused_by, fault.again) == (Cause.LOGON_FAILED, RefusedBy.DOMAIN, "never")
    assert fault.detail == f"the logon was refused: {reason}: No"


@pytest.mark.parametrize("code", [-1765328230, -1765328228, -1765328347])
def test_an_as_exchange_that_came_to_no_answer_counts_nothing(code: int) -> None:
    """No domain controller, or one whose clock is off, has not refused the password."""
    assert classify(kerberos_trouble(Krb5Error("No", code), proved=True), SEEN).refused_by is None


def test_a_password_that_was_refused_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host's deadline passes while a domain controller is asked; the next host learns of its refusal,
    unasked.
    """
    asking, answer = threading.Event(), threading.Event()
    asked: list[str] = []

    def slow(logon: Logon) -> None:
        asked.append(logon.username)
        asking.set()
        assert answer.wait(30)
        raise kerberos_trouble(Krb5Error("No", -1765328360), proved=True)

    monkeypatch.setattr(tickets, "obtain", slow)
    made = tickets.Tickets()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(made.ask, LOGON)
        assert asking.wait(30)
        second = threads.submit(made.ask, LOGON)
        answer.set()
        for waiting in (first, second):
            with pytest.raises(KerberosTrouble) as caught:
                waiting.result(30)
            assert (caught.value.refused, caught.value.text) == (True, "No")
    assert asked == [LOGON.username]


def test_a_password_that_was_taken_is_asked_with_by_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a domain controller took it, hosts wait for each other no more;
    another password has its own turn.
    """
    together = threading.Barrier(2)
    seen: list[str] = []

    def quick(logon: Logon) -> None:
        seen.append(logon.username)
        if len(seen) > 1:
            together.wait(30)

    monkeypatch.setattr(tickets, "obtain", quick)
    made = tickets.Tickets()
    made.ask(LOGON)
    with ThreadPoolExecutor(2) as threads:
        assert len(list(threads.map(made.ask, [LOGON, LOGON]))) == 2


def test_a_ticket_s_trouble_counts_nothing() -> None:
    """Without an AS exchange with a password (a ticket, a host's own refusal) no password was tried."""
    assert classify(kerberos_trouble(Krb5Error("No", -1765328366)), SEEN).refused_by is None
