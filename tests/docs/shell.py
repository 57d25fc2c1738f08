"""Types command lines as a reader does: `fleetcheck` in this process, the few other programs for real."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cli.conftest import fleetcheck
from tests.docs.pages import Block

FINE = frozenset({0, 3, 4, 5})
"""What a command may end with where the page does not say: it worked,
and hosts may have something to tell.
"""

NOTHING_LEFT = "fleetcheck repin resume 1"
"""The page types it after a crash; typed after a run that came to its end it says so, and ends with 2."""

USAGE = 2
NAGIOS = frozenset({0, 1, 2})  # 3 would be its own trouble

_ENDS = re.compile(r"^(?P<command>.*?) \|\| \[ \$\? -(?P<how>eq|ge) (?P<code>\d+) \]$")
_REDIRECT = re.compile(r"^(?P<command>.*?) > (?P<file>\S+)$")


@dataclass(frozen=True)
class Done:
    """A command line that was typed: where it stands, how it ended, what it said;
    `after` is what the world looked like then.
    """

    block: Block
    line: str
    code: int
    out: str
    err: str
    after: object

    @property
    def fine(self) -> bool:
        """It ended as the page says, and with no accident."""
        ends = _ENDS.match(self.line)
        asked = ends and (
            self.code == int(ends["code"]) if ends["how"] == "eq" else self.code >= int(ends["code"])
        )
        if "Traceback" in self.err or "a bug in" in self.err:
            return False
        if self.line == NOTHING_LEFT:
            return self.code == USAGE and "is complete" in self.err
        if "--format nagios" in self.line:
            return self.code in NAGIOS
        return self.code == 0 or bool(asked if ends else self.code in FINE)

    def __str__(self) -> str:
        """Say what a failing test has to show."""
        return (
            f"{self.block.page}:{self.block.line}: `{self.line}` ended with {self.code}: "
            f"{self.err or self.out}"
        )


@dataclass(frozen=True)
class Shell:
    """A reader's shell in a folder. `change` replaces what cannot be on this machine,
    `look` says how the world is now.
    """

    folder: Path
    setenv: Callable[[str, str], None]
    change: Callable[[str], str]
    look: Callable[[], object]

    def type(self, block: Block) -> list[Done]:
        """Type the lines of a block; a block for root is only read."""
        return [] if block.as_root else [self._type(block, line.strip()) for line in block.commands]

    def _type(self, block: Block, line: str) -> Done:
        text = self.change(_without_comment(line))
        if " HASH" in text:  # the last one of the audit
            text = text.replace(
                "HASH", re.findall(r"\b[0-9a-f]{64}\b", fleetcheck("audit", "verify").out)[-1]
            )
        ends = _ENDS.match(text)
        command = ends["command"] if ends else text
        redirect = _REDIRECT.match(command)
        words = shlex.split(redirect["command"] if redirect else command)
        match words:
            case ["fleetcheck", *rest]:
                ended = fleetcheck(*rest)
                code, out, err = ended.code, ended.out, ended.err
            case ["export", setting]:
                self.setenv(*setting.split("=", 1))
                code, out, err = 0, "", ""
            case ["sqlite3", database, query] if (
                not query.startswith(".") and shutil.which("sqlite3") is None
            ):
                with contextlib.closing(sqlite3.connect(self.folder / database)) as source:
                    found = source.execute(query).fetchall()
                code, out, err = 0, "".join("|".join(map(str, row)) + "\n" for row in found), ""
            case ["sqlite3", database, backup] if shutil.which("sqlite3") is None:
                with contextlib.closing(sqlite3.connect(self.folder / database)) as source:
                    source.execute("VACUUM INTO ?", (backup.split("'")[1],))  # what .backup comes to
                code, out, err = 0, "", ""
            case ["umask", _]:
                code, out, err = 0, "", ""
            case _:
                done = subprocess.run(
                    words,
                    cwd=self.folder,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=60,
                    env=os.environ,
                )
                code, out, err = done.returncode, done.stdout, done.stderr
        if redirect:
            (self.folder / redirect["file"]).write_text(out, "utf-8")
        return Done(block, _without_comment(line), code, out, err, self.look())


def _without_comment(line: str) -> str:
    return re.sub(r"\s+# .*$", "", line)
