"""Which code is which cause: WSMan's, Windows' and Kerberos' codes, SOAP subcodes, HTTP statuses.

Matched on the code first, the subcode second, the status third, never on a message's text: that is in the
host's language. All unsigned; `parse_code` reads the other spellings.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.reasons import REASONS
from orchestrator.remote.faults.windows_codes import WINDOWS
from orchestrator.remote.faults.wsman_codes import WSMAN

KEEP_ALIVE = 2150858793  # 0x80338029, the normal answer while a script still runs; never a fault
KEEP_ALIVE_SUBCODE = "TimedOut"
_HRESULT_FROM_WIN32 = 0x80070000
_HRESULT_FROM_NT = 0xD0000000
_NTSTATUS_ERROR = 0xC0000000
_FACILITY = 0xF0000000
_HIGH = 0xFFFF0000

CODES: Mapping[int, Cause] = MappingProxyType(
    {**WSMAN, **WINDOWS, **{code: reason.cause for code, reason in REASONS.items()}}
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
        2529638945: Cause.KERBEROS_CLOCK,  # AP_ERR_TKT_NYV: not yet valid
        2529638943: Cause.KERBEROS_WRONG_KEY,  # AP_ERR_BAD_INTEGRITY
        2529638947: Cause.KERBEROS_WRONG_KEY,  # AP_ERR_NOT_US
        2529638953: Cause.KERBEROS_WRONG_KEY,  # AP_ERR_MODIFIED
        2529638956: Cause.KERBEROS_WRONG_KEY,  # AP_ERR_BADKEYVER
        2529638957: Cause.KERBEROS_WRONG_KEY,  # AP_ERR_NOKEY
        2529638926: Cause.KERBEROS_ENCRYPTION,  # KDC_ERR_ETYPE_NOSUPP
        2529639112: Cause.KERBEROS_ENCRYPTION,  # CONFIG_ETYPE_NOSUPP
        2529638944: Cause.KERBEROS_TICKET,  # AP_ERR_TKT_EXPIRED
        2529639107: Cause.KERBEROS_TICKET,  # FCC_NOFILE: no credentials cache
        2529639053: Cause.KERBEROS_TICKET,  # CC_NOTFOUND
        2529639051: Cause.KERBEROS_TICKET,  # CC_BADNAME
        2529639052: Cause.KERBEROS_TICKET,  # CC_UNKNOWN_TYPE
        2529639054: Cause.KERBEROS_TICKET,  # CC_END
        2529639105: Cause.KERBEROS_TICKET,  # CC_IO
        2529639106: Cause.KERBEROS_TICKET,  # FCC_PERM
        2529639108: Cause.KERBEROS_TICKET,  # FCC_INTERNAL
        2529639111: Cause.KERBEROS_TICKET,  # CC_FORMAT
        2529639124: Cause.KERBEROS_TICKET,  # CCACHE_BADVNO
        2529639093: Cause.KERBEROS_TICKET,  # KT_NOTFOUND: the keytab holds no such key
        2529639068: Cause.KERBEROS_NO_KDC,  # KDC_UNREACH
        2529639066: Cause.KERBEROS_NO_KDC,  # REALM_UNKNOWN
        2529639132: Cause.KERBEROS_NO_KDC,  # REALM_CANT_RESOLVE
        2529639136: Cause.KERBEROS_NO_KDC,  # CONFIG_NODEFREALM
        2529639047: Cause.KERBEROS_NO_KDC,  # CONFIG_CANTOPEN
        2529639048: Cause.KERBEROS_NO_KDC,  # CONFIG_BADFORMAT
        2529638913: Cause.LOGON_FAILED,  # KDC_ERR_NAME_EXP
        2529638918: Cause.LOGON_FAILED,  # KDC_ERR_C_PRINCIPAL_UNKNOWN
        2529638924: Cause.LOGON_FAILED,  # KDC_ERR_POLICY
        2529638930: Cause.LOGON_FAILED,  # KDC_ERR_CLIENT_REVOKED
        2529638935: Cause.LOGON_FAILED,  # KDC_ERR_KEY_EXP
        2529638936: Cause.LOGON_FAILED,  # KDC_ERR_PREAUTH_FAILED
        2529639122: Cause.LOGON_FAILED,  # PREAUTH_FAILED: libkrb5's own, no way of proving it was taken
    },
)

_BAD_INTEGRITY = 2529638943  # in an AS exchange: the answer does not open with this password
AS_REFUSALS = frozenset(code for code, cause in KERBEROS.items() if cause is Cause.LOGON_FAILED) | {
    _BAD_INTEGRITY
}
"""What a domain controller answers in an AS exchange where it does not take the account with its password."""

PASSWORD_REFUSED = AS_REFUSALS - {2529638918}
"""Those of them after which the same password is not tried by NTLM:
all but that the domain knows no such user.
"""


def parse_code(text: str | int | None) -> int | None:
    """Read a code in any spelling (unsigned, signed, hex) as unsigned; an HRESULT of Win32 or NTSTATUS as
    that code.

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
    if code & _FACILITY == _HRESULT_FROM_NT:
        return (code & ~_FACILITY) | _NTSTATUS_ERROR
    return code & 0xFFFF if code & _HIGH == _HRESULT_FROM_WIN32 else code


def still_running(code: int | None, subcode: str) -> bool:
    """Whether a fault is only the sign of life of a script that runs: the code decides,
    the subcode where none came.
    """
    return code == KEEP_ALIVE or (code is None and subcode == KEEP_ALIVE_SUBCODE)
