"""Hosts are handed out to sites, and each has one result, whatever becomes of a site."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase, Trace
from orchestrator.domain.record import HostRecord, ScanState
from orchestrator.domain.sites.unit import PROTOCOL, Batch, Report, UnitDone
from orchestrator.fleet.dispatch.port import Link, Lost, Refused
from orchestrator.fleet.dispatch.site_run import Refusal
from orchestrator.remote.faults.fault import Fault, RefusedBy
from orchestrator.store.errors import StoreError
from orchestrator.version import VERSION
from tests.fleet.dispatch.sites import RUN, Network, Rules, report_of, scan_sites, transports
from tests.fleet.fakes import REJECTS, FakeSession, ListWriter, answers, host, hosts
from tests.fleet.travel import NEW_YEAR


def at(site: str, count: int, **changes: object) -> list[Host]:
    """Make hosts of a site."""
    return [replace(one, name=f"{site}-{one.name}", site=site) for one in hosts(count, **changes)]


def test_every_host_of_every_site_has_its_result() -> None:
    """Two sites and this machine: one scan, one result for each host, all settled."""
    there, here = [*at("berlin", 70), *at("paris", 30)], hosts(5)
    network = Network(transports({}, answers(), "berlin", "paris"))
    found = scan_sites(network, there, here)
    names = [record.host for record in found.scanned.writer.records]
    assert sorted(names) == sorted(one.name for one in [*there, *here])
    assert (found.scanned.summary.state, found.scanned.summary.exit_code) == (ScanState.FINISHED, 3)
    assert {one.name for one in there} == {
        made.endpoint.host for transport in network.transports.values() for made in transport.sessions
    }
    assert Counter(batch.site for batch in network.batches)["berlin"] >= 70 / 10


def test_hosts_of_a_silent_site_are_not_started() -> None:
    """Nobody answers for a site: its hosts are told as not started, never as failed; others go on."""
    network = Network(transports({}, answers(), "berlin", "paris"), silent=frozenset({"paris"}))
    found = scan_sites(network, [*at("berlin", 5), *at("paris", 7)])
    summary = found.scanned.summary
    assert summary.sites.silent == {"paris": 7}
    assert (summary.state, summary.exit_code) == (ScanState.FINISHED, 5)  # no-agent, and not started
    assert {record.site for record in found.scanned.writer.records} == {"berlin"}
    assert 60 <= found.scanned.seconds < 70


def test_a_site_that_says_hello_and_nothing_else_is_given_up() -> None:
    """A worker that is there and never answers a batch does not hold the scan up for ever."""
    network = Network(transports({}, answers(), "berlin"), on_batch=lambda _batch, _network: True)
    found = scan_sites(network, at("berlin", 5))
    assert found.scanned.summary.sites.silent == {"berlin": 5}
    assert 300 <= found.scanned.seconds < 320


def test_a_broker_that_stays_away_ends_the_waiting() -> None:
    """The link is lost for good: after ten minutes nothing more is waited for, and nothing hangs."""

    def lose(_batch: Batch, network: Network) -> bool:
        network.put(Link(up=False, words="broker: nothing listens there"))
        return True

    network = Network(transports({}, answers(), "berlin"), on_batch=lose)
    found = scan_sites(network, at("berlin", 5), patience=10_000)
    assert found.scanned.summary.sites.silent == {"berlin": 5}
    assert "the broker was not reached for 600 s" in found.scanned.summary.remarks
    assert 600 <= found.scanned.seconds < 620


def test_a_flood_of_refused_messages_does_not_flood_the_audit() -> None:
    """All are counted, the first hundred of a site are told."""

    def flood(batch: Batch, network: Network) -> bool:
        for _ in range(250):
            network.put(_failed(batch, "old", run="scan of yesterday"))
        return False

    network = Network(transports({}, answers(), "berlin"), on_batch=flood)
    found = scan_sites(network, at("berlin", 1))
    assert (len(found.refused), found.scanned.summary.sites.refused) == (100, 250)


def test_a_worker_of_another_protocol_gets_no_hosts() -> None:
    """Too old or too new a worker is told in words, and nothing is sent to it."""
    network = Network(transports({}, answers(), "berlin"), protocol=PROTOCOL + 1)
    found = scan_sites(network, at("berlin", 2))
    assert network.batches == []
    assert any(
        f"is newer than this one ({VERSION}) and speaks another protocol: it gets no hosts; "
        "update fleetcheck on this machine" in each
        for each in found.scanned.summary.remarks
    )
    assert found.scanned.summary.exit_code == 4


def test_a_site_that_says_what_is_not_believed_is_not_told_as_one_that_says_nothing() -> None:
    """Its worker signs with a key that was changed: the reason stands where the site is given up."""
    network = Network(transports({}, answers(), "berlin"), silent=frozenset({"berlin"}))
    network.put(Refused(site="berlin", why="its signature is not by the key that is known for it"))
    found = scan_sites(network, at("berlin", 1))
    why = "its signature is not by the key that is known for it"
    assert f"site berlin: nothing heard for 60 s that is believed ({why})" in found.scanned.summary.remarks


def test_a_worker_with_another_probe_gets_no_hosts() -> None:
    """Of one protocol, but it would refuse each batch: told in words, at once and not by silence."""
    network = Network(transports({}, answers(), "berlin"), script="1" * 64)
    found = scan_sites(network, at("berlin", 2))
    assert network.batches == []
    words = (
        f"its fleetcheck (0) has another probe than this one ({VERSION}): it gets no hosts; update fleetcheck"
    )
    assert list(found.scanned.summary.remarks) == [
        f"site berlin: {words} at the site",
        "site berlin: its worker is of another version",
    ]
    assert found.scanned.seconds < 5


@pytest.mark.parametrize(
    ("apart", "remarks"),
    [
        (600.0, ["site berlin: its clock is 600 s ahead of this machine's: set both by NTP"]),
        (-600.0, ["site berlin: its clock is 600 s behind this machine's: set both by NTP"]),
        (50.0, []),
    ],
)
def test_a_worker_whose_clock_is_off_is_told_once_and_works(apart: float, remarks: list[str]) -> None:
    """Ten minutes off, in either direction: one remark however often it says hello; nothing else changes."""
    network = Network(transports({}, answers(20.0), "berlin"), apart=apart)
    summary = scan_sites(network, at("berlin", 3)).scanned.summary
    assert (list(summary.remarks), summary.state) == (remarks, ScanState.FINISHED)
    assert summary.causes == ()


def test_the_first_result_counts() -> None:
    """A result that comes a second time is counted, settled, and changes nothing."""

    def twice(batch: Batch, network: Network) -> bool:
        network.put(_failed(batch, "first"))
        network.put(_failed(batch, "second"))
        return True

    network = Network(transports({}, answers(), "berlin"), on_batch=twice)
    found = scan_sites(network, at("berlin", 1))
    (record,) = found.scanned.writer.records
    assert getattr(record.outcome, "detail", None) == "first"
    assert network.settled >= 2


def _failed(batch: Batch, detail: str, **changes: object) -> Report:
    trace = Trace(started=NEW_YEAR, ended=NEW_YEAR)
    units = tuple(
        UnitDone(
            host=one.name,
            outcome=Failed(
                host=one.name, phase=Phase.RUN, cause=Cause.ABORTED, detail=detail, advice="", trace=trace
            ),
        )
        for one in batch.hosts
    )
    return report_of(batch, units=units, ended=True, **changes)


class Stumbling(ListWriter):
    """A database that does not take one host's record."""

    async def put(self, scan_id: int, record: HostRecord) -> None:
        """Keep a record, or raise."""
        if record.host == "berlin-h2":
            raise StoreError("the disk is full")
        await super().put(scan_id, record)


@pytest.mark.parametrize("stop_after", [5.0, 400.0])
def test_second_ctrl_c_leaves_a_database_that_takes_no_results_of_sites(stop_after: float) -> None:
    """They are on their way while a site with hosts is still waited for, or no longer is: two seconds after
    the second Ctrl-C the scan ends.
    """

    class Hanging(ListWriter):
        async def put(self, scan_id: int, record: HostRecord) -> None:
            if record.host != "berlin-h1":
                await asyncio.sleep(1e9)
            await super().put(scan_id, record)

    there = [*at("berlin", 3), *at("paris", 2)]
    network = Network(
        transports({}, answers(), "berlin", "paris"), on_batch=lambda batch, _network: batch.site == "paris"
    )
    found = scan_sites(network, there, writer=Hanging(), stop_after=(stop_after, stop_after + 1))
    summary = found.scanned.summary
    assert found.scanned.seconds == stop_after + 3
    assert summary.trouble == "the database does not answer: 2 results were not stored"
    assert [record.host for record in found.scanned.writer.records] == ["berlin-h1"]
    assert found.scanned.summary.counts.not_started == 4


def test_what_is_not_on_the_disk_is_not_settled() -> None:
    """A message of three results, one of which the database does not take: the broker keeps all of it."""
    there = at("berlin", 3)

    def at_once(batch: Batch, network: Network) -> bool:
        network.put(_failed(replace(batch, hosts=tuple(there)), "done"))
        return True

    network = Network(transports({}, answers(), "berlin"), on_batch=at_once)
    writer = Stumbling()
    found = scan_sites(network, there, writer=writer)
    assert {record.host for record in writer.records} == {"berlin-h1", "berlin-h3"}
    assert found.scanned.summary.trouble == "the disk is full"
    assert network.settled == 0


def test_results_of_another_run_or_another_site_s_hosts_are_refused() -> None:
    """What is replayed from an older run, or speaks of another site's hosts, is told and not stored."""

    def forge(batch: Batch, network: Network) -> bool:
        if batch.site == "berlin":
            network.put(_failed(batch, "old", run="scan of yesterday"))
            network.put(_failed(batch, "another's", site="paris"))
        return False

    network = Network(transports({}, answers(), "berlin", "paris"), on_batch=forge)
    found = scan_sites(network, [*at("berlin", 1), *at("paris", 1)])
    assert [each.why.partition(" (")[0] for each in found.refused] == [
        "a result of another run",
        "a result for berlin-h1, which is not one of its hosts in this scan",
    ]
    assert found.scanned.summary.sites.refused == 2
    assert all(getattr(record.outcome, "detail", "") == "" for record in found.scanned.writer.records)


def test_a_batch_that_came_back_is_handed_out_in_halves() -> None:
    """Only the host that ends every worker is lost; all hosts that were with it have their results."""

    def poison(batch: Batch, network: Network) -> bool:
        if "berlin-h3" not in {one.name for one in batch.hosts}:
            return False
        if len(batch.hosts) > 1:
            network.put(report_of(batch, returned=True))
        else:
            network.put(Lost(site="berlin", run=RUN, batch=batch.id, hosts=("berlin-h3",)))
        return True

    network = Network(transports({}, answers(), "berlin"), on_batch=poison)
    found = scan_sites(network, at("berlin", 40, credential=None))
    causes = found.causes()
    assert {name for name, cause in causes.items() if cause} == {"berlin-h3"}
    assert causes["berlin-h3"] == Cause.LOST_BY_SITE
    assert len(causes) == 40


def test_a_stop_lets_hosts_in_flight_finish_and_begins_no_other() -> None:
    """Ctrl-C: the sites are told, what is in flight comes in, the rest is not started."""
    network = Network(transports({}, answers(4), "berlin"), width=10, slots=2)
    found = scan_sites(network, at("berlin", 100), stop_after=6.0)
    done = len(found.scanned.writer.records)
    assert network.cancelled == [(RUN, 1)]
    assert found.scanned.summary.state is ScanState.INTERRUPTED
    assert 1 <= done <= 20
    assert done == sum(len(transport.sessions) for transport in network.transports.values())


def test_what_the_site_s_file_forbids_is_a_result_and_nothing_is_sent() -> None:
    """A host that its site may not ask so, or whose secret is not there, fails with those words."""
    forbidden = Refusal(Cause.REFUSED_BY_SITE, "not for it", "nothing was sent")
    network = Network(transports({}, answers(), "berlin"), rules=Rules({"berlin-h1": forbidden}))
    there = at("berlin", 2)
    there.append(host("berlin-h9", site="berlin", credential="missing"))
    found = scan_sites(network, there)
    assert found.causes() == {
        "berlin-h1": Cause.REFUSED_BY_SITE,
        "berlin-h2": "",
        "berlin-h9": Cause.NO_SECRET,
    }
    assert {made.endpoint.host for made in network.transports["berlin"].sessions} == {"berlin-h2"}


@pytest.mark.parametrize("sites", [1, 3])
def test_a_wrong_password_is_tried_twice_over_all_sites(sites: int) -> None:
    """The password is wrong from the start: two hosts refuse it one after the other, nobody else is asked."""
    names = [f"site{number}" for number in range(sites)]
    network = Network(transports({}, REJECTS, *names))
    found = scan_sites(network, [one for name in names for one in at(name, 100)])
    assert sum(len(transport.sessions) for transport in network.transports.values()) == 2
    (given_up,) = found.scanned.summary.given_up
    assert (len(given_up.rejected), len(given_up.barred)) == (2, 100 * sites - 2)
    assert found.scanned.summary.exit_code == 6


@pytest.mark.parametrize("changed_at", [5.0, 9.0, 21.5])
def test_a_password_changed_in_mid_scan_locks_nobody_out(changed_at: float) -> None:
    """Three sites at work: fewer than five logons are refused over all of them, whenever it changes."""
    refused: list[str] = []

    async def behave(session: FakeSession) -> str:
        await session.before_logon()
        session.phase = Phase.AUTH
        await asyncio.sleep(0.1)
        if asyncio.get_running_loop().time() > changed_at:
            refused.append(session.endpoint.host)
            raise Fault(
                phase=Phase.AUTH, cause=Cause.LOGON_FAILED, detail="", advice="", refused_by=RefusedBy.HOST
            )
        session.accepted()
        session.phase = Phase.RUN
        return await answers(2.0)(session)

    names = ("berlin", "paris", "rome")
    network = Network({**transports({}, behave, *names)})
    found = scan_sites(network, [one for name in names for one in at(name, 300)])
    assert 2 <= len(refused) < 5
    assert len(found.scanned.writer.records) > len(refused)
    (given_up,) = found.scanned.summary.given_up
    assert len(given_up.barred) > 100


def test_hosts_of_here_and_of_sites_share_one_breaker() -> None:
    """A password that this machine's hosts refused is tried at no site any more."""
    network = Network(transports({}, REJECTS, "berlin"))
    from tests.fleet.fakes import FakeTransport

    mine = FakeTransport({}, REJECTS)
    found = scan_sites(network, at("berlin", 20), hosts(20), here_transport=mine)
    assert len(mine.sessions) + len(network.transports["berlin"].sessions) == 2
    assert found.scanned.summary.exit_code == 6


def test_no_more_sites_hold_an_account_than_may() -> None:
    """Each site could spend one refused proof: with a limit of two the third one waits."""
    names = ("berlin", "paris", "rome")
    network = Network(transports({}, answers(), *names), width=10, slots=2)
    found = scan_sites(network, [one for name in names for one in at(name, 200)], sites=2)
    assert len(found.scanned.writer.records) == 600
    first_of_rome = next(n for n, batch in enumerate(network.batches) if batch.site == "rome" and n > 2)
    assert sum(len(batch.hosts) for batch in network.batches[:first_of_rome]) > 200
