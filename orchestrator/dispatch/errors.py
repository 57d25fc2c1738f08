"""What can be wrong between fleetcheck and its broker, and with what comes from there.

FleetcheckError
  SitesMissingError   the packages for sites are not installed
  BrokerError         the broker cannot be used
  MisfitQueuesError   queues there are not as they have to be
  KeyFileError        a key is missing, or is none
  SealError           a message is not what its sender sealed
"""

from __future__ import annotations

from inventory.errors import FleetcheckError


class SitesMissingError(FleetcheckError):
    """A package that sites need cannot be imported; `extra` has it."""

    def __init__(self, extra: str, reason: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"sites need a package that is not here ({reason}). Install it: pip install 'fleetcheck[{extra}]'"
        )
        self.extra, self.reason = extra, reason


class BrokerError(FleetcheckError):
    """The broker at `place` cannot be used, for `reason`; `advice` says what to do."""

    def __init__(self, place: str, reason: str, advice: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(f"broker {place}: {reason}. {advice}")
        self.place, self.reason, self.advice = place, reason, advice


class MisfitQueuesError(FleetcheckError):
    """Queues of these `names` are there and have other settings, by the broker's word `said`."""

    def __init__(self, names: tuple[str, ...], said: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(f"{', '.join(names)}: {said}")
        self.names, self.said = names, said


class KeyFileError(FleetcheckError):
    """A key is missing, or what is there is no key."""


class SealError(FleetcheckError):
    """A message is not what its sender sealed: it is refused, and never read."""
