"""A run of a re-pin on the screen: at its end, and whenever somebody asks how it stands."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.primitives.exit_codes import EXIT_BOTH, EXIT_OK, MEANINGS
from orchestrator.domain.repin.journal import TO_BEGIN, UNRESOLVED, WROTE, State
from orchestrator.domain.repin.operation import RunRecord, RunState
from orchestrator.report.advice import NAMED
from orchestrator.report.listing import listing
from orchestrator.report.parts import INDENT, bullets, heading, next_section, unbroken, warned
from orchestrator.report.repin.run import Process, RunReport, StateGroup, groups, in_waves, standing
from orchestrator.report.repin.states import label, words
from orchestrator.report.words import age, duration, listed, moment, shown

RUN_COLUMNS = ("run", "started", "state", "plan", "hosts", "reason")
MEANING = {
    **MEANINGS,
    EXIT_OK: "every host is as planned",
    EXIT_BOTH: "hosts need attention, and hosts could not be reached or were not started",
}
"""What the exit code of a re-pin says."""

_STILL = {
    Process.THERE: "still running",
    Process.PAUSING: "in the pause between two waves",
    Process.GONE: "killed before its end",
}
_DETAILS_SHOWN = 5
_FINE = frozenset({State.VERIFIED, State.ALREADY, None})


def run_screen(report: RunReport) -> RenderableType:
    """Draw a run. Fits 80 columns."""
    found = list(groups(report))
    return Group(
        *_head(report, found),
        *warned(report.warnings),
        *_groups("Need attention", [group for group in found if group.state not in _FINE]),
        *_groups(
            "Nothing speaks against" if report.dry_run else "As planned",
            [group for group in found if group.state in _FINE],
        ),
        *next_section(next_commands(report)),
        Text(),
        unbroken(shown(f"database {report.place}", "dim")),
        Text(f"the exit code is {report.code}: {_meaning(report)}", style="dim"),
    )


def next_commands(report: RunReport) -> Iterator[tuple[str, str]]:
    """Yield commands worth typing next, each with what it does."""
    run, hints = report.run, report.hints
    where = f"{hints.inventory}{hints.database}"
    states = {result.state for result in report.results}
    if not run.hosts and report.file is not None:
        yield f"fleetcheck repin show {shlex.quote(report.file)}", "see why no host is planned"
    elif report.dry_run:
        yield _to_write(report, where)
    if report.dry_run:
        return
    if not report.going and states & UNRESOLVED:
        yield f"fleetcheck repin resume {run.id}{where}", "read the hosts that nobody knows about, and go on"
    elif not report.going and states & TO_BEGIN:
        yield (
            f"fleetcheck repin resume {run.id}{where}",
            "go on with the hosts that were not started or written",
        )
    if states - _FINE - UNRESOLVED - TO_BEGIN:
        listed = f"fleetcheck repin status {run.id} --only attention{hints.database} | cut -f1"
        yield (
            f"{listed} | fleetcheck scan --limit -{where}",
            "scan those that need attention, to plan them anew",
        )
    written = [result.host for result in report.results if result.state is State.VERIFIED]
    if written and not report.going:
        yield (
            f"{_scan_of(written, report)}{where}",
            "scan them again, since `report` goes by readings",
        )
    if states & WROTE:
        yield (
            f"fleetcheck repin undo {run.id} -o undo-{run.id}.json{where}",
            "plan the way back for what was written",
        )
    yield f"fleetcheck repin status {run.id}{hints.database}", "see this again"


_OF_THE_DRY_RUN = {"--dry-run", "--yes", "-y"}


def _to_write(report: RunReport, where: str) -> tuple[str, str]:
    """Return the command that writes what a dry run has looked at, and what it does: what was typed without
    `--dry-run`, in waves as a plan's screen advises where none were typed or configured. The yes is not said
    beforehand.
    """
    typed = [word for word in shlex.split(report.run.command) if word not in _OF_THE_DRY_RUN]
    waves = {word.partition("=")[0] for word in typed} & {"--batch", "--pause", "--max-failed"}
    if typed[:3] == ["fleetcheck", "repin", "apply"] and "***" not in report.run.command:
        written = shlex.join(typed)
    else:  # a database's password is not shown, or it was no command
        written = f"fleetcheck repin apply {shlex.quote(report.file or 'PLAN')}{where}"
    if waves:
        return written, "write it: what was typed, without --dry-run"
    more, does = in_waves(report.hints)
    return f"{written}{more}", does


def _scan_of(hosts: Sequence[str], report: RunReport) -> str:
    """Return the command that scans what the run has written, without `-i` and `--db`."""
    if len(hosts) <= NAMED:
        return f"fleetcheck scan --limit {shlex.quote(','.join(hosts))}"
    listed = f"fleetcheck repin status {report.run.id} --only {State.VERIFIED}{report.hints.database}"
    return f"{listed} | cut -f1 | fleetcheck scan --limit -"


def runs_table(runs: Iterable[tuple[RunRecord, Process]], now: datetime) -> RenderableType:
    """Draw past runs, newest first, each with what is known of its process."""
    rows = [
        (
            str(run.id),
            f"{moment(run.started).removesuffix(' UTC')}, {age(run.started, now)}",
            standing(run, process),
            f"{run.hosts:,}",
            run.user,
            run.reason,
        )
        for run, process in runs
    ]
    if not rows:
        return Text("nothing was applied yet: fleetcheck repin plan -o plan.json")
    return listing(("run", "started (UTC)", "state", "hosts", "by", "why it stopped"), rows)


def run_rows(runs: Iterable[tuple[RunRecord, Process]]) -> Iterator[tuple[str, ...]]:
    """Yield a plain row per run in the columns of RUN_COLUMNS; times in ISO 8601."""
    for run, process in runs:
        state = standing(run, process)
        yield str(run.id), run.started.isoformat(), state, run.plan, str(run.hosts), run.reason


def _meaning(report: RunReport) -> str:
    if not report.run.hosts and not report.code:
        return "nothing was written: the plan has no host"
    if report.dry_run and not report.code:
        return "nothing speaks against the plan"
    return MEANING.get(report.code, "unknown")


def _head(report: RunReport, found: list[StateGroup]) -> Iterator[Text]:
    run = report.run
    title = Text("Dry run, nothing was written" if report.dry_run else f"Run {run.id}", style="bold")
    yield title.append(f"  {plural(run.hosts, 'host')}, {_end(report)}", style="")
    line = Text("  ")
    for number, group in enumerate(found):
        line.append(", " if number else "")
        line.append(f"{len(group.hosts):,} {label(group.state)}", words(group.state).style)
    yield line
    yield unbroken(shown(f"  plan {run.plan}, by {run.user}", "dim"))
    if report.who and run.ended is None:
        yield unbroken(shown(f"  {report.who}", "dim"))
        yield Text("  Ctrl-C there, or kill -INT, ends it in good order", style="dim")


def _end(report: RunReport) -> str:
    run = report.run
    if run.ended is None:
        return f"begun {moment(run.started)}, {_STILL[report.process]}"
    word = "stopped" if run.state is RunState.STOPPED else "ended"
    return f"{word} {moment(run.ended)} after {duration((run.ended - run.started).total_seconds())}"


def _groups(title: str, found: list[StateGroup]) -> Iterator[RenderableType]:
    if not found:
        return
    yield from heading(f"{title}: {plural(sum(len(group.hosts) for group in found), 'host')}")
    for group in found:
        yield from _group(group)


def _group(group: StateGroup) -> Iterator[RenderableType]:
    said = words(group.state)
    head = Text(label(group.state), style=said.style).append(
        f"  {plural(len(group.hosts), 'host')}", style="bold"
    )
    yield head.append(f": {said.meaning}", style="")
    if group.state in _FINE:
        yield Padding(shown(listed(group.hosts)), INDENT)
        return
    for detail, hosts in group.details[:_DETAILS_SHOWN]:
        yield Padding(shown(listed(hosts)).append(": " if detail else "").append(shown(detail)), INDENT)
    if rest := group.details[_DETAILS_SHOWN:]:
        yield Text(f"  and {plural(sum(len(hosts) for _, hosts in rest), 'more host')}")
    if group.advice:
        yield Padding(bullets([group.advice], mark=">") or Text(), INDENT)
