"""The ports of one host: a row for each port that was asked for, a column for each role's gateway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.judgement import Belief
from orchestrator.domain.reading import Attempt, Reading, Result, Source, Target
from orchestrator.domain.record import HostRecord
from orchestrator.report.words import RESULTS, shown

_BELIEF_STYLES = {
    Belief.OPEN: "green",
    Belief.CLOSED: "red",
    Belief.INTERCEPTED: "magenta",
    Belief.UNTRIED: "dim",
}
_SECOND = 1000
_LEGEND = "> pin   * desired pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What is known of one (role, port). `attempt` is the one that tells most, None where none was made."""

    belief: Belief | None
    attempt: Attempt | None
    is_pin: bool
    is_desired: bool

    @property
    def mark(self) -> str:
        """Two columns: `>` for the pin, `*` for the desired pin."""
        return (">" if self.is_pin else " ") + ("*" if self.is_desired else " ")

    @property
    def word(self) -> str:
        """The belief where it says more than the attempt, else how the attempt ended;
        `-` where nothing was tried.
        """
        if self.belief is Belief.INTERCEPTED:
            return "intercepted"
        if self.attempt is None:
            return "-"
        if self.attempt.result is Result.CONNECTED and self.belief is Belief.OPEN:
            return "open"
        return RESULTS[self.attempt.result]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRow:
    """A port, its label in the profile, and its cells in the order of the roles."""

    port: int
    label: str
    cells: tuple[Cell, ...]


def milliseconds(value: int | None) -> str:
    """Write `12 ms`, from a second on `3.0 s`; nothing where the attempt never began."""
    if value is None:
        return ""
    return f"{value} ms" if value < _SECOND else f"{value / _SECOND:.1f} s"


def rows(record: HostRecord, reading: Reading) -> Iterator[PortRow]:
    """Yield a row for each port that was tried at a deciding target, or is a pin or desired pin;
    the list's order.
    """
    judged = {role.role: role for role in record.judgement.roles}
    best = _best_attempts(reading)
    pins = {role: judged[role].pin.port if role in judged else None for role in record.profile.role_names}
    wanted = set(best_ports(best)) | {port for port in pins.values() if port} | set(record.desired.values())
    labels = {port.number: port.label for port in record.profile.ports}
    order = [port for port in labels if port in wanted] + sorted(wanted - labels.keys())
    for port in order:
        cells = tuple(
            Cell(
                belief=judged[role].beliefs.get(port) if role in judged else None,
                attempt=best.get((role, port)),
                is_pin=pins[role] == port,
                is_desired=record.desired.get(role) == port,
            )
            for role in record.profile.role_names
        )
        yield PortRow(port=port, label=labels.get(port, "not in the list"), cells=cells)


def best_ports(best: dict[tuple[str, int], Attempt]) -> Iterator[int]:
    """Return the port of every attempt, repeats included."""
    return (port for _, port in best)


def _best_attempts(reading: Reading) -> dict[tuple[str, int], Attempt]:
    """For each role and port the attempt that connected, else the last one, at the target that decides."""
    deciding = {(target.role, target.source, target.name) for target in reading.targets if target.decides}
    best: dict[tuple[str, int], Attempt] = {}
    for attempt in reading.attempts:
        if (attempt.role, attempt.source, attempt.target) not in deciding:
            continue
        known = best.get((attempt.role, attempt.port))
        if known is None or (
            known.result is not Result.CONNECTED
            and (attempt.result is Result.CONNECTED or attempt.number >= known.number)
        ):
            best[attempt.role, attempt.port] = attempt
    return best


def ports(record: HostRecord, reading: Reading) -> RenderableType:
    """Draw the grid, its legend, what was not tried, and the attempts that decide nothing.

    Fits 80 columns.
    """
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column("port", justify="right", no_wrap=True)
    table.add_column("")
    for role in record.profile.role_names:
        table.add_column(_heading(role, reading.targets), overflow="fold", min_width=24)
    drawn = list(rows(record, reading))
    for row in drawn:
        table.add_row(Text(str(row.port)), shown(row.label), *(_cell(cell) for cell in row.cells))
    parts: list[RenderableType] = [table, Text(_LEGEND, style="dim")]
    if untold := len(set(record.profile.port_numbers) - {row.port for row in drawn}):
        parts.append(Text(f"{plural(untold, 'more listed port')} not tried: {_why(reading)}", style="dim"))
    parts.extend(_asides(reading))
    return Group(*parts)


def _why(reading: Reading) -> str:
    if reading.deadline_hit:
        return "the probe's deadline came first; give the host a longer timeout"
    return f"mode {reading.mode} had no need to; scan --probe full tries all"


def _heading(role: str, targets: Sequence[Target]) -> Text:
    name = next((target for target in targets if target.role == role and target.decides), None)
    if name is None:
        return Text(f"  {role}\n  no address known")
    source = "" if name.source is Source.REGISTRY else f" ({name.source})"
    return Text(f"  {role}{source}\n  ") + shown(name.name)


def _cell(cell: Cell) -> Text:
    text = Text(cell.mark + cell.word, style=_BELIEF_STYLES.get(cell.belief, "") if cell.belief else "")
    if cell.attempt is not None and (time := milliseconds(cell.attempt.milliseconds)):
        text.append(f" {time}", style="dim")
    if cell.attempt is not None and cell.attempt.number > 1:
        text.append(f" x{cell.attempt.number}", style="dim")
    return text


def _asides(reading: Reading) -> Iterator[Text]:
    """Write one line per target that decides nothing, and one per canary that something answered."""
    for target in reading.targets:
        if target.decides:
            continue
        tried = [
            f"{attempt.port} {RESULTS[attempt.result]}"
            for attempt in reading.attempts
            if (attempt.role, attempt.source, attempt.target) == (target.role, target.source, target.name)
        ]
        yield shown(f"also {target.role} {target.name} ({target.source}): {', '.join(tried) or 'not tried'}")
    for canary in reading.canaries:
        if canary.result is Result.CONNECTED:
            yield shown(f"canary {canary.address}:{canary.port} connected, where nothing should answer")
