"""What a change costs: five small commands beside the parent commit's, as ratios, and what is counted, held.

    python -m tests.bench.against_parent [--parent HEAD^] [--seconds 25]

The last step of `.ci/run`. The ratios are printed and hold nobody up, for a machine has other work; it ends
with 1 where a count is over its bar (tests/bench/counted.py). Without a parent, or where that had other
dependencies than this commit, it says so and compares nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench import counted
from tests.bench.bench_scan import say
from tests.bench.lean import ROOT, serving
from tests.bench.old_tree import Used, checked_out, ratio, run

HOSTS = 40
MEMBERS = 1000  # hosts of the inventory that is checked
_HEAD = """credentials:
  ops: {username: ops, password: {from: env, name: FC_BENCH}}
defaults: {credential: ops, gateways: {primary: 203.0.113.10, backup: 203.0.113.20}}
hosts:
"""


def main() -> int:
    """Compare, then count; return what `counted.main` does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--parent", default="HEAD^")
    parser.add_argument("--seconds", type=float, default=25.0, help="that the comparison may go on for")
    given = parser.parse_args()
    try:
        with checked_out(given.parent) as parent:
            if (why := _differing(parent)) is not None:
                say(f"not compared: {why}")
            else:
                compare(parent, given.seconds)
    except SystemExit as error:  # no git, a shallow clone, a first commit; a parent that does not run here
        say(f"not compared: {error}")
    return counted.main()


def compare(parent: Path, seconds: float) -> None:
    """Print how each command's CPU stands to the parent's; rounds are begun for so many seconds."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        trees = (parent, ROOT)
        commands = [dict(_commands(stack, tree, Path(folder) / str(at))) for at, tree in enumerate(trees)]
        for tree, words in zip(trees, commands, strict=True):
            for each in words.values():
                run(tree, each)  # not counted: the byte code is written, the hosts work their answers out
        found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in commands[0]}
        while not found["--help"][0] or time.monotonic() - began < seconds:
            for name, times in found.items():
                for at in (0, 1) if len(times[0]) % 2 else (1, 0):
                    used: Used = run(trees[at], commands[at][name])
                    times[at].append(used.cpu)
    for name, (old, new) in found.items():
        share = 1 / ratio(old, new)
        say(f"{name}: {share:.2f} x the parent's CPU, {statistics.median(new):.2f} s; {len(new)} rounds")


def _commands(stack: ExitStack, tree: Path, folder: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the commands by what they are called, each with all that it needs."""
    folder.mkdir()
    many = folder / "many.yaml"
    many.write_text(_HEAD + "".join(f"  h{number:04}: {{pin: 2147}}\n" for number in range(MEMBERS)))
    yield "--help", ["--help"]
    yield f"inventory check of {MEMBERS:,} hosts", ["inventory", "check", "-i", str(many)]
    database = ["--db", str(folder / "bench.db")]
    for way in ("https-basic", "http-ntlm"):
        lean = stack.enter_context(serving(way, HOSTS, folder / way, tree=tree))
        asked = ["-i", str(lean.inventory), "--quiet", "--pace", "0", *database]
        yield f"scan of {HOSTS} hosts by {way}", ["scan", *asked]
    yield f"export of {HOSTS} hosts", ["export", "--format", "csv", *database]


def _differing(parent: Path) -> str | None:
    """Say how the parent's dependencies differ from those that are installed here; None where they do not."""
    old, new = (_needed(tree / "pyproject.toml") for tree in (parent, ROOT))
    return None if old == new else "the parent has other dependencies than this commit"


def _needed(path: Path) -> tuple[Any, Any]:
    project = tomllib.loads(path.read_text())["project"]
    return project["dependencies"], project.get("optional-dependencies")


if __name__ == "__main__":
    sys.exit(main())
