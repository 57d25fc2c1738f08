"""What an account's trouble is, where a code says so: Windows' system errors, NTSTATUS, SEC_E_*, Kerberos'
own. Pure.

Sources: Microsoft's "System Error Codes" and [MS-ERREF] for Windows' numbers, MIT's `krb5.h` for Kerberos'.
Windows mostly answers a bare 401; these come from endpoints that say more, from run-as accounts, and from
domain controllers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from orchestrator.domain.cause import Cause

_KRB5 = 0x96C73A00  # where libkrb5's protocol errors begin, unsigned


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One kind of trouble with an account.

    `said` goes behind the cause's meaning, `advice` in its advice's place.
    """

    said: str
    advice: str
    cause: Cause = Cause.LOGON_FAILED
    codes: tuple[int, ...] = ()  # Win32, NTSTATUS, SEC_E_*
    kerberos: tuple[int, ...] = ()  # as the protocol numbers them (RFC 4120); beyond 127 libkrb5's own


_REASONS = (
    Reason(
        said="user name or password is wrong",
        advice="Put the user name and password of {credential} right; where the account is the host's "
        "own, the name is .\\NAME. It counts toward the account's lock-out.",
        codes=(1326, 0xC000006D, 0xC000006A, 0x8009030C),
    ),
    Reason(
        said="the domain controller did not take the password",
        advice="Put the password of {credential} right; where the account is the host's own, the name is "
        ".\\NAME. It counted once toward the account's lock-out.",
        kerberos=(24, 31),
    ),
    Reason(
        said="the domain does not know that user",
        advice="Look at the user name of {credential}: NAME@REALM with the domain's full name in capitals, "
        "or DOMAIN\\NAME; an account of the host's own is .\\NAME.",
        kerberos=(6,),
        codes=(0xC0000064,),
    ),
    Reason(
        said="the account is locked, disabled or expired",
        advice="Ask who administers the domain which of the three, and why; then scan again.",
        kerberos=(18,),
    ),
    Reason(
        said="the account is locked out",
        advice="Find out who tries a wrong password (event 4740 on the domain controller), unlock it, scan "
        "again.",
        codes=(1909, 0xC0000234),
    ),
    Reason(
        said="the account is disabled",
        advice="Enable it, or name another credential.",
        codes=(1331, 0xC0000072),
    ),
    Reason(
        said="the account has expired",
        advice="Move its expiry date, or name another credential.",
        codes=(1793, 0xC0000193),
        kerberos=(1,),
    ),
    Reason(
        said="the password has expired",
        advice="Change it, and the credential with it; a service account's is best set never to expire.",
        codes=(1330, 0xC0000071),
        kerberos=(23,),
    ),
    Reason(
        said="the password has to be changed before the first logon",
        advice="Log on with it once, change it, and put the new one into the credential.",
        codes=(1907, 0xC0000224),
    ),
    Reason(
        said="a restriction of the account forbids it",
        advice="Look at the account: an empty password, a smart card that is required, an authentication "
        "policy.",
        codes=(1327, 0xC000006E),
        kerberos=(12,),
    ),
    Reason(
        said="the account may not log on at this hour",
        advice="Look at the account's logon hours, and scan inside them.",
        codes=(1328, 0xC000006F),
    ),
    Reason(
        said="the account may not log on from or to this machine",
        advice="Look at the account's list of workstations.",
        codes=(1329, 0xC0000070),
    ),
    Reason(
        said="the host found no domain controller that could check it",
        advice="Look at the host's way to its domain controllers; the password may be right.",
        codes=(1311, 1355, 1908, 1265, 0xC000005E, 0xC0000388, 0x80090311),
    ),
    Reason(
        said="the logon session was gone",
        advice="Scan again; where it stays so, restart the host: its security authority has lost the "
        "session.",
        codes=(1312, 0xC000005F),
    ),
    Reason(
        said="the host's trust with its domain is broken",
        advice="On the host: `Test-ComputerSecureChannel -Repair`. The password may be right.",
        codes=(1786, 1787, 1788, 1789, 1790, 0xC000018A, 0xC000018B, 0xC000018C, 0xC000018D),
    ),
    Reason(
        said="the account is in too many groups for one logon",
        advice="Take it out of some: Windows puts at most 1,024 into one token.",
        codes=(1384,),
    ),
    Reason(
        said="the service got no credentials, or none that it can use",
        advice="Compare `auth:` with `winrm get winrm/config/service/auth` on the host.",
        codes=(1244, 0x8009030D, 0x8009030E, 2150858806),
    ),
    Reason(
        said="the account may not log on over the network",
        advice="On the host, user rights: `Access this computer from the network`, and no `Deny access` to "
        "it.",
        cause=Cause.ACCESS_DENIED,
        codes=(1385, 0xC000015B),
    ),
    Reason(
        said="selective authentication keeps the account from this host",
        advice="Grant it `Allowed to authenticate` on the host's computer account.",
        cause=Cause.ACCESS_DENIED,
        codes=(1935, 0xC0000413),
    ),
    Reason(
        said="no realm of that name is known on this machine",
        advice="Write the realm as the domain's full name in capitals (NAME@CORP.EXAMPLE); krb5.conf or "
        "the DNS records `_kerberos._udp.REALM` have to name its domain controllers.",
        cause=Cause.KERBEROS_NO_KDC,
        kerberos=(154, 220),
    ),
    Reason(
        said="this machine has no default realm",
        advice="Write the user as NAME@REALM, or set `default_realm` in krb5.conf.",
        cause=Cause.KERBEROS_NO_KDC,
        kerberos=(216,),
    ),
    Reason(
        said="krb5.conf cannot be used on this machine",
        advice="Mend the file that KRB5_CONFIG names, else /etc/krb5.conf (with what it includes).",
        cause=Cause.KERBEROS_NO_KDC,
        kerberos=(135, 136),
    ),
    Reason(
        said="the ticket cache cannot be used",
        advice="`klist` says which one it is: KRB5CCNAME, else `default_ccache_name` in krb5.conf, names it. "
        "`kinit` makes a new one, or name a credential with a password.",
        cause=Cause.KERBEROS_TICKET,
        kerberos=(139, 140, 142, 193, 194, 196, 199, 212),
    ),
    Reason(
        said="the ticket is not valid yet",
        advice="Compare the clocks of this machine, of the host and of the domain controller. A ticket "
        "made while a clock was wrong stays wrong: get a new one with `kinit`.",
        cause=Cause.KERBEROS_CLOCK,
        kerberos=(33,),
    ),
    Reason(
        said="the host wants channel bindings that fit its TLS",
        advice="Something ends TLS on the way to the host: dial the host itself, or let it through unopened.",
        cause=Cause.LOGON_LOOP,
        codes=(0x80090346,),
    ),
)


def _by_code() -> Iterator[tuple[int, Reason]]:
    for reason in _REASONS:
        for code in (*reason.codes, *(_KRB5 + number for number in reason.kerberos)):
            yield code, reason


REASONS: Mapping[int, Reason] = MappingProxyType(dict(_by_code()))
"""By code, unsigned; Kerberos' as libkrb5 numbers them."""
