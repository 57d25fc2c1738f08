"""What a scan costs against an earlier commit's, by turns in one run: CPU, memory, hosts a second.

    python -m tests.bench.bench_scan_cost [--against c2745b5] [--rounds 5] [--rows host one rate memory]

Each tree scans hosts that it serves itself, lean, from another process. `host` is the CPU of a further host
(among --hosts, against a tenth of them), and of a host with its share of the start; `one` a scan of one host;
`rate` the hosts a second of --few instant ones, 16 at a time, with the start and without, beside pywinrm's
(`pip install pywinrm`); `memory` that of --many hosts, --wide at a time, scanned once.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.demo.lean.hosts import WAYS
from tests.bench import bench_peers
from tests.bench.bench_scan import say
from tests.bench.lean import ROOT, serving
from tests.bench.old_tree import FIRST, Used, checked_out, ratio, run

JOBS = 16


@dataclass(frozen=True)
class Side:
    """A source tree, and the hosts that it serves itself: they answer its own probe and no other's."""

    tree: Path
    inventory: Path

    def scan(self, jobs: int, *more: str) -> Used:
        """Scan every host, unless `more` options take fewer; all must be ok."""
        words = [
            "scan",
            "-i",
            str(self.inventory),
            "--db",
            str(self.inventory.parent / "bench.db"),
            "--quiet",
        ]
        return run(self.tree, [*words, "--jobs", str(jobs), "--pace", "0", *more])


@contextlib.contextmanager
def sides(way: str, count: int, trees: Sequence[Path], folder: Path) -> Iterator[Sequence[Side]]:
    """Serve `count` hosts for each tree, which have worked their answers out."""
    with contextlib.ExitStack() as stack:
        found = []
        for number, tree in enumerate(trees):
            lean = stack.enter_context(serving(way, count, folder / str(number), tree=tree))
            found.append(Side(tree, lean.inventory))
        for side in found:
            side.scan(JOBS, "--limit", "h00000")
        yield found


def turns(pair: Sequence[Side], jobs: int, rounds: int, *more: str) -> list[list[Used]]:
    """Scan with each by turns; return what each took, round by round."""
    found: list[list[Used]] = [[] for _ in pair]
    for number in range(rounds):
        for at in (0, 1) if number % 2 == 0 else (1, 0):
            found[at].append(pair[at].scan(jobs, *more))
    return found


def compared(old: Sequence[float], new: Sequence[float], unit: str) -> str:
    """Write two medians and their ratio."""
    before, now = statistics.median(old), statistics.median(new)
    return f"{before:.2f} {unit} before, {now:.2f} now: {ratio(old, new):.2f} x less"


def host(way: str, trees: Sequence[Path], given: argparse.Namespace, folder: Path) -> None:
    """Print what a further host costs, and a host with its share of the start."""
    some = [f"h{number:05}" for number in range(max(1, given.hosts // 10))]
    with sides(way, given.hosts, trees, folder) as pair:
        many = turns(pair, JOBS, given.rounds)
        few = turns(pair, JOBS, given.rounds, "--limit", ",".join(some))
    a, b = (
        [(m.cpu - f.cpu) / (given.hosts - len(some)) * 1000 for m, f in zip(more, less, strict=True)]
        for more, less in zip(many, few, strict=True)
    )
    what = f"{way}, CPU of a host among {given.hosts}, {JOBS} jobs"
    say(f"{what}, without the start: {compared(a, b, 'ms')}")
    a, b = ([used.cpu / given.hosts * 1000 for used in each] for each in many)
    say(f"{what}, with its share of the start: {compared(a, b, 'ms')}")


def one(way: str, trees: Sequence[Path], given: argparse.Namespace, folder: Path) -> None:
    """Print what a scan of one host takes."""
    with sides(way, 1, trees, folder) as pair:
        old, new = turns(pair, JOBS, given.rounds)
    say(f"{way}, a scan of one host: {compared([u.cpu for u in old], [u.cpu for u in new], 's of CPU')}; "
        f"{compared([u.megabytes for u in old], [u.megabytes for u in new], 'MB')}")  # fmt: skip


def memory(way: str, trees: Sequence[Path], given: argparse.Namespace, folder: Path) -> None:
    """Print the memory of a large fleet, scanned once by each."""
    with sides(way, given.many, trees, folder) as pair:
        (old,), (new,) = turns(pair, given.wide, 1)
    what = f"{way}, {given.many} hosts, {given.wide} jobs"
    say(f"{what}: {compared([old.megabytes], [new.megabytes], 'MB')}")
    say(f"{what}: {compared([old.cpu], [new.cpu], 's of CPU')}")


def rate(way: str, trees: Sequence[Path], given: argparse.Namespace, folder: Path) -> None:
    """Print hosts a second, with the start and without, and pywinrm's where it is installed."""
    with sides(way, given.few, trees, folder) as pair:
        whole = turns(pair, JOBS, given.rounds)
        start = turns(pair, JOBS, given.rounds, "--limit", "h00000")
        peer = [_pywinrm(pair[1].inventory, given.few) for _ in range(given.rounds)]
    for name, used, began in zip(("before", "now"), whole, start, strict=True):
        with_start = [given.few / u.seconds for u in used]
        without = [given.few / (u.seconds - b.seconds) for u, b in zip(used, began, strict=True)]
        what = f"{way}, {given.few} instant hosts, {JOBS} jobs, {name}"
        say(
            f"{what}: {statistics.median(with_start):.0f} hosts/s"
            f"{_beside(with_start, peer)}, {statistics.median(without):.0f} without the start"
            f"{_beside(without, peer)}"
        )


def _beside(ours: Sequence[float], peer: Sequence[float]) -> str:
    return f" ({ratio(ours, peer):.2f} x pywinrm's {statistics.median(peer):.0f})" if all(peer) else ""


def _pywinrm(inventory: Path, count: int) -> float:
    """Return hosts a second of pywinrm, with its start; 0 where it is not installed."""
    if importlib.util.find_spec("winrm") is None:
        return 0.0
    peer = next(each for each in bench_peers.PEERS if each.name == "pywinrm")
    place = bench_peers.written(inventory, count, JOBS)
    return count / bench_peers.measured(peer, place).seconds


ROWS = {"host": host, "one": one, "rate": rate, "memory": memory}


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--against", default=FIRST, help="the commit that is measured beside")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--wide", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["https-basic", "http-ntlm"])
    given = parser.parse_args()
    with checked_out(given.against) as old:
        for way in given.ways:
            for row in given.rows:
                with tempfile.TemporaryDirectory() as folder:
                    ROWS[row](way, (old, ROOT), given, Path(folder))


if __name__ == "__main__":
    main()
