"""Running what a broker's administrator would type."""

from __future__ import annotations

import pytest

from orchestrator.app.errors import CommandError
from orchestrator.app.sites import lines
from orchestrator.app.sites.lines import Line, run_lines

pytestmark = pytest.mark.wire  # starts programs


def test_a_command_that_the_broker_never_answers_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that hangs would keep `hub init --run` for ever; the line is named, and what to look at."""
    monkeypatch.setattr(lines, "_LONGEST", 0.2)
    with pytest.raises(CommandError, match=r"^`sleep 60` did not end within 0\.2 s and was ended: .*status"):
        run_lines([Line(argv=("sleep", "60"))])
