"""Which inventory is meant where no `-i` names one."""

from __future__ import annotations

from pathlib import Path

from inventory.sources.source import Source, Sources
from orchestrator.domain.config.settings import Settings

DEFAULT = Path("fleet.yaml")


def configured(settings: Settings) -> Sources:
    """Return what a variable or a file names, nothing where none does; `~` is the home folder in a file.

    A program is run where the variable names it, and never where a file does.
    """
    found = settings.values.get("inventory")
    if found is None or not isinstance(found.value, tuple):
        return ()
    if not found.origin.is_file:
        return tuple(Source(Path(path), runs=True) for path in found.value)  # as the shell gave it
    return tuple(Source(Path(found.origin.folder) / Path(path).expanduser()) for path in found.value)


def sources_at_hand(settings: Settings) -> Sources:
    """Return the inventory that is meant, which need not be there."""
    return configured(settings) or (Source(DEFAULT),)


def paths_at_hand(settings: Settings) -> tuple[Path, ...]:
    """Return its paths."""
    return tuple(source.path for source in sources_at_hand(settings))
