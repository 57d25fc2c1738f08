"""Random scans through the database: parts of the fleet, interrupted and resumed ones, two targets."""

from __future__ import annotations

from random import Random

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.notices.subscription import Subscription
from orchestrator.domain.record import ScanState
from tests.domain.notices.test_edges import model
from tests.store.notices.nights import Nights

WORDS: tuple[Verdict | None, ...] = (Verdict.OK, Verdict.OK, Verdict.BLOCKED, Verdict.DRIFTED, None)
HOSTS = ("a", "b", "c")
TARGETS = (Subscription(target="ops"), Subscription(target="wall", unknown_after=3))


class Reader:
    """What a target's reader knows by replaying, and what it should know by reading all results anew."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.past: dict[str, list[str]] = {}
        self.first: set[str] = set()  # hosts that its baseline counted
        self.began = False

    def scanned(self, results: dict[str, Verdict | None]) -> None:
        """Take a scan that it is told of."""
        if not self.began:
            self.first, self.began = set(results), True
        for host, verdict in results.items():
            self.past.setdefault(host, []).append("unknown" if verdict is None else str(verdict))

    def should_know(self) -> dict[str, str]:
        """Say what is news by now."""
        after = self.subscription.unknown_after
        return {host: model(past, after, seen_first=host in self.first) for host, past in self.past.items()}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_nights_each_reader_knows_what_is_so(nights: Nights, seed: int) -> None:
    """Each target's messages, replayed, lead to what all results of its scans say; no message tells a thing
    twice.
    """
    random = Random(seed)  # noqa: S311  # made up, and the same ones every time
    readers = [Reader(each) for each in TARGETS]
    for _ in range(12):
        asked = [reader for reader in readers if random.random() < 0.8]
        hosts = [host for host in HOSTS if random.random() < 0.8]
        results = {host: random.choice(WORDS) for host in hosts}
        _scan(random, nights, results, [reader.subscription for reader in asked])
        for reader in asked:
            if results:
                reader.scanned(results)
    for reader in readers:
        _check(nights, reader)


def _scan(
    random: Random, nights: Nights, results: dict[str, Verdict | None], told: list[Subscription]
) -> None:
    """Scan in one go, or with an interruption after some hosts."""
    scan = nights.begin(*results)
    if results and random.random() < 0.3:
        some = dict(list(results.items())[:1])
        nights.end(scan, some, *told, state=ScanState.INTERRUPTED)
        nights.writer.resume_scan(scan)
    nights.end(scan, results, *told)


def _check(nights: Nights, reader: Reader) -> None:
    """Replay what waits for a target, from the labels that its baseline counted."""
    waiting = nights.waiting(reader.subscription.target)
    known = {host: past[0] for host, past in reader.past.items() if host in reader.first}
    for notice in waiting[1:]:
        for group in notice.groups:
            for host in group.hosts:
                assert known.get(host) == group.before or (group.before == "ok" and host not in known)
                assert group.after != known.get(host, "ok")
                known[host] = group.after
    assert {host: known.get(host, "ok") for host in reader.past} == reader.should_know()
