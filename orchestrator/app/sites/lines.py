"""The lines that a broker's administrator types, and running them."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.app.errors import CommandError

_LONGEST = 120  # seconds that one of the broker's commands may take: it starts an Erlang of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A command for the broker's administrator. `stdin`: the file that it reads, with the password.

    `done`: the broker's words for that there is nothing left to do for it. `instead`: what is run in its
    place then, with the same file.
    """

    argv: tuple[str, ...]
    stdin: Path | None = None
    done: str = "already exists"
    instead: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it as it is typed."""
        typed = shlex.join(self.argv)
        return f"{typed} < {shlex.quote(str(self.stdin))}" if self.stdin else typed

    def second(self) -> Line | None:
        """Return what is run in its place; None: nothing."""
        return replace(self, argv=self.instead, instead=()) if self.instead else None


def run_lines(lines: Sequence[Line]) -> tuple[str, ...]:
    """Run lines for the broker; return its words for those with nothing left to do. Raises CommandError."""
    done = []
    for line in lines:
        said, now = _said(line), line
        if said is not None and line.done in said:
            done.append(_last(said))
            second = line.second()
            said, now = (None, line) if second is None else (_said(second), second)
        if said is not None:
            raise CommandError(f"`{now}` failed: {_last(said)}")
    return tuple(done)


def _last(said: str) -> str:
    return said.splitlines()[-1]


def _said(line: Line) -> str | None:
    """Run a command for the broker; return all its words where it failed. Raises CommandError."""
    try:
        given = line.stdin.read_bytes() if line.stdin else None
    except OSError as error:
        raise CommandError(f"{line.stdin}: cannot be read: {error.strerror or error}") from None
    try:
        done = subprocess.run(  # noqa: S603  # ours
            line.argv, input=given, capture_output=True, timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        raise CommandError(
            f"`{line}` did not end within {_LONGEST} s and was ended: see whether `rabbitmqctl status` "
            "answers, then type the same command again"
        ) from None
    except OSError as error:
        raise CommandError(f"{line.argv[0]} cannot be run: {error.strerror or error}") from None
    if not done.returncode:
        return None
    said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
    return said or f"exit code {done.returncode}"
