"""A breaker for each realm's domain controllers: where none answers, one host finds that out, not every host in turn.

    CLOSED --no answer--> OPEN       everybody who asks or waits is told at once, without asking
    OPEN ---RETRY s-----> one call   the next one who asks is let through: an answer closes it, none keeps it open

"No answer" is what `silent` says of an error, or a call that takes longer than SLOWEST from its own start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from orchestrator.remote.faults.trouble import KerberosTrouble

SLOWEST = 10.0  # seconds
RETRY = 30.0  # seconds
KDC_UNREACHABLE = 2529639068  # KRB5_KDC_UNREACH, unsigned

_Result = TypeVar("_Result")


@dataclass(slots=True)
class _Realm:
    trouble: KerberosTrouble | None = None
    again: float = 0.0  # by the clock


class KdcBreaker:
    """One for a run. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._realms: dict[str, _Realm] = {}

    async def ask(self, realm: str, call: Callable[[], Awaitable[_Result]]) -> _Result:
        """Return what `call` returns. Raises KerberosTrouble where it does, or where the realm is known to be silent.

        `call` raises TimeoutError where it took too long.
        """
        state = self._realms.setdefault(realm.casefold(), _Realm())
        self.check(realm)
        if state.trouble is not None:
            state.again = self._clock() + RETRY  # this call finds out; the others are told what is known
        try:
            result = await call()
        except TimeoutError:
            trouble = KerberosTrouble(
                KDC_UNREACHABLE, f"no domain controller of {realm} answered in {SLOWEST:.0f} s"
            )
            self._open(state, trouble)
            raise trouble from None
        except KerberosTrouble as trouble:
            if trouble.minor == KDC_UNREACHABLE:
                self._open(state, trouble)
            else:
                state.trouble = None
            raise
        state.trouble = None
        return result

    def check(self, realm: str) -> None:
        """Raise KerberosTrouble where the realm is known to be silent, and it is not time to ask again."""
        state = self._realms.get(realm.casefold())
        if state is not None and state.trouble is not None and self._clock() < state.again:
            raise KerberosTrouble(state.trouble.minor, str(state.trouble))

    def _open(self, state: _Realm, trouble: KerberosTrouble) -> None:
        state.trouble, state.again = trouble, self._clock() + RETRY
