"""The simulated fleet of the demo, in a process of its own that never outlives this one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.app.errors import CommandError

_PATIENCE = 10.0  # seconds that the simulated fleet gets to end by itself


@contextlib.contextmanager
def served(hosts: int, folder: Path, address: str) -> Iterator[dict[str, Any]]:
    """Serve the fleet while the block runs; its process has ended afterwards, whatever happened.

    It has a session of its own: a Ctrl-C ends the scan in good order, and the fleet only after it. It also
    ends by itself when its standard input closes, so that nothing is left behind where this process dies.
    Raises CommandError where it cannot be served.
    """
    command = [sys.executable, "-m", "orchestrator.demo", "--hosts", str(hosts), "--folder", str(folder)]
    command += ["--address", address]
    child = subprocess.Popen(  # noqa: S603  # our own interpreter and module, no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert child.stdout is not None  # noqa: S101  # it is a pipe
        line = child.stdout.readline()
        if not line:
            raise CommandError("the simulated fleet did not start; what it said stands above")
        yield json.loads(line)
    finally:
        _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    for step in (child.poll, child.terminate, child.kill):
        step()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
            return
