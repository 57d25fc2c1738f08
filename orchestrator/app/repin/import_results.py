"""What an exported script answered, taken into the journal: as a report, which a scan has to prove."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.files import read

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.operation import Operation
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.remote.contract.repin_answer import RepinAnswer
    from orchestrator.report.repin.answers import Answer
    from orchestrator.store.journal.journal import Journal
    from orchestrator.store.reader import Reader


@dataclass(frozen=True, slots=True)
class _Reported:
    """One host's answer with the row that it belongs to."""

    plan: Plan
    host: str
    answer: RepinAnswer
    row: Operation


def import_results(invocation: Invocation, paths: Sequence[Path]) -> list[Answer]:
    """Read every file, then journal all of it.

    Raises CommandError, UsageError, StoreError: then nothing is kept.
    """
    from orchestrator.store.journal.journal import Journal

    with invocation.reader() as reader:
        reported = [each for path in paths for each in _read(path, reader)]
    with invocation.writer() as writer:
        return asyncio.run(_keep(Journal(writer), reported))


def _read(path: Path, reader: Reader) -> list[_Reported]:
    from orchestrator.remote.standalone import MAX_BYTES, StandaloneError, parse_result

    what = "a result of an exported re-pin script"
    data = read(path, MAX_BYTES, what=what, next_=". Take the file as the script wrote it")
    plan = reader.plan(_plan_named(data, path))
    rows = {row.host: row for row in reader.operations_of_plan(plan.id) if row.run is None}
    try:
        answers = parse_result(data, plan)
    except StandaloneError as error:
        raise CommandError(f"{path}: {error}") from None
    missing = [host for host, _ in answers if host not in rows]
    if missing:
        raise UsageError(f"{path}: {', '.join(missing)}: not exported with this database")
    return [_Reported(plan, host, answer, rows[host]) for host, answer in answers]


def _plan_named(data: bytes, path: Path) -> str:
    """Find which plan a result speaks of; everything else in it is looked at later."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        document = json.loads(data.decode(encoding, "replace"))
    except (ValueError, RecursionError):
        document = None
    match document:
        case {"plan": str(plan)}:
            return plan
    from inventory.files.kinds import HEAD, kind_of

    other = kind_of(data[:HEAD])
    found = f"this is {other}; expected a result" if other is not None else "no result"
    raise CommandError(f"{path}: {found} of an exported re-pin script. Take the file as the script wrote it")


async def _keep(journal: Journal, reported: Sequence[_Reported]) -> list[Answer]:
    return [await _keep_one(journal, each) for each in reported]


async def _keep_one(journal: Journal, reported: _Reported) -> Answer:
    from orchestrator.domain.repin.journal import State
    from orchestrator.fleet.repin.details import answered
    from orchestrator.report.repin.answers import Answer

    change = next(host for host in reported.plan.hosts if host.host == reported.host)
    said = answered(change, reported.answer)
    new = reported.row.state is State.HANDED_OUT
    if new:
        await journal.move(
            reported.row,
            State.REPORTED,
            changed=datetime.now(UTC),
            detail=f"{reported.answer.result}: {said}",
            before=reported.answer.before,
            after=reported.answer.after,
        )
    return Answer(
        host=reported.host, plan=reported.plan.id, state=reported.answer.state, detail=said, new=new
    )
