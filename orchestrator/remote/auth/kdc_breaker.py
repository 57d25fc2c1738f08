"""A breaker for each realm's domain controllers: where none answers, one host finds that out, not every host
in turn.

    CLOSED --no answer--> OPEN       everybody who asks or waits is told at once, without asking
    OPEN ---RETRY s-----> one call   the next one who asks is let through: an answer closes it, none keeps
                                     it open

"No answer" is libkrb5's word that it reached or found no KDC, or a call that takes longer than SLOWEST from
its start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.codes import KERBEROS
from orchestrator.remote.faults.trouble import KerberosTrouble

SLOWEST = 10.0  # seconds
RETRY = 30.0  # seconds
KDC_UNREACHABLE = 2529639068  # KRB5_KDC_UNREACH, unsigned

_Result = TypeVar("_Result")


@dataclass(slots=True)
class _Realm:
    trouble: KerberosTrouble | None = None
    again: float = 0.0  # by the clock
    calls: set[asyncio.Task[Any]] = field(default_factory=set)


class KdcBreaker:
    """One for a run. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._realms: dict[str, _Realm] = {}

    async def ask(self, realm: str, call: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
        """Return what `call` returns. Raises KerberosTrouble where it does, or where the realm is known to be
        silent.

        `call` raises TimeoutError where it took too long. It is cancelled where another call finds the realm
        silent.
        """
        state = self._realms.setdefault(realm.casefold(), _Realm())
        if state.trouble is not None:
            if self._clock() < state.again:
                raise _copy(state.trouble)
            state.again = self._clock() + RETRY  # this call finds out; the others are told what is known
        task = asyncio.ensure_future(call())
        state.calls.add(task)
        try:
            await asyncio.wait({task})
        finally:
            state.calls.discard(task)
            task.cancel()
        return self._answer(realm, state, task)

    def _answer(self, realm: str, state: _Realm, task: asyncio.Task[_Result]) -> _Result:
        if task.cancelled() and state.trouble is not None:
            raise _copy(state.trouble)
        try:
            result = task.result()
        except TimeoutError:
            said = f"no domain controller of {realm} answered in {SLOWEST:.0f} s"
            trouble = KerberosTrouble(KDC_UNREACHABLE, said)
            self._open(state, trouble)
            raise trouble from None
        except KerberosTrouble as trouble:
            if no_answer(trouble):
                self._open(state, trouble)
            else:
                state.trouble = None
            raise
        state.trouble = None
        return result

    def _open(self, state: _Realm, trouble: KerberosTrouble) -> None:
        state.trouble, state.again = _copy(trouble), self._clock() + RETRY
        for call in state.calls:
            call.cancel()


def no_answer(trouble: KerberosTrouble) -> bool:
    """Whether a trouble is that no domain controller answers, or none is known to this machine."""
    return trouble.minor is not None and KERBEROS.get(trouble.minor) is Cause.KERBEROS_NO_KDC


def _copy(trouble: KerberosTrouble) -> KerberosTrouble:
    """Return the same trouble anew: one exception that is raised for many hosts would keep all their
    tracebacks.
    """
    return KerberosTrouble(trouble.minor, trouble.text, advice=trouble.advice)
