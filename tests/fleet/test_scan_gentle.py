"""What a scan spares: a site's thin line by its own limit, everybody else by widening step by step."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence

import pytest

from inventory.model import Host
from orchestrator.domain.execution.breaker import DEFAULT_LIMIT
from orchestrator.domain.outcome import Phase, Probed
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.events import HostStarted
from orchestrator.fleet.control.stop import StopRequest
from tests.fleet.fakes import (
    NO_AGENT,
    REJECTS,
    FakeSession,
    Scanned,
    answers,
    host,
    hosts,
    run_scan,
)
from tests.fleet.travel import NEW_YEAR


def begun(scanned: Scanned) -> dict[str, float]:
    """Return the second at which each host began, in that order."""
    return {event.host: (event.at - NEW_YEAR).total_seconds() for event in scanned.told(HostStarted)}


def most_at_once(scanned: Scanned, selected: Sequence[Host]) -> dict[str | None, int]:
    """Return the most hosts of each site that were asked at one time; one that ends makes room at once."""
    site = {one.name: one.site for one in selected}
    moves = [
        (at, step, site[record.host])
        for record in scanned.writer.records
        for at, step in ((record.outcome.trace.started, 1), (record.outcome.trace.ended, -1))
    ]
    now: Counter[str | None] = Counter()
    most: Counter[str | None] = Counter()
    for _, step, where in sorted(moves, key=lambda move: move[:2]):
        now[where] += step
        most |= now
    return dict(most)


def at(site: str | None, count: int, start: int = 1) -> list[Host]:
    """Make hosts of a site."""
    return [host(f"{site}{number}", site=site) for number in range(start, start + count)]


def test_a_site_s_limit_holds_and_other_sites_do_not_wait_for_it() -> None:
    """Ten hosts of one site stand first in the inventory: two of them at a time,
    and the other site begins at once.
    """
    selected = [*at("paris", 10), *at("rome", 3)]
    scanned = run_scan(selected, jobs=5, per_site=2, default=answers(1))
    starts = begun(scanned)
    assert most_at_once(scanned, selected) == {"paris": 2, "rome": 2}
    assert (starts["rome1"], starts["rome2"]) == (0, 0)
    assert (scanned.summary.counts.not_started, scanned.seconds) == (0, pytest.approx(5))


def test_no_limit_is_the_default() -> None:
    """Who does not ask for it has one width for all sites."""
    selected = at("paris", 5)
    assert most_at_once(run_scan(selected, jobs=5), selected) == {"paris": 5}


def test_hosts_without_a_site_have_no_limit_of_their_own() -> None:
    """`--per-site` says nothing of hosts that the inventory gives no site."""
    selected = at(None, 5)
    assert most_at_once(run_scan(selected, jobs=5, per_site=1), selected) == {None: 5}


def test_sites_take_turns_and_their_hosts_keep_their_order() -> None:
    """With few workers no site is served before the others, however many hosts it has."""
    selected = [*at("paris", 4), *at("rome", 4), *at("oslo", 4)]
    starts = list(begun(run_scan(selected, jobs=3, per_site=1, default=answers(1))))
    turns = [{name[:4] for name in starts[at : at + 3]} for at in range(0, 12, 3)]
    assert turns == [{"pari", "rome", "oslo"}] * 4
    assert [name for name in starts if name.startswith("oslo")] == [f"oslo{number}" for number in range(1, 5)]


def test_a_deadline_begins_when_its_host_does() -> None:
    """The last of a site waited far longer than its time-out for its turn, and is probed."""
    selected = [host(f"h{number}", site="paris", timeout=8.0) for number in range(6)]
    scanned = run_scan(selected, jobs=6, per_site=1, default=answers(5))
    assert all(isinstance(record.outcome, Probed) for record in scanned.writer.records)


def test_an_account_is_given_up_while_its_hosts_wait_for_their_site() -> None:
    """Hosts in a site's line are not tried either, and the others of that site go on."""
    selected = [
        *(host(f"bad{number}", site="paris", credential="old") for number in range(6)),
        *at("paris", 2),
    ]
    behaviours = {f"bad{number}": REJECTS for number in range(6)}
    scanned = run_scan(selected, behaviours, jobs=8, per_site=2)
    (given_up,) = scanned.summary.given_up
    assert (len(given_up.rejected), len(given_up.barred)) == (DEFAULT_LIMIT, 6 - DEFAULT_LIMIT)
    assert scanned.summary.counts.not_started == 6 - DEFAULT_LIMIT


def test_a_stop_starts_nobody_who_waits_for_a_site() -> None:
    """Ctrl-C: who waits in a site's line is not started, and the run ends when those in flight do."""

    async def stopping(stop: StopRequest, clock: Clock) -> None:
        await clock.sleep(1.5)
        stop.ask("Ctrl-C")

    scanned = run_scan(at("paris", 9), jobs=9, per_site=1, default=answers(1), before=stopping)
    assert (list(begun(scanned)), scanned.seconds) == (["paris1", "paris2"], pytest.approx(2))


def test_a_run_widens_step_by_step() -> None:
    """At ten more a second, a hundred hosts are in flight after ten seconds, and no two began together."""
    starts = list(begun(run_scan(hosts(100), jobs=100, ramp_up=10, default=answers(30))).values())
    steps = [later - sooner for sooner, later in itertools.pairwise(starts)]
    assert steps == pytest.approx([0.1] * 99)


def test_a_small_fleet_does_not_notice() -> None:
    """As many hosts as run at a time by default are all under way within a third of a second."""
    assert max(begun(run_scan(hosts(64), jobs=64, default=answers(5))).values()) < 0.33


def test_who_follows_a_host_that_ended_begins_at_once() -> None:
    """The ramp is for growth: once four are in flight, forty hosts of a second each take ten seconds,
    not forty.
    """
    scanned = run_scan(hosts(40), jobs=4, ramp_up=1, default=answers(1.01))
    assert scanned.seconds < 15


def test_zero_begins_with_all_at_once() -> None:
    """`--ramp-up 0` lets every worker begin in the first moment."""
    assert set(begun(run_scan(hosts(500), jobs=500, ramp_up=0)).values()) == {0}


def test_those_who_waited_for_the_first_logon_begin_one_after_the_other() -> None:
    """When the lock-out breaker opens after half a minute, a hundred workers do not log on in one moment."""
    scanned = run_scan(hosts(100), {"h1": answers(30)}, jobs=100, ramp_up=50, default=answers(60), pace=0)
    counts = Counter(round(second, 3) for second in begun(scanned).values())
    assert max(counts.values()) <= 5


def test_a_stop_ends_the_wait_for_the_ramp() -> None:
    """Ctrl-C while the run widens slowly: it does not wait for its next step."""

    async def stopping(stop: StopRequest, clock: Clock) -> None:
        await clock.sleep(1)
        stop.ask("Ctrl-C")

    scanned = run_scan(hosts(9), jobs=9, ramp_up=0.01, default=answers(5), before=stopping)
    assert (len(begun(scanned)), scanned.seconds) == (1, pytest.approx(5))


def test_a_run_ends_though_workers_wait_for_the_ramp() -> None:
    """More workers than the ramp lets begin: the last host's end is the run's."""
    assert run_scan(hosts(50), jobs=50, ramp_up=10, default=answers(0.05)).seconds < 6


async def _logs_on_slowly(session: FakeSession) -> str:
    await session.before_logon()
    session.phase = Phase.AUTH
    await asyncio.sleep(30)
    session.accepted()
    session.phase = Phase.DECODE
    return NO_AGENT


def test_a_wide_run_that_was_held_up_widens_again_step_by_step() -> None:
    """A hundred in flight, a rejection, half a minute of doubt:
    those who waited do not come back in one moment.
    """
    odd = {"h101": REJECTS, "h102": _logs_on_slowly}
    scanned = run_scan(hosts(300), odd, jobs=100, ramp_up=50, default=answers(5), pace=0)
    after = [second for second in begun(scanned).values() if second > 30]
    assert len(after) > 50
    assert max(Counter(round(second, 3) for second in after).values()) <= 6  # and who takes h102's place
