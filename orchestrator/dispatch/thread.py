"""One connection to the broker in a thread of its own: publishes, consumes, and connects anew when it has to.

A message that was handed in is confirmed by the broker, or still here, unless its future is cancelled. After
a link was lost what was not confirmed goes out again, so a message may arrive twice. Messages of one exchange
keep their order; one that takes none holds up no other.
"""

from __future__ import annotations

import math
import os
import select
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from orchestrator.dispatch.broker import Broker, told
from orchestrator.dispatch.errors import BrokerError

CONFIRM = 3  # heartbeats for the confirmation of a message: with a full disk, or a dead link, there is none
WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds before the next try to connect; the last one repeats
_CLOSING = 1.0  # seconds for a connection to close
AGAIN = 10.0  # seconds without a refusal after which a full queue is told once more
FULL = 1.0  # seconds before the next message to an exchange whose queue is full
HELD = 2  # confirmations' time that an exchange is held back at most: a hub gives a site up after 5 min
_LEAST = 0.001  # seconds: takes what has arrived already, and does not wait


def held_back(late: int, confirm: float) -> float:
    """Return for how many seconds nothing goes to an exchange whose confirmation was late so often in a row.

    `confirm` is what each got, in seconds. The first time it is the link's; and however long a broker took
    nothing, what waits goes out soon once it takes it again.
    """
    return confirm * min(late - 1, HELD)


@dataclass(slots=True)
class Outgoing:
    """A message on its way, and who waits for its confirmation.

    `open`: how often it went out without an answer, so that the broker may have it.
    """

    exchange: str
    body: Any
    headers: dict[str, Any]
    properties: dict[str, Any]
    done: Future[None]
    open: int = 0
    deciding: threading.Lock = field(default_factory=threading.Lock)

    def go(self) -> bool:
        """Take note that it goes out; return False where it was taken back."""
        with self.deciding:
            if self.done.cancelled():
                return False
            self.open += 1
            return True

    def refused(self) -> None:
        """Take note that the broker has not taken it."""
        self.open -= 1

    def take_back(self) -> bool:
        """Let it go out no more; return False where it has, and the broker may have it."""
        with self.deciding:
            return not self.open and self.done.cancel()


class BrokerThread:
    """Runs from `start` to `close`.

    `prepare` is called with the open channel after each connect, to begin consuming. `beat` is called with it
    about every second. `on_state` is told True and "" when the link is up, False and why when it is down; all
    three are called in the thread.
    """

    def __init__(
        self,
        broker: Broker,
        name: str,
        *,
        prepare: Callable[[Any], None] = lambda _: None,
        beat: Callable[[Any], None] = lambda _: None,
        on_state: Callable[[bool, str], None] = lambda _up, _words: None,
    ) -> None:
        self._broker = broker
        self._prepare, self._beat, self._on_state = prepare, beat, on_state
        self._outgoing: dict[str, deque[Outgoing]] = {}  # by exchange
        self._held: dict[str, float] = {}  # until when nothing more goes to an exchange
        self._turns: dict[str, int] = {}
        self._late: Counter[str] = Counter()  # confirmations that did not come in time, in a row
        self._full: dict[str, float] = {}  # when the broker last refused a message for an exchange
        self._calls: deque[Callable[[Any], None]] = deque()
        self._closing = threading.Event()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)
        self._thread = threading.Thread(target=self._serve, name=f"fleetcheck-{name}", daemon=True)
        self._tried = 0
        self.generation = 0  # of the connection: what was delivered by an earlier one cannot be settled

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, seconds: float = 5.0) -> None:
        """Send what is here and can be sent within `seconds`, and end."""
        self._closing.set()
        self._wake()
        self._thread.join(seconds)

    def publish(self, exchange: str, body: Any, *, headers: Any = None, **properties: Any) -> Outgoing:
        """Hand in a message; `done` ends when the broker has confirmed it. Cancelled: not sent again."""
        outgoing = Outgoing(exchange, body, headers or {}, properties, Future())
        self._outgoing.setdefault(exchange, deque()).append(outgoing)
        self._wake()
        return outgoing

    def call(self, work: Callable[[Any], None]) -> None:
        """Run `work` with the channel, in the thread, while this connection lasts; else never."""
        generation = self.generation

        def once(channel: Any) -> None:
            if generation == self.generation:
                work(channel)

        self._calls.append(once)
        self._wake()

    def _wake(self) -> None:
        with suppress(OSError):  # full: it wakes anyway
            os.write(self._wake_in, b".")

    # What follows runs in the thread.

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                with told(self._broker):
                    self._work()
            except BrokerError as error:
                self._on_state(False, str(error))
            except Exception as error:  # noqa: BLE001  # whatever a library raises on a link that broke
                self._on_state(False, f"broker {self._broker.place}: {type(error).__name__}: {error}")
            self._calls.clear()
            self._closing.wait(WAITS[min(self._tried, len(WAITS) - 1)])
            self._tried += 1
        os.close(self._wake_out)
        os.close(self._wake_in)

    def _work(self) -> None:
        """Work while one connection lasts, or until everything is sent and this thread is to end."""
        connection = self._broker.connection()
        try:
            connection.connect()
            self._use(connection)
        except BaseException:
            connection.collect(_CLOSING)  # a link that is dead would never answer a polite end
            raise
        connection.release()

    def _use(self, connection: Any) -> None:
        channel = connection.default_channel
        self.generation, self._tried = self.generation + 1, 0
        self._prepare(channel)
        self._on_state(True, "")
        last = 0.0
        while True:
            self._send(channel)
            while self._calls:
                self._calls.popleft()(channel)
            if self._closing.is_set() and not any(self._outgoing.values()) and not self._calls:
                return
            now = time.monotonic()
            if now - last >= 1.0:
                self._beat(channel)
                last = now
            self._receive(connection)

    def _receive(self, connection: Any) -> None:
        """Take in what has arrived, or wait a moment for something."""
        with suppress(TimeoutError):
            while True:
                connection.drain_events(timeout=_LEAST)
        closing = self._closing.is_set()
        if self._calls or self._due() is not None or (closing and not any(self._outgoing.values())):
            return
        wait = _CLOSING / 10 if closing else 1.0
        arrived, _, _ = select.select([connection.connection.sock, self._wake_out], [], [], wait)
        if self._wake_out in arrived:
            with suppress(BlockingIOError):
                os.read(self._wake_out, 4096)
        connection.heartbeat_check(rate=2)

    def _due(self) -> str | None:
        """Return the exchange whose turn it is; None where nothing is to be sent now."""
        now = time.monotonic()
        due = [
            name for name in tuple(self._outgoing) if self._waits(name) and self._held.get(name, 0.0) <= now
        ]
        return min(due, key=lambda name: self._turns.get(name, 0), default=None)

    def _waits(self, exchange: str) -> bool:
        """Say whether a message waits for an exchange; cancelled ones are left out."""
        waiting = self._outgoing[exchange]
        while waiting and waiting[0].done.cancelled():
            waiting.popleft()
        return bool(waiting)

    def _send(self, channel: Any) -> None:
        from kombu import Producer

        producer = Producer(channel)
        while (exchange := self._due()) is not None:
            self._turns[exchange] = 1 + max(self._turns.values(), default=0)
            self._send_one(producer, exchange)

    def _send_one(self, producer: Any, exchange: str) -> None:
        from amqp.exceptions import MessageNacked

        message, confirm = self._outgoing[exchange][0], CONFIRM * self._broker.heartbeat
        if not message.go():
            return
        try:
            producer.publish(
                message.body,
                exchange=exchange,
                routing_key="fc",
                headers=message.headers,
                serializer="json",
                delivery_mode=2,
                confirm_timeout=confirm,
                **message.properties,
            )
        except MessageNacked:  # the queue is full: the receiver does not keep up
            message.refused()
            now, before = time.monotonic(), self._full.get(exchange, -math.inf)
            self._held[exchange], self._full[exchange] = now + FULL, now
            if now - before > AGAIN:
                self._on_state(False, f"broker {self._broker.place}: {exchange} is full; trying on")
            return
        except TimeoutError:  # of this one, maybe; the others are to go first over the next connection
            self._late[exchange] += 1
            self._held[exchange] = time.monotonic() + held_back(self._late[exchange], confirm)
            raise
        self._outgoing[exchange].popleft()
        self._late[exchange] = 0
        if message.done.set_running_or_notify_cancel():
            message.done.set_result(None)
