"""The width that this process has room for."""

from __future__ import annotations

import subprocess
import sys

from orchestrator.fleet.admission.room import Room, fit


def test_width_that_fits_is_kept_without_a_word() -> None:
    """Enough descriptors: nothing is said."""
    assert Room(64) == fit(64, 1024)


def test_width_that_does_not_fit_is_lowered_with_a_word() -> None:
    """Too few descriptors: fewer hosts at a time, and the user reads why and what to type."""
    room = fit(500, 264)
    assert room.jobs == 100
    assert room.words == (
        "100 hosts at a time instead of 500: this process may open 264 files; "
        "`ulimit -n 1064` before the command gives it room"
    )


def test_one_host_at_a_time_is_the_least() -> None:
    """However low the limit, one host at a time is tried."""
    room = fit(8, 10)
    assert (room.jobs, room.words.partition(" instead of")[0]) == (1, "1 host at a time")


def test_soft_limit_is_raised_as_far_as_needed() -> None:
    """A soft limit below the need is raised, up to the hard one."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 400));"
        "from orchestrator.fleet.admission.room import make_room;"
        "print(make_room(64).jobs, resource.getrlimit(resource.RLIMIT_NOFILE)[0],"
        " make_room(500).jobs, resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["64", "192", "168", "400"]
