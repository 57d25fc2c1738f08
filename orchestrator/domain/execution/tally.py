"""What a run counts, and the exit code that follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from inventory.verdicts import Verdict
from orchestrator.domain.primitives.exit_codes import (
    EXIT_ATTENTION,
    EXIT_BOTH,
    EXIT_FAILED,
    EXIT_GATE,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_UNPROBED,
)
from orchestrator.domain.record import HostRecord


class Tally:
    """Counts hosts as their results come in. `selected` is how many there are in all.

    Every selected host is exactly one of: ok, waived, attention, unknown, not started.
    """

    def __init__(self, selected: int) -> None:
        self.selected = selected
        self.verdicts: Counter[Verdict] = Counter()
        self.waived = 0
        self.attention = 0
        self.unknown = 0

    def add(self, verdict: Verdict, *, waived: bool, hosts: int = 1) -> None:
        """Count one host's result, or that of so many hosts."""
        self.verdicts[verdict] += hosts
        match verdict.counted_as(waived=waived):
            case "waived":
                self.waived += hosts
            case "unknown":
                self.unknown += hosts
            case "attention":
                self.attention += hosts

    @property
    def done(self) -> int:
        """Hosts that have a result."""
        return self.verdicts.total()

    @property
    def ok(self) -> int:
        """Hosts where all is well."""
        return self.verdicts[Verdict.OK]

    @property
    def not_started(self) -> int:
        """Hosts that have no result."""
        return self.selected - self.done

    def counts(self) -> Counts:
        """Return the counts as a value."""
        return Counts(
            selected=self.selected,
            ok=self.ok,
            waived=self.waived,
            attention=self.attention,
            unknown=self.unknown,
            not_started=self.not_started,
            verdicts=tuple(
                (verdict, self.verdicts[verdict]) for verdict in Verdict if self.verdicts[verdict]
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How a run ended, in hosts.

    `attention` and `unknown` leave the waived ones out; `verdicts` is worst first.
    """

    selected: int
    ok: int
    waived: int
    attention: int
    unknown: int
    not_started: int
    verdicts: tuple[tuple[Verdict, int], ...]


def tally(records: Iterable[HostRecord], *, selected: int) -> Counts:
    """Count a run from its records."""
    counter = Tally(selected)
    for record in records:
        counter.add(record.judgement.verdict, waived=record.waived is not None)
    return counter.counts()


def exit_code(counts: Counts, *, interrupted: bool = False, failed: bool = False, gate: bool = False) -> int:
    """Return a fleet command's exit code: the first that holds of 130, 1, 6, 5, 4, 3, 0.

    `interrupted`: by a signal. `failed`: the command itself (inventory, database, bug). `gate`: a safety gate
    stopped it. A host whose failure is waived counts as neither.
    """
    return first_exit_code(
        interrupted=interrupted,
        failed=failed,
        gate=gate,
        unprobed=counts.unknown + counts.not_started > 0,
        attention=counts.attention > 0,
    )


def first_exit_code(*, interrupted: bool, failed: bool, gate: bool, unprobed: bool, attention: bool) -> int:
    """Return the exit code of what counts most among these."""
    rules = (
        (interrupted, EXIT_INTERRUPTED),
        (failed, EXIT_FAILED),
        (gate, EXIT_GATE),
        (unprobed and attention, EXIT_BOTH),
        (unprobed, EXIT_UNPROBED),
        (attention, EXIT_ATTENTION),
    )
    return next((code for holds, code in rules if holds), EXIT_OK)
