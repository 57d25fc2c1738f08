"""Make a `Fault` of whatever went wrong: pure, no I/O. The table is `fault_table`, the codes are `fault_codes`."""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.faults.codes import CODES, KERBEROS, STATUSES, SUBCODES
from orchestrator.remote.faults.fault import Again, Fault, RefusedBy
from orchestrator.remote.faults.reasons import REASONS
from orchestrator.remote.faults.table import ROWS
from orchestrator.remote.faults.trouble import (
    BadStatus,
    BrokenPool,
    Garbled,
    KerberosTrouble,
    Lost,
    NotKept,
    OtherService,
    Overdue,
    Refused,
    SoapFault,
    SpeaksTls,
    Stage,
    TooOldShell,
    Trouble,
    Untrusted,
)
from orchestrator.remote.session import Endpoint, ErrorRecord

QUOTED = 200  # characters of a host's own words in a detail
_NETWORK = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}
_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}  # on this side
_BLOCKED = ("ScriptContainedMaliciousContent",)
_CONSTRAINED = (
    "InConstrainedLanguage",
    "ConversionSupportedOnlyToCoreTypes",
    "CannotCreateTypeConstrainedLanguage",
    "OnlyCoreTypes",
)
_NO_LANGUAGE = ("ScriptsNotAllowed",)
_HIGH_BYTES, _KERBEROS = 0xFFFF0000, 0x96C70000  # libkrb5's numbers all begin so


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where it happened: with which host, how far, after how many seconds; `script` is the script's SHA-256."""

    endpoint: Endpoint
    phase: Phase
    seconds: float = 0.0
    script: str = ""


def fault(
    seen: Seen,
    cause: Cause,
    detail: str,
    *,
    code: int | None = None,
    pin: str | None = None,
    here: bool = False,
    refused_by: RefusedBy | None = None,
    advice: str = "",
) -> Fault:
    """Build the fault of a cause: its words from the table, `detail` from what was seen, `advice` where it says more.

    `advice` takes the place of the table's. Where the code says more of an account than its cause does, so do the
    words. `here`: the phase is where it happened, whatever the table says.
    """
    row = ROWS[cause]
    reason = REASONS.get(code) if code is not None else None
    if reason is not None and (cause is reason.cause or refused_by is not None):
        detail = f"{reason.said}: {detail}" if detail else reason.said
    else:
        reason = None
    endpoint = seen.endpoint
    words = {
        "host": endpoint.host,
        "address": endpoint.address,
        "port": endpoint.port,
        "configuration": endpoint.configuration,
        "transport": endpoint.transport,
        "script": seen.script,
        "pin": f'`tls_pin: "{pin}"`' if pin else "`tls_pin:`",
        "look": _look_up(code),
    }
    meaning = row.meaning.format_map(words)
    return Fault(
        phase=seen.phase if here else row.phase or seen.phase,
        cause=cause,
        detail=f"{meaning}: {detail}" if detail else meaning,
        advice=advice or (reason or row).advice.format_map(words),
        again=row.again,
        code=code,
        refused_by=refused_by,
    )


def classify(trouble: Trouble, seen: Seen) -> Fault:  # noqa: C901, PLR0911, PLR0912  # one line for each kind of trouble
    """Give the fault that a trouble is."""
    match trouble:
        case Overdue():
            return overdue(seen)
        case Lost():
            why = f" ({_named(trouble.error)})" if trouble.error else ""
            return fault(seen, Cause.SESSION_LOST, f"the connection ended while {trouble.at}{why}")
        case SpeaksTls():
            return fault(seen, Cause.NOT_WINRM, "the port speaks TLS: set `transport: https`")
        case Garbled():
            return fault(seen, Cause.GARBLED, clean(trouble.detail, limit=QUOTED))
        case SoapFault():
            return _soap(trouble, seen)
        case BadStatus():
            return _status(trouble, seen)
        case Refused():
            return _refused(trouble, seen)
        case KerberosTrouble():
            return _kerberos(trouble, seen)
        case Untrusted():
            return fault(seen, trouble.kind, trouble.detail, pin=trouble.pin, advice=trouble.advice)
        case OtherService():
            return _other(trouble, seen)
        case NotKept():
            said = ", ".join([f"it ended {trouble.at}", *_headers(trouble.headers)])
            return fault(seen, Cause.CONNECTION_NOT_KEPT, said)
        case BrokenPool():
            return fault(
                seen,
                Cause.UNCLASSIFIED,
                f"the shell broke while it opened: {clean(trouble.text, limit=QUOTED)}",
            )
        case TooOldShell():
            version = clean(
                f"PowerShell {trouble.version or 'of unknown version'}, protocol {trouble.protocol}", limit=80
            )
            return fault(seen, Cause.TOO_OLD, f"{version} answered")
    raise trouble  # a kind that this function forgot: a bug, and told as one


def overdue(seen: Seen) -> Fault:
    """Give the fault of a deadline: which phase it hung in, after how long."""
    return fault(seen, Cause.DEADLINE, f"it hung in {seen.phase} after {seen.seconds:.1f} s")


def unreachable(error: OSError, seen: Seen) -> Fault:
    """Give the fault of a TCP connect that failed."""
    where = f"{seen.endpoint.address}:{seen.endpoint.port}: {_named(error)}"
    if error.errno == errno.ECONNREFUSED:
        return fault(seen, Cause.CONNECTION_REFUSED, where, code=error.errno)
    if isinstance(error, TimeoutError) or error.errno in _NETWORK:
        return fault(seen, Cause.NO_ANSWER, where, code=error.errno)
    if error.errno in _NO_ROOM:
        return Fault(
            phase=seen.phase,
            cause=Cause.UNCLASSIFIED,
            detail=f"this machine has no room for one more connection: {where}",
            advice="Ask fewer hosts at once (`--jobs`), or give the command more open files (`ulimit -n`).",
            again=Again.BACKOFF,
            code=error.errno,
        )
    own = "The error is this machine's own, from its network: `man 7 tcp` and its log may say more."
    return fault(seen, Cause.UNCLASSIFIED, where, code=error.errno, advice=own)


def unresolved(error: OSError, seen: Seen) -> Fault:
    """Give the fault of a name that did not resolve; the resolver is this machine's own."""
    return fault(
        seen, Cause.NAME_NOT_RESOLVED, f'"{seen.endpoint.address}", asked of this machine: {_named(error)}'
    )


def from_records(records: Sequence[ErrorRecord], seen: Seen) -> Fault:
    """Give the fault that a script's error records tell. The first decides."""
    first = records[0]
    kind = first.kind
    said = clean(f"{kind}: {first.message}" if kind else first.message, limit=QUOTED)
    for words, cause in (
        (_BLOCKED, Cause.SCRIPT_BLOCKED),
        (_NO_LANGUAGE, Cause.NO_LANGUAGE),
        (_CONSTRAINED, Cause.CONSTRAINED_LANGUAGE),
    ):
        if any(word in record.kind for record in records for word in words):
            return fault(seen, cause, said)
    return fault(seen, Cause.UNCLASSIFIED, f"the script ended with an error: {said}")


def _kerberos(trouble: KerberosTrouble, seen: Seen) -> Fault:
    """Tell an AS exchange that was refused, which is a refused logon, from trouble with tickets."""
    said = clean(trouble.text, limit=QUOTED)
    if trouble.refused:
        by = RefusedBy.DOMAIN
        return fault(seen, Cause.LOGON_FAILED, said, code=trouble.minor, refused_by=by)
    cause = Cause.KERBEROS_TICKET if trouble.minor is None else KERBEROS.get(trouble.minor)
    return fault(seen, cause or Cause.UNCLASSIFIED, said, code=trouble.minor)


def _soap(trouble: SoapFault, seen: Seen) -> Fault:
    """Code first, subcode second."""
    cause = (CODES.get(trouble.code) if trouble.code is not None else None) or SUBCODES.get(trouble.subcode)
    number = f"code {trouble.code} (0x{trouble.code:08X})" if trouble.code is not None else "no code"
    subcode = f", {clean(trouble.subcode, limit=60)}" if trouble.subcode else ""
    said = clean(" ".join(trouble.text.split()), limit=QUOTED)
    detail = f"{number}{subcode}: {said}" if said else f"{number}{subcode}"
    by = RefusedBy.HOST if trouble.proof else None
    return fault(seen, cause or Cause.UNCLASSIFIED, detail, code=trouble.code, here=True, refused_by=by)


def _status(trouble: BadStatus, seen: Seen) -> Fault:
    """No SOAP came with it: the status decides, and the headers say who answered."""
    status = trouble.status
    cause = STATUSES.get(status, Cause.NOT_WINRM)
    more = f" to {trouble.headers.get('location', 'nowhere')}" if cause is Cause.REDIRECT else ""
    body = " ".join(trouble.body.decode("utf-8", "replace").split())
    parts = [f"HTTP {status}{clean(more, limit=QUOTED)}", *_headers(trouble.headers)]
    if body and cause in {Cause.NOT_WINRM, Cause.NO_LISTENER}:
        parts.append(f"body: {clean(body, limit=QUOTED)}")
    return fault(seen, cause, ", ".join(parts), code=status, advice=_STATUS_ADVICE.get(status, ""))


_STATUS_ADVICE = {
    408: "The host, or something in between, waited too long for a request: a slow network, or a busy controller "
    "(`--jobs`).",
    421: "A web server that stands before several names answers, and does not know this one: set `address:` to the name "
    "that it knows, or reach the host without it.",
    426: "What answers wants another protocol, so it is not WinRM: another web server listens there, or a proxy stands in "
    "between.",
    431: "The logon's header is too large for what answers: a Kerberos ticket with many groups. Raise MaxFieldLength and "
    "MaxRequestBytes of HTTP.sys on the host, or the limit of the proxy in between.",
}


def _other(trouble: OtherService, seen: Seen) -> Fault:
    """Something listens there that speaks no HTTP: WinRM is elsewhere."""
    end = seen.endpoint
    said = f"{trouble.name} answers" if trouble.name else f"it begins with {trouble.heard[:40]!r}"
    advice = (
        f"Another service listens on {end.address}:{end.port}. WinRM's ports are 5985 (http) and 5986 (https); `winrm "
        "enumerate winrm/config/listener` on the host shows its own. Set `port:` to it."
    )
    return fault(seen, Cause.NOT_WINRM, said, advice=advice)


def _refused(trouble: Refused, seen: Seen) -> Fault:
    offers = {offer.lower() for offer in trouble.offers}
    asked = seen.endpoint.auth
    if asked == "certificate":
        said = ", ".join(["HTTP 401", *_headers(trouble.headers)])
        return fault(
            seen,
            Cause.LOGON_FAILED,
            f"the host takes the certificate for no user: {said}",
            code=401,
            advice=_UNMAPPED,
        )
    cause = _refusal(trouble.stage, offers, asked, via="via" in trouble.headers)
    offered = clean(", ".join(trouble.offers), limit=QUOTED) or "nothing"
    parts = [f"HTTP 401, asked with {asked}, WWW-Authenticate offers {offered}", *_headers(trouble.headers)]
    return fault(
        seen, cause, ", ".join(parts), code=401, refused_by=RefusedBy.HOST if trouble.proof else None
    )


_UNMAPPED = (
    "On the host: `winrm get winrm/config/service/auth` has to say Certificate = true, and `winrm enumerate "
    "winrm/config/service/certmapping` has to map the certificate's UPN and issuer to a local user whose password is "
    "still the one that the mapping was made with."
)


def _refusal(stage: Stage, offers: set[str], asked: str, *, via: bool) -> Cause:
    """Tell a wrong password from a logon that never came to the password."""
    if stage is Stage.PROVED:
        basic_unwanted = asked == "basic" and offers and "basic" not in offers
        return Cause.LOGON_NOT_OFFERED if basic_unwanted else Cause.LOGON_FAILED
    if stage in {Stage.RESTARTED, Stage.LATER}:
        return Cause.LOGON_LOOP
    if not offers & {"negotiate", "ntlm"}:
        return (
            Cause.NTLM_DISABLED if "kerberos" in offers and asked != "kerberos" else Cause.LOGON_NOT_OFFERED
        )
    # It offers Negotiate and did not go on with ours. With Kerberos beside it, NTLM alone is what it does not take.
    return (
        Cause.NTLM_DISABLED if "kerberos" in offers and asked != "kerberos" and not via else Cause.LOGON_LOOP
    )


def _headers(headers: Mapping[str, str]) -> list[str]:
    """Quote the headers that say who answered."""
    return [
        f"{name}: {clean(value, limit=80)}"
        for name in ("server", "via", "proxy-authenticate", "upgrade", "retry-after")
        if (value := headers.get(name))
    ]


def _look_up(code: int | None) -> str:
    """Say where a code that nobody here knows can be looked up; Kerberos' and this machine's own are no Windows'."""
    if code is None:
        return "Look into the host's event log (Windows Remote Management)"
    if code & _HIGH_BYTES == _KERBEROS:
        return f"Look {code - 2**32} up in libkrb5's list of errors (`krb5.h`)"
    return f"Look it up with `winrm helpmsg 0x{code:X}` on any Windows"


def _named(error: OSError) -> str:
    """Write an OS error as `ECONNREFUSED, Connection refused`."""
    if isinstance(error, ssl.SSLError):  # its number is OpenSSL's, no errno
        return clean(getattr(error, "reason", "") or str(error), limit=QUOTED)
    if error.errno is None:
        return clean(str(error) or type(error).__name__, limit=QUOTED)
    name = errno.errorcode.get(error.errno, str(error.errno))
    said = (
        os.strerror(error.errno) if error.errno > 0 else error.strerror or ""
    )  # asyncio writes its own into it
    return f"{name}, {clean(said, limit=QUOTED)}"
