"""The details that a journal row of a re-pin gets, in words; uncleaned where they quote the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orchestrator.domain.outcome import Failed
from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.remote.contract.repin_answer import Held, RepinAnswer, RepinResult

NO_CLOCK = "the host did not tell its time, so a write could not be given a deadline: not written"
NO_CLOCK_AGAIN = "the host does not tell its time any more, so nobody knows whether the write can still begin"
CLOCK_STANDS = "by the host's clock the write may still begin: that clock was set back, or stands"
HANDED_OUT = "given away in a stand-alone script whose answer has not come in"
HANDED_OUT_ADVICE = "take its answer in (fleetcheck repin import), or wait until the script has expired"
WAIVED_ADVICE = "wait for the waiver to end, or plan it again with --include-waived REASON"
ABANDONED = "left in the middle when the run was abandoned"
PUT_BACK = "written by the host's own word, and the old values stand there again: somebody put them back"
GONE = "not in the inventory any more, so nobody can read it"


def answered(change: PlannedHost, answer: RepinAnswer) -> str:
    """Return what the script said, in words."""
    died = "; the writer before this one died at its work" if answer.abandoned else ""
    return _ANSWERS[answer.result](change, answer) + died


def failed(outcome: Failed) -> str:
    """Return a failure as one line: phase, cause, detail."""
    return f"{outcome.phase}: {outcome.cause}: {outcome.detail}"


def _written(_change: PlannedHost, answer: RepinAnswer) -> str:
    return f"written and read back by the script, window {answer.window_us} \u00b5s"


def _conflict(change: PlannedHost, answer: RepinAnswer) -> str:
    return "changed since the fresh reading: " + "; ".join(_others(change, answer, after=False))


def _mixed(change: PlannedHost, answer: RepinAnswer) -> str:
    return f"{_error(answer)}; " + "; ".join(_others(change, answer, after=True))


def _others(change: PlannedHost, answer: RepinAnswer, *, after: bool) -> Iterator[str]:
    for target, told in zip(change.targets, answer.targets, strict=True):
        held = told.after if after else told.before
        if after or held != Held(kind=target.kind, data=target.expected):
            now = "missing" if held is None else f"{held.kind} {held.data!r}"
            yield f"{target.value} ({target.view}) is {now}, expected {target.kind} {target.expected!r}"


def _error(answer: RepinAnswer) -> str:
    return answer.error or "a value was not what had been set"


_ANSWERS: Mapping[RepinResult, Callable[[PlannedHost, RepinAnswer], str]] = {
    RepinResult.WRITTEN: _written,
    RepinResult.ALREADY: lambda _, __: (
        "every value was as planned when the write came: somebody was here before"
    ),
    RepinResult.CONFLICT: _conflict,
    RepinResult.WRONG_HOST: lambda _, answer: f"{answer.computer} ({answer.machine_id}) answered the write",
    RepinResult.EXPIRED: lambda _, answer: (
        f"the write came too late, the host's own clock said {answer.clock:%H:%M:%S}"
    ),
    RepinResult.DENIED: lambda _, answer: f"no right to write: {answer.error}",
    RepinResult.BUSY: lambda _, answer: (
        answer.error or "another writer was at work there until the write's deadline"
    ),
    RepinResult.RESTORED: lambda _, answer: f"put back after a failure between two values: {_error(answer)}",
    RepinResult.MIXED: _mixed,
    RepinResult.FAILED: lambda _, answer: f"the script stopped before it wrote: {answer.error}",
}
