"""What a worker's Celery goes by: its own file, and nothing of the environment."""

from __future__ import annotations

import pytest
from celery import Celery
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from orchestrator.dispatch.broker import Broker
from orchestrator.dispatch.celery_app import celery_app
from orchestrator.dispatch.site_link import WorkerSettings

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
