"""Names for what an inventory cannot call by its own: a blank,
a slash or a `:` means something to `--limit`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from inventory.schema import shapes

_FOREIGN = re.compile(r"[^\w.-]+")
_LONGEST = 200  # characters: leaves room for a number below the 255 of a name


def is_name(text: str) -> bool:
    """Whether a text can be the name of a host, a group or a tag as it is."""
    try:
        shapes.name(text)
    except ValueError:
        return False
    return True


class Renaming:
    """Makes names out of any text: `SRV WEB 01` becomes `SRV-WEB-01`, and `SRV-WEB-01-2` where that is taken.

    `free` says whether a name may be given; what is given counts as taken by whoever answers it. `default`
    stands where nothing of the text is left.
    """

    def __init__(self, free: Callable[[str], bool], default: str) -> None:
        self._free = free
        self._default = default
        self._numbers: dict[str, int] = {}  # the last number tried, so that many namesakes cost no more each

    def name(self, text: str) -> str:
        """Return a name that is free."""
        base = _FOREIGN.sub("-", text).strip("-")[:_LONGEST] or self._default
        base = f"all-{self._default}" if base == "all" else base  # `all` is every host to a selection
        number = self._numbers.get(base, 0)
        while True:
            number += 1
            name = base if number == 1 else f"{base}-{number}"
            if is_name(name) and self._free(name):
                self._numbers[base] = number
                return name
