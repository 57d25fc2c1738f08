"""A conversation driven by a thread: each request goes over its wire,
the answer comes back before the next one.
"""

from __future__ import annotations

from typing import TypeVar

from orchestrator.remote.net.exchange import Exchange, Pause
from orchestrator.remote.over_pypsrp.wire import BlockingConnection
from orchestrator.remote.psrp.speaker import Speaker, url
from orchestrator.remote.session import Endpoint

_Result = TypeVar("_Result")


class Blocking:
    """Stands where pypsrp's WSMan keeps its HTTP transport, so that nothing of `requests` runs."""

    def __init__(self, speaker: Speaker, wire: BlockingConnection, endpoint: Endpoint) -> None:
        self.endpoint = url(endpoint)
        self._speaker = speaker
        self._wire = wire

    def send(self, message: bytes, **_: object) -> bytes:
        """Send a SOAP envelope and return the answer's bytes. Called by pypsrp, whose retries and time-outs
        are void.

        Raises what `Speaker.exchange` and `BlockingConnection.post` raise.
        """
        return drive(self._speaker.exchange(message), self._wire)

    def pause(self, seconds: float) -> None:
        """Wait before the next message. Raises Lost once the wire is cut."""
        self._wire.pause(seconds)

    def close(self) -> None:
        """Do nothing: the wire's owner closes it. pypsrp calls this."""


def drive(exchange: Exchange[_Result], wire: BlockingConnection) -> _Result:
    """Carry an exchange over a wire to its end."""
    try:
        step = next(exchange)
        while True:
            if isinstance(step, Pause):
                wire.pause(step.seconds)
                step = next(exchange)
            else:
                step = exchange.send(wire.post(step))
    except StopIteration as end:
        result: _Result = end.value
        return result
