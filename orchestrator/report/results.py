"""A scan's hosts one by one: a row each, for a list on the screen or plain lines down a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from orchestrator.domain.group import group_key
from orchestrator.domain.record import HostRecord
from orchestrator.report.advice import told
from orchestrator.report.hints import Hints
from orchestrator.report.words import shown, styled

RESULT_COLUMNS = ("host", "state", "verdict", "seen", "action")


def state(record: HostRecord) -> str:
    """Say where a result counts: `ok`, `waived`, `failed` (not probed) or `attention`."""
    counted = record.judgement.verdict.counted_as(waived=record.waived is not None)
    return "failed" if counted == "unknown" else counted


def result_rows(
    records: Iterable[HostRecord], not_started: Iterable[str] = (), hints: Hints | None = None
) -> Iterator[tuple[str, ...]]:
    """Yield a plain row per host in the columns of RESULT_COLUMNS;
    hosts without a result have empty fields.
    """
    for record in records:
        judgement = record.judgement
        yield (
            record.host,
            state(record),
            judgement.label,
            _seen(record),
            told(judgement.action, record.host, hints),
        )
    for host in not_started:
        yield host, "not-started", "", "", ""


def result_table(records: Iterable[HostRecord], not_started: Iterable[str] = ()) -> RenderableType:
    """Draw a row per host: name, verdict, what was seen."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
    table.add_column("host", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("seen", overflow="fold")
    for record in records:
        verdict = styled(record.judgement.verdict, record.judgement.label)
        if record.waived is not None:
            verdict.append(" (waived)", style="")
        table.add_row(shown(record.host), verdict, shown(_seen(record)))
    for host in not_started:
        table.add_row(shown(host), Text("not started", style="magenta"), "")
    return table if table.row_count else Text("no host")


def _seen(record: HostRecord) -> str:
    key = group_key(record)
    return key.cause or key.ports or "; ".join(record.judgement.evidence[1:2])
