"""The report of one host: its conclusion first, then what it rests on. Fits 80 columns."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.judgement import RoleJudgement
from orchestrator.domain.outcome import Failed, Probed, Trace
from orchestrator.domain.reading import Identity, Reading, Value, View, ViewState
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.report.advice import completed, drawn, pieces
from orchestrator.report.grid import ports
from orchestrator.report.hints import Hints, over_sites
from orchestrator.report.parts import bullets
from orchestrator.report.words import age, moment, shown, styled

FIRST = "what stands here is older than the last re-pin: fleetcheck scan"
_DATA_SHOWN = 200  # characters of one registry value's data; --json has it whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A host's result in a scan; `last` is the scan and record of its last reading where this result is none.

    `since` says what a re-pin has done there after this result, None where none has: then the result is
    history. `hints` is for the commands that the advice names.
    """

    scan: ScanRecord
    record: HostRecord
    last: tuple[ScanRecord, HostRecord] | None = None
    since: str | None = None
    hints: Hints = field(default_factory=Hints)

    @property
    def first(self) -> str:
        """What to do in place of the advice of a result that is history: a reading of before a re-pin may
        advise the very re-pin that was done. "" where the result still holds.
        """
        return FIRST if self.since and self.since.endswith("scan again") else ""


def host_report(sighting: Sighting, now: datetime) -> RenderableType:
    """Draw everything that is known of a host from one scan. `now` is aware."""
    record = sighting.record
    parts: list[RenderableType] = [*_head(sighting, now), *_conclusion(sighting)]
    match record.outcome:
        case Failed() as failed:
            parts.extend(_failure(failed, sighting))
            parts.extend(_last_known(sighting, now))
        case Probed(reading=reading):
            parts.extend(_reading(record, reading))
    parts.extend(_section("Remarks", bullets((*record.judgement.remarks, *record.outcome.trace.remarks))))
    return Group(*parts)


def _section(title: str, body: RenderableType | None) -> Iterator[RenderableType]:
    if body is not None:
        yield Text()
        yield Text(title, style="bold")
        yield Padding(body, (0, 0, 0, 2))


def _head(sighting: Sighting, now: datetime) -> Iterator[Text]:
    scan, record = sighting.scan, sighting.record
    trace = record.outcome.trace
    title = (
        shown(record.host, "bold")
        .append("  ")
        .append(styled(record.judgement.verdict, record.judgement.label))
    )
    if record.waived is not None:
        title.append("  waived: ").append(shown(record.waived))
    yield title
    place = [f"{record.address}:{record.port}"]
    if record.via:
        place.append(f"via {record.via}")
    if record.site:
        place.append(f"site {record.site}")
    if record.groups:
        place.append(f"in {', '.join(record.groups)}")
    if record.tags:
        place.append(f"tags {', '.join(record.tags)}")
    yield shown(" | ".join(place))
    yield Text(
        f"scan {scan.id} ({scan.mode}), {moment(trace.ended)}, {age(trace.ended, now)}; {_effort(trace)}",
        style="dim",
    )


def _effort(trace: Trace) -> str:
    seconds = (trace.ended - trace.started).total_seconds()
    words = [f"took {seconds:.1f} s"]
    if trace.tries > 1:
        words.append(plural(trace.tries, "try", "tries"))
    if trace.auth:
        words.append(f"logon by {trace.auth}")
    return ", ".join(words)


def _conclusion(sighting: Sighting) -> Iterator[RenderableType]:
    record, judgement = sighting.record, sighting.record.judgement
    if sighting.since:
        said = completed(sighting.since, sighting.hints)
        yield from _section("Since then", bullets([said]))
    if isinstance(record.outcome, Probed):
        yield from _section("Why", bullets(judgement.evidence))
        told = [(role.role, role.action) for role in judgement.roles if role.action]
        actions = [judgement.action] if judgement.action else []
        actions += [f"{role}: {action}" for role, action in told if action not in judgement.action]
        yield from _to_do(actions, sighting)


def _to_do(actions: list[str], sighting: Sighting) -> Iterator[RenderableType]:
    actions = [sighting.first] if sighting.first else actions
    if actions:
        yield from (Text(), Text("What to do", style="bold"))
        yield from drawn(pieces(action, [sighting.record.host], sighting.hints) for action in actions)


def _failure(failed: Failed, sighting: Sighting) -> Iterator[RenderableType]:
    yield from _section(
        "Failed", _pairs([("phase", failed.phase), ("cause", failed.cause), ("seen", failed.detail)])
    )
    yield from _to_do([failed.advice] if failed.advice else [], sighting)
    at_site = sighting.record.site is not None and over_sites(sighting.scan)  # maybe not reached from here
    if sighting.hints.can_scan and not at_site:
        typed = f"fleetcheck doctor {shlex.quote(failed.host)}{sighting.hints.inventory}"
        yield from drawn([[(False, "look again, stage by stage:"), (True, typed)]])


def _last_known(sighting: Sighting, now: datetime) -> Iterator[RenderableType]:
    if sighting.last is None:
        yield from _section("Last known", Text("no scan in this database has a reading of this host"))
        return
    scan, record = sighting.last
    line = styled(record.judgement.verdict, record.judgement.label)
    line.append(f", scan {scan.id}, {age(record.outcome.trace.ended, now)}: ", style="")
    line = (
        Text()
        .append(line)
        .append(shown(f"fleetcheck show {record.host} --scan {scan.id}{sighting.hints.database}"))
    )
    yield from _section("Last known", line)


def _reading(record: HostRecord, reading: Reading) -> Iterator[RenderableType]:
    yield from _section("Pins", _pins(record))
    yield from _section("Ports", ports(record, reading))
    for view in reading.views:
        yield from _section(f"Registry, {view.view}-bit view", _view(view, record.profile.key))
    yield from _section("Live connections", _connections(reading))
    yield from _section("Machine", _pairs(_machine(reading.identity)))


def _pins(record: HostRecord) -> RenderableType | None:
    if not record.judgement.roles:
        return None
    table = _table("role", "registry", "desired", "verdict", "live connections on")
    for role in record.judgement.roles:
        table.add_row(
            shown(role.role),
            _pin(role),
            str(role.desired) if role.desired is not None else "-",
            styled(role.verdict),
            ", ".join(map(str, role.live)) or "-",
        )
    return table


def _pin(role: RoleJudgement) -> Text:
    if role.pin.shown is None:
        return Text("missing")
    text = shown(role.pin.shown, limit=40).append(f" {role.pin.kind}", style="dim")
    return text if role.pin.port is not None else text.append(" not a port")


def _view(view: View, key: str) -> RenderableType:
    head = shown(f"HKLM\\{view.path or key}: {view.state}" + (f" ({view.error})" if view.error else ""))
    if view.state is not ViewState.PRESENT:
        return head
    table = _table("value", "kind", "data")
    for value in view.values:
        table.add_row(shown(value.name, limit=60), Text(value.kind), _data(value))
    return Group(head, table if table.row_count else Text("no values", style="dim"))


def _data(value: Value) -> Text:
    if value.cut:
        return Text("left out: the answer was too large", style="dim")
    match value.data:
        case tuple():
            return shown(" | ".join(value.data), limit=_DATA_SHOWN)
        case _:
            return shown(str(value.data), limit=_DATA_SHOWN)


def _connections(reading: Reading) -> RenderableType:
    table = _table("from", "to", "state")
    for row in reading.connections:
        table.add_row(
            shown(_socket(row.local_address, row.local_port)),
            shown(_socket(row.remote_address, row.remote_port)),
            shown(row.state),
        )
    parts: list[RenderableType] = [table] if table.row_count else [Text("none to a gateway's address")]
    if not reading.connections_complete:
        parts.append(Text("the list is not complete", style="yellow"))
    return Group(*parts)


def _socket(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _machine(identity: Identity) -> Iterator[tuple[str, str]]:
    name = identity.computer or "no name given"
    yield "computer", f"{name} ({identity.fqdn})" if identity.fqdn else name
    yield "machine id", identity.machine_id or ""
    bits = f"{identity.bits}-bit" if identity.bits else ""
    yield "system", _joined(identity.os_name, identity.os_version, bits)
    elevated = {True: "elevated", False: "not elevated", None: ""}[identity.elevated]
    yield "PowerShell", _joined(identity.powershell, identity.edition, identity.language, elevated)
    yield "clock", _joined(moment(identity.clock) if identity.clock else "", identity.time_zone)
    for interface in identity.interfaces:
        yield "addresses", f"{', '.join(interface.addresses)} ({interface.name})"


def _joined(*words: str | None) -> str:
    return ", ".join(word for word in words if word)


def _pairs(pairs: Iterable[tuple[str, str]]) -> RenderableType:
    """Draw `word  text` lines; a pair with no text is left out."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for word, text in pairs:
        if text:
            table.add_row(word, shown(text))
    return table


def _table(*columns: str) -> Table:
    """Make a table without a box; its heads are dim, its last column takes what is left."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
