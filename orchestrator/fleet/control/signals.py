"""Send Ctrl-C and its like to a `StopRequest`: the first lets hosts finish, the second abandons them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any

from orchestrator.fleet.control.stop import StopRequest

_WORDS = {
    "SIGINT": "Ctrl-C",
    "SIGTERM": "SIGTERM",
    "SIGHUP": "SIGHUP (the terminal has gone)",
    "SIGBREAK": "Ctrl-Break",
}


@contextmanager
def listening(stop: StopRequest, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Send every SIGINT, SIGTERM and SIGHUP to `stop`; on leaving, the handlers that were there are back.

    The handlers are ours, because `asyncio.run` cancels everything at the first Ctrl-C. Use it in the main
    thread, around or inside the running loop. Systems without loop signal handlers (Windows) get plain ones
    that wake the loop.
    """
    before: list[tuple[signal.Signals, Any]] = []
    try:
        for name, words in _WORDS.items():
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) == signal.SIG_IGN:
                continue  # not of this system, or `nohup` and the like: who ignored it before us means it
            before.append((number, signal.getsignal(number)))
            _install(loop, number, partial(stop.ask, words))
        yield
    finally:
        for number, handler in before:
            _restore(loop, number, handler)


def _install(loop: asyncio.AbstractEventLoop, number: signal.Signals, ask: Callable[[], None]) -> None:
    try:
        loop.add_signal_handler(number, ask)
    except NotImplementedError:

        def wake(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(ask)

        signal.signal(number, wake)


def _restore(loop: asyncio.AbstractEventLoop, number: signal.Signals, handler: Any) -> None:
    with suppress(NotImplementedError):
        loop.remove_signal_handler(number)
    if handler is not None:  # None: it was not installed from Python, and cannot be put back from here
        signal.signal(number, handler)
