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


@dataclass
class Unconfirmed(Stuck):
    """A broker that has what went to the stuck sites, or may have it, and does not say so."""

    has_it: bool = True

    async def submit(self, batch: Batch) -> None:
        """Hand a batch to its site all the same."""
        if self.has_it and batch.site in self.stuck:
            self.tasks.append(asyncio.create_task(self.sites[batch.site].submit(batch)))
        await super().submit(batch)

    def withdraw(self, _batch: str) -> bool:
        """Refuse: it went out."""
        return False


def test_ctrl_c_waits_for_hosts_of_a_batch_that_the_broker_may_have() -> None:
    """It went out and is not confirmed: its site asks the host that goes first, and its result comes in."""
    network = Unconfirmed(transports({}, answers(4.0), "berlin"), stuck=frozenset({"berlin"}))
    found = scan_sites(network, at("berlin", 10), stop_after=2.0)
    sites = found.scanned.summary.sites
    assert [record.host for record in found.scanned.writer.records] == ["berlin-h1"]
    assert (len(sites.not_started), sites.handed) == (9, 0)


def test_hosts_of_a_batch_that_the_broker_may_have_are_told_as_handed_out() -> None:
    """Nothing comes of it within a minute after Ctrl-C, or somebody does not wait: they may be asked yet."""
    for stop_after, ends in ((7.0, 75.0), ((7.0, 8.0), 10.0)):
        network = Unconfirmed(transports({}, answers(), "berlin"), stuck=frozenset({"berlin"}), has_it=False)
        found = scan_sites(network, at("berlin", 40), stop_after=stop_after)
        sites = found.scanned.summary.sites
        assert found.scanned.seconds < ends
        assert (len(sites.not_started), sites.handed) == (40, 1)  # the first one goes alone


def test_hosts_that_a_site_has_are_told_as_handed_out_at_the_second_ctrl_c() -> None:
    """Nobody waits for the results of those in flight there: they are not started, and may be asked yet."""
    network = Network(transports({}, answers(30.0), "berlin"), width=10, slots=2)
    found = scan_sites(network, at("berlin", 100, credential=None), stop_after=(4.0, 5.0))
    sites = found.scanned.summary.sites
    assert len(sites.not_started) == 100
    assert 0 < sites.handed <= 40
