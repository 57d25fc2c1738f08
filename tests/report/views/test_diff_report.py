"""What changed, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.domain.views.diff import diff
from orchestrator.report.views.diff import DiffReport, diff_rows, diff_screen
from tests.report import standings
from tests.report.conftest import render
from tests.report.samples import scan


@pytest.mark.parametrize("width", [80, 200])
def test_a_comparison_is_shown_as_agreed(golden: Callable[..., None], width: int) -> None:
    """What got worse comes first, hosts that changed alike are one line; it fits."""
    golden("diff", diff_screen(standings.diff_report()), width)


def test_two_scans_that_are_alike_are_two_lines() -> None:
    """Without a change there is the count and nothing else."""
    pair = (standings.standing(), standings.standing())
    report = DiffReport(earlier=scan(11), later=scan(12), diff=diff([pair]), code=0)
    assert render(diff_screen(report), 80).splitlines()[1:] == ["  1 host in both, 0 changed"]


def test_a_pipe_gets_a_line_per_change() -> None:
    """Each line has host, what, role, before, after."""
    rows = list(diff_rows(standings.diff_report().diff))
    assert ("web00", "verdict", "", "ok", "blocked (backup)") in rows
    assert ("web00", "ports", "backup", "2147", "") in rows
    assert ("db1", "pin", "primary", "443", "2147") in rows
    assert rows[-2:] == [("gone1", "only-earlier", "", "", ""), ("new1", "only-later", "", "", "")]
