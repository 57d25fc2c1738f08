"""Which inventory is meant where no `-i` names one."""

from __future__ import annotations

from pathlib import Path

from orchestrator.domain.config.settings import Settings

DEFAULT = Path("fleet.yaml")


def configured_inventory(settings: Settings) -> Path | None:
    """Return the inventory that a variable or a file names, None where none does; `~` is the home folder."""
    found = settings.values.get("inventory")
    if found is None or not isinstance(found.value, tuple):
        return None
    (path,) = found.value
    if not found.origin.is_file:
        return Path(path)  # as the shell gave it
    return Path(found.origin.folder) / Path(path).expanduser()


def inventory_at_hand(settings: Settings) -> Path:
    """Return the inventory that is meant, which need not be there."""
    return configured_inventory(settings) or DEFAULT
