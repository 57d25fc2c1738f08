"""What can be wrong with what was asked for, whoever asks.

CommandError        what was asked for cannot be done               exit 1
  UsageError        what was typed does not fit what there is       exit 2
"""

from __future__ import annotations

from inventory.errors import EXIT_USAGE, FleetcheckError


class CommandError(FleetcheckError):
    """The command cannot do what was asked; the message says what was found and what to do next."""


class UsageError(CommandError):
    """What was typed names something that does not exist, or does not go together."""

    exit_code = EXIT_USAGE
