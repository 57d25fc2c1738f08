"""What the command-line library says of a value that does not fit, in words for who typed it."""

from __future__ import annotations

import re
from typing import Any

import typer

from orchestrator.cli.config.configured import Group

_PLAIN = (
    (re.compile(r"^Value error, "), ""),
    (re.compile(r"Input should be a valid integer.*"), "expected a whole number"),
    (re.compile(r"Input should be a valid number.*"), "expected a number"),
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"expected \1 or more"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"expected \1 or less"),
)


class PlainGroup(Group):
    """The whole command line; a value that does not fit is told plainly, whichever command it was for."""

    def invoke(self, ctx: Any) -> Any:
        """Do as usual. Raises BadParameter with our words in the library's place."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = plainly(error.message)
            raise


def plainly(message: str) -> str:
    """Put the library's words for a mistake into ours; what is not known stays as it is."""
    for pattern, words in _PLAIN:
        message = pattern.sub(words, message)
    return message
