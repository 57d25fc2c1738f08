"""What a try with a host tells while it goes on, by both transports: phases, requests, answers, how it ended.

Who watches is no part of the conversation: nothing it does changes what is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from orchestrator.domain.outcome import Phase
from orchestrator.remote.net.http import Answer
from orchestrator.remote.session import Endpoint, TryFacts


class Watcher(Protocol):
    """Is told of one try, step by step, by whichever thread works for it. Returns at once, never raises."""

    def begun(self, script: str) -> None:
        """Hear that the try begins; `script` is the name of what is to run."""

    def entered(self, facts: TryFacts) -> None:
        """Hear that the try is in its next phase, and what is known so far."""

    def sent(self, head: str, size: int, message: bytes, *, fresh: bool) -> None:
        """Hear of a request: its HTTP head, the bytes of its body, and its body before it was sealed.

        `head` holds what proves who we are. `fresh`: it goes over a new connection.
        """

    def heard(self, answer: Answer) -> None:
        """Hear of an answer as it came; its body may be sealed."""

    def opened(self, message: bytes) -> None:
        """Hear what was in the last answer's seal."""

    def noted(self, words: str) -> None:
        """Hear what else is worth knowing; it may quote the host, uncleaned."""

    def ended(self, error: BaseException | None) -> None:
        """Hear that the script has answered, or why it did not. The shell is closed after that."""


class Silent:
    """A watcher that makes nothing of what it is told: the base of those who look at a part of it."""

    def begun(self, script: str) -> None:
        """Do nothing."""

    def entered(self, facts: TryFacts) -> None:
        """Do nothing."""

    def sent(self, head: str, size: int, message: bytes, *, fresh: bool) -> None:
        """Do nothing."""

    def heard(self, answer: Answer) -> None:
        """Do nothing."""

    def opened(self, message: bytes) -> None:
        """Do nothing."""

    def noted(self, words: str) -> None:
        """Do nothing."""

    def ended(self, error: BaseException | None) -> None:
        """Do nothing."""


class PhaseWatcher(Silent):
    """A watcher that tells each phase as it begins, with the milliseconds since the try began."""

    def __init__(self, tell: Callable[[Phase, int], None]) -> None:
        self._tell = tell

    def begun(self, script: str) -> None:
        """Tell the first one."""
        del script
        self._tell(Phase.RESOLVE, 0)

    def entered(self, facts: TryFacts) -> None:
        """Tell the next one."""
        self._tell(facts.phase, sum(facts.timings.values()))


class Watchers:
    """Several watchers of one try, told one after the other."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def begun(self, script: str) -> None:
        """Tell all."""
        for each in self._watchers:
            each.begun(script)

    def entered(self, facts: TryFacts) -> None:
        """Tell all."""
        for each in self._watchers:
            each.entered(facts)

    def sent(self, head: str, size: int, message: bytes, *, fresh: bool) -> None:
        """Tell all."""
        for each in self._watchers:
            each.sent(head, size, message, fresh=fresh)

    def heard(self, answer: Answer) -> None:
        """Tell all."""
        for each in self._watchers:
            each.heard(answer)

    def opened(self, message: bytes) -> None:
        """Tell all."""
        for each in self._watchers:
            each.opened(message)

    def noted(self, words: str) -> None:
        """Tell all."""
        for each in self._watchers:
            each.noted(words)

    def ended(self, error: BaseException | None) -> None:
        """Tell all."""
        for each in self._watchers:
            each.ended(error)


Watch = Callable[[Endpoint], Watcher | None]
"""Gives who watches a try with a host, None for nobody."""


def unwatched(_endpoint: Endpoint) -> None:
    """Watch nothing: what a run has where nothing was asked for."""


@contextmanager
def watched(watcher: Watcher | None, script: str) -> Iterator[None]:
    """Tell a watcher when the block begins, and how it ends."""
    if watcher is None:
        yield
        return
    watcher.begun(script)
    try:
        yield
    except BaseException as error:
        watcher.ended(error)
        raise
    watcher.ended(None)
