"""Hand events to whoever watches an execution: a display that breaks costs no result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from orchestrator.fleet import words
from orchestrator.fleet.control.events import Remark

Event = TypeVar("Event")


class EventSink(Generic[Event]):
    """Hand events to one callable, and keep what the user should read once (`remarks`)."""

    def __init__(self, on_event: Callable[[Event | Remark], None] | None) -> None:
        self._on_event = on_event
        self.remarks: list[str] = []

    def __call__(self, event: Event | Remark) -> None:
        """Hand an event on; a callable that raises has seen its last."""
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001  # whatever a display may raise
            self._on_event = None
            self.remarks.append(f"the progress display broke and was left out: {words.place(error)}")

    def remark(self, said: str) -> None:
        """Hand on a remark, and keep it."""
        self.remarks.append(said)
        self(Remark(words=said))
