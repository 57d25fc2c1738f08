"""The transports by name. Light: the command line reads it before anything that talks is loaded."""

from __future__ import annotations

import enum


class TransportName(enum.StrEnum):
    """What speaks WinRM with the hosts, as `--transport` takes it."""

    NATIVE = "native"
    PYPSRP = "pypsrp"
