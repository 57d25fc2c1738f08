"""Starts workers by forking a process that has everything imported: most of what a short-lived one costs.

    python -m tests.dispatch.worker_nursery

Each line of standard input is a request in JSON, each line of standard output its answer. `start` with a file
for the worker's output and its environment answers with the process's number; `poll` with a number, with its
exit code, null while it runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any


class Forked:
    """A worker's process, as `subprocess.Popen` has it."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        if self._code is None:
            self._code = self._nursery.ask(what="poll", pid=self.pid)
        return self._code

    def wait(self, timeout: float = 60) -> int:
        """Wait until it has ended. Raise TimeoutError after so many seconds."""
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._signal(SIGKILL)

    def _signal(self, number: int) -> None:
        if self.poll() is None:  # its number is its own until it was asked for
            os.kill(self.pid, number)


class Nursery:
    """The process that is forked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, spec: Path, output: Path, environ: Mapping[str, str]) -> Forked:
        """Start a worker."""
        pid = self.ask(what="start", spec=str(spec), output=str(output), environ=dict(environ))
        return Forked(self, pid)

    def ask(self, **request: object) -> Any:
        """Send a request; return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Run one for the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.dispatch.worker_nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()


def _serve() -> None:
    import celery.apps.worker
    import celery.concurrency.thread
    import celery.worker.consumer
    import kombu.transport.pyamqp

    from tests.dispatch import worker_process

    assert celery.apps.worker
    assert celery.concurrency.thread
    assert celery.worker.consumer
    assert kombu.transport.pyamqp
    for line in sys.stdin:
        asked = json.loads(line)
        answer = None
        if asked["what"] == "poll":
            pid, status = os.waitpid(asked["pid"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif not (answer := os.fork()):
            _become(asked["output"], asked["environ"])
            worker_process.main(json.loads(Path(asked["spec"]).read_text()))
            return
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _become(output: str, environ: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    for number, name, mode in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY | os.O_CREAT)):
        opened = os.open(name, mode, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.dup2(1, 2)


if __name__ == "__main__":
    _serve()
