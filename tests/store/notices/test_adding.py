"""What a target is told is committed with the end of the scan, and only once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.notices.notice import NoticeGroup, NoticeKind
from orchestrator.domain.notices.subscription import Subscription
from orchestrator.domain.record import ScanState
from orchestrator.store.notices.adding import Notices
from orchestrator.store.notices.waiting import NoticeReader, mark_failed, mark_sent
from orchestrator.store.prune import Limits, PruneReader, prune
from tests.store.notices.nights import LATER, OPS, Nights


def test_the_first_scan_is_the_baseline(nights: Nights) -> None:
    """A target's first message has the counts and names nobody; the second night is told against it."""
    nights.night({"a": Verdict.OK, "b": Verdict.BLOCKED, "c": None})
    nights.night({"a": Verdict.DRIFTED, "b": Verdict.BLOCKED, "c": None})
    baseline, changes = nights.waiting()
    assert (baseline.kind, dict(baseline.counts), baseline.groups) == (
        NoticeKind.BASELINE,
        {"blocked": 1, "unknown": 1, "ok": 1},
        (),
    )
    assert (changes.kind, changes.scan, changes.groups) == (
        NoticeKind.CHANGES,
        2,
        (NoticeGroup(before="ok", after="drifted", hosts=("a",)),),
    )


def test_a_night_without_news_says_nothing(nights: Nights) -> None:
    """Nothing differs: no row, and nothing to send."""
    for _ in range(3):
        nights.night({"a": Verdict.BLOCKED})
    assert [notice.kind for notice in nights.waiting()] == [NoticeKind.BASELINE]


def test_each_target_is_told_for_itself(nights: Nights) -> None:
    """A target that comes later begins with its own baseline, and has missed nothing that the
    other was told.
    """
    nights.night({"a": Verdict.OK})
    nights.night({"a": Verdict.BLOCKED}, OPS, Subscription(target="wall"))
    nights.night({"a": Verdict.OK}, Subscription(target="wall"))
    assert [notice.kind for notice in nights.waiting("wall")] == ["baseline", "changes"]
    assert [notice.groups[0].after for notice in nights.waiting()[1:]] == ["blocked"]


def test_a_host_that_was_not_asked_says_nothing(nights: Nights) -> None:
    """A scan of a part tells of that part; the others stand as they were told."""
    nights.night({"a": Verdict.OK, "b": Verdict.BLOCKED})
    nights.night({"a": Verdict.OK})
    nights.night({"a": Verdict.OK, "b": Verdict.BLOCKED})
    assert len(nights.waiting()) == 1


def test_a_resumed_scan_counts_a_host_once(nights: Nights) -> None:
    """A host that did not answer before the interruption did not fail to answer twice."""
    nights.night({"a": Verdict.OK, "b": Verdict.OK})
    scan = nights.begin("a", "b")
    nights.end(scan, {"a": None}, OPS, state=ScanState.INTERRUPTED)
    nights.writer.resume_scan(scan)
    nights.end(scan, {"b": Verdict.BLOCKED}, OPS)
    assert [group.after for notice in nights.waiting()[1:] for group in notice.groups] == ["blocked"]
    nights.night({"a": None})
    assert [group.after for notice in nights.waiting()[1:] for group in notice.groups] == [
        "blocked",
        "unknown",
    ]


@pytest.mark.parametrize(("fleet", "said"), [("emea", "emea"), (None, "fleet.yaml")])
def test_a_notice_names_the_fleet_or_else_its_inventory(nights: Nights, fleet: str | None, said: str) -> None:
    """Who gets messages of several fleets tells them apart."""
    scan = asyncio.run(
        nights.writer.begin_scan(replace(nights._scan("a"), fleet=fleet, inventory="fleet.yaml"))
    )
    nights.end(scan, {"a": Verdict.OK}, OPS)
    assert [notice.fleet for notice in nights.waiting()] == [said]


def test_an_interrupted_scan_tells_who_has_a_baseline(nights: Nights) -> None:
    """What it came to is news for who was told before; for a new target it would be half a baseline."""
    nights.night({"a": Verdict.OK})
    both = (OPS, Subscription(target="wall"))
    nights.end(nights.begin("a", "b"), {"a": Verdict.BLOCKED}, *both, state=ScanState.INTERRUPTED)
    assert [group.after for group in nights.waiting()[1].groups] == ["blocked"]
    assert nights.waiting("wall") == ()


def test_a_host_that_answers_when_its_scan_is_gone_on_with_is_told(nights: Nights) -> None:
    """It was counted as unknown before the interruption: what it says now is news all the same."""
    nights.night({"a": Verdict.OK})
    scan = nights.begin("a")
    nights.end(scan, {"a": None}, OPS, state=ScanState.INTERRUPTED)
    nights.writer.resume_scan(scan)
    nights.end(scan, {"a": Verdict.BLOCKED}, OPS)
    assert [group.after for notice in nights.waiting()[1:] for group in notice.groups] == ["blocked"]


def test_what_was_sent_never_waits_again(nights: Nights, url: str) -> None:
    """Marked, a notice is gone; one that failed waits on with the reason."""
    nights.night({"a": Verdict.OK})
    nights.night({"a": Verdict.BLOCKED})
    first, second = nights.waiting()
    asyncio.run(nights.writer.alone(lambda into: mark_sent(into, first.id, LATER)))
    asyncio.run(nights.writer.alone(lambda into: mark_failed(into, second.id, "connection refused")))
    assert nights.waiting() == (second,)
    with NoticeReader.open(url) as reader:
        state = reader.state("ops")
    assert (state.waiting, state.sent, state.trouble) == (1, LATER, "connection refused")


def test_a_scan_without_results_is_no_baseline(nights: Nights) -> None:
    """A scan that was stopped before its first host tells nothing, and the next one is the baseline."""
    nights.night({})
    assert nights.waiting() == ()
    nights.night({"a": Verdict.OK})
    assert [notice.kind for notice in nights.waiting()] == ["baseline"]


def test_an_end_that_cannot_be_stored_tells_nothing(nights: Nights) -> None:
    """The scan's end and its notice are one: where writing breaks, neither is there, and the next
    scan tells it.
    """

    def broken(into: object, scan_id: int, ended: datetime) -> None:
        Notices((OPS,)).add(into, scan_id, ended)  # type: ignore[arg-type]  # as the writer calls it
        raise OverflowError

    nights.night({"a": Verdict.OK})
    scan = nights.begin("a")
    nights._put(nights.writer, scan, nights.results({"a": Verdict.BLOCKED}))
    nights.writer.at_end(broken)
    with pytest.raises(OverflowError):
        asyncio.run(nights.writer.end_scan(scan, ScanState.FINISHED, LATER + timedelta(hours=1)))
    assert len(nights.waiting()) == 1
    nights.night({"a": Verdict.BLOCKED})
    assert [group.after for group in nights.waiting()[1].groups] == ["blocked"]


def test_a_prune_keeps_what_waits_and_each_targets_newest(nights: Nights, url: str) -> None:
    """Without its newest notice a target would begin anew with a baseline, and miss what changed
    meanwhile.
    """
    for number in range(4):
        nights.night({"a": Verdict.BLOCKED if number % 2 else Verdict.OK})
    first, second, third, _ = nights.waiting()
    for each in (first, second, third):
        asyncio.run(nights.writer.alone(lambda into, each=each: mark_sent(into, each.id, LATER)))  # type: ignore[misc]
    limits = Limits(attempts=None, results=LATER + timedelta(days=1))
    with PruneReader.open(url) as reader:
        assert reader.count(limits).notices == 3
    assert asyncio.run(prune(nights.writer, limits)).notices == 3
    nights.night({"a": Verdict.OK})
    assert [notice.kind for notice in nights.waiting()] == ["changes", "changes"]
