"""Scans in a process of their own that is told to end, or is killed: what was acknowledged stays,
the rest can follow.
"""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from orchestrator.demo.scenes.rows import ROWS, slow
from orchestrator.domain.record import ScanState
from orchestrator.store.reader import Reader
from tests.bench import bench_kill_scan
from tests.fleet.wire import Served, served, simulated

pytestmark = pytest.mark.wire


def _until(process: subprocess.Popen[str], event: str, count: int = 1) -> list[dict[str, object]]:
    """Read lines until some event has come so often; return all of them."""
    assert process.stdout is not None
    seen: list[dict[str, object]] = []
    for line in process.stdout:
        seen.append(json.loads(line))
        if sum(one["event"] == event for one in seen) == count:
            break
    return seen


def _hosts_of(events: list[dict[str, object]], kind: str) -> list[object]:
    return [event["host"] for event in events if event["event"] == kind]


def _state(place: Served) -> ScanState:
    with Reader.open(place.database) as reader:
        return reader.scan(1).state


def test_one_ctrl_c_finishes_what_is_in_flight_and_resume_does_the_rest(tmp_path: Path, net: str) -> None:
    """Ctrl-C in a scan of 24 hosts: those in flight finish, no other starts,
    and `--resume` asks just the others.
    """
    with served([simulated(f"h{n}", slow(0.3)) for n in range(24)], tmp_path, f"{net}.20") as place:
        with place.driver("--jobs=4", "--pace=0") as process:
            before = _until(process, "HostFinished", 6)
            process.send_signal(signal.SIGINT)
            _until(process, "Stopping")
            after = _until(process, "end")
        assert (process.returncode, _state(place)) == (130, ScanState.INTERRUPTED)
        assert _hosts_of(after, "HostStarted") == []
        done = set(place.records())
        assert set(_hosts_of(before, "HostFinished")) <= done < {f"h{n}" for n in range(24)}

        with place.driver("--jobs=8", "--pace=0", "--resume=1") as process:
            rest = _until(process, "end")
        assert set(_hosts_of(rest, "HostStarted")) == {f"h{n}" for n in range(24)} - done
        assert (process.returncode, len(place.records()), _state(place)) == (3, 24, ScanState.FINISHED)
        assert place.total(lambda seen: seen.scripts.total()) == 24


def test_a_second_signal_leaves_hung_hosts(tmp_path: Path, net: str) -> None:
    """Hosts that never answer are left at the second signal, long before their deadlines: the scan is
    `interrupted`.

    How long it may take, 5 seconds, is counted on a clock of the test's own: `test_scan_stops`.
    """
    hosts = [simulated("good"), *(simulated(f"h{n}", ROWS["deadline/never-done"]) for n in range(6))]
    with served(hosts, tmp_path, f"{net}.20", timeout=3600) as place:
        with place.driver("--jobs=8", "--pace=0") as process:
            _until(process, "HostFinished")
            process.send_signal(signal.SIGTERM)
            _until(process, "Stopping")
            process.send_signal(signal.SIGTERM)
            _until(process, "end")
            assert process.stderr is not None
            assert process.stderr.read() == ""
        assert (process.returncode, _state(place)) == (130, ScanState.INTERRUPTED)
        assert set(place.records()) == {"good"}


def test_no_acknowledged_result_is_lost_when_a_scan_is_killed(tmp_path: Path) -> None:
    """Killed at random moments and resumed each time: every result that was told is there to the end.

    It is the benchmark, small.
    """
    assert bench_kill_scan.measure(3, 24, 7, tmp_path)
