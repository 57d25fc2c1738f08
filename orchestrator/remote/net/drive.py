"""Carry a conversation with a host over whatever posts its requests, in the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from orchestrator.remote.net.exchange import Exchange, Pause
from orchestrator.remote.net.http import Answer

_Result = TypeVar("_Result")


async def drive(exchange: Exchange[_Result], post: Callable[[bytes], Awaitable[Answer]]) -> _Result:
    """Carry an exchange to its end; `post` sends a request and gives its answer.

    Raises what either of them raises.
    """
    try:
        step = next(exchange)
        while True:
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                step = next(exchange)
                continue
            posting = post(step)
            step = b""  # a script's is large, and its answer may take long
            step = exchange.send(await posting)
    except StopIteration as end:
        result: _Result = end.value
        return result
