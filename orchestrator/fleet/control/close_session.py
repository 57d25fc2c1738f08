"""Close a session in bounded time."""

from __future__ import annotations

from orchestrator.fleet import words
from orchestrator.fleet.control.clock import Clock
from orchestrator.remote.session import Session

CLOSING = 5.0  # seconds at most for closing a session whose reply is already here
CUT_CLOSING = 1.0  # ... and one that was cut
BACKSTOP = (
    1.0  # seconds by which a session's own end is later than ours: two at once would disturb each other
)


async def close_within(session: Session, seconds: float, clock: Clock) -> tuple[str, ...]:
    """Close a session; return what went wrong, or took too long, as remarks. Never raise."""
    try:
        async with clock.timeout(seconds):
            return await session.close()
    except TimeoutError:
        return (words.CLOSE_SLOW,)
