"""Hand a notice to a program: JSON on its standard input, nothing in its arguments or environment."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO

from orchestrator.domain.notices.targets import CommandTarget
from orchestrator.notify.letter import SECONDS, Letter, NotSentError, said

MOST = 64 * 1024  # bytes of its output that are kept; the rest is read and forgotten


def run(target: CommandTarget, letter: Letter, *, seconds: float = SECONDS) -> None:
    """Run the program and wait for it. Raises NotSentError where it fails, cannot be run, or takes
    too long.
    """
    end = time.monotonic() + seconds
    name = f"the command {target.argv[0]}"
    try:
        process = subprocess.Popen(  # noqa: S603  # the user's own configuration names it, without a shell
            target.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=target.folder,
            start_new_session=True,  # so that what it started ends with it
        )
    except (OSError, ValueError) as error:
        raise NotSentError(f"{name} cannot be run: {getattr(error, 'strerror', None) or error}") from None
    output = bytearray()
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # they are pipes
    threads = [
        threading.Thread(target=_feed, args=(process.stdin, letter.event()), daemon=True),
        threading.Thread(target=_take, args=(process.stdout, output), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        status = process.wait(max(0.0, end - time.monotonic()))
        threads[1].join(max(0.0, min(1.0, end - time.monotonic())))  # what it left running may hold the pipe
    except subprocess.TimeoutExpired:
        raise NotSentError(f"{name} did not end within {round(seconds, 1):g} s, and was killed") from None
    finally:
        _kill(process)
    if status != 0:
        ended = f"exit status {status}" if status > 0 else f"signal {-status}"
        words = said(bytes(output))
        raise NotSentError(f"{name} ended with {ended}{f': {words}' if words else ''}", away=False)


def _feed(stream: IO[bytes], data: bytes) -> None:
    with suppress(OSError, ValueError), stream:
        stream.write(data)


def _take(stream: IO[bytes], output: bytearray) -> None:
    with suppress(OSError, ValueError), stream:
        while part := stream.read1(8192):  # type: ignore[attr-defined]  # a pipe's buffered reader has it
            output += part[: max(0, MOST - len(output))]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started, where it is still there."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(OSError):
        process.kill()
    process.wait()
