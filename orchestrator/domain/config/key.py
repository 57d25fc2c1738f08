"""What a key of a configuration file is."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.config.kinds import Kind

PREFIX = "FLEETCHECK_"
"""Of every variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a configuration file.

    `option` is what it stands in for, in `commands` (none: in every command that has the option). `folder`:
    it may stand in ./fleetcheck.toml too, which may have come with a cloned repository. `unless` names
    options beside which it says nothing.
    """

    name: str
    what: str
    kind: Kind
    default: str
    example: str
    option: str
    commands: tuple[str, ...] = ()
    folder: bool = False
    unless: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.upper().replace(".", "_")
