"""What to tell of Kerberos: the rows of its causes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.cause_words import CauseWords

KERBEROS_ROWS: Mapping[Cause, CauseWords] = MappingProxyType(
    {
        Cause.KERBEROS_NEEDS_NAME: CauseWords(
            "Kerberos does not work with an IP address",
            "Set `address:` to the host's full name, or `auth: ntlm`.",
            phase=Phase.AUTH,
        ),
        Cause.KERBEROS_NO_SPN: CauseWords(
            "Kerberos knows no service of that name",
            "Use the host's real, full name in `address:`: an alias or a short name has no service of its "
            "own, unless krb5.conf says `dns_canonicalize_hostname = true`. `setspn -Q */{address}` shows "
            "on a machine of the domain whether there is one.",
            phase=Phase.AUTH,
        ),
        Cause.KERBEROS_CLOCK: CauseWords(
            "the clocks are too far apart for Kerberos",
            "Compare the clocks of this machine, of the host and of the domain controller: five minutes "
            "are the most. A ticket made while a clock was wrong stays wrong: get a new one with `kinit`.",
            phase=Phase.AUTH,
        ),
        Cause.KERBEROS_TICKET: CauseWords(
            "there is no valid Kerberos ticket",
            "Get one with `kinit`, or name a credential with a password.",
            phase=Phase.AUTH,
        ),
        Cause.KERBEROS_NO_KDC: CauseWords(
            "no domain controller answers for Kerberos",
            "Look at the realm in krb5.conf and at port 88 of the domain controllers, which this machine "
            "has to reach; then scan again.",
            phase=Phase.AUTH,
        ),
        Cause.KERBEROS_WRONG_KEY: CauseWords(
            "the host cannot read its ticket: the service name belongs to another account",
            "`setspn -Q HTTP/{address}` shows whose it is: leave it to the host's own computer account "
            "alone. Where it is, the host's key has changed since: get new tickets with `kinit`.",
            phase=Phase.AUTH,
        ),
        Cause.KERBEROS_ENCRYPTION: CauseWords(
            "no encryption that both sides of Kerberos take",
            "The account has no AES key (reset its password, and let it support AES), or "
            "`permitted_enctypes` in krb5.conf leaves out what the domain gives.",
            phase=Phase.AUTH,
        ),
    }
)
