"""What WinRM says of an account: its quotas, and its shells that stand open. No I/O; two questions, no
script.

Who is no administrator may be answered with "access denied", as a fault or as HTTP 401: that is an answer,
and no fault.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TypeVar

from orchestrator.domain.execution.examination import AccountFacts, Shell
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.faults.trouble import BadStatus, Garbled, Refused, SoapFault
from orchestrator.remote.net.exchange import Exchange
from orchestrator.remote.psrp.envelopes import CONFIG, SHELLS, Envelopes
from orchestrator.remote.psrp.soap_answers import answers, more, shells, texts
from orchestrator.remote.psrp.speaker import Speaker
from orchestrator.remote.session import Endpoint

QUOTAS = (  # of winrm/config, as `winrm get winrm/config` names them (MS-WSMV 2.2.4.10)
    "AllowRemoteShellAccess",
    "MaxShellsPerUser",
    "MaxConcurrentUsers",
    "MaxConcurrentOperationsPerUser",
    "MaxConnections",
    "MaxProcessesPerShell",
    "MaxMemoryPerShellMB",
    "IdleTimeout",
    "MaxEnvelopeSizekb",
)
_MOST_PULLS = 10
_NOT_ALLOWED = "not allowed for this account (an administrator of the host may read them)"
_Answer = TypeVar("_Answer")


def account(
    speaker: Speaker, endpoint: Endpoint, *, username: str, own: str, seconds: float
) -> Exchange[AccountFacts]:
    """Ask for the quotas and for the shells of `username`, all but `own`, the id of the one that is in use.

    Raises what breaks the conversation itself: Lost, NotKept, KerberosTrouble.
    """
    remarks: list[str] = []
    quotas = yield from _asked("quotas", remarks, lambda: _quotas(speaker, endpoint, seconds))
    found = yield from _asked("shells", remarks, lambda: _shells(speaker, endpoint, seconds))
    return AccountFacts(
        quotas=None if quotas is None else MappingProxyType(quotas),
        shells=None if found is None else tuple(one for one in found if _is_left_over(one, username, own)),
        remarks=tuple(remarks),
    )


def _asked(
    what: str, remarks: list[str], question: Callable[[], Exchange[_Answer]]
) -> Exchange[_Answer | None]:
    """Ask; where the host will not or cannot say, None and a remark."""
    try:
        return (yield from question())
    except (SoapFault, Refused, BadStatus, Garbled) as trouble:
        remarks.append(f"{what}: {_why(trouble)}")
        return None


def _why(trouble: SoapFault | Refused | BadStatus | Garbled) -> str:
    match trouble:
        case Refused() | SoapFault(code=5) | SoapFault(subcode="AccessDenied") | BadStatus(status=401 | 403):
            return _NOT_ALLOWED  # 5 is ERROR_ACCESS_DENIED
        case SoapFault():
            return f"the host did not say: {trouble.subcode} {trouble.code or ''}".rstrip()
        case BadStatus():
            return f"the host did not say: HTTP {trouble.status}"
        case Garbled():
            return f"the host's answer cannot be used: {clean(trouble.detail, limit=120)}"


def _quotas(speaker: Speaker, endpoint: Endpoint, seconds: float) -> Exchange[dict[str, str]]:
    envelopes = Envelopes(endpoint, seconds=seconds, small=False, resource=CONFIG)
    answer = yield from speaker.exchange(envelopes.get())
    answers(answer, envelopes.message)
    found = texts(answer, frozenset(QUOTAS))
    return {name: found[name] for name in QUOTAS if name in found}


def _shells(speaker: Speaker, endpoint: Endpoint, seconds: float) -> Exchange[list[Shell]]:
    envelopes = Envelopes(endpoint, seconds=seconds, small=False, resource=SHELLS)
    found: list[Shell] = []
    asking = envelopes.enumerate()
    for _ in range(_MOST_PULLS):
        answer = yield from speaker.exchange(asking)
        answers(answer, envelopes.message)
        found += map(_shell, shells(answer))
        context = more(answer)
        if not context:
            break
        asking = envelopes.pull(context)
    return found


def _shell(said: dict[str, str]) -> Shell:
    return Shell(
        id=said.get("ShellId", ""),
        owner=said.get("Owner", ""),
        client=said.get("ClientIP", ""),
        idle=said.get("ShellInactivity", ""),
    )


def _is_left_over(shell: Shell, username: str, own: str) -> bool:
    return shell.id.casefold() != own.casefold() and (
        not username or not shell.owner or _bare(shell.owner) == _bare(username)
    )


def _bare(name: str) -> str:
    r"""Return an account's own name: `svc` of `CORP\svc`, and of `svc@corp.example`."""
    return name.rpartition("\\")[2].partition("@")[0].casefold()
