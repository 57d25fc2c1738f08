"""What a reference page says of one key."""

from __future__ import annotations

from typing import NamedTuple

NEEDED = "needed"


class About(NamedTuple):
    """What a key is, one line of YAML (or the lines below the key) as an example,
    and what holds where it is absent.
    """

    what: str
    example: str
    absent: str = "nothing"
