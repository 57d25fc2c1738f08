"""A scan's hosts one by one: a row each, for a list on the screen or plain lines down a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from inventory.words import plural
from orchestrator.domain.group import ports_of
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.record import ScanRecord
from orchestrator.domain.views.brief import Brief
from orchestrator.report import drawing
from orchestrator.report.advice import told
from orchestrator.report.hints import Hints
from orchestrator.report.words import shown, styled

if TYPE_CHECKING:
    from rich.console import RenderableType

RESULT_COLUMNS = ("host", "state", "verdict", "seen", "action")


def state(record: Brief) -> str:
    """Say where a result counts: `ok`, `waived`, `failed` (not probed) or `attention`."""
    counted = record.judgement.verdict.counted_as(waived=record.waived is not None)
    return "failed" if counted == "unknown" else counted


def result_rows(
    records: Iterable[Brief], not_started: Iterable[str] = (), hints: Hints | None = None
) -> Iterator[tuple[str, ...]]:
    """Yield a plain row per host in the columns of RESULT_COLUMNS;
    hosts without a result have empty fields.
    """
    judged: dict[int, tuple[Judgement, str, str]] = {}  # by identity: the store shares judgements
    for record in records:
        judgement = record.judgement
        known = judged.get(id(judgement))
        if known is None:
            known = judged[id(judgement)] = judgement, judgement.label, ports_of(judgement)
        action = judgement.action and told(judgement.action, record.host, hints)
        yield record.host, state(record), known[1], _seen(record, known[2]), action
    for host in not_started:
        yield host, "not-started", "", "", ""


def result_table(records: Iterable[Brief], not_started: Iterable[str], scan: ScanRecord) -> RenderableType:
    """Draw a row per chosen host of a scan: name, verdict, what was seen."""
    from rich import box

    table = drawing.Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
    table.add_column("host", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("seen", overflow="fold")
    for record in records:
        verdict = styled(record.judgement.verdict, record.judgement.label)
        if record.waived is not None:
            verdict.append(" (waived)", style="")
        table.add_row(shown(record.host), verdict, shown(_seen(record, ports_of(record.judgement))))
    for host in not_started:
        table.add_row(shown(host), drawing.Text("not started", style="magenta"), "")
    if table.row_count:
        return table
    return drawing.Text(
        f"no host: scan {scan.id} had {plural(len(scan.hosts), 'host')}, and --only takes none of them"
    )


def _seen(record: Brief, ports: str) -> str:
    cause = "" if record.failure is None else record.failure.words
    return cause or ports or "; ".join(record.evidence[1:2])
