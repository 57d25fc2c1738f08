"""What `doctor HOST` costs the client, against a scan of the same host in the same minute.

    python -m tests.bench.bench_doctor [--rounds 11]

CPU of whole commands, start included, in turn; one simulated host for each row. Passes where the median of
the rounds' ratios is at most 1.3 for every host, and both come to the same end.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.scenes.scenario import GATEWAYS, demo_hosts

ROOT = Path(__file__).parents[2]
MAIN = "from orchestrator.cli.main import main; main()"
MOST = 1.3
HOSTS = {"par-web-01": "well", "lyo-web-01": "logon refused", "ber-file-03": "access denied"}


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def cpu(folder: Path, *words: str) -> float:
    """Run a command; return its seconds of CPU. It has to end with a host's result."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *words, "-i", str(folder / "fleet.yaml"), "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in {0, 3, 4, 6}, done.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(folder: Path, host: str, rounds: int) -> bool:
    """Examine and scan one host in turn; print the medians. True where the ratio is small enough."""
    scan = ("scan", host, "--quiet", "--db", str(folder / "bench.db"))
    cpu(folder, *scan)  # makes the database, and the bytecode
    pairs = [(cpu(folder, "doctor", host), cpu(folder, *scan)) for _ in range(rounds)]
    ratio = statistics.median(doctor / scanned for doctor, scanned in pairs)
    doctor, scanned = (statistics.median(each) for each in zip(*pairs, strict=True))
    good = ratio <= MOST
    say(
        f"{HOSTS[host]}: doctor {doctor * 1000:.0f} ms of CPU, scan {scanned * 1000:.0f} ms; {ratio:.2f} x, "
        f"median of {rounds} rounds: {'passed' if good else 'FAILED'}"
    )
    return good


def main() -> int:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=11)
    given = parser.parse_args()
    known = {host.name: host for host in demo_hosts()}
    fleet = SimulatedFleet(
        [known[name] for name in HOSTS],
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": 2147, "timeout": 30},
    )
    with tempfile.TemporaryDirectory() as place, serve_in_thread(fleet):
        folder = Path(place)
        fleet.inventory(folder)
        found = [measured(folder, host, given.rounds) for host in HOSTS]  # every row, whatever the first says
        return not all(found)


if __name__ == "__main__":
    sys.exit(main())
