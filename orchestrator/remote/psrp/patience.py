"""How soon a host that has nothing to say is asked once more. Pure: who drives the conversation does the
waiting.

A host is meant to keep a Receive open until there is something, or its operation time-out has passed. One
that answers "still running" at once would be asked thousands of times.
"""

from __future__ import annotations

FIRST = 0.1  # seconds; doubled each time that nothing came
LONGEST = 2.0
FREE = 500  # Receives that bring something at no cost of a wait; an answer comes in larger pieces than that


class Patience:
    """Counts what one session's Receives brought."""

    def __init__(self) -> None:
        self._asked = 0
        self._idle = 0

    def after(self, *, heard: bool) -> float:
        """Return the seconds to wait before the next Receive. `heard`: the last one brought anything at
        all.
        """
        self._asked += 1
        self._idle = 0 if heard else self._idle + 1
        if self._idle:
            return min(LONGEST, FIRST * 2.0 ** min(self._idle - 1, 10))
        return FIRST if self._asked > FREE else 0.0
