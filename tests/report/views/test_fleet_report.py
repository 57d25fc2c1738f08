"""The fleet now, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from orchestrator.report.views.fleet_now import fleet_rows, fleet_screen
from tests.report import standings
from tests.report.samples import NOW


@pytest.mark.parametrize("width", [80, 200])
def test_the_fleet_is_shown_as_agreed(golden: Callable[..., None], width: int) -> None:
    """Worst first, equal results in one line, what is old is marked, ports and changes below; it fits."""
    golden("fleet", fleet_screen(standings.fleet_report()), width)


def test_a_pipe_gets_a_line_per_host() -> None:
    """A host that failed at last keeps its verdict, with when it was read and why it failed."""
    rows = {
        row[0]: row[1:]
        for row in fleet_rows(standings.hosts_now(), by="site", before=NOW - timedelta(days=7))
    }
    assert len(rows) == 58
    assert rows["db7"] == (
        "ok",
        "ok",
        "primary 2147; backup 2147",
        "2026-02-20T12:00:00+00:00",
        "old",
        "auth: logon-failed",
        "paris",
        "",
    )
    assert rows["db8"][:2] == ("unknown", "unknown")
    assert rows["ok00"][4] == ""
