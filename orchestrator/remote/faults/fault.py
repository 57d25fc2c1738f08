"""The one error that leaves this room: a `Fault` says where on the way to a host's answer something failed,
and why.

Fault    phase, cause, detail, advice, again, code, refused_by
"""

from __future__ import annotations

import enum

from orchestrator.domain.cause import Cause, fallback_remark
from orchestrator.domain.outcome import Phase


class Again(enum.StrEnum):
    """Whether what failed is worth another try, inside the host's deadline. A write is read first, always."""

    NEVER = "never"
    ONCE = "once"  # once, after the cure
    BACKOFF = "backoff"  # full jitter, 1-30 s, three tries at most
    LATER = "later"  # as BACKOFF, starting from its long end: a quota or a reboot takes its time


class RefusedBy(enum.StrEnum):
    """Who refused the proof of a password: it counts toward the account's lock-out."""

    HOST = "host"  # one host did: it may be that host's own trouble
    DOMAIN = "domain"  # a domain controller did: no host will take it


class Fault(Exception):  # noqa: N818  # domain word; the causes of `domain/cause.py` are classes of fault
    """A host gave no reply that can be used.

    `detail` is what was seen, uncleaned where it quotes the host; `advice` is our own words on what to do
    next; `code` is the WSMan, Win32 or HTTP number that decided, unsigned, where one did. `refused_by` is
    None unless the proof of a password was refused: what happens before one is sent, or to one that was
    taken, locks no account.
    """

    def __init__(  # a value with seven fields, all by keyword
        self,
        *,
        phase: Phase,
        cause: Cause,
        detail: str,
        advice: str = "",
        again: Again = Again.NEVER,
        code: int | None = None,
        refused_by: RefusedBy | None = None,
    ) -> None:
        super().__init__(phase, cause, detail)
        self.phase = phase
        self.cause = cause
        self.detail = detail
        self.advice = advice
        self.again = again
        self.code = code
        self.refused_by = refused_by

    def __str__(self) -> str:
        """Write it as one line: phase, cause, detail."""
        return f"{self.phase}: {self.cause}: {self.detail}"


def tell_both(kerberos: Fault, ntlm: Fault) -> None:
    """Let the fault of a logon by NTLM tell that Kerberos was tried first, and what would help there.

    Kerberos' cure comes first: where it serves, NTLM is not asked.
    """
    ntlm.detail = f"{ntlm.detail}; {fallback_remark(kerberos.cause, kerberos.detail)}"
    ntlm.advice = f"For Kerberos: {kerberos.advice} For NTLM: {ntlm.advice}"
