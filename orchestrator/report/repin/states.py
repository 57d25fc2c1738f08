"""What each state of a journal row means to a person, and what to type next.

`docs/repin.md` shows the same table.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from orchestrator.domain.repin.journal import State
from orchestrator.report.hints import Hints

_NAMED = 5  # hosts that a command names; with more of them it says HOST
_ANEW = "fleetcheck scan --limit {hosts}{where}, then fleetcheck repin plan --limit {hosts}{where}"
_RESUME = "fleetcheck repin resume {run}{where}"


@dataclass(frozen=True, slots=True)
class Words:
    """`meaning` is what is known, `advice` what to do; in it `{hosts}`, `{run}`,
    `{where}` and `{database}` stand for themselves.
    """

    meaning: str
    advice: str
    style: str


WORDS = MappingProxyType(
    {
        State.MIXED: Words(
            "some values are new and some old", f"{_ANEW}: it starts from what is there now", "bold red"
        ),
        State.UNKNOWN: Words("sent, and no answer came", f"{_RESUME}: it reads the host", "bold red"),
        State.SENT: Words("sent, and nothing known since", f"{_RESUME}: it reads the host", "bold red"),
        State.INTENT: Words(
            "about to be sent, and nothing known since", f"{_RESUME}: it reads the host", "bold red"
        ),
        State.CONFIRMED: Words(
            "written by the host's own word, not yet read by a second session",
            f"{_RESUME}: it reads the host",
            "yellow",
        ),
        State.RESTORED: Words(
            "a write failed half-way; what had been written was put back",
            f"mend what stands there, then {_ANEW}",
            "red",
        ),
        State.DENIED: Words(
            "no right to write: nothing written",
            f"give the account the right to set values under the key, then {_ANEW}",
            "red",
        ),
        State.CONFLICT: Words("a value is neither old nor new; it was left as it is", _ANEW, "red"),
        State.WRONG_HOST: Words(
            "another machine answered: nothing written",
            "put its address right (inventory, DNS), then " + _ANEW,
            "red",
        ),
        State.REFUSED: Words("the fresh reading spoke against it: nothing written", _ANEW, "yellow"),
        State.EXPIRED: Words("too late by the host's own clock: nothing written", _ANEW, "yellow"),
        State.BUSY: Words(
            "another writer was at work there: nothing written", f"in a minute: {_ANEW}", "yellow"
        ),
        State.NOT_WRITTEN: Words(
            "no answer came, and a later reading found the old values",
            f"{_RESUME}: it begins there anew",
            "yellow",
        ),
        State.NOT_TAKEN_UP: Words(
            "written, but the agent did not use the new port in time",
            "fleetcheck scan --limit {hosts}{where} shows whether it does now; "
            "fleetcheck repin undo {run}{where} plans the way back",
            "yellow",
        ),
        State.REVERTED: Words(
            "written, not taken up by the agent, and taken back",
            "find out why the agent does not connect there, then " + _ANEW,
            "yellow",
        ),
        State.UNREACHABLE: Words(
            "the fresh reading failed: nothing written", f"mend what stands there, then {_ANEW}", "blue"
        ),
        State.NOT_STARTED: Words("never begun: nothing written", _RESUME, "magenta"),
        State.HANDED_OUT: Words(
            "given away in a stand-alone script",
            "run the script there, then fleetcheck repin import RESULT.json{database}",
            "cyan",
        ),
        State.REPORTED: Words(
            "the stand-alone script says so; nobody else has looked",
            "fleetcheck scan --limit {hosts}{where} proves it",
            "cyan",
        ),
        State.ALREADY: Words("every value was as planned before: nothing written", "", "green"),
        State.VERIFIED: Words("written, and read by a second session", "", "green"),
    },
)
"""Worst first, which is the order of every list."""

WOULD_WRITE = Words("as planned, and the new port connects: it would be written", "", "green")
"""Of a host in a dry run that nothing spoke against."""


def words(state: State | None) -> Words:
    """Return a state's words; None: it would be written."""
    return WOULD_WRITE if state is None else WORDS[state]


def label(state: State | None) -> str:
    """Name a state as it is shown; None: it would be written."""
    return "would-write" if state is None else state.value


def joined(*parts: str) -> str:
    """Write pieces of advice one after the other; those that are empty are left out."""
    said = [part for part in parts if part]
    return "; ".join((*(part.removesuffix(".") for part in said[:-1]), *said[-1:]))


def advice(state: State | None, hosts: Sequence[str], run: int | None, hints: Hints) -> str:
    """Say what to do about hosts in a state, in commands that name them where they are few."""
    names = shlex.quote(",".join(hosts)) if len(hosts) <= _NAMED else "HOST"
    return words(state).advice.format(
        hosts=names,
        run="RUN" if run is None else run,
        where=f"{hints.inventory}{hints.database}",
        database=hints.database,
    )
