"""One behaviour for each row of WinRM's ways to fail, by name: the cause's word, then the variant.

What this process cannot do for real: Kerberos (no domain controller on loopback), and so all causes of
Kerberos but `kerberos-needs-name`, which mostly fail before anything reaches the host; the codes that a host
answers about Kerberos are here. `quota-suspect` and `bug` are the controller's own conclusions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.demo.behaviour import (
    Act,
    Age,
    Behaviour,
    Body,
    Bounce,
    Close,
    Cut,
    Drip,
    Fail,
    Flood,
    Hang,
    Listen,
    Listener,
    Offer,
    Password,
    Say,
    SoapFault,
    Status,
    Step,
    Wait,
)
from orchestrator.domain.cause import Cause

FLOOD = 300 * 1024 * 1024  # bytes: what grew a client by 1.4 GB

_CODES: Mapping[tuple[Cause, Step], Sequence[int]] = {
    (Cause.NO_ANSWER, Step.CREATE): (2150859046,),
    (Cause.CONNECTION_REFUSED, Step.CREATE): (2150858770,),
    (Cause.PUBLIC_NETWORK, Step.CREATE): (2150859113,),
    (Cause.NO_LISTENER, Step.CREATE): (2150859027,),
    (Cause.SERVICE_UNAVAILABLE, Step.CREATE): (2150859026,),
    (Cause.TOO_MANY_SHELLS, Step.CREATE): (2150859173, 2150859174),
    (Cause.QUOTA, Step.COMMAND): (2150859175, 2150859176, 2150859179, *range(2150859236, 2150859243)),
    (Cause.SESSION_LOST, Step.RECEIVE): (2150858843,),
    (Cause.SHELLS_FORBIDDEN, Step.CREATE): (2150859180, 2150859235),
    (Cause.NO_CONFIGURATION, Step.CREATE): (2150858811, 2150858754),
    (Cause.RUN_AS_FAILED, Step.CREATE): (2150859231,),
    (Cause.ENVELOPE_TOO_LARGE, Step.COMMAND): (2150858824, 2150858790),
    (Cause.NAME_NOT_RESOLVED, Step.CREATE): (2150859193,),
    (Cause.KERBEROS_NEEDS_NAME, Step.CREATE): (2150859195, 2150859019),
    (Cause.LOGON_NOT_OFFERED, Step.CREATE): (2150858978, 2150858980, 2150858981, 2150859020, 2150859022),
    (Cause.ACCESS_DENIED, Step.CREATE): (5,),
    (Cause.LOGON_FAILED, Step.CREATE): (1326, 1311, 1312, 1330, 1331, 1907, 1909),
    (Cause.ABORTED, Step.RECEIVE): (995,),
    (Cause.HOST_ILL, Step.CREATE): (1115, 8, 14, 1018, 1450, 1455),
    (Cause.UNCLASSIFIED, Step.OPEN): (2150900000,),
}

_STATUSES: Mapping[Cause, Sequence[Status]] = {
    Cause.NO_LISTENER: (Status(404, body=b"<h1>Not Found</h1>"),),
    Cause.SERVICE_UNAVAILABLE: (Status(503),),
    Cause.ENVELOPE_TOO_LARGE: (Status(413),),
    Cause.NOT_WINRM: tuple(
        Status(code, (("Server", "nginx/1.25"),), b"<html>\x1b[31mno SOAP here</html>")
        for code in (400, 411, 500)
    ),
    Cause.PROXY: (Status(407, (("Proxy-Authenticate", 'Basic realm="proxy"'), ("Via", "1.1 squid"))),),
    Cause.GATEWAY: (Status(502, (("Via", "1.1 proxy01"),), b"<h1>Bad Gateway</h1>"), Status(504)),
    Cause.REDIRECT: tuple(
        Status(code, (("Location", "http://127.0.0.1:9/wsman"),)) for code in (301, 302, 307)
    ),
}

_LISTENERS: Mapping[str, Listener] = {
    "connection-refused": Listener.CLOSED,
    "no-answer": Listener.DROPPED,
    "tls-unknown-ca": Listener.UNKNOWN_CA,
    "tls-wrong-name": Listener.WRONG_NAME,
    "tls-expired": Listener.EXPIRED,
    "tls-too-old": Listener.OLD_TLS,
    "tls-too-old/small-key": Listener.SMALL_KEY,
    "tls-bad-certificate": Listener.WRONG_PURPOSE,
    "tls-client-certificate": Listener.CLIENT_CERTIFICATE,
    "not-tls": Listener.PLAIN,
}

_GARBAGE: Mapping[str, Act] = {
    "not-xml": Body(b"\x00\xff\xfe this is not XML \x1b[2J"),
    "half-xml": Body(b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'),
    "deep-xml": Body(b"<a>" * 50_000 + b"</a>" * 50_000),
    "dtd": Body(
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&b;</s:Body></s:Envelope>'
    ),
    "empty": Body(b""),
    "bad-base64": Body(
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="http://schemas.microsoft.com/wbem'
        b'/wsman/1/windows/shell"><s:Body><rsp:ReceiveResponse><rsp:Stream Name="stdout">%%%%</rsp:Stream>'
        b"</rsp:ReceiveResponse></s:Body></s:Envelope>"
    ),
    "flood": Flood(FLOOD),
}
_SAID: Mapping[str, str] = {
    "not-json": "Welcome to the simulated host!\n",
    "wrong-schema": '{"v": 1, "script": "probe", "language": "FullLanguage", "views": "none"}',
    "other-version": '{"v": 2, "script": "probe"}',
    "oversized": '{"v": 1, "script": "probe", "language": "' + "A" * 100_000 + '"}',
    "deep-json": "[" * 60_000,
    "no-output": "",
}


def _build() -> Iterator[Behaviour]:
    yield from _by_code()
    yield from _by_status()
    for name, kind in _LISTENERS.items():
        yield _row(name, Step.LISTEN, Listen(kind))
    yield _row("tls-pin-mismatch", Step.LISTEN, Listen(Listener.GOOD), {"tls_pin": "sha256:" + "0" * 64})
    yield _row("name-not-resolved", Step.LISTEN, Listen(Listener.GOOD), {"address": "no-such-host.invalid"})
    yield _row("logon-failed", Step.LISTEN, Password())
    yield _row("ntlm-disabled", Step.LISTEN, Offer(("Kerberos",)))
    yield _row("logon-not-offered", Step.LISTEN, Offer(("CredSSP",)))
    yield _row("logon-loop", Step.LOGON, Bounce(headers=(("Via", "1.1 proxy.example"),)))
    yield _row("logon-loop/fresh-challenge", Step.LOGON, Bounce(fresh=True))
    yield _row("connection-not-kept", Step.LOGON, Bounce(fresh=True, headers=(("Connection", "close"),)))
    for step in (Step.CREATE, Step.COMMAND, Step.RECEIVE):
        yield _row(f"session-lost/{step}", step, Cut())
    yield _row("session-lost/half", Step.RECEIVE, Cut(half=True))
    yield from _garbled()
    yield from _hanging()
    yield from _languages()


def _by_code() -> Iterator[Behaviour]:
    for (cause, step), codes in _CODES.items():
        for code in codes:
            yield _row(f"{cause}/{code}", step, SoapFault(code))
    yield _row("access-denied/subcode", Step.CREATE, SoapFault(None, "w:AccessDenied"))
    yield _row(
        "unclassified/subcode", Step.CREATE, SoapFault(None, "w:NobodyKnowsThis", "[red]who\u202e?[/]")
    )


def _by_status() -> Iterator[Behaviour]:
    for cause, statuses in _STATUSES.items():
        for status in statuses:
            yield _row(f"{cause}/http-{status.code}", Step.LOGON, status)


def _garbled() -> Iterator[Behaviour]:
    for name, act in _GARBAGE.items():
        yield _row(f"garbled/{name}", Step.RECEIVE, act)
    for name, text in _SAID.items():
        yield _row(f"garbled/{name}", Step.RUN, Say(text))


def _hanging() -> Iterator[Behaviour]:
    yield _row("deadline/silent", Step.LISTEN, Listen(Listener.SILENT))
    for step in (Step.LOGON, Step.CREATE, Step.COMMAND, Step.RECEIVE):
        yield _row(f"deadline/{step}", step, Hang())
    yield _row("deadline/drip", Step.RECEIVE, Drip())
    yield _row("deadline/never-done", Step.RUN, Wait(3600.0))


def _languages() -> Iterator[Behaviour]:
    constrained = '{"v":1,"script":"probe","language":"ConstrainedLanguage"}'
    yield _row("constrained-language", Step.RUN, Say(constrained))
    yield _row("too-old", Step.LISTEN, Age())
    yield _row(
        "no-language",
        Step.RUN,
        Fail(
            "ScriptsNotAllowed",
            "System.Management.Automation.PSNotSupportedException",
            "The syntax is not supported by this runspace. This can occur if the runspace is in "
            "no-language mode.",
        ),
    )
    yield _row(
        "script-blocked",
        Step.RUN,
        Fail(
            "ScriptContainedMaliciousContent",
            "System.Management.Automation.ParseException",
            "This script contains malicious content and has been blocked by your antivirus software.",
        ),
    )


def _row(name: str, step: Step, act: Act, inventory: Mapping[str, object] | None = None) -> Behaviour:
    return Behaviour(
        name=name, cause=Cause(name.partition("/")[0]), step=step, act=act, inventory=dict(inventory or {})
    )


ROWS: Mapping[str, Behaviour] = {behaviour.name: behaviour for behaviour in _build()}

# What a host may do and still give its reading, where the controller is patient enough.
DELETE_FAILS = Behaviour(name="delete-fails", cause=None, step=Step.DELETE, act=SoapFault(995))
CLOSES = Behaviour(name="closes", cause=None, step=Step.LISTEN, act=Close())
DELETE_CUTS = Behaviour(name="delete-cuts", cause=None, step=Step.DELETE, act=Cut())


def flaky(times: int) -> Behaviour:
    """Answer 503 to the first `times` sessions, then work."""
    return Behaviour(name="flaky", cause=None, step=Step.LOGON, act=Status(503), times=times)


def lossy(times: int) -> Behaviour:
    """Cut the first `times` sessions while they wait for the script's answer, then work."""
    return Behaviour(name="lossy", cause=None, step=Step.RECEIVE, act=Cut(), times=times)


def slow(seconds: float) -> Behaviour:
    """Let every script take so long."""
    return Behaviour(name="slow", cause=None, step=Step.RUN, act=Wait(seconds))
