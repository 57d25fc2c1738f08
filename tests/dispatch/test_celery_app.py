"""What a worker's Celery goes by: its own file, and nothing of the environment; and what it says."""

from __future__ import annotations

import logging

import pytest
from celery import Celery
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from orchestrator.dispatch.broker import Broker
from orchestrator.dispatch.celery_app import celery_app, quieten
from orchestrator.dispatch.site_link import WorkerSettings
from tests.dispatch.conftest import Hub

ELSEWHERE = "amqp://guest:guest@elsewhere.invalid:5672//"


@pytest.mark.parametrize("name", ["CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL"])
def test_the_environment_names_no_other_broker(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery follows each of these variables; a worker goes to the broker of its file all the same."""
    monkeypatch.setenv(name, ELSEWHERE)
    key = Ed25519PrivateKey.generate()
    broker = Broker(host="mq.corp.example", port=5672, vhost="v", user="fc-berlin", password="p", tls=False)
    settings = WorkerSettings(
        site="berlin",
        key=key,
        hub=key.public_key(),
        broker=broker,
        width=1,
        slots=1,
        pace=0,
        machine="",
    )
    app = celery_app(settings, lambda *_, **__: None)
    found = [app.connection_for_read(), app.connection_for_write(), app.connection()]
    assert [(one.hostname, one.userid, one.virtual_host) for one in found] == [
        ("mq.corp.example", "fc-berlin", "v")
    ] * 3
    plain = Celery("plain", broker=broker.url, set_as_current=False)
    assert ELSEWHERE in {plain.conf.broker_read_url, plain.conf.broker_write_url}  # what it is kept from


@pytest.mark.wire
@pytest.mark.xdist_group("broker")
def test_a_batch_whose_link_has_ended_leaves_no_traceback(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    """It cannot be acknowledged and comes again; that the link ended the worker's own link says in a line."""
    from kombu import Queue

    quieten()
    logger = logging.getLogger(
        "celery.worker.request"
    )  # Celery gives it to each message that it acknowledges
    with hub.broker.connection() as connection:
        queue = Queue("", exclusive=True)(connection.default_channel)
        queue.declare()
        for _ in range(2):
            connection.Producer().publish("a batch", routing_key=queue.name)
        first, second = queue.get(), queue.get()
        assert first is not None
        assert second is not None
    first.ack_log_error(logger, errors=connection.connection_errors)
    second.reject_log_error(logger, errors=connection.connection_errors)
    logger.critical("another trouble")
    assert caplog.messages == ["another trouble"]
