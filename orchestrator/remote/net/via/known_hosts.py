"""The user's own known_hosts: read here, for asyncssh refuses the whole file for one line that it cannot
read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncssh

_LARGEST = 8 * 1024 * 1024  # bytes


def known_hosts() -> asyncssh.SSHKnownHosts:
    """Return what `~/.ssh/known_hosts` holds; nothing where there is no such file.

    Raises OSError where it is unreadable.
    """
    import asyncssh

    found = asyncssh.import_known_hosts("")
    try:
        with (Path.home() / ".ssh" / "known_hosts").open("rb") as stream:
            text = stream.read(_LARGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        return found
    for line in text.splitlines():
        try:
            found.load(line)
        except ValueError:  # OpenSSH passes such a line over, too
            continue
    return found
