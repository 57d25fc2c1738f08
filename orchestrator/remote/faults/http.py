"""Faults of HTTP's own answers: a status without SOAP, another service, a logon that was refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.cause import Cause
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.faults.codes import STATUSES
from orchestrator.remote.faults.fault import Fault, RefusedBy
from orchestrator.remote.faults.make import QUOTED, Seen, fault
from orchestrator.remote.faults.trouble import BadStatus, OtherService, Refused, Stage


def status(trouble: BadStatus, seen: Seen) -> Fault:
    """Tell an answer without SOAP: the status decides, and the headers say who answered."""
    cause = STATUSES.get(trouble.status, Cause.NOT_WINRM)
    more = f" to {trouble.headers.get('location', 'nowhere')}" if cause is Cause.REDIRECT else ""
    body = " ".join(trouble.body.decode("utf-8", "replace").split())
    parts = [f"HTTP {trouble.status}{clean(more, limit=QUOTED)}", *who_answered(trouble.headers)]
    if body and cause in {Cause.NOT_WINRM, Cause.NO_LISTENER}:
        parts.append(f"body: {clean(body, limit=QUOTED)}")
    return fault(
        seen, cause, ", ".join(parts), code=trouble.status, advice=_STATUS_ADVICE.get(trouble.status, "")
    )


_STATUS_ADVICE = {
    408: "The host, or something in between, waited too long for a request: a slow network, or a busy "
    "controller (`--jobs`).",
    421: "A web server that stands before several names answers, and does not know this one: set "
    "`address:` to the name that it knows, or reach the host without it.",
    426: "What answers wants another protocol, so it is not WinRM: another web server listens there, or a "
    "proxy stands in between.",
    431: "The logon's header is too large for what answers: a Kerberos ticket with many groups. Raise "
    "MaxFieldLength and MaxRequestBytes of HTTP.sys on the host, or the limit of the proxy in between.",
}


def other_service(trouble: OtherService, seen: Seen) -> Fault:
    """Tell what listens there and speaks no HTTP: WinRM is elsewhere."""
    end = seen.endpoint
    said = f"{trouble.name} answers" if trouble.name else f"it begins with {trouble.heard[:40]!r}"
    advice = (
        f"Another service listens on {end.address}:{end.port}. WinRM's ports are 5985 (http) and 5986 "
        "(https); `winrm enumerate winrm/config/listener` on the host shows its own. Set `port:` to it."
    )
    return fault(seen, Cause.NOT_WINRM, said, advice=advice)


def refused(trouble: Refused, seen: Seen) -> Fault:
    """Tell a logon that was refused, from one that the host does not offer."""
    offers = {offer.lower() for offer in trouble.offers}
    asked = seen.endpoint.auth
    if asked == "certificate":
        said = ", ".join(["HTTP 401", *who_answered(trouble.headers)])
        return fault(
            seen,
            Cause.LOGON_FAILED,
            f"the host takes the certificate for no user: {said}",
            code=401,
            advice=_UNMAPPED,
        )
    cause = _refusal(trouble.stage, offers, asked, via="via" in trouble.headers, ticket=trouble.ticket)
    offered = clean(", ".join(trouble.offers), limit=QUOTED) or "nothing"
    said = f"{asked} and a Kerberos ticket" if trouble.ticket else asked
    parts = [
        f"HTTP 401, asked with {said}, WWW-Authenticate offers {offered}",
        *who_answered(trouble.headers),
    ]
    advice = _IN_CLEAR if offers == {"basic"} and seen.endpoint.transport == "http" else ""
    by = RefusedBy.HOST if trouble.proof else None
    return fault(seen, cause, ", ".join(parts), code=401, refused_by=by, advice=advice)


_IN_CLEAR = (
    "It takes Basic alone, which is never sent in clear: `transport: https` with `auth: basic`, where the "
    "host has an HTTPS listener; or switch Negotiate on in its `winrm/config/service/auth`."
)
_UNMAPPED = (
    "On the host: `winrm get winrm/config/service/auth` has to say Certificate = true, and `winrm enumerate "
    "winrm/config/service/certmapping` has to map the certificate's UPN and issuer to a local user whose "
    "password is still the one that the mapping was made with."
)


def _refusal(stage: Stage, offers: set[str], asked: str, *, via: bool, ticket: bool) -> Cause:
    """Tell a wrong password from a logon that never came to the password."""
    if stage is Stage.PROVED:
        basic_unwanted = asked == "basic" and offers and "basic" not in offers
        return Cause.LOGON_NOT_OFFERED if basic_unwanted else Cause.LOGON_FAILED
    if stage in {Stage.RESTARTED, Stage.LATER}:
        return Cause.LOGON_LOOP
    if ticket or asked == "kerberos":
        return Cause.LOGON_LOOP if asked in offers else Cause.LOGON_NOT_OFFERED
    if not offers & {"negotiate", "ntlm"}:
        return Cause.NTLM_DISABLED if "kerberos" in offers else Cause.LOGON_NOT_OFFERED
    # It offers Negotiate and did not go on with ours. With Kerberos beside it, NTLM alone is what it does not
    # take.
    return Cause.NTLM_DISABLED if "kerberos" in offers and not via else Cause.LOGON_LOOP


def who_answered(headers: Mapping[str, str]) -> list[str]:
    """Quote the headers that say who answered."""
    return [
        f"{name}: {clean(value, limit=80)}"
        for name in ("server", "via", "proxy-authenticate", "upgrade", "retry-after")
        if (value := headers.get(name))
    ]
