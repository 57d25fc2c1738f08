"""Every benchmark still runs: each once, as small as it goes. What it measures is not looked at, only that it
measures.

No test depends on how fast a machine is, so an exit code that says "too slow" is as good as one that says
"passed".
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import browser
from tests import winhosts as kit
from tests.bench import bench_doctor, bench_reports, bench_scale, bench_window
from tests.cli.conftest import fleetcheck

RUN = bench_scale.run
SMALL = {
    "bench_after_wire": (
        ("--hosts", "4", "--jobs", "2", "--rounds", "1"),
        r"4 hosts, +2 jobs: .* CPU a host",
    ),
    "bench_commands": (
        ("--hosts", "20", "--scans", "1", "--rounds", "1", "--against", "HEAD", "--only", "plan-a,load"),
        r"20 hosts, 1 scans, against HEAD(.|\n)*plan-a +CPU(.|\n)*load +CPU",
    ),
    "bench_doctor": (("--rounds", "1"), r"well: doctor \d+ ms .* x, (.|\n)*access denied: doctor"),
    "bench_fuzz": (("--answers", "60"), r"60 changed answers .* 0 foreign errors"),
    "bench_hang": (("--hosts", "20", "--jobs", "8", "--timeout", "1"), r"20 hosts, 1 of them hung, .* 19 ok"),
    "bench_hostile": (("--scripts", "1"), r"native: 1 scripts(.|\n)*pypsrp: 1 scripts"),
    "bench_html": (("--hosts", "20"), r"20 hosts: (.|\n)*filter(.|\n)*sort"),
    "bench_http": (("--rounds", "1"), r"ours: \d+ us"),
    "bench_inventory": (("20",), r"20 hosts: load .* bare"),
    "bench_lean": (
        ("--hosts", "2", "--jobs", "2", "--rounds", "1", "--ways", "http-ntlm", "--no-baseline"),
        r"http-ntlm, 2 hosts, .* CPU a session",
    ),
    "bench_notices": (("--kills", "2"), r"2 kills, (.|\n)*0 edges lost"),
    "bench_repin": (("crash", "--small"), r"8 runs of 20 hosts .* 0 mixed"),
    "bench_repin_storage": (("--runs", "1"), r"1 runs failed .* 0 journal disagreements"),
    "bench_repin_wire": (
        ("--hosts", "2", "--window", "1"),
        r"0 double writes(.|\n)*told as mixed(.|\n)*undo restores",
    ),
    "bench_reports": (
        ("--hosts", "20", "--scans", "3"),
        r"20 hosts, 3 scans(.|\n)*report --table(.|\n)*scans",
    ),
    "bench_same_plans": (
        ("--fleets", "8", "--against", "HEAD"),
        r"8 fleets, .* 0 plans differ .* 0 hosts set",
    ),
    "bench_scale": (
        ("--hosts", "2", "--jobs", "2", "--ways", "http-ntlm"),
        r"a host among 2 costs .* among 1",
    ),
    "bench_scan": (
        ("--hosts", "2", "--jobs", "2", "--rounds", "1", "--ways", "http-ntlm"),
        r"http-ntlm, 2 hosts, .* bare pypsrp",
    ),
    "bench_scan_cost": (
        ("--many", "2", "--wide", "2", "--rows", "memory", "--ways", "http-ntlm", "--against", "HEAD"),
        r"2 hosts, 2 jobs: .* MB before, .* x less",
    ),
    "bench_trouble": (
        ("--hosts", "6", "--jobs", "6", "--timeout", "2"),
        r"6 hosts, 6 jobs: \d+ tries at 4 not well, .*\n.* of its 2 s",
    ),
    "bench_store": (
        ("--hosts", "2", "--attempts", "2", "--values", "2"),
        r"2 hosts, (.|\n)*last known states",
    ),
    "bench_trace": (
        ("--hosts", "2", "--rounds", "1"),
        r"unwatched: .* CPU a host(.|\n)*bodies: .* x unwatched",
    ),
}
"""Benchmark to the words after its name, and what it has to print."""

ELSEWHERE = {
    "bench_kerberos": "it needs a real realm and a real host, and takes a minute",
    "bench_kill_scan": "`tests/fleet/test_scan_killed.py` calls it",
    "bench_peers": "its peers are no dependency, and are not installed everywhere",
    "bench_repin_cli": "`tests/cli/test_repin_story.py` calls it",
    "bench_repin_kill": "`tests/fleet/repin/test_on_the_wire.py` calls it",
    "bench_sites": "it needs a broker; `tests/dispatch` kills workers and brokers, too",
    "bench_sites_networks": "`tests/dispatch/test_networks.py` calls it",
    "bench_window": "it needs a real host: below",
}
"""What is not run here, and why."""


def in_process(_code: str, words: tuple[str, ...] = ()) -> tuple[float, float]:
    """Type a command of `bench_reports` here, where it would start a process for it."""
    assert not words or fleetcheck(*words).code in {0, 3}, words
    return 1.0, 1.0


def started(inventory: Path, jobs: int, *options: str) -> bench_scale.Run:
    """Scan in a process as `bench_scale` does; only list the hosts here."""
    if options:
        assert in_process("", ("scan", "-i", str(inventory), *options))
        return bench_scale.Run(0.0, 0.0, 0.0)
    return RUN(inventory, jobs)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make smaller what no option does."""
    monkeypatch.setenv("FLEETCHECK_DB", str(tmp_path / "results.db"))
    monkeypatch.setattr("tests.bench.bench_inventory.RUNS", 1)
    two = {host: ends for host, ends in bench_doctor.HOSTS.items() if ends != "logon refused"}
    monkeypatch.setattr(bench_doctor, "HOSTS", two)
    monkeypatch.setattr(bench_scale, "SMALL", 1)
    monkeypatch.setattr(bench_scale, "run", started)
    monkeypatch.setattr(bench_reports, "_once", in_process)
    monkeypatch.setattr(bench_reports, "RUNS", 1)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.usefixtures("small")
def test_a_benchmark_runs(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what it measured, and the counts in it are right."""
    if name == "bench_html" and browser.installed() is None:
        pytest.skip("no Chromium with its chromedriver on the PATH (Debian: chromium, chromium-driver)")
    words, said = SMALL[name]
    monkeypatch.setattr(sys, "argv", [name, *words])
    module: Any = importlib.import_module(f"tests.bench.{name}")
    try:
        ended = module.main()
    except SystemExit as ending:
        ended = ending.code
    out = capsys.readouterr().out
    assert ended in {None, 0, 1}, out
    assert re.search(said, out), out


def test_the_window_is_measured_on_a_real_host(winhosts: list[kit.Winhost]) -> None:
    """Each write answers how long its window was."""
    assert bench_window.told(bench_window.windows(winhosts[0], 2)).startswith(
        "2 writes of 4 values: window min "
    )


def test_every_benchmark_is_run() -> None:
    """One that is added here is run in the small, or it is said why not."""
    there = {path.stem for path in Path(__file__).parent.glob("bench_*.py")}
    assert (there, set(SMALL) & set(ELSEWHERE)) == ({*SMALL, *ELSEWHERE}, set())
