"""What operation brings: a broker that is killed, that has no disk left, a link that dies without a word."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.dispatch import topology
from orchestrator.dispatch.keys import load_key, make_key, public_text
from orchestrator.domain.record import ScanState
from tests.dispatch.broker import OwnBroker
from tests.dispatch.conftest import Hub, TestSite
from tests.dispatch.relay import Relay
from tests.dispatch.test_over_broker import at, over_broker
from tests.docs.pages import ROOT
from tests.eventually import eventually
from tests.fleet.fakes import ListWriter

pytestmark = [pytest.mark.xdist_group("own broker"), pytest.mark.wire, pytest.mark.timeout(240)]
BEAT = 2  # seconds: a dead link is given up after three heartbeats, and a real one's last 10 s
SLACK = 10.0  # seconds to connect anew and to ask whom nobody was asked yet


@pytest.fixture
def hub(own: OwnBroker, tmp_path: Path) -> Hub:
    """Make a hub on it."""
    make_key(tmp_path / "hub.key")
    return Hub(own.broker, tmp_path)


@pytest.fixture
def site(hub: Hub) -> Iterator[TestSite]:
    """Make one site on it, with hosts that take a while."""
    name = f"site-{hub.folder.name[-6:].strip('_')}"
    folder = hub.folder / name
    folder.mkdir()
    make_key(folder / "site.key")
    key = public_text(load_key(hub.folder / "hub.key"))
    made = hub.sites[name] = TestSite(name, hub.broker, folder, key, width=5, slots=2, slow=0.5)
    with hub.broker.connection() as connection:
        topology.make(connection, [name])
    yield made
    for worker in made.started:
        if worker.process.poll() is None:
            worker.kill()


def test_a_broker_that_is_killed_loses_nothing(own: OwnBroker, hub: Hub, site: TestSite) -> None:
    """The broker is killed in mid-scan and starts again: both sides connect again; each host has a result."""
    worker = site.start()

    def restart() -> None:
        assert eventually(lambda: len(site.asked) >= 8)
        own.kill()
        own.start()

    there = at(site, 60, "slow", credential=None)
    done = over_broker(hub, there, patience=90, meanwhile=restart)
    assert done.causes == dict.fromkeys((one.name for one in there), "")
    assert done.summary.state is ScanState.FINISHED
    assert any("the broker is reached again" in words for words in done.summary.remarks)
    assert "the broker is reached again" in worker.said


def test_a_broker_without_disk_holds_a_scan_up_and_loses_nothing(
    own: OwnBroker, hub: Hub, site: TestSite
) -> None:
    """The disk alarm blocks who publishes: no result comes in; then the scan goes on where it was."""
    site.start()
    writer = ListWriter()
    came: list[int] = []

    def fill_up() -> None:
        assert eventually(lambda: any(name.startswith("held") for name in site.asked))
        own.ctl("set_disk_free_limit", "100000GB")
        came.append(len(writer.records))
        site.go()
        assert eventually(lambda: "blocked" in own.ctl("list_connections", "state").split())
        came.append(len(writer.records))
        own.ctl("set_disk_free_limit", "50MB")

    there = [*at(site, 10, credential=None), *at(site, 50, "held", credential=None)]
    done = over_broker(hub, there, patience=90, meanwhile=fill_up, writer=writer)
    assert done.causes == dict.fromkeys((one.name for one in there), "")
    assert len(came) == 2
    assert came[0] == came[1] < len(there)


def test_a_link_that_dies_without_a_word_is_given_up_and_made_anew(
    own: OwnBroker, hub: Hub, site: TestSite
) -> None:
    """A firewall forgets the worker's connections: after three heartbeats they are new, and the scan goes
    on to its end with one result for each host.
    """
    relay = Relay(own.port)
    site.broker = replace(site.broker, port=relay.port, heartbeat=BEAT)
    site.start()
    frozen = 0.0

    def cut() -> None:
        nonlocal frozen
        assert eventually(lambda: any(name.startswith("held") for name in site.asked))
        relay.freeze()
        frozen = time.monotonic()
        site.go()

    there = [*at(site, 10, credential=None), *at(site, 50, "held", credential=None)]
    done = over_broker(hub, there, patience=90, meanwhile=cut)
    ended = time.monotonic()
    relay.close()
    assert done.causes == dict.fromkeys((one.name for one in there), "")
    assert 0 < ended - frozen <= 3 * BEAT + SLACK


def test_a_heartbeat_is_what_the_page_says(own: OwnBroker) -> None:
    """Where nobody says else, as no user can, it is that of the table in docs/sites.md."""
    said = re.search(r"given up after three heartbeats of (\d+) s", (ROOT / "docs" / "sites.md").read_text())
    assert said is not None
    assert own.broker.heartbeat == int(said[1])


def test_a_worker_waits_for_a_broker_that_is_not_there_yet(own: OwnBroker, hub: Hub, site: TestSite) -> None:
    """A worker that starts first says so, and works as soon as the broker is there."""
    relay = Relay(own.port)
    worker = site.start()
    done = over_broker(hub, at(site, 3, credential=None))
    assert len(done.causes) == 3
    assert worker.end() == 0
    relay.close()
