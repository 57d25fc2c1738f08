"""TLS to the broker: its certificate is checked, and a client certificate takes the place of a password."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.dispatch import topology
from orchestrator.dispatch.broker import Broker, told
from orchestrator.dispatch.errors import BrokerError
from orchestrator.dispatch.keys import load_key, make_key, public_text
from tests.dispatch.broker import OwnBroker
from tests.dispatch.conftest import Hub, TestSite
from tests.dispatch.pki import Authority
from tests.dispatch.test_over_broker import at, over_broker

pytestmark = [pytest.mark.xdist_group("own broker"), pytest.mark.wire, pytest.mark.timeout(240)]


@pytest.fixture
def tls(own: OwnBroker) -> tuple[Broker, Path]:
    """Return the broker as `fc-hub` reaches it over TLS, and where its certificates are."""
    broker = Broker(
        host="127.0.0.1",
        port=own.tls_port,
        vhost="/",
        user="fc-hub",
        tls=True,
        ca=own.authority.file,
        certificate=own.certificate,
    )
    return broker, own.authority.file.parent


def test_hosts_are_scanned_over_tls_with_client_certificates(
    tls: tuple[Broker, Path], tmp_path: Path
) -> None:
    """Hub and worker log on by certificate alone, and every host has its result."""
    broker, _ = tls
    make_key(tmp_path / "hub.key")
    hub = Hub(broker, tmp_path)
    folder = tmp_path / "berlin"
    folder.mkdir()
    make_key(folder / "site.key")
    site = TestSite("berlin", broker, folder, public_text(load_key(tmp_path / "hub.key")))
    hub.sites["berlin"] = site
    with broker.connection() as connection:
        topology.make(connection, ["berlin"])
    worker = site.start()
    try:
        done = over_broker(hub, at(site, 20, credential=None))
        assert set(done.causes.values()) == {""}
        assert len(done.causes) == 20
        assert worker.end() == 0
    finally:
        worker.kill()


def test_a_broker_by_another_ca_and_one_without_a_certificate_are_refused(
    tls: tuple[Broker, Path], tmp_path: Path
) -> None:
    """The broker's certificate is checked, name and all; without a client certificate it lets nobody in."""
    broker, _ = tls
    other = Authority(tmp_path)
    cases = (
        (replace(broker, ca=other.file), "its certificate is not trusted"),
        (replace(broker, host="localhost"), "its certificate is not trusted"),
        (replace(broker, certificate=None, password="unused"), "broker"),
    )
    for wrong, words in cases:
        with pytest.raises(BrokerError, match=words), told(wrong), wrong.connection() as connection:
            connection.connect()
