"""Make a record of an outcome, and counts of records."""

from __future__ import annotations

from collections import Counter

from inventory.model import Host
from orchestrator.domain.execution.tally import Counts, Tally
from orchestrator.domain.outcome import Failed, Outcome
from orchestrator.domain.record import HostRecord
from orchestrator.domain.verdict import judge_outcome
from orchestrator.domain.waiver import Waived, waive


def host_record(host: Host, outcome: Outcome, waived: Waived) -> HostRecord:
    """Judge what became of a host, and put it together with what the inventory said of it."""
    judgement = judge_outcome(outcome, profile=host.profile, desired=host.desired, gateways=host.gateways)
    return HostRecord(
        host=host.name,
        address=host.address,
        port=host.port,
        profile=host.profile,
        outcome=outcome,
        judgement=judgement,
        site=host.site,
        groups=host.groups,
        tags=host.tags,
        desired=host.desired,
        gateways=host.gateways,
        repin=host.repin,
        via=host.via,
        waived=waive(host.name, judgement, waived),
    )


class Score:
    """Count what a scan has come to so far; the records themselves are in the database."""

    def __init__(self, selected: int) -> None:
        self._tally = Tally(selected)
        self._causes: Counter[str] = Counter()
        self.tries_again = 0

    def add(self, record: HostRecord) -> None:
        """Count a committed record."""
        self._tally.add(record.judgement.verdict, waived=record.waived is not None)
        self.tries_again += record.outcome.trace.tries - 1
        if isinstance(record.outcome, Failed):
            self._causes[str(record.outcome.cause)] += 1

    @property
    def done(self) -> int:
        """Hosts that have a result."""
        return self._tally.done

    @property
    def counts(self) -> Counts:
        """Hosts by verdict and by what they need."""
        return self._tally.counts()

    @property
    def causes(self) -> tuple[tuple[str, int], ...]:
        """Why hosts failed, the most frequent cause first."""
        return tuple(self._causes.most_common())
