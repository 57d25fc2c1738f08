"""What `doctor` shows: each host's way, stage by stage, and this machine's checks. Fits 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.execution.examination import Check, Examination, Health, StageResult, State
from orchestrator.report.doctor.account import account_lines
from orchestrator.report.parts import INDENT, bullets, hosts_named
from orchestrator.report.words import shown

_STYLES = {
    State.PASSED: "green",
    State.FAILED: "bold red",
    State.NOT_TRIED: "bold yellow",
    State.NOT_NEEDED: "dim",
    State.NOT_REACHED: "dim",
    Health.OK: "green",
    Health.WARNING: "bold yellow",
    Health.UNKNOWN: "dim",
}


DOCTOR_COLUMNS = ("host", "stage", "state", "ms", "seen", "what to do")
"""What `doctor` prints down a pipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorReport:
    """What an examination came to: hosts in the inventory's order, or this machine's checks. `code` is the
    exit code.

    `not_started` are hosts that were not begun when the end was asked for.
    """

    hosts: tuple[Examination, ...] = ()
    checks: tuple[Check, ...] = ()
    not_started: tuple[str, ...] = ()
    code: int = 0


def doctor_screen(report: DoctorReport) -> RenderableType:
    """Draw all of it: a host that failed in full, several that passed in a line each, the count last."""
    parts: list[RenderableType] = list(_checks(report.checks)) if report.checks else []
    held: dict[tuple[StageResult, str], list[Examination]] = {}
    for one in report.hosts:
        at = one.stopped
        if at is not None and at.state is State.NOT_TRIED:
            held.setdefault((at, one.username), []).append(one)
        else:
            parts.extend((Text(), *_each(one, alone=len(report.hosts) == 1)))
    for (at, _), hosts in held.items():
        parts.extend((Text(), *_group(at, hosts)))
    if report.not_started:
        parts.extend((Text(), *hosts_named(Text("interrupted before them"), report.not_started)))
    if len(report.hosts) + len(report.not_started) > 1:
        parts.extend((Text(), Text(summary_line(report), style="bold")))
    return Group(*(parts[1:] if parts and _is_gap(parts[0]) else parts))


def summary_line(report: DoctorReport) -> str:
    """Count the hosts: how many came to the end, and at which stage the others stopped."""
    stopped = [one.stopped for one in report.hosts]
    at: dict[str, int] = {}
    for stage in stopped:
        if stage is not None:
            words = f"{stage.stage} {'failed' if stage.state is State.FAILED else 'not tried'}"
            at[words] = at.get(words, 0) + 1
    counts = [f"{stopped.count(None):,} passed all stages", *(f"{n:,} {words}" for words, n in at.items())]
    if report.not_started:
        counts.append(f"{len(report.not_started):,} not started")
    return f"{plural(len(report.hosts) + len(report.not_started), 'host')}: {', '.join(counts)}"


def doctor_rows(report: DoctorReport) -> Iterator[tuple[object, ...]]:
    """Yield a plain line for each stage of each host, or for each check."""
    for check in report.checks:
        yield "controller", check.name, check.health, "", check.seen, check.advice
    for one in report.hosts:
        for stage in one.stages:
            spent = "" if stage.milliseconds is None else stage.milliseconds
            yield one.host, stage.stage, stage.state, spent, "; ".join(stage.seen), stage.advice
        for line in account_lines(one.account):
            yield one.host, "account", "", "", line, ""
    for name in report.not_started:
        yield name, "", "not started", "", "", ""


def _is_gap(part: RenderableType) -> bool:
    return isinstance(part, Text) and not part.plain


def _each(one: Examination, *, alone: bool) -> Iterator[RenderableType]:
    if one.stopped is None and one.account is None and not alone:
        yield _passed(one)
    else:
        yield from _host(one)


def _passed(one: Examination) -> Text:
    line = shown(one.host, "bold").append("  passed all stages", style="green")
    line.append(f"  {one.milliseconds:,} ms  ", style="")
    advised = [stage.stage for stage in one.stages if stage.advice]
    return line.append(f"see {', '.join(advised)}: fleetcheck doctor {one.host}" if advised else "")


def _group(at: StageResult, hosts: Sequence[Examination]) -> Iterator[RenderableType]:
    """Draw hosts whose logon was not tried for one and the same reason, together."""
    if len(hosts) == 1:
        yield from _host(hosts[0])
        return
    yield from hosts_named(Text(f"{at.stage} not tried"), [one.host for one in hosts])
    for sentence in (*at.seen, *([f"> {at.advice}"] if at.advice else [])):
        yield Padding(shown(sentence), INDENT)


def _host(one: Examination) -> Iterator[RenderableType]:
    at = one.stopped
    title = shown(one.host, "bold").append("  ")
    if at is None:
        yield title.append(f"passed all stages in {one.milliseconds:,} ms", style="green")
    else:
        said = "failed at" if at.state is State.FAILED else "stopped before"
        yield title.append(f"{said} {at.stage}", style=_STYLES[at.state])
    who = f", as {one.username}" if one.username else ""
    by = f", via {one.via}" if one.via else ""
    yield shown(f"{_place(one)} over {one.transport}, auth {one.auth}{who}{by}")
    yield Text()
    yield Padding(_table(_stage_row(stage) for stage in one.stages), INDENT)
    first = sorted(one.stages, key=lambda stage: stage is not at)  # what stopped it comes before all else
    advice = [f"{stage.stage}: {stage.advice}" for stage in first if stage.advice]
    yield from _section("What to do", bullets(advice))
    yield from _section("Account", bullets(account_lines(one.account)))
    yield from _section("Remarks", bullets(one.remarks))


def _place(one: Examination) -> str:
    return f"[{one.address}]:{one.port}" if ":" in one.address else f"{one.address}:{one.port}"


def _checks(checks: Iterable[Check]) -> Iterator[RenderableType]:
    checks = tuple(checks)
    yield Text("This machine", style="bold")
    yield Text()
    yield Padding(
        _table(
            (Text(check.name), Text(check.health, style=_STYLES[check.health]), Text(), shown(check.seen))
            for check in checks
        ),
        INDENT,
    )
    yield from _section("What to do", bullets(f"{one.name}: {one.advice}" for one in checks if one.advice))


def _stage_row(stage: StageResult) -> tuple[RenderableType, ...]:
    spent = "" if stage.milliseconds is None else f"{stage.milliseconds:,} ms"
    return (
        Text(stage.stage),
        Text(stage.state, style=_STYLES[stage.state]),
        Text(spent),
        Text("\n").join(shown(sentence) for sentence in stage.seen),
    )


def _table(rows: Iterable[tuple[RenderableType, ...]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _section(title: str, body: RenderableType | None) -> Iterator[RenderableType]:
    if body is not None:
        yield Text()
        yield Text(title, style="bold")
        yield Padding(body, INDENT)
