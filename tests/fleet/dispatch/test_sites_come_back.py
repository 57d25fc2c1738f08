"""A site that hands hosts back again and again: each is told in the end, and the other sites go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from inventory.model import Credential, Fleet
from orchestrator.app.sites.scan import site_account
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase, Probed, Trace
from orchestrator.domain.record import HostRecord
from orchestrator.domain.sites.unit import Batch, Proof, Report, UnitDone, UnitHeld, Why
from orchestrator.fleet.dispatch.results import BACK
from orchestrator.remote.session import Logon
from tests.fleet.dispatch.sites import Network, Rules, report_of, scan_sites, transports
from tests.fleet.dispatch.test_sites_run import at
from tests.fleet.fakes import REJECTS, ListWriter, answers, host, hosts
from tests.fleet.travel import NEW_YEAR


def _ended(batch: Batch) -> Report:
    return report_of(batch, ended=True)


def _returned(batch: Batch) -> Report:
    return report_of(batch, returned=True)


def _held(why: Why) -> Callable[[Batch], Report]:
    def report(batch: Batch) -> Report:
        return report_of(
            batch, units=tuple(UnitHeld(host=each.name, why=why) for each in batch.hosts), ended=True
        )

    return report


@pytest.mark.parametrize("credential", [None, "ops"])
@pytest.mark.parametrize("back", [_ended, _returned, _held(Why.STOPPED), _held(Why.ACCOUNT)])
def test_hosts_that_a_site_hands_back_for_ever_are_told_in_the_end(
    back: Callable[[Batch], Report], credential: str | None
) -> None:
    """Ended without its hosts, returned though alone, held for no reason: a few times, then a result."""

    def lie(batch: Batch, network: Network) -> bool:
        if batch.site == "berlin":
            assert len(network.batches) < 10_000, "handed out for ever"
            network.put(back(batch))
        return batch.site == "berlin"

    network = Network(transports({}, answers(), "berlin", "paris"), on_batch=lie)
    there = [*at("berlin", 20, credential=credential), *at("paris", 20, credential=credential)]
    causes = scan_sites(network, there).causes()
    told = {name: cause for name, cause in causes.items() if name.startswith("berlin")}
    assert told == {f"berlin-h{number}": Cause.LOST_BY_SITE for number in range(1, 21)}
    assert {cause for name, cause in causes.items() if name.startswith("paris")} == {""}
    tries = sum("berlin-h7" in {each.name for each in batch.hosts} for batch in network.batches)
    assert tries <= BACK + 1


def test_a_refused_logon_counts_also_where_its_site_was_given_up() -> None:
    """Berlin is silent, paris has its turn; what berlin's host refused before is one of the two refusals."""

    def late(batch: Batch, network: Network) -> bool:
        number = len(network.batches)
        after = {1: 310.0, 2: 15.0}.get(number, 0.1)  # the second one goes out at 300 s
        asyncio.get_running_loop().call_later(after, network.put, _rejected(batch))
        return True

    network = Network(transports({}, answers(), "berlin", "paris"), on_batch=late)
    found = scan_sites(network, [*at("berlin", 5), *at("paris", 5)])
    (given_up,) = found.scanned.summary.given_up
    assert (len(network.batches), len(given_up.rejected), len(given_up.barred)) == (2, 2, 8)


def _rejected(batch: Batch) -> Report:
    units = tuple(
        UnitDone(
            host=each.name,
            outcome=Failed(
                host=each.name,
                phase=Phase.AUTH,
                cause=Cause.LOGON_FAILED,
                detail="",
                advice="",
                trace=Trace(started=NEW_YEAR, ended=NEW_YEAR),
            ),
            proof=Proof.REJECTED,
        )
        for each in batch.hosts
    )
    return report_of(batch, units=units, ended=True)


def test_hosts_that_come_back_from_a_site_that_was_given_up_wait_for_their_account() -> None:
    """Berlin's batch comes back after its account was given up: the scan ends as it should, in no error."""

    def late(batch: Batch, network: Network) -> bool:
        later = asyncio.get_running_loop().call_later
        if batch.site == "paris":
            later(320.0, network.put, _rejected(batch))
        if batch.site == "berlin" and len(batch.hosts) > 1:
            later(400.0, network.put, report_of(batch, returned=True))
        return batch.site == "paris" or (batch.site == "berlin" and len(batch.hosts) > 1)

    behaviours = {f"rome-h{number}": answers(20.0) for number in range(1, 31)}
    network = Network(transports(behaviours, answers(), "berlin", "paris", "rome"), width=1, slots=1)
    network.on_batch = late
    there = [*at("berlin", 20), *at("paris", 2), *at("rome", 30, credential=None)]
    found = scan_sites(network, there)
    assert found.scanned.summary.trouble == ""
    (given_up,) = found.scanned.summary.given_up
    assert len(given_up.barred) == 19
    assert len(found.causes()) == 1 + 2 + 30


class LocalRules(Rules):
    """At this site a credential is the hosts' own account."""

    def logon(self, credential: str | None) -> Logon:
        """Return a logon of each host's own."""
        return Logon(username=rf".\{credential}", password="secret")


def test_refusals_of_hosts_own_accounts_keep_no_other_host_back() -> None:
    """The credential's name says nothing here, at the site it is a local account: every host is asked."""
    network = Network(transports({}, REJECTS, "berlin"), rules=LocalRules())
    found = scan_sites(network, at("berlin", 8))
    assert found.scanned.summary.given_up == ()
    assert list(found.causes().values()) == [Cause.LOGON_FAILED] * 8


def test_a_site_whose_hosts_have_accounts_of_their_own_waits_for_no_other() -> None:
    """Once the site has said so its hosts go out in batches, and the limit of sites holds none."""
    names = ("berlin", "paris", "rome")
    network = Network(transports({}, answers(), *names), rules=LocalRules())
    found = scan_sites(network, [one for name in names for one in at(name, 60)], sites=1)
    assert len(found.scanned.writer.records) == 180
    assert len(network.batches) <= 3 + 3 * 6


@pytest.mark.parametrize("kind", ["ccache", "certificate", "password"])
@pytest.mark.parametrize("name", ["", r".\admin", r"CORP\svc"])
def test_every_credential_can_lock_an_account_at_a_site(kind: str, name: str) -> None:
    """A ticket, a certificate or a local name here says nothing of what the site's file means by it."""
    credential = Credential(name="ops", kind=kind, username=name)
    fleet = Fleet(path=None, digest="", hosts={}, groups={}, credentials={"ops": credential})  # type: ignore[arg-type]
    found = {site_account(fleet, replace(each, credential="ops", site="berlin")) for each in hosts(3)}
    (account,) = found
    assert account is not None
    assert (account.credential, account.host) == ("ops", None)
    assert site_account(fleet, host("h9", credential=None)) is None


def test_a_site_s_result_that_no_table_can_hold_is_that_host_s_failure() -> None:
    """As for a host that is asked from here: the others are stored, and the scan goes on."""

    class Picky(ListWriter):
        async def put(self, scan_id: int, record: HostRecord) -> None:
            if record.host == "berlin-h2" and isinstance(record.outcome, Probed):
                raise OverflowError("a number too large for a column")
            await super().put(scan_id, record)

    network = Network(transports({}, answers(), "berlin"))
    found = scan_sites(network, at("berlin", 4), writer=Picky())
    assert found.scanned.summary.trouble == ""
    assert found.causes() == {"berlin-h1": "", "berlin-h2": Cause.BUG, "berlin-h3": "", "berlin-h4": ""}
