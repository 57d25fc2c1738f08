"""The scripts that a simulated host knows, by their SHA-256: it never runs PowerShell, it answers from its model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime

from orchestrator.demo.answer import probe
from orchestrator.demo.model import Machine
from orchestrator.remote.session import Script

Runner = Callable[[Machine, Mapping[str, object], datetime], str]
"""(the host, the script's parameters, now in UTC) -> the script's output. Raises BadParameters."""

_RUNNERS: Mapping[str, Runner] = {"probe": probe}


@functools.cache
def known() -> Mapping[str, tuple[str, Runner]]:
    """Return SHA-256 (hex) -> (name, runner) of every script that is shipped."""
    return {Script.load(name).sha256: (name, runner) for name, runner in _RUNNERS.items()}
