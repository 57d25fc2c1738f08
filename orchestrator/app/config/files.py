"""The three files: where they are, and whether what is there may be believed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import InventoryError, Problem
from inventory.files.ownership import foreign_hands
from inventory.files.regular import NotRegularError, open_regular

FILE = "fleetcheck.toml"
SYSTEM = Path("/etc/fleetcheck/config.toml")
_LARGEST = 256 * 1024  # bytes: what people write by hand is a hundredth of it


@dataclass(frozen=True, slots=True)
class Place:
    """A file that is looked for; `shown` is how people write it.

    `in_folder`: it is the current folder's.
    """

    path: Path
    shown: str
    in_folder: bool = False


@dataclass(frozen=True, slots=True)
class LeftAside:
    """A file that is there, and not believed; `reason` says why and what to do."""

    reason: str


def places() -> tuple[Place, ...]:
    """Name the files, nearest first. A user's is where XDG_CONFIG_HOME says, else below ~/.config."""
    from platformdirs import user_config_path

    own = user_config_path("fleetcheck", appauthor=False) / "config.toml"
    return (Place(Path(FILE), FILE, in_folder=True), Place(own, str(own)), Place(SYSTEM, str(SYSTEM)))


def text_of(place: Place) -> str | LeftAside | None:
    """Read a file; None where there is none. Raises InventoryError for what is no text of a sensible size."""
    try:
        with os.fdopen(open_regular(place.path, follow=True), "rb") as stream:
            hands = foreign_hands(place.path, os.fstat(stream.fileno()))
            if hands is not None:
                return LeftAside(hands)
            data = stream.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return LeftAside("it is a link to what is not there") if place.path.is_symlink() else None
    except NotRegularError as error:
        return LeftAside(f"it is {error.kind}, where a file was expected")
    except OSError as error:
        return LeftAside(f"it cannot be read: {error.strerror or error}")
    if len(data) > _LARGEST:
        raise InventoryError(
            [Problem(place.shown, 0, "larger than 256 KB: that is no configuration of fleetcheck")]
        )
    from inventory.files.textfile import decode

    return decode(data, place.shown)
