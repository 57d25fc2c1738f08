"""What a scan's report says of the hosts that sites were asked for."""

from __future__ import annotations

import pytest

from inventory.model import Fleet
from orchestrator.app.invocation import Invocation
from orchestrator.app.scan.report import ResultCounter, scan_report
from orchestrator.domain.execution.tally import Counts
from orchestrator.domain.record import ScanState
from orchestrator.fleet.summary import RemoteEnd, ScanSummary
from tests.fleet.fakes import hosts, record_of
from tests.fleet.travel import NEW_YEAR


@pytest.mark.parametrize(
    ("handed", "said"),
    [
        (0, []),
        (1, ["1 host not started was handed out to a site, which may ask it yet"]),
        (12, ["12 hosts not started were handed out to a site, which may ask them yet"]),
    ],
)
def test_hosts_that_a_site_may_ask_yet_are_told(handed: int, said: list[str]) -> None:
    """They count as not started, and the command that takes their results in is named."""
    record = record_of(hosts(20))
    fleet = Fleet(path=None, digest="", hosts={}, groups={}, credentials={})  # type: ignore[arg-type]
    outcome = ScanSummary(
        scan=7,
        state=ScanState.INTERRUPTED,
        counts=Counts(selected=20, ok=0, waived=0, attention=0, unknown=0, not_started=20, verdicts=()),
        started=NEW_YEAR,
        ended=NEW_YEAR,
        sites=RemoteEnd(handed=handed),
    )
    invocation = Invocation(command="fleetcheck scan", user="ann", database="fleet.db")
    found = scan_report(invocation, fleet, record, outcome, ResultCounter(record, lambda _: None))
    more = "`fleetcheck scan --resume 7 --via-sites --db fleet.db` takes in what comes"
    assert list(found.warnings) == [f"{words}; {more}" for words in said]
