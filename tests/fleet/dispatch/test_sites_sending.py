"""Batches on their way to the broker: one that it does not take holds up no other site, and no stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from orchestrator.domain.record import ScanState
from orchestrator.domain.sites.unit import Batch
from orchestrator.fleet.dispatch.port import Link
from tests.fleet.dispatch.sites import Network, scan_sites, transports
from tests.fleet.dispatch.test_sites_run import at
from tests.fleet.fakes import answers


@dataclass
class Stuck(Network):
    """A broker that never confirms what goes to some sites."""

    stuck: frozenset[str] = frozenset()
    withdrawn: list[str] = field(default_factory=list)

    async def submit(self, batch: Batch) -> None:
        """Wait for ever, or hand it to its site."""
        if batch.site not in self.stuck:
            return await super().submit(batch)
        try:
            return await asyncio.Event().wait()  # type: ignore[return-value]
        finally:
            self.withdrawn.append(batch.id)


def test_a_site_that_nothing_can_be_sent_to_holds_up_no_other() -> None:
    """Berlin's queue takes nothing: paris' hosts have their results at once, berlin's are not started."""
    network = Stuck(transports({}, answers(), "berlin", "paris"), stuck=frozenset({"berlin"}))
    found = scan_sites(network, [*at("berlin", 40), *at("paris", 40, credential=None)])
    records = found.scanned.writer.records
    assert {record.site for record in records} == {"paris"}
    assert len(records) == 40
    assert max(record.outcome.trace.ended for record in records).minute < 1
    assert found.scanned.summary.sites.silent == {"berlin": 40}
    assert found.scanned.seconds < 320


def test_ctrl_c_takes_back_what_was_not_sent() -> None:
    """The broker takes nothing any more: a stop ends the scan at once, and the hosts are not started."""
    network = Stuck(transports({}, answers(), "berlin"), stuck=frozenset({"berlin"}))
    found = scan_sites(network, at("berlin", 40, credential=None), stop_after=7.0)
    assert found.scanned.seconds < 10
    assert found.scanned.summary.state is ScanState.INTERRUPTED
    assert len(found.scanned.summary.sites.not_started) == 40
    assert len(network.withdrawn) == len(set(network.withdrawn)) > 0


def test_ctrl_c_waits_a_minute_for_a_broker_that_is_gone() -> None:
    """Hosts are out when the link is lost: a stop waits as for a silent site, not longer."""

    def lose(_batch: Batch, network: Network) -> bool:
        network.put(Link(up=False, words="broker: nothing listens there"))
        return True

    network = Network(transports({}, answers(), "berlin"), on_batch=lose)
    found = scan_sites(network, at("berlin", 5, credential=None), stop_after=7.0)
    assert found.scanned.seconds < 75
    assert found.scanned.summary.state is ScanState.INTERRUPTED


def test_what_nobody_foresaw_in_sending_ends_the_scan() -> None:
    """A fault of our own while a batch is sent is no endless wait."""

    class Broken(Network):
        async def submit(self, _batch: Batch) -> None:
            raise ArithmeticError

    network = Broken(transports({}, answers(), "berlin"))
    with pytest.raises(BaseExceptionGroup) as caught:
        scan_sites(network, at("berlin", 5))
    assert caught.value.subgroup(ArithmeticError) is not None
