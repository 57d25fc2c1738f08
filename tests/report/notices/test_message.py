"""A notice as a person reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from orchestrator.domain.notices.edges import Edge
from orchestrator.domain.notices.notice import Notice, NoticeKind, grouped
from orchestrator.report.notices.listing import ListedTarget, target_rows, targets_screen
from orchestrator.report.notices.message import notice_document, notice_subject, notice_text
from tests.report.conftest import render

CHANGES = Notice(
    id="0b6f1c5e-6a39-4f0e-9e0a-0d8f8f0f6a01",
    target="ops",
    kind=NoticeKind.CHANGES,
    at=datetime(2026, 3, 1, 6, 0, tzinfo=UTC),
    scan=12,
    fleet="emea",
    counts={"blocked": 14, "drifted": 2, "ok": 1984},
    groups=grouped(
        [
            *(Edge(f"web{number:02}", "ok", "blocked") for number in range(14)),
            Edge("new1", None, "drifted"),
            Edge("db7", "cut-off (backup)", "ok"),
        ]
    ),
)
TEXT = """\
fleetcheck, scan 12 of emea, 2026-03-01 06:00 UTC

14 hosts blocked, before ok:
  web00, web01, web02, web03, web04, web05, web06, web07, web08, web09, web10,
  web11, web12, web13

1 host drifted, never told before:
  new1

1 host resolved, before cut-off (backup):
  db7

The scan's 2,000 hosts now: 14 blocked, 2 drifted, 1,984 ok

fleetcheck show --scan 12
"""


def test_a_notice_is_written_as_agreed() -> None:
    """What changed comes first, the worst at the top and the resolved last; then how the scan's
    hosts stand.
    """
    assert notice_subject(CHANGES) == "emea: 14 blocked, 1 drifted, 1 resolved"
    assert notice_text(CHANGES) == TEXT


def test_a_baseline_has_counts_and_names_nobody() -> None:
    """It says what will come."""
    baseline = replace(CHANGES, kind=NoticeKind.BASELINE, groups=())
    assert notice_subject(baseline) == (
        "emea: from here on you are told what changes; now 14 blocked, 2 drifted, 1,984 ok"
    )
    assert "The first scan that ops is told of" in notice_text(baseline)


def test_names_beyond_a_hundred_are_counted() -> None:
    """And so are groups beyond fifty."""
    many = grouped(Edge(f"h{number}", "ok", "blocked") for number in range(250))
    notice = replace(CHANGES, groups=many, more_groups=3)
    text = notice_text(notice)
    assert "and 150 more" in text.replace("\n  ", " ")
    assert "and 3 more groups" in text
    assert notice_document(notice)["groups"][0]["more"] == 150


def test_what_a_host_or_an_inventory_is_called_cannot_draw() -> None:
    """Every text passes the one door: control characters become visible, in subject and lines."""
    notice = replace(
        CHANGES, fleet="emea\x1b[31m\nBcc: x", groups=grouped([Edge("a\x1b]0;b", "ok", "blocked")])
    )
    assert notice_subject(notice).startswith(r"emea\x1b[31m\x0aBcc: x: ")
    assert "\x1b" not in notice_text(notice)


def test_a_subject_names_few_labels() -> None:
    """More than a few are a count."""
    words = ("cut-off", "blocked", "disconnected", "suspect", "split", "drifted")
    notice = replace(CHANGES, groups=grouped(Edge(word, "ok", word) for word in words))
    assert notice_subject(notice) == "emea: 1 cut-off, 1 blocked, 1 disconnected, 1 suspect, 2 more"


def test_targets_are_listed() -> None:
    """With what waits and why; where there is none, what to write is said."""
    one = ListedTarget(name="ops", kind="webhook", waiting=2, trouble="no answer")
    assert list(target_rows([one])) == [("ops", "webhook", "2", "never", "no answer")]
    assert "[notify.NAME]" in render(targets_screen([]), 80)
    assert "no answer" in render(targets_screen([one]), 100)
