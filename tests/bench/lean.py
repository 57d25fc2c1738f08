"""A lean fleet in a process of its own, and what it costs there, for the benchmarks of clients."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class Lean:
    """A lean fleet that is being served: its inventory, and its process."""

    inventory: Path
    process: subprocess.Popen[str]

    def cost(self) -> dict[str, Any]:
        """Return what was served since this was last asked (or since it was ready), and its CPU;
        see `lean.stats`.
        """
        self.process.send_signal(signal.SIGUSR1)
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said


@contextlib.contextmanager
def serving(way: str, count: int, folder: Path, *, delay: float = 0.0, tree: Path = ROOT) -> Iterator[Lean]:
    """Serve `count` hosts, reached by `way`, whose script takes `delay` seconds; by the source in `tree`."""
    command = [sys.executable, "-m", "orchestrator.demo", "--lean", way, "--hosts", str(count)]
    command += ["--folder", str(folder), "--delay", str(delay)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        try:
            yield Lean(Path(ready["inventory"]), process)
        finally:
            process.stdin.close()
            process.stdout.read()
