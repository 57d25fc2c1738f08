"""Why a host could not be probed: one word for each class of fault. `orchestrator.remote.faults.fault` tells them apart."""

from __future__ import annotations

import enum


class Cause(enum.StrEnum):
    """A class of fault. The word is stored, shown, and never changes its meaning."""

    NO_ANSWER = "no-answer"  # 2150859046; SYN or first answer never came
    CONNECTION_REFUSED = "connection-refused"  # 2150858770, ECONNREFUSED
    PUBLIC_NETWORK = "public-network"  # 2150859113
    NO_LISTENER = "no-listener"  # 2150859027, HTTP 404
    SERVICE_UNAVAILABLE = "service-unavailable"  # 2150859026, HTTP 429, 503
    TOO_MANY_SHELLS = "too-many-shells"  # 2150859173, 174
    QUOTA = "quota"  # 2150859175, 176, 179, 236-242
    SESSION_LOST = "session-lost"  # 2150858843; the connection was cut
    SHELLS_FORBIDDEN = "shells-forbidden"  # 2150859180, 2150859235
    NO_CONFIGURATION = "no-configuration"  # 2150858811, 2150858754
    RUN_AS_FAILED = "run-as-failed"  # 2150859231
    ENVELOPE_TOO_LARGE = "envelope-too-large"  # 2150858824, 2150858790, HTTP 413
    NAME_NOT_RESOLVED = "name-not-resolved"  # 2150859193, DNS
    KERBEROS_NEEDS_NAME = "kerberos-needs-name"  # 2150859195, 2150859019
    LOGON_NOT_OFFERED = "logon-not-offered"  # 2150858978, 980, 981, 2150859020, 022
    ACCESS_DENIED = "access-denied"  # 5
    LOGON_FAILED = "logon-failed"  # 1326, 1311, 1312, HTTP 401
    LOGON_LOOP = "logon-loop"  # HTTP 401 again and again
    ABORTED = "aborted"  # 995
    HOST_ILL = "host-ill"  # 1115, 14, 1018
    NOT_WINRM = "not-winrm"  # HTTP 400, 411, 500 without SOAP
    PROXY = "proxy"  # HTTP 305, 407, 511
    GATEWAY = "gateway"  # HTTP 502, 504: what stands in between has no answer from the host
    CONNECTION_NOT_KEPT = "connection-not-kept"  # "Connection: close" where a logon needs the connection
    REDIRECT = "redirect"  # HTTP 3xx
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
    BUG = "bug"  # ours
