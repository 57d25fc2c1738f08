"""What a notice is made of: its hosts, its groups and their order."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.domain.notices.edges import Edge
from orchestrator.domain.notices.notice import Notice, NoticeKind, counts_of, grouped
from orchestrator.domain.notices.subscription import Subscription
from orchestrator.domain.notices.targets import CommandTarget


def test_a_notice_knows_how_many_hosts_its_scan_had() -> None:
    """All of them, with those that nothing is said of."""
    at = datetime(2026, 11, 30, tzinfo=UTC)
    counts = counts_of(["ok", "blocked", "ok", "unknown"])
    assert Notice(id="1", target="ops", kind=NoticeKind.CHANGES, at=at, counts=counts).hosts == 4
    assert Notice(id="1", target="ops", kind=NoticeKind.TEST, at=at).hosts == 0


def test_groups_come_worst_first_then_by_size_then_by_what_they_were() -> None:
    """A host that was never told of before stands first among groups of one size; the resolved are last."""
    edges = [
        Edge("r1", "blocked", "ok"),
        Edge("a1", "ok", "drifted"),
        Edge("b1", None, "drifted"),
        Edge("c1", "blocked", "drifted"),
        Edge("d1", "unknown", "drifted"),
        Edge("d2", "unknown", "drifted"),
        Edge("e1", "ok", "cut-off"),
    ]
    assert [(group.before, group.after, group.hosts) for group in grouped(edges)] == [
        ("ok", "cut-off", ("e1",)),
        ("unknown", "drifted", ("d1", "d2")),
        (None, "drifted", ("b1",)),
        ("blocked", "drifted", ("c1",)),
        ("ok", "drifted", ("a1",)),
        ("blocked", "ok", ("r1",)),
    ]


def test_a_group_lists_so_many_names_and_counts_the_rest() -> None:
    """As many as asked for are listed; with None all are, and nothing is left to count."""
    edges = [Edge(f"h{number}", "ok", "blocked") for number in range(5)]
    listed = [
        (len(group.hosts), group.more) for names in (5, 4, None) for group in grouped(edges, names=names)
    ]
    assert listed == [(5, 0), (4, 1), (5, 0)]


def test_a_target_subscribes_with_its_own_patience() -> None:
    """After how many failed scans in a row a host is told as unknown is the target's own number."""
    target = CommandTarget(name="ops", folder="/", argv=("/bin/true",), unknown_after=7)
    assert target.subscription == Subscription(target="ops", unknown_after=7)
