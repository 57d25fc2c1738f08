"""TLS to the broker: its certificate is checked, and a client certificate takes the place of a password."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.dispatch import topology
from orchestrator.dispatch.broker import Broker, told
from orchestrator.dispatch.errors import BrokerError
from orchestrator.dispatch.keys import load_key, make_key, public_text
from tests.dispatch.broker import free_port, node
from tests.dispatch.conftest import Hub, TestSite
from tests.dispatch.pki import Authority
from tests.dispatch.test_over_broker import at, over_broker

pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.wire, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Broker, Path]]:
    """Run a broker that demands client certificates; yield it as `fc-hub`, with their folder."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    server, client = authority.sign("server", server=True), authority.sign("fc-hub", server=False)
    port = free_port()
    settings = f"""listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {authority.file}
ssl_options.certfile = {server}
ssl_options.keyfile = {server}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_cert_login_from = common_name
auth_mechanisms.1 = EXTERNAL
auth_mechanisms.2 = PLAIN
"""
    with node(folder / "node", settings, plugins="rabbitmq_auth_mechanism_ssl") as own:
        own.ctl("add_user", "fc-hub", "unused")
        own.ctl("set_permissions", "fc-hub", ".*", ".*", ".*")
        yield (
            Broker(
                host="127.0.0.1",
                port=port,
                vhost="/",
                user="fc-hub",
                tls=True,
                ca=authority.file,
                certificate=client,
            ),
            folder,
        )


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
