"""The targets that a command names, out of the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.words import did_you_mean
from orchestrator.app.errors import UsageError
from orchestrator.domain.notices.targets import CommandTarget, Target

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation

_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_WHERE = "[notify.NAME] in ~/.config/fleetcheck/config.toml (docs/notices.md)"


def configured(invocation: Invocation) -> dict[str, Target]:
    """Return every target by its name; paths begin at the file that names it."""
    found: dict[str, Target] = {}
    for name, entry in invocation.settings.section("notify").items():
        target = entry.content
        assert isinstance(target, Target)  # noqa: S101  # what the section's reader makes
        found[name] = _at(target, entry.origin.folder)
    return found


def chosen(invocation: Invocation, names: Iterable[str]) -> tuple[Target, ...]:
    """Return the targets of these names, each once. Raises UsageError for a name that is none."""
    known = configured(invocation)
    return tuple(_one(name, known) for name in dict.fromkeys(names))


def _one(name: str, known: dict[str, Target]) -> Target:
    if name in known:
        return known[name]
    if not _NAME.fullmatch(name):  # an address or a command: it is not repeated, and stands in no database
        raise UsageError(
            "--notify takes a target's name. Its address or command would stand in the list of processes and "
            f"in the database: write it as {_WHERE}"
        )
    there = f"there are {', '.join(sorted(known))}" if known else "there are none"
    raise UsageError(f"there is no target {name!r}{did_you_mean(name, known)}; {there}. A target is {_WHERE}")


def _at(target: Target, folder: str) -> Target:
    """Let a target's paths begin at its file's folder."""
    if isinstance(target, CommandTarget):
        return replace(target, folder=folder)
    ca = None if target.ca is None else str(Path(folder) / Path(target.ca).expanduser())
    return replace(target, folder=folder, ca=ca)
