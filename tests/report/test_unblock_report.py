"""The rules to ask for, as a person reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.report.unblock import unblock_rows, unblock_screen
from tests.report import standings


@pytest.mark.parametrize("width", [80, 200])
def test_rules_are_shown_as_agreed(golden: Callable[..., None], width: int) -> None:
    """What helps most comes first, hosts by site below it, and those that no rule can fix apart; it fits."""
    golden("unblock", unblock_screen(standings.unblocking(), 0.95), width)


def test_a_pipe_gets_a_line_per_rule_and_site() -> None:
    """Each line names port, gateway, site, how many hosts and which."""
    rows = list(unblock_rows(standings.unblocking()))
    assert rows[1] == ("rule", 2147, "203.0.113.10", "paris", 3, "par-00,par-01,par-02", "")
    assert rows[-1][0] == "apart"
