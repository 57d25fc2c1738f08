"""Load the configuration: variables, then the files from the nearest to the farthest."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from inventory.errors import InventoryError, Problem
from orchestrator.app.config.files import LeftAside, Place, places, text_of
from orchestrator.domain.config.settings import Layer, Seen, Settings, resolved

_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)\Z")


def load(environ: Mapping[str, str], where: Sequence[Place] | None = None) -> Settings:
    """Return what is configured. Raises InventoryError with every mistake of every file and variable.

    A file that others can write, or that cannot be read, is left aside; a warning says so.
    """
    from orchestrator.domain.config.reading import EnvironReading

    reading = EnvironReading(environ, os.pathsep)
    layers, seen = [reading.layer()], []
    warnings = list(reading.warnings())
    problems = [Problem(variable, 0, message) for variable, message in reading.mistakes]
    for place in places() if where is None else where:
        try:
            found = text_of(place)
            if isinstance(found, str):
                layers.append(_layer(found, place))
        except InventoryError as error:
            problems += error.problems
            continue
        seen.append(_seen(found, place))
        if isinstance(found, LeftAside):
            warnings.append(f"{place.shown} is left aside: {found.reason}")
    if problems:
        raise InventoryError(problems)
    return resolved(layers, files=seen, warnings=warnings)


def _seen(found: str | LeftAside | None, place: Place) -> Seen:
    match found:
        case None:
            return Seen(file=place.shown, state="absent")
        case LeftAside():
            return Seen(file=place.shown, state="left aside", reason=found.reason)
        case _:
            return Seen(file=place.shown, state="read", text=found)


def _layer(text: str, place: Place) -> Layer:
    """Return what a file says. Raises InventoryError with its mistakes."""
    import tomllib

    from orchestrator.domain.config.reading import FileReading

    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a ValueError alone: an integer of thousands of digits
        raise InventoryError([_no_toml(error, text, place)]) from None
    folder = str(place.path.absolute().parent)
    reading = FileReading(place.shown, folder, folder_file=place.in_folder)
    layer = reading.layer(tree)
    if reading.mistakes:
        from orchestrator.app.config.lines import Lines

        lines = Lines(text)
        raise InventoryError(
            Problem(place.shown, lines.line_of(mistake.path), mistake.message) for mistake in reading.mistakes
        )
    return layer


def _no_toml(error: Exception, text: str, place: Place) -> Problem:
    import tomllib

    from orchestrator.app.config.lines import deepest, unreadable_number

    if isinstance(error, RecursionError):
        return Problem(place.shown, deepest(text), "brackets are nested too deep to be read")
    if not isinstance(error, tomllib.TOMLDecodeError):
        return Problem(place.shown, unreadable_number(text), "an integer of more than 64 bits")
    said = str(error)
    at = _AT.search(said)
    line = int(at[1]) if at and at[1] else text.count("\n") + 1
    return Problem(place.shown, line, f"this is no TOML: {_AT.sub('', said)}")
