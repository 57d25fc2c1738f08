"""What a scan costs after the wire: CPU per host of everything but the session, and the memory of the whole
process.

    python -m tests.bench.bench_after_wire [--hosts 500,10000] [--jobs 16,1000] [--rounds 3]
    python -m tests.bench.bench_after_wire --profile FILE [--hosts 10000] [--jobs 1000]

The command's own `run` does the scan, with writer, breakers, pace, progress on a terminal and report; only
the transport is a stand-in, whose sessions answer at once with a recorded healthy answer, varied for each
host. Each measurement is a process of its own that has scanned a few hosts before; the memory is that of the
command itself, in one more process, from the inventory's file to its exit. Bare means, in the same process:
`json.loads` of every answer, and sqlite3's own `executemany` of the rows that came of them, 32 hosts a
commit. `left over` counts tasks, threads and descriptors that are there after the scan and were not before.

With --profile one scan runs under cProfile, and its figures go to FILE.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import gc
import json
import os
import pty
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from inventory.load import load
from inventory.model import Fleet, Host
from inventory.sources.source import files
from orchestrator.app.invocation import Invocation
from orchestrator.app.scan.plan import ScanRequest
from orchestrator.domain.outcome import Probed, Trace
from orchestrator.domain.record import HostRecord
from orchestrator.domain.views.summary import Summariser
from orchestrator.fleet.results import host_record
from orchestrator.remote.contract.probe import decode_probe, probe_parameters
from orchestrator.remote.probe import endpoint, probe_script
from tests.bench.bench_inventory import inventory
from tests.bench.recorded import Answers, Recorded

ROOT = Path(__file__).parents[2]
TRANSPORT = "orchestrator.remote.transports.transport"
WARM = 50  # hosts scanned before: imports, schema, caches
TERMINAL = {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40", "FC_PASSWORD": "secret"}


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Spent:
    """What one scan took."""

    cpu: float  # seconds
    wall: float  # seconds


def scanned(path: Path, database: Path, answers: Answers, *, jobs: int) -> Spent:
    """Scan all hosts of an inventory as the command does."""
    from orchestrator.app.scan.run import run

    asked = Invocation(command="bench", user="bench", database=str(database))
    request = ScanRequest(inventory=files(path), jobs=jobs, pace=0)
    with patch(TRANSPORT, lambda *_, **__: Recorded(answers)):
        began, cpu = time.perf_counter(), time.process_time()
        report = run(asked, request, on_event=lambda _event: None)
        spent = Spent(time.process_time() - cpu, time.perf_counter() - began)
    assert report.summary.counts.ok == report.summary.counts.selected, report.summary
    return spent


def left_over() -> tuple[int, int]:
    """Count threads and descriptors."""
    gc.collect()
    return threading.active_count(), sum(1 for _ in Path("/dev/fd").iterdir())


def stages(hosts: Sequence[Host], answers: Answers) -> dict[str, float]:
    """Do each pure stage alone for all hosts; return milliseconds of CPU per host."""
    from orchestrator.store.results.rows import take_apart

    texts = [answers.of(host.name) for host in hosts]
    now = datetime.now(UTC)
    trace = Trace(
        started=now,
        ended=now,
        auth="ntlm",
        script=probe_script().sha256,
        timings={"run": 260},
        received=9_000,
    )

    def record(pair: tuple[Host, Any]) -> HostRecord:
        return host_record(pair[0], Probed(host=pair[0].name, reading=pair[1], trace=trace), {})

    def asked(host: Host) -> object:
        return endpoint(host), probe_parameters(
            host, mode="auto", canaries=True, deadline_ms=30_000, width=60
        )

    took: dict[str, float] = {}

    def timed(name: str, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        cpu = time.process_time()
        made = [work(item) for item in items]
        took[name] = (time.process_time() - cpu) / len(hosts) * 1000
        return made

    timed("json.loads", json.loads, texts)
    timed("endpoint and parameters", asked, hosts)
    readings = timed(
        "decode and validate",
        lambda pair: decode_probe(pair[0], pair[1], mode="auto"),
        list(zip(texts, hosts, strict=True)),
    )
    records = timed("facts, verdict, record", record, list(zip(hosts, readings, strict=True)))
    timed("rows and documents", take_apart, records)
    timed("summary", Summariser(selected=len(hosts)).add, records)
    return took


def one(
    folder: Path,
    hosts: int,
    jobs: int,
    around: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
) -> dict[str, float]:
    """Measure one scan in this process, and what it is compared with."""
    from tests.bench.bench_store import bare

    small, path = folder / "small.yaml", folder / "fleet.yaml"
    small.write_text(inventory(WARM), encoding="utf-8")
    path.write_text(inventory(hosts), encoding="utf-8")
    profile = next(iter(load(small).hosts.values())).profile
    answers = Answers(profile.key)
    scanned(small, folder / "warm.db", answers, jobs=jobs)
    before = left_over()
    with around():
        spent = scanned(path, folder / "bench.db", answers, jobs=jobs)
    after = left_over()
    figures = {
        "cpu": spent.cpu / hosts * 1000,
        "wall": spent.wall,
        "tasks": answers.tasks,
        "threads": after[0] - before[0],
        "descriptors": after[1] - before[1],
    }
    fleet = tuple(load(path).hosts.values())
    figures |= {f"stage: {name}": took for name, took in stages(fleet[:2000], answers).items()}
    copy = folder / "bare.db"
    copy.write_bytes((folder / "bench.db").read_bytes())
    figures["bare"] = bare(folder / "bench.db", copy, hosts)
    return figures


def whole(folder: Path, hosts: int, jobs: int) -> dict[str, float]:
    """Run the command itself, from an inventory's file to the exit code;
    give the most memory that it took.
    """
    from orchestrator.cli.main import main

    path = folder / "fleet.yaml"
    path.write_text(inventory(hosts), encoding="utf-8")
    answers: list[Answers] = []

    def loading(path: Path) -> Fleet:
        fleet = load(path)
        answers.append(Answers(next(iter(fleet.hosts.values())).profile.key))
        replaced = patch(
            TRANSPORT, lambda *_, **__: Recorded(answers[0])
        )  # only now: it is imported after the fleet
        replaced.start()
        return fleet

    options = ["--jobs", str(jobs), "--pace", "0", "--db", str(folder / "bench.db"), "--json"]
    with (
        patch("inventory.load.load", loading),
        patch("sys.argv", ["fleetcheck", "scan", "-i", str(path), *options]),
        (folder / "result.json").open("w") as result,
        contextlib.redirect_stdout(result),
        contextlib.suppress(SystemExit),
    ):
        main()
    return {"peak": peak()}


def peak() -> float:
    """Return the most memory that this process took so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 * 1024 if sys.platform == "darwin" else 1024
    )


def child(what: str, hosts: int, jobs: int) -> dict[str, float]:
    """Measure in a process of its own, whose standard error is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tests.bench.bench_after_wire", what, str(hosts), str(jobs)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, **TERMINAL}, cwd=ROOT
    ) as process:
        os.close(theirs)
        drawn = b""
        with contextlib.suppress(OSError):  # how a terminal says that nobody writes any more
            while piece := os.read(ours, 65_536):
                drawn = (drawn + piece)[-4_000:]
        os.close(ours)
        assert process.stdout is not None
        said = process.stdout.read()
    if process.returncode:
        raise SystemExit(drawn.decode(errors="replace"))
    found: dict[str, float] = json.loads(said)
    return found


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def compare(sizes: Sequence[int], widths: Sequence[int], rounds: int) -> None:
    """Print a line for each size and width, the stages, and the growth."""
    every: dict[tuple[int, int], list[dict[str, float]]] = {
        (hosts, jobs): [] for jobs in widths for hosts in sizes
    }
    for _ in range(rounds):
        for (hosts, jobs), found in every.items():
            found.append(child("--one", hosts, jobs) | child("--whole", hosts, jobs))
    middle = {place: medians(found) for place, found in every.items()}
    for (hosts, jobs), figures in middle.items():
        base = figures["stage: json.loads"] + figures["bare"]
        say(
            f"{hosts:6} hosts, {jobs:4} jobs: {figures['cpu']:.3f} ms of CPU a host, "
            f"{figures['cpu'] / base:.1f} x bare ({base:.3f} ms); {hosts / figures['wall']:.0f} hosts/s; "
            f"{figures['peak']:.0f} MB at most; left over: {figures['tasks']:.0f} tasks, "
            f"{figures['threads']:.0f} threads, {figures['descriptors']:.0f} descriptors"
        )
    for jobs in widths:
        small, large = (
            statistics.median(each["cpu"] for each in every[hosts, jobs])
            for hosts in (min(sizes), max(sizes))
        )
        say(f"{jobs:4} jobs: CPU a host at {max(sizes)} hosts is {large / small:.2f} x that at {min(sizes)}")
    figures = middle[max(sizes), max(widths)]
    named = {name.removeprefix("stage: "): ms for name, ms in figures.items() if name.startswith("stage: ")}
    for name, ms in named.items():
        if name != "json.loads":
            say(f"  {name:42}{ms:7.3f} ms")
    alone = sum(ms for name, ms in named.items() if name != "json.loads")
    say(f"  {'loop, deadlines, logon gate, SQL, progress':42}{figures['cpu'] - alone:7.3f} ms")


@contextlib.contextmanager
def _profiled(target: Path) -> Iterator[None]:
    profile = cProfile.Profile()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        profile.dump_stats(target)


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", default="500,10000")
    parser.add_argument("--jobs", default="16,1000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", type=Path)
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--whole", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    sizes, widths = ([int(each) for each in text.split(",")] for text in (given.hosts, given.jobs))
    with tempfile.TemporaryDirectory() as folder:
        if given.one:
            sys.stdout.write(json.dumps(one(Path(folder), *given.one)))
        elif given.whole:
            sys.stdout.write(json.dumps(whole(Path(folder), *given.whole)))
        elif given.profile:
            os.environ.update(TERMINAL)
            one(Path(folder), max(sizes), max(widths), lambda: _profiled(given.profile))
        else:
            compare(sizes, widths, given.rounds)


if __name__ == "__main__":
    main()
