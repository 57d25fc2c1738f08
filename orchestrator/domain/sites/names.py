"""How a site's exchanges and queues are called, and what its user may do with them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
EXPECTED = "a site's name has letters, digits, `.`, `_` and `-` alone, 63 at most"
DEAD = "fc.dead"
"""The exchange, and the queue, of batches that no worker could finish."""


def is_site(name: str) -> bool:
    """Return whether a site can be called so: its name becomes part of the queues' names."""
    return _SITE.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class SiteNames:
    """The names of one site; an exchange and its queue are called alike."""

    site: str

    @property
    def batches(self) -> str:
        """Where the hub's batches wait for the site."""
        return f"fc.site.{self.site}"

    @property
    def control(self) -> str:
        """Where the hub says that a run is cancelled."""
        return f"fc.control.{self.site}"

    @property
    def results(self) -> str:
        """Where results wait for the hub."""
        return f"fc.results.{self.site}"

    @property
    def hello(self) -> str:
        """Where the worker says that it is there."""
        return f"fc.hello.{self.site}"

    @property
    def user(self) -> str:
        """The broker's user that the site's worker logs on as."""
        return f"fc-{self.site}"

    @property
    def rights(self) -> tuple[str, str, str]:
        """What the user may configure, write and read, as the broker's regular expressions."""
        site = re.escape(self.site)
        return "^$", rf"^fc\.(results|hello)\.{site}$", rf"^fc\.(site|control)\.{site}$"
