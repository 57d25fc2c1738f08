"""The exchanges and queues of the broker: made by the hub, and only used by the sites.

Exchanges are of the kind `topic`: into a direct one Celery publishes through the default exchange, which a
site has no right to. Queues are quorum queues: they keep what was confirmed over a restart, and count
deliveries. RabbitMQ 4 drops what it delivered more than twenty times unless a queue says otherwise: a result
that a hub did not store so often would be lost, and so would a cancellation that as many workers began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from orchestrator.dispatch.errors import MisfitQueuesError
from orchestrator.domain.sites.names import DEAD, SiteNames

if TYPE_CHECKING:
    from kombu import Connection, Exchange, Queue

DELIVERIES = 5  # redeliveries of a batch before the broker gives it up
ENDLESS = 2**31 - 1  # of anything else; -1, which RabbitMQ 4 takes for no limit, is none at all to 3.10
BATCHES = 10_000  # batches that wait for a site, at most
RESULTS = 1_000_000
BYTES = 1024**3  # of batches, or of results, of one site: no site fills the broker's disk for all
LATEST = 64 * 1024  # bytes of the one message that a hello or a cancellation is

_QUORUM = {"x-queue-type": "quorum", "x-delivery-limit": ENDLESS}


def _latest() -> dict[str, Any]:
    return _QUORUM | {"x-max-length": 1, "x-max-length-bytes": LATEST, "x-overflow": "drop-head"}


def exchange(name: str) -> Exchange:
    """Return an exchange by its name."""
    from kombu import Exchange

    return Exchange(name, type="topic", durable=True)


def batches(site: str, *, declared: bool = True) -> Queue:
    """Return the queue where a site's batches wait. `declared` False: for who has no right to make it."""
    arguments = _QUORUM | {
        "x-max-length": BATCHES,
        "x-max-length-bytes": BYTES,
        "x-overflow": "reject-publish",
        "x-delivery-limit": DELIVERIES,
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-strategy": "at-least-once",
    }
    return _queue(SiteNames(site).batches, arguments, declared=declared)


def control(site: str) -> Queue:
    """Return the queue with the hub's last word about a run; the newest one alone is kept."""
    return _queue(SiteNames(site).control, _latest())


def results(site: str) -> Queue:
    """Return the queue where a site's results wait."""
    arguments = {"x-max-length": RESULTS, "x-max-length-bytes": BYTES, "x-overflow": "reject-publish"}
    return _queue(SiteNames(site).results, _QUORUM | arguments)


def hello(site: str) -> Queue:
    """Return the queue with a worker's last word about itself."""
    return _queue(SiteNames(site).hello, _latest())


def dead() -> Queue:
    """Return the queue of batches that no worker could finish."""
    return _queue(DEAD, _QUORUM)


def _queue(name: str, arguments: dict[str, Any], *, declared: bool = True) -> Queue:
    from kombu import Queue

    return Queue(
        name,
        exchange(name),
        routing_key="#",
        durable=True,
        queue_arguments=arguments,
        no_declare=None if declared else True,
    )


def of_site(site: str) -> Iterator[Queue]:
    """Yield every queue of a site."""
    yield from (batches(site), control(site), results(site), hello(site))


def make(connection: Connection, sites: Iterable[str]) -> None:
    """Make what is missing, for the hub and these sites.

    Raises MisfitQueuesError for all that are there and are made otherwise, amqp's other errors.
    """
    import amqp.exceptions as refused

    misfits: list[tuple[str, str]] = []
    for queue in (dead(), *(queue for site in sites for queue in of_site(site))):
        try:
            with connection.channel() as channel:  # a refused one closes its channel
                queue(channel).declare()
        except refused.PreconditionFailed as error:
            if "for queue" not in str(error.reply_text):  # an exchange: nothing but its name is ours
                raise
            misfits.append((queue.name, str(error.reply_text)))
    if misfits:
        raise MisfitQueuesError(tuple(name for name, _ in misfits), misfits[0][1])


def remove(connection: Connection, site: str) -> None:
    """Delete a site's exchanges and queues, with what waits in them. Raises amqp's errors."""
    for queue in of_site(site):
        with connection.channel() as channel:
            queue(channel).delete()
            queue.exchange(channel).delete()


def takers(connection: Connection, queue: Queue) -> int:
    """Return how many take messages from a queue now. Raises amqp's errors where it is not there."""
    with connection.channel() as channel:
        return int(channel.queue_declare(queue.name, passive=True).consumer_count)


def waiting(connection: Connection, queue: Queue) -> int | None:
    """Return how many messages are ready in a queue; None where it is not there."""
    import amqp.exceptions as refused

    try:
        with connection.channel() as channel:
            return int(channel.queue_declare(queue.name, passive=True).message_count)
    except refused.NotFound:
        return None
