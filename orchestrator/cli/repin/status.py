"""`fleetcheck repin status`: past runs, and how each host of one stands."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.completing import offers, run_ids
from orchestrator.cli.console import document, draw, draws, lines, say, stream_document
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, JsonOption, TableOption

if TYPE_CHECKING:
    from orchestrator.report.repin.run import HostResult, RunReport
    from orchestrator.store.reader import Reader

ATTENTION = "attention"


@handled
def status(
    run: Annotated[
        int | None,
        typer.Argument(
            metavar="RUN", autocompletion=offers(run_ids), help="A run's id; else the list of runs."
        ),
    ] = None,
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATE",
            help="Hosts in a state such as conflict, or that need attention. May be repeated.",
        ),
    ] = None,
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help="End with the code that the run's hosts stand for, not with 0."),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="The newest so many runs.")] = 20,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """List runs, or say how each host of one stands.

    And what to type next.
    """
    from orchestrator.store.place import database_url, parse
    from orchestrator.store.reader import Reader

    wanted = states_of(only)
    url = database_url(db, os.environ)
    with Reader.open(url) as reader:
        if run is None:
            _list(reader, limit, as_json=as_json, table=table)
            return
        report = stored_report(reader, run, database=db, place=parse(url).shown)
    print_run(report, only=wanted, as_json=as_json, table=table)
    if exit_code:
        raise typer.Exit(report.code)


def stored_report(reader: Reader, run_id: int, *, database: str | None, place: str) -> RunReport:
    """Put a stored run's report together. Raises UnknownRunError."""
    from orchestrator.cli.command import hints
    from orchestrator.cli.repin_report import code, kept_back, process_of, results
    from orchestrator.report.repin.run import RunReport

    run = reader.run(run_id)
    plan = reader.plan(run.plan)
    kept = kept_back(reader, plan, datetime.now(UTC))
    found = tuple(results(plan, reader.operations(run_id), kept=kept))
    process, who = process_of(run, reader)
    return RunReport(
        run=run,
        results=found,
        code=code(found),
        place=place,
        process=process,
        who=who,
        warnings=(f"stopped: {run.reason}",) if run.reason else (),
        hints=hints(database=database, inventory=None),
    )


def print_run(report: RunReport, *, as_json: bool, table: bool, only: frozenset[str] = frozenset()) -> None:
    """Print a run: a JSON document, the drawn report, or a plain line per host and the warnings beside.

    `only`: the hosts that these words mean; the document's counts are of the whole run all the same.
    """
    from orchestrator.report.repin.document import result_line, run_document
    from orchestrator.report.repin.run import RESULT_COLUMNS, result_rows
    from orchestrator.report.repin.screen import run_screen

    chosen = _only(report, only)
    if not as_json and draws(table=table):
        draw(run_screen(chosen))
        return
    for warning in report.warnings:
        say(f"warning: {warning}")
    if as_json:
        stream_document(
            run_document(report), "hosts", (result_line(report, result) for result in chosen.results)
        )
    else:
        lines(result_rows(chosen), RESULT_COLUMNS)


def states_of(only: Iterable[str] | None) -> frozenset[str]:
    """Read the words of every `--only`, commas taken apart. Raises UsageError for one that nobody knows."""
    from difflib import get_close_matches

    from orchestrator.domain.repin.journal import State

    known = [ATTENTION, *(state.value for state in State)]
    words = {word.strip() for text in only or () for word in text.split(",") if word.strip()}
    for word in sorted(words):
        if word not in known:
            near = get_close_matches(word, known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise UsageError(f"--only {word}: no such state{hint}; there are {', '.join(known)}")
    return frozenset(words)


def _only(report: RunReport, wanted: frozenset[str]) -> RunReport:
    if not wanted:
        return report
    return replace(report, results=tuple(each for each in report.results if wanted & _words(each)))


def _words(result: HostResult) -> set[str]:
    """Give the words that mean this host: its state, and `attention` where a new scan and plan would help."""
    from orchestrator.domain.repin.journal import TO_BEGIN, UNRESOLVED
    from orchestrator.fleet.repin.summary import FINE

    state = result.state
    if state is None:
        return set()
    needs = state not in FINE | UNRESOLVED | TO_BEGIN
    return {state.value, *([ATTENTION] if needs else [])}


def _list(reader: Reader, limit: int, *, as_json: bool, table: bool) -> None:
    from orchestrator.cli.repin_report import process_of
    from orchestrator.report.repin.document import runs_document
    from orchestrator.report.repin.screen import RUN_COLUMNS, run_rows, runs_table

    found = [(run, process_of(run, reader)[0]) for run in reader.runs(limit)]
    if as_json:
        document(runs_document(found))
    elif draws(table=table):
        draw(runs_table(found, datetime.now(UTC)))
    else:
        lines(run_rows(found), RUN_COLUMNS)
