"""What a key of a configuration file is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.domain.config.kinds import Kind, Value

PREFIX = "FLEETCHECK_"
"""Of every variable."""


@dataclass(frozen=True, slots=True)
class FolderCheck:
    """What ./fleetcheck.toml may give a key, where that is less than its kind takes.

    `takes` names it for people, `fits` says whether a value is of it. A value that is not is never repeated.
    """

    takes: str
    fits: Callable[[Value], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a configuration file.

    `option` is what it stands in for, in `commands` (none: in every command that has the option). `folder`:
    it may stand in ./fleetcheck.toml too, which may have come with a cloned repository;
    `folder_check`: some values of it alone. `unless` names options beside which it says nothing. `secret`:
    its value may hold one, and no message repeats it. `path`: its value is a path or several, each relative
    to the file that says it.
    """

    name: str
    what: str
    kind: Kind
    default: str
    example: str
    option: str
    commands: tuple[str, ...] = ()
    folder: bool = False
    folder_check: FolderCheck | None = None
    secret: bool = False
    path: bool = False
    unless: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.upper().replace(".", "_")
