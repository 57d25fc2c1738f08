"""What is news of a host: what differs from what was last told of it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.notices.edges import Edge, Told, edges, first, label_of, over, verdict_of
from orchestrator.domain.notices.notice import NAMES, counts_of, grouped

LABELS = ("ok", "ok", "blocked", "cut-off (backup)", "drifted", "unknown")
SEQUENCES = 10_000


def told_after(*labels: str, unknown_after: int = 2) -> list[str]:
    """Return what is told of a host, scan by scan, after a baseline that found it well."""
    told = {"a": first("ok")}
    said = []
    for label in labels:
        changed, found = edges({"a": label}, told, unknown_after=unknown_after)
        told |= changed
        said += [edge.after for edge in found]
    return said


def test_a_verdict_is_told_once_while_it_lasts() -> None:
    """Three nights of the same trouble are one edge, and the end of it another."""
    assert told_after("blocked", "blocked", "blocked", "ok", "ok") == ["blocked", "ok"]


def test_a_role_is_part_of_what_is_told() -> None:
    """That the other gateway is affected now is news."""
    assert told_after("cut-off (backup)", "cut-off", "cut-off (primary)") == [
        "cut-off (backup)",
        "cut-off",
        "cut-off (primary)",
    ]


def test_what_is_waived_counts_as_ok() -> None:
    """A waiver resolves, and its end is news again."""
    assert label_of("blocked", "backup", "change 4711") == "ok"
    assert label_of("blocked", "backup", None) == "blocked (backup)"


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["unknown", "ok"], []),
        (["unknown", "unknown", "unknown"], ["unknown"]),
        (["blocked", "unknown", "blocked"], ["blocked"]),
        (["blocked", "unknown", "unknown", "blocked"], ["blocked", "unknown", "blocked"]),
        (["unknown", "ok", "unknown", "ok"], []),
    ],
)
def test_a_host_that_does_not_answer_once_is_no_news(labels: list[str], said: list[str]) -> None:
    """`unknown` is told at the second scan in a row; in between the verdict before counts."""
    assert told_after(*labels) == said


def test_how_many_scans_in_a_row_can_be_said() -> None:
    """With 1 the first one is told, with 3 the third."""
    assert told_after("unknown", unknown_after=1) == ["unknown"]
    assert told_after("unknown", "unknown", unknown_after=3) == []
    assert told_after("unknown", "unknown", "unknown", unknown_after=3) == ["unknown"]


def test_the_difference_is_to_what_was_told_not_to_the_last_scan() -> None:
    """A host that went and came back between two scans that are told is no news; one that was not
    asked says nothing.
    """
    changed, found = edges({"a": "blocked"}, {"a": Told("blocked"), "b": Told("ok")})
    assert (changed, found) == ({}, ())


def test_a_host_that_turns_up_is_news_only_where_it_is_not_well() -> None:
    """A new host that is well needs nobody; one that is not is told as never told before."""
    changed, found = edges({"a": "ok", "b": "drifted"}, {})
    assert set(changed) == {"a", "b"}
    assert found == (Edge("b", None, "drifted"),)


def test_ten_thousand_sequences_of_scans_tell_every_edge_once() -> None:
    """Who replays what was told knows after every scan what a second, slow reading of the whole
    past says; no edge twice.
    """
    for seed in range(SEQUENCES):
        check_sequence(Random(seed))  # noqa: S311  # made up, and the same ones every time


def check_sequence(random: Random) -> None:
    """Make up a few scans of a few hosts and hold what is told against the model."""
    hosts = [f"h{number}" for number in range(random.randint(1, 4))]
    after = random.randint(1, 3)
    past: dict[str, list[str]] = {host: [] for host in hosts}
    told: dict[str, Told] = {}
    reader: dict[str, str] = {}
    for number in range(random.randint(1, 8)):
        asked = [host for host in hosts if random.random() < 0.8]  # the others: --limit, or not started
        labels = {host: random.choice(LABELS) for host in asked}
        for host, label in labels.items():
            past[host].append(label)
        if number == 0:
            told = {host: first(label) for host, label in labels.items()}
            reader = dict(labels)
            baseline = set(labels)
            continue
        changed, found = edges(labels, told, unknown_after=after)
        told |= changed
        assert {edge.host for edge in found} <= labels.keys()
        for edge in found:
            assert edge.before == (reader.get(edge.host) if edge.host in reader else None)
            assert edge.after != reader.get(edge.host, "ok")
            reader[edge.host] = edge.after
        for host in told.keys() - reader.keys():
            reader[host] = "ok"  # turned up well: nothing was said
        for host in hosts:
            assert reader.get(host, "ok") == model(past[host], after, seen_first=host in baseline)


def model(labels: list[str], after: int, *, seen_first: bool) -> str:
    """Say what a reader has to know by now, from all of a host's results: the last one that is news."""
    known = [label for label in labels if label != "unknown"]
    tail = len(labels) - next((n for n in range(len(labels), 0, -1) if labels[n - 1] != "unknown"), 0)
    if tail and seen_first and tail == len(labels):
        return "unknown"  # so said the baseline
    if tail >= after and tail:
        return "unknown"
    return known[-1] if known else "ok"


@given(st.lists(st.sampled_from(LABELS), max_size=6), st.lists(st.sampled_from(LABELS), max_size=6))
def test_over_a_time_only_its_two_ends_count(earlier: list[str], later: list[str]) -> None:
    """What came and went within the time is no edge; what differs at its end is one."""
    found = over([("a", earlier, later)])
    before = model(earlier, 2, seen_first=True) if earlier else "ok"
    after = model([*earlier, *later], 2, seen_first=True) if earlier or later else "ok"
    assert [edge.after for edge in found] == ([after] if before != after else [])


def test_like_hosts_are_one_group_the_worst_first_and_the_resolved_last() -> None:
    """A hundred names are listed of a group, and the rest is counted."""
    many = [Edge(f"w{number:03}", "ok", "blocked") for number in range(NAMES + 7)]
    groups = grouped(
        [Edge("x", "blocked", "ok"), *many, Edge("y", "ok", "cut-off"), Edge("z", None, "drifted")]
    )
    assert [(group.before, group.after, group.count, group.more) for group in groups] == [
        ("ok", "cut-off", 1, 0),
        ("ok", "blocked", NAMES + 7, 7),
        (None, "drifted", 1, 0),
        ("blocked", "ok", 1, 0),
    ]
    assert [group.resolved for group in groups] == [False, False, False, True]


def test_counts_have_the_worst_first() -> None:
    """A baseline's counts read from the worst to the well."""
    assert list(counts_of(["ok", "unknown", "cut-off (backup)", "ok"]).items()) == [
        ("cut-off (backup)", 1),
        ("unknown", 1),
        ("ok", 2),
    ]
    assert verdict_of("cut-off (backup)") == "cut-off"
