"""One host over time, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.domain.views.history import history
from orchestrator.report.views.history import history_rows, history_screen
from tests.report import standings


@pytest.mark.parametrize("width", [80, 200])
def test_a_history_is_shown_as_agreed(golden: Callable[..., None], width: int) -> None:
    """Conclusions that stood for a while are one line, each port is a row of marks; it fits."""
    golden("history", history_screen(history("web1", standings.results())), width)


def test_a_pipe_gets_a_line_per_port() -> None:
    """Each line has scan, time, role, port, belief and whether it was the pin; a failure says its cause."""
    rows = list(history_rows(standings.results()))
    assert (60, "2026-03-01T12:00:00+00:00", "primary", 443, "open", "pin") in rows
    assert (59, "2026-02-28T12:00:00+00:00", "unknown", "auth: logon-failed") in rows
