"""Waiting for what another process, thread or server does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable

_PATIENCE = 60.0  # seconds: until then a machine is slow, after that something is broken
_PAUSE = 0.01


def eventually(holds: Callable[[], bool]) -> bool:
    """Return True as soon as `holds` does, False where it does not within a minute:
    no machine is too slow for that.
    """
    end = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE)
    return True
