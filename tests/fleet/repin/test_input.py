"""What a re-pin run takes."""

from __future__ import annotations

import random

import pytest

from orchestrator.fleet.repin.input import RepinServices, RunInput
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.remote.session import Logon
from tests.fleet.repin.world import (
    NEW,
    MemoryJournal,
    World,
    inventory_host,
    plan_of,
    planned,
    record_of,
    sim_host,
)
from tests.fleet.travel import TravelClock


def given_of(*, dry_run: bool, journal: MemoryJournal | None, credential: str | None = None) -> RunInput:
    """Make the input of a run over h1, which the inventory has, and h2, which it lost."""
    host = inventory_host("h1")
    plan = plan_of(planned(inventory_host(name), sim_host(name)) for name in ("h1", "h2"))
    return RunInput(
        plan=plan,
        hosts={"h1": host},
        record=record_of(plan),
        options=RepinOptions(dry_run=dry_run, credential=credential),
        services=RepinServices(
            transport=World({}, MemoryJournal(), TravelClock()),
            logons=lambda _name: Logon(username="me", password="secret"),  # of nobody
            clock=TravelClock(),
            chance=random.Random(1),  # noqa: S311  # jitter
        ),
        journal=journal,
    )


def test_only_a_dry_run_goes_without_a_journal() -> None:
    """A run that writes and keeps no rows cannot even be asked for."""
    assert given_of(dry_run=True, journal=None).journal is None
    with pytest.raises(ValueError, match="a run without a journal is a dry run"):
        given_of(dry_run=False, journal=None)


def test_a_host_is_probed_as_it_is_planned() -> None:
    """It desires the planned ports and takes the run's credential;
    one that left the inventory is not probed.
    """
    given = given_of(dry_run=False, journal=MemoryJournal(), credential="other")
    assert given.names == ("h1", "h2")
    (host,) = given.hosts_to_probe().values()
    assert (host.name, host.credential, set(host.desired.values())) == ("h1", "other", {NEW})
