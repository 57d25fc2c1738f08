"""Which stage a fault belongs to, and what is said of the stages that passed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from inventory.model import Host
from inventory.schema.shapes import is_ip
from orchestrator.domain.cause import Cause
from orchestrator.domain.execution.examination import Stage, StageResult, State
from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.reading import Reading, ViewState
from orchestrator.fleet import words
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.look import Looked
from orchestrator.remote.session import Reply, TryFacts

SOON = 21  # days before its end that a certificate is worth a word
_SKEW = 60.0  # seconds between two clocks that nobody needs to hear of
_QUOTED = 80  # characters of a version that the host says

_OF_LOOK: Mapping[Phase, Stage] = MappingProxyType(
    {
        Phase.RESOLVE: Stage.RESOLVE,
        Phase.CONNECT: Stage.TCP,
        Phase.TLS: Stage.TLS,
        Phase.AUTH: Stage.OFFERS,
    }
)
_OF_SESSION: Mapping[Phase, Stage] = MappingProxyType(
    {
        **_OF_LOOK,
        Phase.AUTH: Stage.LOGON,
        Phase.OPEN: Stage.SHELL,
        Phase.RUN: Stage.SCRIPT,
        Phase.DECODE: Stage.SCRIPT,
    }
)
# Whatever the phase that a code came in: these are about who asks, and what that one may do.
_OF_CAUSE: Mapping[Cause, Stage] = MappingProxyType(
    {
        Cause.LOGON_FAILED: Stage.LOGON,
        Cause.LOGON_LOOP: Stage.LOGON,
        Cause.LOGON_NOT_OFFERED: Stage.LOGON,
        Cause.NTLM_DISABLED: Stage.LOGON,
        Cause.QUOTA_SUSPECT: Stage.LOGON,
        Cause.KERBEROS_NEEDS_NAME: Stage.LOGON,
        Cause.ACCESS_DENIED: Stage.RIGHTS,
        Cause.SHELLS_FORBIDDEN: Stage.RIGHTS,
    }
)
_SILENT_OFFERS = (
    "the connection stands, and a request without a logon is not answered: is it WinRM that listens there, "
    "and does it hang (restart the service)?"
)


def failed(stage: Stage, fault: Fault, milliseconds: int | None) -> StageResult:
    """Make a result of a fault; where the time was up, the advice is about the stage that it hung in."""
    advice = fault.advice
    if fault.cause is Cause.DEADLINE:
        advice = _SILENT_OFFERS if stage is Stage.OFFERS else words.HUNG_ADVICE[fault.phase]
    return StageResult(
        stage=stage,
        state=State.FAILED,
        milliseconds=milliseconds,
        seen=tuple(fault.detail.replace("; seen: ", "\nseen: ").split("\n")),
        cause=fault.cause,
        advice=advice,
    )


def of_look(host: Host, looked: Looked, now: datetime) -> Iterator[StageResult]:
    """Yield the stages that a look came through, the one that it ended at included."""
    stopped = None if looked.fault is None else _stopped(host, looked.fault, _OF_LOOK, Stage.OFFERS)
    for phase, stage in _way(host):
        spent = looked.timings.get(phase.value)
        if stage is stopped and looked.fault is not None:
            ended = failed(stage, looked.fault, spent)
            yield replace(ended, seen=(*ended.seen, *_clock(looked, now)))
            return
        yield _looked(stage, host, looked, spent, now)


def _way(host: Host) -> Iterator[tuple[Phase, Stage]]:
    """Yield the phases of a look with the stages that they are, the hop where there is one."""
    for phase, stage in _OF_LOOK.items():
        yield phase, stage
        if stage is Stage.TCP and host.via is not None:
            yield phase, Stage.HOP


def _stopped(host: Host, fault: Fault, stages: Mapping[Phase, Stage], other: Stage) -> Stage:
    """Name the stage that a fault belongs to. Behind `via` a connection has two: to the hop, and on."""
    stage = stages.get(fault.phase, other)
    if stage is Stage.TCP and host.via is not None and fault.cause is not Cause.VIA_UNREACHABLE:
        return Stage.HOP
    return stage


def _looked(stage: Stage, host: Host, looked: Looked, spent: int | None, now: datetime) -> StageResult:
    if stage is Stage.TLS and host.transport == "http":
        said = ("plain http: the logon encrypts the messages",)
        return StageResult(stage=stage, state=State.NOT_NEEDED, seen=said)
    if stage is Stage.RESOLVE and host.via is not None:
        said = (f"{host.address} is for the far end to look up",)
        return StageResult(stage=stage, state=State.NOT_NEEDED, seen=said)
    if stage is Stage.TCP and host.via is not None:  # its time is the hop's
        return StageResult(stage=stage, state=State.PASSED, seen=(f"connected with {host.via}",))
    seen, advice = _seen(stage, host, looked, now)
    return StageResult(stage=stage, state=State.PASSED, milliseconds=spent, seen=seen, advice=advice)


def _seen(stage: Stage, host: Host, looked: Looked, now: datetime) -> tuple[tuple[str, ...], str]:
    """Say what a stage of a look that passed showed, and what to do about it all the same."""
    match stage:
        case Stage.RESOLVE:
            return _addresses(host, looked), ""
        case Stage.TCP:
            return (f"connected with {looked.dialled or host.address}, port {host.port}",), ""
        case Stage.HOP:
            return (f"it leads to {looked.dialled or host.address}, port {host.port}",), ""
        case Stage.TLS:
            return _tls(looked, now)
        case _:
            return _offers(looked, now), ""


def _addresses(host: Host, looked: Looked) -> tuple[str, ...]:
    if is_ip(host.address):
        return (f"{host.address} is an address already",)
    return (f"{host.address} is {', '.join(looked.addresses)}",)


def _tls(looked: Looked, now: datetime) -> tuple[tuple[str, ...], str]:
    first, *others = looked.certificates or ("no certificate",)
    seen = (f"{looked.shown.version}, {first}", *(f"sent with it: {one}" for one in others))
    left = looked.days_left(now)
    if left is None or left >= SOON:
        return seen, ""
    return seen, f"The certificate ends in {left} days: renew it on the host before then."


def _offers(looked: Looked, now: datetime) -> tuple[str, ...]:
    seen = [clean(", ".join(looked.offers), limit=_QUOTED * 2)]
    if looked.server:
        seen.append(f"Server: {looked.server}")
    return (*seen, *_clock(looked, now))


def _clock(looked: Looked, now: datetime) -> tuple[str, ...]:
    """Say what time it is there, where the host has said so: it counts most where no logon is to be had."""
    if looked.date is None:
        return ()
    return (f"its clock: {skew_words((looked.date - now).total_seconds())}",)


def skew_words(seconds: float) -> str:
    """Say how far a host's clock is from this machine's; positive: it is ahead."""
    if abs(seconds) < _SKEW:
        return "as this machine's"
    size = f"{abs(seconds) / 60:.0f} min" if abs(seconds) < 2 * 3600 else f"{abs(seconds) / 3600:.0f} h"
    return f"{size} {'ahead of' if seconds > 0 else 'behind'} this machine's"


def of_session(
    host: Host, username: str, facts: TryFacts, end: Fault | tuple[Reading, Reply]
) -> Iterator[StageResult]:
    """Yield the stages from the logon on, the one that it ended at included."""
    stopped = None
    if isinstance(end, Fault):
        stopped = _OF_CAUSE.get(end.cause) or _stopped(host, end, _OF_SESSION, Stage.SCRIPT)
    spent = _spent(facts)
    if stopped in (Stage.RESOLVE, Stage.TCP, Stage.HOP, Stage.TLS) and isinstance(end, Fault):
        yield failed(stopped, end, facts.timings.get(end.phase.value))
        return
    for stage in (Stage.LOGON, Stage.RIGHTS, Stage.SHELL, Stage.SCRIPT):
        if stage is stopped and isinstance(end, Fault):
            yield failed(stage, end, spent[stage])
            return
        if stage is Stage.RIGHTS and stopped is Stage.SHELL and facts.rights is None:
            continue  # no shell was given, for a reason of its own: nobody knows
        if stage is Stage.SCRIPT and not isinstance(end, Fault):
            yield _script(end[0], spent[stage])
        else:
            seen = _came_through(stage, host, username, end)
            yield StageResult(stage=stage, state=State.PASSED, milliseconds=spent[stage], seen=seen)


def _spent(facts: TryFacts) -> Mapping[Stage, int | None]:
    """Share the milliseconds out: a shell that is given with the answer to the logon has cost no time of its
    own.
    """
    timings, rights = facts.timings, facts.rights
    opened = timings.get(Phase.OPEN)
    script = [timings[phase] for phase in (Phase.RUN, Phase.DECODE) if phase in timings]
    return {
        Stage.LOGON: timings.get(Phase.AUTH),
        Stage.RIGHTS: opened if rights is None and facts.phase is Phase.OPEN else rights,
        Stage.SHELL: None if opened is None else opened - (rights or 0),
        Stage.SCRIPT: sum(script) if script else None,
    }


def _came_through(
    stage: Stage, host: Host, username: str, end: Fault | tuple[Reading, Reply]
) -> tuple[str, ...]:
    who = username or f"the {'certificate' if host.auth == 'certificate' else 'ticket'}'s user"
    match stage:
        case Stage.LOGON:
            how = "taken" if isinstance(end, Fault) or not end[1].auth else end[1].auth
            return (f"{how}, as {who}",)
        case Stage.RIGHTS:
            return (f"{who} may have a shell of {host.configuration}",)
        case _:
            return _shell(None if isinstance(end, Fault) else end[0])


def _shell(reading: Reading | None) -> tuple[str, ...]:
    if reading is None:
        return ("it is open",)
    identity = reading.identity
    version = " ".join(
        clean(word, limit=_QUOTED) for word in ("PowerShell", identity.powershell, identity.edition) if word
    )
    elevated = {True: ["elevated"], False: ["not elevated"], None: []}[identity.elevated]
    language = [clean(identity.language, limit=_QUOTED)] if identity.language else []
    return (", ".join([version, *language, *elevated]),)


def _script(reading: Reading, spent: int | None) -> StageResult:
    """Judge what the probe brought: a key that it may not read is a right that is missing."""
    states = [f"{view.view}-bit view {view.state}" for view in reading.views]
    seen = ("the probe answered", f"the agent's key: {', '.join(states)}")
    barred = [view for view in reading.views if view.state in (ViewState.DENIED, ViewState.FAILED)]
    if barred and not any(view.state is ViewState.PRESENT for view in reading.views):
        errors = dict.fromkeys(clean(view.error, limit=_QUOTED) for view in barred if view.error)
        denied = any(view.state is ViewState.DENIED for view in barred)
        return StageResult(
            stage=Stage.SCRIPT,
            state=State.FAILED,
            milliseconds=spent,
            seen=(*seen, *errors),
            cause="key-unreadable",
            advice=(_NO_RIGHT if denied else _NO_KEY).format(clean(reading.views[0].path, limit=200)),
        )
    return StageResult(stage=Stage.SCRIPT, state=State.PASSED, milliseconds=spent, seen=seen)


_NO_RIGHT = (
    "The session works, and this user may not read HKLM\\{}: give it the right to read that key "
    "(docs/security.md, the rights that an account needs)."
)
_NO_KEY = (
    "The session works, and opening HKLM\\{} failed for another reason than a missing right: look at the "
    "error, and at the key on the host itself (`reg query`)."
)


def not_tried(username: str, refused_on: str) -> StageResult:
    """Say of a host why its logon was not tried."""
    return StageResult(
        stage=Stage.LOGON,
        state=State.NOT_TRIED,
        seen=(
            (
                f"the password of {username} was refused by {refused_on}: one more refusal could lock the "
                "account"
            ),
        ),
        advice=f"{words.GIVEN_UP_ADVICE}, then ask this host again",
    )
