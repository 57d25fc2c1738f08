"""A plan applied, or a run gone on with: transport, journal, signals and progress put together, and the report."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.cli.command import hints, typed, user
from orchestrator.cli.logons import demand, logons, names_of
from orchestrator.cli.repin.progress import RepinDisplay
from orchestrator.cli.repin_report import NOBODY, code, kept_back, results, warnings
from orchestrator.domain.repin.operation import RunRecord
from orchestrator.report.repin.run import RunReport

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.model import Fleet
    from orchestrator.domain.repin.operation import Operation
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.fleet.control.stop import StopRequest
    from orchestrator.fleet.repin.events import RepinEvent
    from orchestrator.fleet.repin.options import RepinOptions
    from orchestrator.fleet.repin.protocol import RepinServices
    from orchestrator.fleet.repin.run_journal import RunJournal
    from orchestrator.fleet.repin.summary import RepinSummary
    from orchestrator.remote.session import Logon


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be run. `record` has an id where a run goes on."""

    plan: Plan
    fleet: Fleet
    record: RunRecord
    options: RepinOptions
    database: str | None
    inventory: Path | None  # as `-i` named it: then a suggested command repeats it
    file: Path | None = None  # the plan's
    quiet: bool = False
    transport: str = "native"  # what `--transport` says


def run(work: Work) -> RunReport:
    """Do it, and give the report. Raises what `errors.explain` has words for, before the first host is touched."""
    from orchestrator.store.place import database_url, parse

    url = database_url(work.database, os.environ)
    demand(work.fleet.hosts[each.host] for each in work.plan.hosts if each.host in work.fleet.hosts)
    known = logons(work.fleet, _credentials(work))
    with contextlib.ExitStack() as stack:
        journal = None if work.options.dry_run else _journal(stack, url)
        summary = asyncio.run(_repin(work, journal, known))
    rows, kept = _journaled(url, work.plan, summary.run)
    return _report(work, summary, rows, kept, place=parse(url).shown)


def _credentials(work: Work) -> list[str | None]:
    hosts, one = work.fleet.hosts, work.options.credential
    return list(names_of([hosts[each.host] for each in work.plan.hosts if each.host in hosts], one))


def _journal(stack: contextlib.ExitStack, url: str) -> RunJournal:
    from orchestrator.store.journal.journal import Journal
    from orchestrator.store.writer import Writer

    journal = Journal(stack.enter_context(Writer.open(url, command=typed(), user=user())))
    stack.callback(journal.close)
    return journal


def _journaled(
    url: str, plan: Plan, run_id: int | None
) -> tuple[Sequence[Operation], Mapping[str, tuple[str, str]]]:
    """Read the run's rows, and which hosts the journal keeps back; nothing where the database is in trouble.

    A run's summary has said so then. A dry run has no rows, and needs no database.
    """
    from orchestrator.store.errors import StoreError
    from orchestrator.store.reader import Reader

    with contextlib.suppress(StoreError), Reader.open(url) as reader:
        rows = () if run_id is None else reader.operations(run_id)
        return rows, kept_back(reader, plan, datetime.now(UTC))
    return (), NOBODY


async def _repin(work: Work, journal: RunJournal | None, known: Mapping[str | None, Logon]) -> RepinSummary:
    from orchestrator.fleet.control.clock import SystemClock
    from orchestrator.fleet.control.signals import listening
    from orchestrator.fleet.control.stop import StopRequest
    from orchestrator.fleet.repin.protocol import RepinServices
    from orchestrator.remote.transport_name import TransportName
    from orchestrator.remote.transports import transport

    stop = StopRequest()
    made = transport(TransportName(work.transport), jobs=work.options.jobs, via_logons=known.__getitem__)
    display = RepinDisplay(len(work.plan.hosts), quiet=work.quiet)
    services = RepinServices(
        transport=made,
        logons=known.__getitem__,
        clock=SystemClock(),
        chance=random.Random(),  # noqa: S311  # spreads retries, keeps no secret
    )
    with listening(stop, asyncio.get_running_loop()):
        try:
            async with display.shown():
                return await _start(work, journal, services=services, stop=stop, on_event=display.on_event)
        finally:
            await made.aclose()


async def _start(
    work: Work,
    journal: RunJournal | None,
    *,
    services: RepinServices,
    stop: StopRequest,
    on_event: Callable[[RepinEvent], None],
) -> RepinSummary:
    """Apply the plan; go on with the run where it has an id."""
    from orchestrator.fleet.repin.protocol import RunInput, apply, resume

    given = RunInput(
        plan=work.plan,
        hosts=work.fleet.hosts,
        record=work.record,
        options=work.options,
        services=services,
        journal=journal,
        stop=stop,
        on_event=on_event,
    )
    return await (apply if work.record.id is None or journal is None else resume)(given)


def _report(
    work: Work,
    summary: RepinSummary,
    rows: Sequence[Operation],
    kept: Mapping[str, tuple[str, str]],
    *,
    place: str,
) -> RunReport:
    found = tuple(results(work.plan, rows, summary.ends, kept=kept))
    return RunReport(
        run=replace(
            work.record,
            id=summary.run,
            started=summary.started if work.record.id is None else work.record.started,
            state=summary.state,
            ended=summary.ended,
            reason=summary.reason,
        ),
        results=found,
        code=code(found, interrupted=summary.interrupted, failed=bool(summary.trouble), gate=summary.gate),
        place=place,
        dry_run=summary.dry_run,
        file=None if work.file is None else str(work.file),
        warnings=tuple(warnings(summary)),
        hints=hints(database=work.database, inventory=work.inventory),
    )
