"""What exported scripts answered, host by host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.repin.journal import State
from orchestrator.report.document import envelope
from orchestrator.report.listing import listing
from orchestrator.report.parts import next_section

_FINE = frozenset({State.CONFIRMED, State.ALREADY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One host's answer. `state` is what the script's word stands for; `new`: it was not taken in before."""

    host: str
    plan: str
    state: State
    detail: str
    new: bool

    @property
    def fine(self) -> bool:
        """The script says that the new values are there."""
        return self.state in _FINE

    @property
    def word(self) -> str:
        """Say it as the script does."""
        return "written" if self.state is State.CONFIRMED else self.state.value

    @property
    def kept(self) -> str:
        """Say whether the journal has it from now on, or had it before."""
        return "reported" if self.new else "known already"


ANSWER_COLUMNS = ("host", "answer", "seen", "journal")


def answer_rows(answers: Sequence[Answer]) -> Iterator[tuple[str, ...]]:
    """Yield a plain row per host: name, what the script says, what was seen, whether it is news."""
    for answer in answers:
        yield answer.host, answer.word, answer.detail, answer.kept


def answers_screen(answers: Sequence[Answer], database: str) -> RenderableType:
    """Draw them; `database` is what the next command has to repeat. Fits 80 columns."""
    names = ",".join(answer.host for answer in answers)
    fine = sum(answer.fine for answer in answers)
    return Group(
        Text(f"{plural(len(answers), 'answer')} taken in, {fine:,} with the new values there", style="bold"),
        Text(),
        listing(ANSWER_COLUMNS, answer_rows(answers)),
        *next_section([(f"fleetcheck scan --limit {names}{database}", "prove it: read the hosts")]),
    )


def answers_document(answers: Sequence[Answer]) -> dict[str, Any]:
    """Say them as JSON."""
    return envelope(
        "repin-import",
        answers=[
            {
                "host": answer.host,
                "plan": answer.plan,
                "result": answer.word,
                "detail": answer.detail,
                "new": answer.new,
            }
            for answer in answers
        ],
    )
