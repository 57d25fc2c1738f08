"""How far a scan is."""

from __future__ import annotations

from inventory.verdicts import Verdict
from orchestrator.report.progress import Progress, progress_line, progress_view
from tests.report.conftest import render


def halfway() -> Progress:
    """Ten seconds into a scan of 60 hosts, 20 are done and two hang."""
    progress = Progress(total=60, began=100.0)
    for number in range(20):
        progress.started(f"h{number}", 100.0, 30.0)
    progress.started("paris-db2", 101.0, 30.0)
    progress.started("lyon-web1", 104.0, 30.0)
    progress.started("lyon-web2", 109.5, 30.0)
    for number in range(20):
        verdict = (Verdict.UNKNOWN, Verdict.BLOCKED, Verdict.BLOCKED)[number] if number < 3 else Verdict.OK
        progress.finished(f"h{number}", verdict, waived=number == 2)
    return progress


def test_one_line_says_counts_rate_time_left_and_who_hangs() -> None:
    """Where there is no terminal, a line holds the counts, the rate, the time left and the longest hosts."""
    assert progress_line(halfway(), 110.0) == (
        "20 of 60 hosts, 1 need attention, 1 failed, 2.0 hosts/s, about 20 s left, "
        "longest: paris-db2 9 s, lyon-web1 6 s"
    )


def test_a_waived_host_needs_no_attention() -> None:
    """A blocked host with a waiver is done, and not counted as needing attention."""
    assert (halfway().done, halfway().attention) == (20, 1)


def test_the_view_fits_a_narrow_terminal() -> None:
    """On 40 columns the view is cut, never wrapped: three lines."""
    lines = render(progress_view(halfway(), 110.0), 40).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("20/60 hosts")


def test_nothing_is_promised_before_the_first_host() -> None:
    """With no host done there is no rate and no time left, and no division by zero."""
    assert progress_line(Progress(total=3, began=5.0), 5.0) == "0 of 3 hosts, 0 need attention, 0 failed"


def test_when_no_host_waits_the_last_deadline_is_what_is_left() -> None:
    """At the end, where only hung hosts are left, the time left is their deadline's, not the rate's."""
    progress = Progress(total=2, began=0.0)
    progress.started("quick", 0.0, 30.0)
    progress.started("hung", 0.0, 30.0)
    progress.finished("quick", Verdict.OK, waived=False)
    assert "at most 20 s left" in progress_line(progress, 10.0)


def test_stopping_says_how_many_are_in_flight() -> None:
    """After the first Ctrl-C the line says how many hosts are still waited for."""
    progress = halfway()
    progress.stopping = True
    assert "stopping: 3 hosts in flight" in progress_line(progress, 110.0)
