"""What `--trace` and `-v` cost: a scan without them against the scan of an earlier revision, and with them.

    python -m tests.bench.bench_trace [--hosts 300] [--rounds 21] [--base REVISION] [--watching]

Runs `fleetcheck scan` as a process against lean hosts, in turns: one round has a run of each kind. Prints the
median CPU a host, and the median of the rounds' ratios; a scan that is not watched may cost 1.05 times the
earlier revision's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestrator.demo.lean.hosts import WAYS
from tests.bench.bench_scale import scan_command
from tests.bench.bench_scan import say
from tests.bench.lean import ROOT, serving

BAR = 1.05
JOBS = 64
WATCHED = ("verbose", "trace", "bodies")


@contextlib.contextmanager
def tree_of(revision: str, folder: Path) -> Iterator[Path]:
    """Check a revision out beside this one, for as long as the block."""
    subprocess.run(["git", "worktree", "add", "--detach", "-q", str(folder), revision], cwd=ROOT, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(folder)], cwd=ROOT, check=True)


def cpu(tree: Path, inventory: Path, *options: str) -> float:
    """Scan every host by the program in `tree`; return the CPU seconds that it took."""
    command = [word for word in scan_command(inventory, JOBS) if word != "--quiet"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tree
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    return used.ru_utime + used.ru_stime


def measure(
    way: str, hosts: int, rounds: int, folder: Path, *, base: Path | None, watching: Sequence[str]
) -> bool:
    """Print what each kind of scan costs; say whether one that is not watched costs what it did."""
    kinds: dict[str, tuple[Path, tuple[str, ...]]] = {"unwatched": (ROOT, ())}
    if base is not None:
        kinds = {"base": (base, ()), **kinds}
    watched: dict[str, tuple[Path, tuple[str, ...]]] = {
        "verbose": (ROOT, ("-v",)),
        "trace": (ROOT, ("--trace",)),
        "bodies": (ROOT, ("--trace-bodies", "--trace")),
    }
    kinds |= {kind: watched[kind] for kind in watching}
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    with serving(way, hosts, folder / way) as lean:
        for number in range(rounds):
            for kind, (tree, options) in kinds.items():
                given = (
                    (*options, str(folder / f"{way}-{kind}-{number}")) if "--trace" in options else options
                )
                found[kind].append(cpu(tree, lean.inventory, *given))
    against = "unwatched" if base is None else "base"
    ratios = {
        kind: statistics.median(this / that for this, that in zip(taken, found[against], strict=True))
        for kind, taken in found.items()
    }
    for kind, taken in found.items():
        each = statistics.median(taken) / hosts * 1000
        say(f"{way}, {hosts} hosts, {kind}: {each:.2f} ms of CPU a host, {ratios[kind]:.3f} x {against}")
    return ratios["unwatched"] <= BAR


def main() -> int:
    """Measure what the options ask for; 1 where a scan that is not watched costs more than it may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--base", metavar="REVISION")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["http-ntlm"])
    parser.add_argument("--watching", nargs="*", choices=WATCHED, default=WATCHED)
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        base = stack.enter_context(tree_of(given.base, folder / "base")) if given.base else None
        good = [
            measure(way, given.hosts, given.rounds, folder, base=base, watching=given.watching)
            for way in given.ways
        ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
