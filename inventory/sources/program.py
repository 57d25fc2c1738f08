"""Inventories that are programs: told by the x bit and the first bytes, run for what they print."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from inventory.errors import InventoryError, Problem
from inventory.files.capture import TooMuchOutputError, TooSlowError, output_of
from inventory.files.ownership import foreign_hands
from inventory.files.regular import NotRegularError, open_regular

SECONDS = 60.0
LARGEST = 16 * 1024 * 1024  # bytes of output
_HEADS = (b"#!", b"\x7fELF")


def is_program(path: Path) -> bool:
    """Say whether a file is one that can be run, and begins as a script or a program does. POSIX only."""
    if os.name != "posix" or not os.access(path, os.X_OK):
        return False
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as stream:
            return stream.read(4).startswith(_HEADS)
    except (OSError, NotRegularError):
        return False


def begins_as_script(path: Path) -> bool:
    """Say whether a file begins with `#!`, executable or not."""
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as stream:
            return stream.read(2) == b"#!"
    except (OSError, NotRegularError):
        return False


def run(path: Path) -> bytes:
    """Run a program with `--list` in its folder, without a shell; return what it prints.

    Its messages go to the user's terminal. Raises InventoryError where others can change it or its folder,
    and where it hangs, prints too much, or ends with another status than 0.
    """
    _refuse_foreign(path)
    try:
        status, output = output_of(
            [str(path.absolute()), "--list"],
            most=LARGEST,
            seconds=SECONDS,
            environ=os.environ,
            folder=path.absolute().parent,
        )
    except TooSlowError:
        raise _error(path, f"had not ended after {SECONDS:.0f} s, and was killed") from None
    except TooMuchOutputError:
        raise _error(path, f"printed more than {LARGEST // 1024 // 1024} MB, and was killed") from None
    except (OSError, ValueError) as error:
        raise _error(path, f"cannot be run: {getattr(error, 'strerror', None) or error}") from None
    if status:
        how = f"status {status}" if status > 0 else f"signal {-status}"
        raise _error(path, f"ended with {how}; run it yourself: {_typed(path)} --list")
    return output


def _refuse_foreign(path: Path) -> None:
    """Refuse what somebody else could have put there: the program, the folder that it is in, a link to it."""
    places = {path, path.absolute().parent, path.resolve(), path.resolve().parent}
    for place in sorted(places, key=str):
        try:
            found = place.stat()
        except OSError as error:
            raise _error(path, f"cannot be looked at: {error.strerror or error}") from None
        hands = foreign_hands(place, found)
        if hands is not None:
            where = "" if not stat.S_ISDIR(found.st_mode) else f"its folder {place}: "
            raise InventoryError(
                [Problem(str(path), 0, f"this is a program, and is not run: {where}{hands}")]
            )


def _typed(path: Path) -> str:
    """Return how a shell takes the path for a program: one without a folder would be looked for in PATH."""
    return shlex.quote(str(path) if len(path.parts) > 1 else f"./{path}")


def _error(path: Path, words: str) -> InventoryError:
    return InventoryError([Problem(str(path), 0, f"this is a program; it {words}")])
