"""Being nobody for a while: root may read everything, so a test of what cannot be read is nobody's."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

NOBODY = 65534


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Run the block as a user to whom modes of files apply; who is no root stays who they are."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def locked(name: str, text: str) -> Iterator[Path]:
    """Make a file that its mode keeps from everybody, in a folder that everybody reaches."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / name
        path.write_text(text, "utf-8")
        path.chmod(0)
        yield path
