"""A write script's answer to a value: parsed, checked against the schema, then against the plan. Errors:
`Fault` only.

Imported when the first answer comes, as `orchestrator.remote.contract.probe_decode` is.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.repin.plan import PlannedHost, WriteTarget
from orchestrator.remote.contract.document import OddError, checked, garbled, moment, parse
from orchestrator.remote.contract.probe_convert import data_of
from orchestrator.remote.contract.repin_answer import Held, RepinAnswer, RepinResult, TargetAnswer
from orchestrator.remote.contract.repin_schema import REPIN_DOCUMENT, HeldRow, RepinDocument

_ADVICE = (
    "The host answered with something else than the write script's document, so nobody knows yet whether "
    "it wrote: `fleetcheck repin resume` reads it and says."
)
_MAY_HAVE_WROTE = {RepinResult.WRITTEN, RepinResult.RESTORED, RepinResult.MIXED}
_NEED_NO_MACHINE = {RepinResult.WRONG_HOST, RepinResult.FAILED}


def decode(text: str, change: PlannedHost, *, operation: str, limit: int) -> RepinAnswer:
    """Return the answer that a text of at most `limit` characters holds.

    Raises `Fault`, see `repin_contract`.
    """
    try:
        document = checked(REPIN_DOCUMENT, parse(text, script="repin", limit=limit))
        return answer(document, change, operation=operation)
    except OddError as error:
        raise garbled(text, error, _ADVICE) from None


def answer(document: RepinDocument, change: PlannedHost, *, operation: str) -> RepinAnswer:
    """Convert a checked document, and hold it against the plan. Raises `OddError`."""
    if document["operation"] != operation:
        raise OddError("operation", f"{operation} was asked for")
    if len(document["targets"]) != len(change.targets):
        raise OddError("targets", f"{len(change.targets)} were asked for")
    made = RepinAnswer(
        result=RepinResult(document["result"]),
        error=document["error"],
        abandoned=document["abandoned"],
        clock=moment("clock", document["clock"]),
        computer=document["computer"],
        machine_id=document["machine_id"],
        window_us=document["window_us"],
        targets=tuple(
            TargetAnswer(
                before=_held(f"targets.{place}.before", row["before"]),
                after=_held(f"targets.{place}.after", row["after"]),
                wrote=row["wrote"],
            )
            for place, row in enumerate(document["targets"])
        ),
    )
    _check_machine(made, change)
    _check_result(made, change.targets)
    return made


def _held(place: str, row: HeldRow | None) -> Held | None:
    if row is None:
        return None
    if row["d"] is None:
        return Held(kind=row["k"], data=None)
    data = data_of(place, {"n": "", "k": row["k"], "d": row["d"], "cut": False})
    return Held(kind=row["k"], data=data if isinstance(data, tuple) else str(data))


def _check_machine(made: RepinAnswer, change: PlannedHost) -> None:
    """Only the planned machine has anything to say but that it is another one."""
    planned = _same(made.computer, change.computer) and _same(made.machine_id, change.machine_id)
    if made.result in _NEED_NO_MACHINE:
        if planned and made.result is RepinResult.WRONG_HOST:
            raise OddError("result", "it says wrong-host, and it is the planned one")
    elif not planned:
        raise OddError("machine_id", "another machine than the planned one")


def _same(said: str | None, planned: str) -> bool:
    return said is not None and said.upper() == planned.upper()


def _check_result(made: RepinAnswer, targets: Sequence[WriteTarget]) -> None:
    """Believe a result only where the values that came with it say the same."""
    old = [Held(kind=target.kind, data=target.expected) for target in targets]
    new = [Held(kind=target.kind, data=target.new) for target in targets]
    before = [target.before for target in made.targets]
    after = [target.after for target in made.targets]
    wrote = any(target.wrote for target in made.targets)
    if wrote and made.result not in _MAY_HAVE_WROTE:
        raise OddError("targets", f"{made.result} does not go with a value that was written")
    match made.result:
        case RepinResult.WRITTEN if not wrote or before != old or after != new:
            raise OddError("targets", "written does not go with these values")
        case RepinResult.ALREADY if new not in (before, after):
            raise OddError("targets", "already does not go with these values")
        case RepinResult.RESTORED if not wrote or before != old or after != old:
            raise OddError("targets", "restored does not go with these values")
        case RepinResult.MIXED if before != old or after == new:
            raise OddError("targets", "mixed does not go with these values")
        case _:
            return
