"""A worker's own link to the broker, beside Celery's: results and hellos go out, cancellations come in."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from orchestrator.dispatch.broker import Broker, told
from orchestrator.dispatch.errors import BrokerError, SealError
from orchestrator.dispatch.seal import Kind, opened, seal, unwrapped
from orchestrator.dispatch.thread import BrokerThread
from orchestrator.dispatch.wire import Cancelled, hello_text, read_cancelled
from orchestrator.domain.sites.names import SiteNames
from orchestrator.domain.sites.unit import PROTOCOL, Hello
from orchestrator.remote.probe import probe_script
from orchestrator.version import VERSION

HELLO = 5.0  # seconds between two hellos
TAKEN = 40.0  # seconds that another worker's link may take to be given up after it went


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What a worker goes by. `width`: hosts at a time, `slots`: batches at a time."""

    site: str
    key: Ed25519PrivateKey = field(repr=False)
    hub: Ed25519PublicKey
    broker: Broker
    width: int
    slots: int
    pace: float
    machine: str


class SiteLink:
    """Runs from `start` to `close`. `on_cancelled` is called in its thread, and so is `log`."""

    def __init__(
        self,
        settings: WorkerSettings,
        *,
        in_flight: Callable[[], int],
        on_cancelled: Callable[[Cancelled], None],
        log: Callable[[str], None],
    ) -> None:
        self._settings, self._in_flight = settings, in_flight
        self._on_cancelled, self._log = on_cancelled, log
        self._names = SiteNames(settings.site)
        now = datetime.now(UTC)
        self._hello = Hello(
            site=settings.site,
            worker=uuid.uuid4().hex,
            version=VERSION,
            protocol=PROTOCOL,
            script=probe_script().sha256,
            sent=now,
            started=now,
            width=settings.width,
            slots=settings.slots,
            in_flight=0,
            machine=settings.machine,
        )
        self._said = 0.0
        self._last_word: int | None = (
            None  # the newest cancellation stays unsettled: the next process hears it
        )
        self._down = False
        self._up = threading.Event()
        self._talking = BrokerThread(
            settings.broker, "talk", prepare=self._consume, beat=self._beat, on_state=self._state
        )
        self._results = BrokerThread(settings.broker, "results", on_state=self._results_state)

    def start(self) -> None:
        """Begin."""
        self._results.start()
        self._talking.start()

    def close(self) -> None:
        """Send what is here, if it can be, and end."""
        self._results.close(30.0)
        self._talking.close()

    def publish(self, text: str) -> Future[None]:
        """Send a result; the future ends when the broker has it."""
        return self._results.publish(self._names.results, seal(Kind.REPORT, text, self._settings.key)).done

    def refuse_another(self) -> None:
        """Raise BrokerError where another worker serves this site; one that has just gone is waited for."""
        broker, end = self._settings.broker, time.monotonic() + TAKEN
        while True:
            with told(broker), broker.connection() as connection, connection.channel() as channel:
                found = channel.queue_declare(self._names.control, passive=True).consumer_count
            if not found:
                return
            if time.monotonic() > end:
                raise BrokerError(
                    broker.place,
                    f"another worker serves site {self._settings.site} already",
                    "One site has one worker: stop the other one, or give this one a site of its own.",
                )
            self._log(f"another worker of site {self._settings.site} is connected; waiting for it to go")
            time.sleep(5.0)

    # What follows runs in the threads.

    def _state(self, up: bool, words: str) -> None:
        if up and self._down:
            self._log("the broker is reached again")
        elif not up and not self._down:
            self._log(f"{words} Hosts in flight finish; their results wait here.")
        self._down = not up

    def _results_state(self, up: bool, words: str) -> None:
        if not up and "is full" in words:
            self._log(words)

    def _consume(self, channel: Any) -> None:
        self._last_word = None
        channel.basic_qos(0, 2, False)
        channel.basic_consume(self._names.control, callback=self._heard)

    def _heard(self, message: Any) -> None:
        try:
            cancelled = read_cancelled(opened(Kind.CONTROL, unwrapped(message.body), self._settings.hub))
            if cancelled.site != self._settings.site:
                raise SealError("a cancellation for another site")  # noqa: TRY301  # told below
        except SealError as error:
            self._log(f"refused what came in the hub's name: {error}")
            message.channel.basic_ack(message.delivery_tag)
            return
        if self._last_word is not None:
            message.channel.basic_ack(self._last_word)
        self._last_word = message.delivery_tag
        self._on_cancelled(cancelled)

    def _beat(self, channel: Any) -> None:
        if time.monotonic() - self._said < HELLO:
            return
        from kombu import Producer

        hello = replace(self._hello, sent=datetime.now(UTC), in_flight=self._in_flight())
        Producer(channel).publish(
            seal(Kind.HELLO, hello_text(hello), self._settings.key),
            exchange=self._names.hello,
            routing_key="fc",
            serializer="json",
            delivery_mode=2,
            confirm_timeout=30.0,
        )
        self._said = time.monotonic()
