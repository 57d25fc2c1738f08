"""`fleetcheck repin status`: past runs, and how each host of one stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import invocation
from orchestrator.cli.completing import offers, run_ids
from orchestrator.cli.console import document, draw, draws, lines, say, stream_document
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, JsonOption, TableOption

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.report.repin.run import HostResult, RunReport

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
    from orchestrator.app.repin.stored import run_report

    wanted = states_of(only)
    if run is None:
        _list(invocation(db), limit, as_json=as_json, table=table)
        return
    report = run_report(invocation(db), run)
    print_run(report, only=wanted, as_json=as_json, table=table)
    if exit_code:
        raise typer.Exit(report.code)


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
    """Return the words that mean this host: its state, and `attention` where a new scan and plan would
    help.
    """
    from orchestrator.domain.repin.journal import TO_BEGIN, UNRESOLVED
    from orchestrator.fleet.repin.summary import FINE

    state = result.state
    if state is None:
        return set()
    needs = state not in FINE | UNRESOLVED | TO_BEGIN
    return {state.value, *([ATTENTION] if needs else [])}


def _list(asked: Invocation, limit: int, *, as_json: bool, table: bool) -> None:
    from orchestrator.app.repin.stored import runs
    from orchestrator.report.repin.document import runs_document
    from orchestrator.report.repin.screen import RUN_COLUMNS, run_rows, runs_table

    found = runs(asked, limit)
    if as_json:
        document(runs_document(found))
    elif draws(table=table):
        draw(runs_table(found, datetime.now(UTC)))
    else:
        lines(run_rows(found), RUN_COLUMNS)
