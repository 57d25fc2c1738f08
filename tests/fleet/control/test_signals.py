"""Signals, sent for real."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from orchestrator.fleet.control.signals import listening
from orchestrator.fleet.control.stop import StopRequest

TURNS = 10  # of the loop: it hears of a signal in the first, and acts on it in the next


async def _after(*numbers: signal.Signals) -> StopRequest:
    stop = StopRequest()
    with listening(stop, asyncio.get_running_loop()):
        for number in numbers:
            os.kill(os.getpid(), number)
            for _ in range(TURNS):
                await asyncio.sleep(0)
    return stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_first_signal_asks_to_finish(number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and SIGHUP alike: no new starts, what is in flight finishes."""
    stop = asyncio.run(_after(number))
    assert (stop.requested, stop.abandoned) == (True, False)


def test_second_signal_abandons_and_the_first_reason_stays() -> None:
    """The second signal, of whatever kind, abandons what is in flight."""
    stop = asyncio.run(_after(signal.SIGINT, signal.SIGTERM))
    assert (stop.requested, stop.abandoned, stop.reason) == (True, True, "Ctrl-C")


def test_handlers_are_put_back() -> None:
    """After a run the process answers signals as it did before."""

    def mine(_number: int, _frame: object) -> None:
        pass

    before = signal.signal(signal.SIGTERM, mine)
    try:
        asyncio.run(_after(signal.SIGINT))
        assert (mine, signal.default_int_handler) == (
            signal.getsignal(signal.SIGTERM),
            signal.getsignal(signal.SIGINT),
        )
    finally:
        signal.signal(signal.SIGTERM, before)


def test_ignored_signal_stays_ignored() -> None:
    """A scan under `nohup` survives the end of its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = asyncio.run(_after(signal.SIGHUP))
        assert (stop.requested, signal.getsignal(signal.SIGHUP)) == (False, signal.SIG_IGN)
    finally:
        signal.signal(signal.SIGHUP, before)
