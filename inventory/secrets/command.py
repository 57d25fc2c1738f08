"""A secret that a program prints."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from typing import Literal

from pydantic import Field

from inventory.errors import SecretError
from inventory.files.capture import TooMuchOutputError, TooSlowError, output_of
from inventory.schema.about import NEEDED, About
from inventory.schema.fields import Seconds, Strict, Text, optional
from inventory.secrets.placeholders import held
from inventory.secrets.source import LIMIT, Fields, Lookup, Source, decoded, too_long
from inventory.words import shown

COMMAND_SECONDS = 30.0


_CODE = re.compile(r"-c|/c|/k|[-/]command|[-/]encodedcommand", re.IGNORECASE)
_CODE_OF_POWERSHELL = re.compile(
    r"[-/](c(o(m(m(a(nd?)?)?)?)?)?|e(n(c(o(d(e(d.*)?)?)?)?)?|c)?)", re.IGNORECASE
)
_CODE_OF_SHELL = re.compile(r"-[a-z]*c[a-z]*")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "fish", "busybox"})
_POWERSHELLS = frozenset({"powershell", "pwsh"})


def _takes_code(option: str, before: list[str]) -> bool:
    """Whether an interpreter runs what stands behind an option; `before`: the words in front of that."""
    if _CODE.fullmatch(option):
        return True
    names = {re.split(r"[\\/]", word)[-1].lower().removesuffix(".exe") for word in before}
    return bool(
        (names & _POWERSHELLS and _CODE_OF_POWERSHELL.fullmatch(option))
        or (names & _SHELLS and _CODE_OF_SHELL.fullmatch(option))
    )


class CommandSecret(Strict):
    """A secret that a program prints."""

    from_: Literal["command"] = Field(alias="from")
    argv: list[Text] = Field(
        description="a list of texts, the program first: [pass, show, fleet]", min_length=1
    )
    timeout: Seconds = optional("a number of seconds, more than 0 and at most 86400; absent: 30")


class Command(Source):
    """Runs a program without a shell. Its messages go to the user's own terminal, its output to nobody."""

    entry = CommandSecret
    about = {  # noqa: RUF012
        "argv": About(
            "a program that prints it, run without a shell in the inventory's folder",
            "{from: command, argv: [pass, show, fleet]}",
            NEEDED,
        ),
        "timeout": About(
            "seconds that the program gets",
            "{from: command, argv: [pass, show, fleet], timeout: 60}",
            "30",
        ),
    }
    sample = "{from: command, argv: [PROGRAM, ARGUMENT]}"
    starter = "{from: command, argv: [pass, show, ops]}"
    starter_words = "what a program prints"
    runs_program = True

    def hindrance(self, fields: Fields, at: Lookup) -> str | None:
        """Say that there is no such program."""
        program = str(fields["argv"][0])
        sought = str(at.base / program) if os.sep in program else program
        if shutil.which(sought, path=at.environ.get("PATH")) is None:
            return f"{self.place(fields)} cannot be run: no such program here"
        return None

    def texts(self, fields: Fields) -> tuple[str, ...]:
        """Return what stands after the program."""
        return tuple(str(part) for part in fields["argv"][1:])

    def filled(self, fields: Fields, fill: Callable[[str], str]) -> Fields:
        """Fill in what stands after the program."""
        program, *rest = (str(part) for part in fields["argv"])
        return {**fields, "argv": [program, *map(fill, rest)]}

    def misplaced(self, fields: Fields) -> tuple[str, int] | None:
        """Find a placeholder in the program, or in what an interpreter would run as its text."""
        argv = [str(part) for part in fields["argv"]]
        for at, part in enumerate(argv):
            if held(part) and (at == 0 or _takes_code(argv[at - 1], argv[: at - 1])):
                return "argv", at
        return None

    def place(self, fields: Fields) -> str:
        """Name the program, without its arguments: they may hold secrets of their own."""
        return f"the command {shown(fields['argv'][0])}"

    def read(self, fields: Fields, at: Lookup) -> str:
        """Return what the program prints.

        Raises SecretError where it fails, is too slow or prints too much.
        """
        seconds = fields.get("timeout") or COMMAND_SECONDS
        name = self.place(fields)
        argv = [str(part) for part in fields["argv"]]
        try:
            status, data = output_of(argv, most=LIMIT, seconds=seconds, environ=at.environ, folder=at.base)
        except TooSlowError:
            raise SecretError(
                f"{name} gave no secret within {seconds:g} s; `timeout:` beside `argv:` gives it longer"
            ) from None
        except TooMuchOutputError:
            raise SecretError(too_long(name)) from None
        except (OSError, ValueError) as exc:
            raise SecretError(f"{name} cannot be run: {getattr(exc, 'strerror', None) or exc}") from None
        if status != 0:
            ended = f"exit status {status}" if status > 0 else f"signal {-status}"
            raise SecretError(f"{name} failed with {ended}; run it by hand to see why")
        return decoded(data, name)
