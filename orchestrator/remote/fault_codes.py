"""Which code is which cause. WSMan's codes (`wsmerror.h`), Win32's, SOAP subcodes, HTTP statuses, Kerberos' codes.

Matched on the code first, the subcode second, the status third, never on a message's text: that is in the host's
language. All unsigned; `parse_code` reads the other spellings.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.domain.cause import Cause

KEEP_ALIVE = 2150858793  # 0x80338029, the normal answer while a script still runs; never a fault
KEEP_ALIVE_SUBCODE = "TimedOut"
_HRESULT_FROM_WIN32 = 0x80070000
_HIGH = 0xFFFF0000

CODES: Mapping[int, Cause] = MappingProxyType(
    {
        2150859046: Cause.NO_ANSWER,  # 0x80338126
        2150858770: Cause.CONNECTION_REFUSED,  # 0x80338012
        2150859113: Cause.PUBLIC_NETWORK,  # 0x80338169
        2150859027: Cause.NO_LISTENER,  # 0x80338113
        2150859026: Cause.SERVICE_UNAVAILABLE,  # 0x80338112
        2150859173: Cause.TOO_MANY_SHELLS,  # 0x803381A5
        2150859174: Cause.TOO_MANY_SHELLS,  # 0x803381A6
        2150859175: Cause.QUOTA,
        2150859176: Cause.QUOTA,
        2150859179: Cause.QUOTA,
        **dict.fromkeys(range(2150859236, 2150859243), Cause.QUOTA),
        2150858843: Cause.SESSION_LOST,  # 0x8033805B
        2150859180: Cause.SHELLS_FORBIDDEN,
        2150859235: Cause.SHELLS_FORBIDDEN,
        2150858811: Cause.NO_CONFIGURATION,
        2150858754: Cause.NO_CONFIGURATION,
        2150859231: Cause.RUN_AS_FAILED,
        2150858824: Cause.ENVELOPE_TOO_LARGE,
        2150858790: Cause.ENVELOPE_TOO_LARGE,
        2150859193: Cause.NAME_NOT_RESOLVED,  # 0x803381B9
        2150859195: Cause.KERBEROS_NEEDS_NAME,
        2150859019: Cause.KERBEROS_NEEDS_NAME,
        2150858978: Cause.LOGON_NOT_OFFERED,
        2150858980: Cause.LOGON_NOT_OFFERED,
        2150858981: Cause.LOGON_NOT_OFFERED,
        2150859020: Cause.LOGON_NOT_OFFERED,
        2150859022: Cause.LOGON_NOT_OFFERED,
        5: Cause.ACCESS_DENIED,
        1326: Cause.LOGON_FAILED,
        1311: Cause.LOGON_FAILED,
        1312: Cause.LOGON_FAILED,
        995: Cause.ABORTED,
        1115: Cause.HOST_ILL,
        14: Cause.HOST_ILL,
        1018: Cause.HOST_ILL,
    },
)

SUBCODES: Mapping[str, Cause] = MappingProxyType(
    {
        "AccessDenied": Cause.ACCESS_DENIED,
        "QuotaLimit": Cause.QUOTA,
        "InvalidSelectors": Cause.SESSION_LOST,
        "DestinationUnreachable": Cause.NO_CONFIGURATION,  # so Windows says that a resource URI is unknown
        "EncodingLimit": Cause.ENVELOPE_TOO_LARGE,
        "EndpointUnavailable": Cause.SERVICE_UNAVAILABLE,
    },
)

STATUSES: Mapping[int, Cause] = MappingProxyType(
    {
        301: Cause.REDIRECT,
        302: Cause.REDIRECT,
        303: Cause.REDIRECT,
        305: Cause.PROXY,
        307: Cause.REDIRECT,
        308: Cause.REDIRECT,
        404: Cause.NO_LISTENER,
        407: Cause.PROXY,
        408: Cause.SESSION_LOST,
        413: Cause.ENVELOPE_TOO_LARGE,
        429: Cause.SERVICE_UNAVAILABLE,
        502: Cause.GATEWAY,
        503: Cause.SERVICE_UNAVAILABLE,
        504: Cause.GATEWAY,
        511: Cause.PROXY,
    },
)

KERBEROS: Mapping[int, Cause] = MappingProxyType(
    {
        # Minor codes of MIT Kerberos (krb5.h), unsigned; -1765328377 and so on where they are written signed.
        2529638919: Cause.KERBEROS_NO_SPN,  # KDC_ERR_S_PRINCIPAL_UNKNOWN
        2529638949: Cause.KERBEROS_CLOCK,  # AP_ERR_SKEW
        2529638944: Cause.KERBEROS_TICKET,  # AP_ERR_TKT_EXPIRED
        2529639107: Cause.KERBEROS_TICKET,  # FCC_NOFILE: no credentials cache
        2529639053: Cause.KERBEROS_TICKET,  # CC_NOTFOUND
        2529639068: Cause.KERBEROS_NO_KDC,  # KDC_UNREACH
        2529639066: Cause.KERBEROS_NO_KDC,  # REALM_UNKNOWN
        2529639132: Cause.KERBEROS_NO_KDC,  # REALM_CANT_RESOLVE
        2529638936: Cause.LOGON_FAILED,  # KDC_ERR_PREAUTH_FAILED
        2529638918: Cause.LOGON_FAILED,  # KDC_ERR_C_PRINCIPAL_UNKNOWN
        2529638930: Cause.LOGON_FAILED,  # KDC_ERR_CLIENT_REVOKED
    },
)


def parse_code(text: str | int | None) -> int | None:
    """Read a code in any spelling (unsigned, signed, hex) as unsigned; an HRESULT of Win32 as the Win32 code.

    None where it is not a number of 32 bits.
    """
    try:
        code = (
            text
            if isinstance(text, int)
            else int(str(text)[:20].strip(), 0 if "x" in str(text).lower() else 10)
        )
    except ValueError:
        return None
    if not -0x80000000 <= code <= 0xFFFFFFFF:  # noqa: PLR2004  # what 32 bits hold
        return None
    code &= 0xFFFFFFFF
    return code & 0xFFFF if code & _HIGH == _HRESULT_FROM_WIN32 else code


def still_running(code: int | None, subcode: str) -> bool:
    """Whether a fault is only the sign of life of a script that runs: the code decides, the subcode where none came."""
    return code == KEEP_ALIVE or (code is None and subcode == KEEP_ALIVE_SUBCODE)
