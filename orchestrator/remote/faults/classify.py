"""Make a `Fault` of whatever went wrong: pure, no I/O. Which code is which cause stands in
`codes` and the modules beside it, what to tell of a cause in `table`; `make` puts both together.
"""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Sequence

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.faults.codes import CODES, KERBEROS, SUBCODES
from orchestrator.remote.faults.fault import Again, Fault, RefusedBy
from orchestrator.remote.faults.http import other_service, refused, status, who_answered
from orchestrator.remote.faults.make import QUOTED, Seen, fault
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
    TooOldShell,
    Trouble,
    Untrusted,
    ViaTrouble,
)
from orchestrator.remote.faults.via import KDC_FROM_HERE, yes_first
from orchestrator.remote.session import ErrorRecord

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


def classify(trouble: Trouble, seen: Seen) -> Fault:  # noqa: C901, PLR0911, PLR0912  # one line for each kind of trouble
    """Return the fault that a trouble is."""
    match trouble:
        case Overdue():
            return overdue(seen)
        case Lost():
            return _lost(trouble, seen)
        case SpeaksTls():
            return fault(seen, Cause.NOT_WINRM, "the port speaks TLS: set `transport: https`")
        case Garbled():
            return fault(seen, Cause.GARBLED, clean(trouble.detail, limit=QUOTED))
        case SoapFault():
            return _soap(trouble, seen)
        case BadStatus():
            return status(trouble, seen)
        case Refused():
            return refused(trouble, seen)
        case KerberosTrouble():
            return _kerberos(trouble, seen)
        case ViaTrouble():
            return _via(trouble, seen)
        case Untrusted():
            return fault(seen, trouble.kind, trouble.detail, pin=trouble.pin, advice=trouble.advice)
        case OtherService():
            return other_service(trouble, seen)
        case NotKept():
            said = ", ".join([f"it ended {trouble.at}", *who_answered(trouble.headers)])
            return fault(seen, Cause.CONNECTION_NOT_KEPT, said)
        case BrokenPool():
            said = f"the shell broke while it opened: {clean(trouble.text, limit=QUOTED)}"
            return fault(seen, Cause.UNCLASSIFIED, said)
        case TooOldShell():
            version = f"PowerShell {trouble.version or 'of unknown version'}, protocol {trouble.protocol}"
            return fault(seen, Cause.TOO_OLD, f"{clean(version, limit=80)} answered")
    raise trouble  # a kind that this function forgot: a bug, and told as one


def overdue(seen: Seen) -> Fault:
    """Return the fault of a deadline: which phase it hung in, after how long."""
    return fault(seen, Cause.DEADLINE, f"it hung in {seen.phase} after {seen.seconds:.1f} s")


def unreachable(error: OSError, seen: Seen) -> Fault:
    """Return the fault of a TCP connect that failed."""
    where = f"{seen.endpoint.address}:{seen.endpoint.port}: {_named(error)}"
    if error.errno == errno.ECONNREFUSED:
        return fault(seen, Cause.CONNECTION_REFUSED, where, code=error.errno)
    if isinstance(error, TimeoutError) or error.errno in _NETWORK:
        return fault(seen, Cause.NO_ANSWER, where, code=error.errno)
    if isinstance(error, ConnectionResetError | ConnectionAbortedError):  # taken, and closed before we knew
        return fault(seen, Cause.SESSION_LOST, where, code=error.errno)
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
    """Return the fault of a name that did not resolve; the resolver is this machine's own."""
    return fault(
        seen, Cause.NAME_NOT_RESOLVED, f'"{seen.endpoint.address}", asked of this machine: {_named(error)}'
    )


def from_records(records: Sequence[ErrorRecord], seen: Seen) -> Fault:
    """Return the fault that a script's error records tell. The first decides."""
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
        advice = trouble.advice
        return fault(seen, Cause.LOGON_FAILED, said, code=trouble.minor, refused_by=by, advice=advice)
    cause = Cause.KERBEROS_TICKET if trouble.minor is None else KERBEROS.get(trouble.minor)
    by_via = cause is Cause.KERBEROS_NO_KDC and seen.endpoint.via is not None
    advice = KDC_FROM_HERE if by_via else trouble.advice
    return fault(seen, cause or Cause.UNCLASSIFIED, said, code=trouble.minor, advice=advice)


def _lost(trouble: Lost, seen: Seen) -> Fault:
    """Tell a lost connection; one that a SOCKS proxy said yes to may never have reached the host."""
    why = f" ({_named(trouble.error)})" if trouble.error else ""
    advice = ("" if seen.heard else yes_first(seen.endpoint)) or _crossed(seen)
    return fault(seen, Cause.SESSION_LOST, f"the connection ended while {trouble.at}{why}", advice=advice)


def _crossed(seen: Seen) -> str:
    """Say that the port is the other transport's by custom, where a host hangs up on the first words."""
    match seen.endpoint.transport, seen.endpoint.port, seen.phase:
        case "http", 5986, Phase.AUTH:
            return "Port 5986 is WinRM over https by custom: set `transport: https`, or the right `port:`."
        case "https", 5985, Phase.TLS:
            return "Port 5985 is WinRM over http by custom: set `transport: http`, or the right `port:`."
    return ""


def _via(trouble: ViaTrouble, seen: Seen) -> Fault:
    """Tell which hop failed; what the proxy or jump host said is as hostile as what a host says."""
    said = ": ".join(filter(None, (seen.endpoint.via, clean(trouble.detail, limit=QUOTED))))
    return fault(seen, trouble.kind, said, advice=trouble.advice)


def _soap(trouble: SoapFault, seen: Seen) -> Fault:
    """Code first, subcode second."""
    cause = (CODES.get(trouble.code) if trouble.code is not None else None) or SUBCODES.get(trouble.subcode)
    number = f"code {trouble.code} (0x{trouble.code:08X})" if trouble.code is not None else "no code"
    subcode = f", {clean(trouble.subcode, limit=60)}" if trouble.subcode else ""
    said = clean(" ".join(trouble.text.split()), limit=QUOTED)
    detail = f"{number}{subcode}: {said}" if said else f"{number}{subcode}"
    by = RefusedBy.HOST if trouble.proof else None
    return fault(seen, cause or Cause.UNCLASSIFIED, detail, code=trouble.code, here=True, refused_by=by)


def _named(error: OSError) -> str:
    """Write an OS error as `ECONNREFUSED, Connection refused`."""
    if isinstance(error, ssl.SSLError):  # its number is OpenSSL's, no errno
        return clean(getattr(error, "reason", "") or str(error), limit=QUOTED)
    if error.errno is None:
        return clean(str(error) or type(error).__name__, limit=QUOTED)
    name = errno.errorcode.get(error.errno, str(error.errno))
    # asyncio writes its own words into it.
    said = os.strerror(error.errno) if error.errno > 0 else error.strerror or ""
    return f"{name}, {clean(said, limit=QUOTED)}"
