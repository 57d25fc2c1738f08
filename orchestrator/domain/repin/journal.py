"""Where one host's write stands, and which moves are legal: one table, and everything else raises.

The diagram in `docs/repin.md` is drawn from the table by `diagram()`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from types import MappingProxyType


class State(enum.StrEnum):
    """The state of a journal row. A row that has ended never changes again."""

    INTENT = "intent"  # committed before the first byte of the write leaves
    SENT = "sent"  # the connection stands: the write script is about to leave, on its way, or at work
    CONFIRMED = "confirmed"  # the script said that it wrote, and read back what it wrote
    VERIFIED = "verified"  # a second, fresh session read the new values
    NOT_TAKEN_UP = "not-taken-up"  # written and read again, but the agent did not use the new port in time
    REVERTED = "reverted"  # taken back at once by a row of its own, which `undoes` links
    ALREADY = "already"  # every value was as planned before we came: nothing written
    CONFLICT = "conflict"  # a value was neither old nor new: nothing written by us
    WRONG_HOST = "wrong-host"  # another machine answered: nothing written
    EXPIRED = "expired"  # the write came too late by the host's own clock: nothing written
    DENIED = "denied"  # no right to write: nothing written
    BUSY = "busy"  # another writer was at work there: nothing written
    RESTORED = "restored"  # a write failed half-way, and what was written was put back
    MIXED = "mixed"  # some values are new and some old
    UNKNOWN = "unknown"  # sent, and no answer: it has to be read before anything else
    NOT_WRITTEN = "not-written"  # was unknown; a later reading found every value old
    NOT_STARTED = "not-started"  # never begun, or its session failed before the script left: nothing was sent
    REFUSED = "refused"  # the guard said no after the fresh reading
    UNREACHABLE = "unreachable"  # the fresh reading failed
    HANDED_OUT = "handed-out"  # given away in a stand-alone script
    REPORTED = "reported"  # that script's answer was taken in; a scan has to prove it


_AFTER_READING = frozenset({State.VERIFIED, State.NOT_WRITTEN, State.MIXED, State.CONFLICT})

MOVES: MappingProxyType[State | None, frozenset[State]] = MappingProxyType(
    {
        None: frozenset(
            {
                State.INTENT,
                State.ALREADY,
                State.CONFLICT,
                State.WRONG_HOST,
                State.REFUSED,
                State.UNREACHABLE,
                State.NOT_STARTED,
                State.HANDED_OUT,
            },
        ),
        State.INTENT: frozenset({State.SENT, State.NOT_STARTED, State.UNKNOWN}),
        State.SENT: frozenset(
            {
                State.CONFIRMED,
                State.ALREADY,
                State.CONFLICT,
                State.WRONG_HOST,
                State.EXPIRED,
                State.DENIED,
                State.BUSY,
                State.RESTORED,
                State.MIXED,
                State.NOT_STARTED,
                State.UNKNOWN,
            },
        ),
        State.CONFIRMED: _AFTER_READING | {State.NOT_TAKEN_UP, State.REVERTED, State.UNKNOWN},
        State.UNKNOWN: _AFTER_READING,
        State.HANDED_OUT: frozenset({State.REPORTED}),
        State.REPORTED: _AFTER_READING,
    },
)
"""From a state (None: no row yet) to the states that may follow. A state that is no key has ended."""

WROTE = frozenset({State.CONFIRMED, State.VERIFIED, State.NOT_TAKEN_UP})
"""States of rows whose new values we wrote and that still stand: what `undo` may take back."""

FAILED = frozenset({State.RESTORED, State.MIXED, State.UNKNOWN, State.DENIED, State.UNREACHABLE})
"""What `--max-failed` counts."""

CONFLICTS = frozenset({State.CONFLICT, State.WRONG_HOST})
"""What `--max-conflicts` counts."""

UNRESOLVED = frozenset({State.INTENT, State.SENT, State.CONFIRMED, State.UNKNOWN})
"""What `resume` has to read before anything else."""

TO_BEGIN = frozenset({State.NOT_STARTED, State.NOT_WRITTEN})
"""What `resume` begins anew, by a row of its own: nothing was written there,
and no write is under way any more.
"""


class IllegalJournalMoveError(RuntimeError):
    """A move that the table does not have: our own mistake, never a host's."""

    def __init__(self, before: State | None, after: State) -> None:
        self.before = before
        self.after = after
        super().__init__(f"a row may not go from {before or 'nothing'} to {after}")


def move(before: State | None, after: State) -> State:
    """Return `after` where the table allows it. Raise IllegalJournalMoveError."""
    if after not in MOVES.get(before, frozenset()):
        raise IllegalJournalMoveError(before, after)
    return after


def ended(state: State) -> bool:
    """Whether nothing can follow."""
    return state not in MOVES


def diagram() -> str:
    """Draw the table as text: one line a state that has moves, in the order of the states."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for before in (None, *State):
        after = MOVES.get(before)
        if after:
            yield f"{before or '(no row)':<12} -> {', '.join(state for state in State if state in after)}"
