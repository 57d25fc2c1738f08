"""Which accounts count over all sites, by what the sites say of their hosts."""

from __future__ import annotations

import pytest

from orchestrator.domain.sites.unit import Proof
from orchestrator.fleet.admission.gate import Gate
from orchestrator.fleet.dispatch.accounts import SiteAccounts
from tests.fleet.dispatch.sites import domain_account
from tests.fleet.dispatch.test_sites_run import at


@pytest.mark.parametrize("said", [None, Proof.ACCEPTED, Proof.REJECTED])
def test_an_account_counts_over_all_sites_until_a_site_calls_it_its_hosts_own(said: Proof | None) -> None:
    """A result that says nothing of the account frees it no more than one that tells of its password."""
    first, second, third = at("berlin", 3)
    accounts = SiteAccounts(Gate(2), domain_account, sites=1)
    accounts.start(first, "berlin")
    accounts.end(first, said)
    assert accounts.of(second) == domain_account(second)
    accounts.start(second, "berlin")
    accounts.end(second, Proof.OWN)
    assert accounts.of(third) is None


@pytest.mark.parametrize("said", [Proof.ACCEPTED, Proof.REJECTED, Proof.REFUSED])
def test_a_proof_of_one_host_ends_that_a_site_has_no_account_of_others(said: Proof) -> None:
    """The name that is one host's own account is the domain's on another: from then on it counts again."""
    first, second, third = at("berlin", 3)
    accounts = SiteAccounts(Gate(2), domain_account, sites=1)
    accounts.end(first, Proof.OWN)
    accounts.end(second, said)
    assert accounts.of(third) == domain_account(third)


def test_what_one_site_means_by_a_credential_frees_no_other_site() -> None:
    """Each site's own file says whose account it is."""
    accounts = SiteAccounts(Gate(2), domain_account, sites=1)
    accounts.end(at("berlin", 1)[0], Proof.OWN)
    (paris,) = at("paris", 1)
    assert accounts.of(paris) == domain_account(paris)
