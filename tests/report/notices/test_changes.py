"""What changed since a time, as a person reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from orchestrator.domain.notices.edges import Edge
from orchestrator.domain.notices.notice import grouped
from orchestrator.report.hints import Hints
from orchestrator.report.notices.changes import ChangesReport, changes_document, changes_rows, changes_screen
from tests.report.conftest import render
from tests.report.samples import NOW

CHANGED = ChangesReport(
    since=NOW - timedelta(days=7),
    now=NOW,
    hosts=200,
    groups=grouped(
        [
            *(Edge(f"web{number:03}", "ok", "blocked") for number in range(120)),
            Edge("new1", None, "drifted"),
            Edge("db7", "cut-off (backup)", "ok"),
        ],
        names=None,
    ),
    asked="7d",
    hints=Hints(database=" --db fleet.db"),
)


def test_changes_are_drawn_as_agreed() -> None:
    """Counts first, then the worst; what was folded is a command away."""
    assert render(changes_screen(CHANGED), 80) == (
        "Changed since 2026-02-22 12:05 UTC  122 of 200 hosts with a result since then\n"
        "\n"
        "120 hosts: blocked, before ok\n"
        "  web000, web001, web002, web003, web004, web005, web006, web007, web008, web009\n"
        "  and 110 more\n"
        "\n"
        "1 host: drifted, no result before\n"
        "  new1\n"
        "\n"
        "1 host: resolved, before cut-off (backup)\n"
        "  db7\n"
        "\n"
        "Next\n"
        "  see every host by name:\n"
        "    fleetcheck report --since 7d --json --db fleet.db\n"
    )


def test_lines_and_document_have_every_host() -> None:
    """However many changed alike."""
    assert len(list(changes_rows(CHANGED))) == 122
    assert list(changes_rows(CHANGED))[-2:] == [
        ("new1", "", "drifted"),
        ("db7", "cut-off (backup)", "ok"),
    ]
    content = changes_document(CHANGED)
    assert (content["changed"], len(content["groups"][0]["hosts"])) == (122, 120)


def test_a_quiet_week_says_so() -> None:
    """No group, no command."""
    text = render(changes_screen(replace(CHANGED, groups=())), 80)
    assert text.endswith("0 of 200 hosts with a result since then\n")
