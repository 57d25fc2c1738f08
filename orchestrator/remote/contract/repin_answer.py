"""What the write script answered, as values; and where a journal row stands after it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from orchestrator.domain.primitives.digest import canonical_json
from orchestrator.domain.repin.journal import State


class RepinResult(enum.StrEnum):
    """How a run of the write script ended.

    See `orchestrator.remote.contract.repin` for when it says which.
    """

    WRITTEN = "written"
    ALREADY = "already"
    CONFLICT = "conflict"
    WRONG_HOST = "wrong-host"
    EXPIRED = "expired"
    DENIED = "denied"
    BUSY = "busy"
    RESTORED = "restored"
    MIXED = "mixed"
    FAILED = "failed"


_STATES = MappingProxyType(
    {
        RepinResult.WRITTEN: State.CONFIRMED,
        RepinResult.ALREADY: State.ALREADY,
        RepinResult.CONFLICT: State.CONFLICT,
        RepinResult.WRONG_HOST: State.WRONG_HOST,
        RepinResult.EXPIRED: State.EXPIRED,
        RepinResult.DENIED: State.DENIED,
        RepinResult.BUSY: State.BUSY,
        RepinResult.RESTORED: State.RESTORED,
        RepinResult.MIXED: State.MIXED,
        # Something that nobody foresaw stopped it, and it says that nothing was written. It counts as a
        # failure, and a reading decides (not-written, as a rule): as after no answer at all.
        RepinResult.FAILED: State.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a registry value held.

    `data` is decimal digits (unsigned) for DWORD and QWORD, text for SZ and EXPAND_SZ (unexpanded), a tuple
    of texts for MULTI_SZ, lower-case hex for the rest, and None where it was too long to be answered.
    """

    kind: str
    data: str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAnswer:
    """One planned value: before the write, after it, and whether this run set it.

    None: the value or its key is missing, or nobody looked (the run ended sooner, or may not read it).
    """

    before: Held | None
    after: Held | None
    wrote: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RepinAnswer:
    """A whole answer; `targets` stand in the plan's order.

    `clock` is the host's own, at the end. `error` is type name and HResult of what stopped the run,
    uncleaned. `abandoned`: the writer before this one died at its work. `window_us`: microseconds, see the
    contract's step 6.
    """

    result: RepinResult
    error: str | None
    abandoned: bool
    clock: datetime
    computer: str | None
    machine_id: str | None
    window_us: int | None
    targets: tuple[TargetAnswer, ...]

    @property
    def state(self) -> State:
        """Where a row that was `sent` stands after this answer."""
        return _STATES[self.result]

    @property
    def before(self) -> str:
        """What the values held before the write, as JSON text: a list of `{"k", "d"}` or null,
        in the plan's order.
        """
        return _json(target.before for target in self.targets)

    @property
    def after(self) -> str | None:
        """What they held when the run ended, likewise; None where nobody read them again."""
        held = [target.after for target in self.targets]
        return None if held == [None] * len(held) else _json(held)


def _json(values: Iterable[Held | None]) -> str:
    return canonical_json([None if held is None else {"k": held.kind, "d": held.data} for held in values])
