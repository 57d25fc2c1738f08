"""Waivers as they count on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from inventory.model import Waiver
from inventory.verdicts import Verdict
from orchestrator.domain.standing import HostNow
from orchestrator.domain.waiver import unexpired, waived_now
from tests.report.standings import blocked, now, role, standing, unprobed

DRIFTED = Waiver(hosts=("a", "b"), verdict="drifted", reason="change 17", until=date(2027, 1, 31))


@pytest.mark.parametrize(("day", "counts"), [(date(2027, 1, 31), True), (date(2027, 2, 1), False)])
def test_the_last_day_counts(day: date, counts: bool) -> None:
    """On the day that a waiver names it still counts, on the next it does not."""
    assert bool(unexpired([DRIFTED], day)) == counts


def test_the_first_of_two_waivers_gives_the_reason() -> None:
    """Where two cover a host's verdict, the one that stands first is told."""
    second = replace(DRIFTED, reason="change 18")
    assert unexpired([DRIFTED, second], DRIFTED.until) == {
        ("a", "drifted"): "change 17",
        ("b", "drifted"): "change 17",
    }


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (now(standing("a", role(), role("backup", Verdict.DRIFTED))), "change 17"),
        (now(standing("b", role(), role("backup", Verdict.DRIFTED), waived="older words")), "change 17"),
        (now(standing("c", role(), role("backup", Verdict.DRIFTED), waived="ended")), None),
        (now(standing("a", blocked(), role("backup"), waived="ended")), None),
        (HostNow(latest=unprobed("a"), known=standing("a", role("primary", Verdict.DRIFTED))), "change 17"),
        (HostNow(latest=unprobed("a", waived="ended")), None),
    ],
    ids=["new", "other words", "not named", "another verdict", "not probed since", "never read"],
)
def test_a_host_counts_as_todays_waivers_have_it(host: HostNow, reason: str | None) -> None:
    """Whatever was waived in the scan: the verdict that counts is held against the waivers of today."""
    found = waived_now(host, unexpired([DRIFTED], DRIFTED.until))
    assert (found.standing.waived, found.latest.probed) == (reason, host.latest.probed)
