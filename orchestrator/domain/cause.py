"""Why a host could not be probed: one word for each class of fault.

`orchestrator.remote.faults.fault` tells them apart.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable

_FALLBACK = re.compile(r"NTLM, since Kerberos did not serve \(([a-z-]+): ")


class Cause(enum.StrEnum):
    """A class of fault. The word is stored, shown, and never changes its meaning."""

    NO_ANSWER = "no-answer"
    CONNECTION_REFUSED = "connection-refused"
    PUBLIC_NETWORK = "public-network"
    NO_LISTENER = "no-listener"
    SERVICE_UNAVAILABLE = "service-unavailable"
    TOO_MANY_SHELLS = "too-many-shells"
    QUOTA = "quota"
    SESSION_LOST = "session-lost"
    SHELLS_FORBIDDEN = "shells-forbidden"
    NO_CONFIGURATION = "no-configuration"
    RUN_AS_FAILED = "run-as-failed"
    ENVELOPE_TOO_LARGE = "envelope-too-large"
    NAME_NOT_RESOLVED = "name-not-resolved"
    VIA_UNREACHABLE = "via-unreachable"  # the proxy or jump host of `via` does not answer
    VIA_KEY_UNKNOWN = "via-key-unknown"  # the jump host's key is not in known_hosts
    VIA_KEY_CHANGED = "via-key-changed"  # ... or another one is
    VIA_LOGON_REFUSED = "via-logon-refused"  # it does not take the logon
    VIA_NOT_ALLOWED = "via-not-allowed"
    VIA_HOST_UNREACHABLE = "via-host-unreachable"
    VIA_HOST_REFUSED = "via-host-refused"
    VIA_REFUSED = "via-refused"
    KERBEROS_NEEDS_NAME = "kerberos-needs-name"
    LOGON_NOT_OFFERED = "logon-not-offered"
    ACCESS_DENIED = "access-denied"
    LOGON_FAILED = "logon-failed"
    LOGON_LOOP = "logon-loop"
    ABORTED = "aborted"
    HOST_ILL = "host-ill"
    NOT_WINRM = "not-winrm"
    PROXY = "proxy"
    GATEWAY = "gateway"
    CONNECTION_NOT_KEPT = "connection-not-kept"  # "Connection: close" where a logon needs the connection
    REDIRECT = "redirect"
    TLS_UNKNOWN_CA = "tls-unknown-ca"
    TLS_WRONG_NAME = "tls-wrong-name"
    TLS_EXPIRED = "tls-expired"
    TLS_PIN_MISMATCH = "tls-pin-mismatch"
    TLS_TOO_OLD = "tls-too-old"  # TLS 1.0/1.1 only, SHA-1, small key: this controller's OpenSSL refuses
    TLS_BAD_CERTIFICATE = "tls-bad-certificate"  # wrong purpose, name constraints, a CA that is none
    TLS_CLIENT_CERTIFICATE = "tls-client-certificate"  # the host demands one
    CLIENT_CERTIFICATE_REFUSED = "client-certificate-refused"  # the host does not take ours
    NOT_TLS = "not-tls"
    KERBEROS_NO_SPN = "kerberos-no-spn"
    KERBEROS_CLOCK = "kerberos-clock"
    KERBEROS_TICKET = "kerberos-ticket"
    KERBEROS_NO_KDC = "kerberos-no-kdc"
    KERBEROS_WRONG_KEY = "kerberos-wrong-key"  # 1396, 1397, 2150859248
    KERBEROS_ENCRYPTION = "kerberos-encryption"
    NTLM_DISABLED = "ntlm-disabled"
    GARBLED = "garbled"  # too large, too deep, not XML, not our JSON
    DEADLINE = "deadline"
    CONSTRAINED_LANGUAGE = "constrained-language"
    TOO_OLD = "too-old"  # PowerShell 2, CLR 2
    NO_LANGUAGE = "no-language"
    SCRIPT_BLOCKED = "script-blocked"  # ScriptContainedMaliciousContent
    NO_SECRET = "no-secret"  # noqa: S105 - a word; the source of the host's own secret gave none
    QUOTA_SUSPECT = "quota-suspect"  # a rejection where the same credential worked before
    UNCLASSIFIED = "unclassified"
    REFUSED_BY_SITE = "refused-by-site"  # the site's worker may not ask this host so
    LOST_BY_SITE = "lost-by-site"  # its worker ended each time, or gave it back
    BUG = "bug"  # ours


def fallback_remark(cause: Cause, detail: str) -> str:
    """Return the remark of a host that was logged on to by NTLM, where Kerberos was tried first."""
    return f"NTLM, since Kerberos did not serve ({cause}: {detail})"


def fallback_cause(remarks: Iterable[str]) -> str | None:
    """Return the cause that such a remark names, None where there is none."""
    return next((found[1] for text in remarks if (found := _FALLBACK.match(text))), None)
