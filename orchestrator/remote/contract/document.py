"""The JSON document that a script of ours answers: found in its output, held against a schema,
or told as garbled.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.fault import Again, Fault

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_SHOWN = 300  # characters of what a host wrote that are worth quoting
_LESS = ("ConstrainedLanguage", "RestrictedLanguage", "NoLanguage")
_Document = TypeVar("_Document")


class OddError(ValueError):
    """The document breaks the contract: where, and how."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(place, what)
        self.place = place
        self.what = what


def garbled(text: str, error: OddError, advice: str) -> Fault:
    """Make what every answer that cannot be used becomes, with its size and the place."""
    return Fault(
        phase=Phase.DECODE,
        cause=Cause.GARBLED,
        detail=f"answer of {len(text):,} characters, at {error.place[:_SHOWN]}: {error.what[:_SHOWN]}",
        advice=advice,
        again=Again.NEVER,
    )


def parse(text: str, *, script: str, limit: int) -> dict[str, Any]:
    """Find the document of `script` in an answer of at most `limit` characters.

    Raises OddError for anything else, and Fault CONSTRAINED_LANGUAGE in phase run where the host does not let
    the script work.
    """
    if len(text) > limit:
        raise OddError("its size", f"at most {limit:,} characters expected")
    if not text:
        raise OddError("its start", "nothing was written")
    if not text.isascii():
        place = next(i for i, character in enumerate(text) if not character.isascii())
        raise OddError(f"character {place}", f"the {script} writes ASCII only")
    found = _load(text)
    if not isinstance(found, dict):
        raise OddError("the top", "an object expected")
    _look_at_language(found, script)
    return found


def checked(schema: TypeAdapter[_Document], found: dict[str, Any]) -> _Document:
    """Hold a document against its schema. Raises OddError with the first place that does not fit."""
    from pydantic import ValidationError

    try:
        return schema.validate_python(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise OddError(".".join(map(str, first["loc"])) or "the top", first["msg"]) from None


def moment(place: str, text: str) -> datetime:
    """Read a time in ISO 8601 with its zone, as aware UTC. Raises OddError."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise OddError(place, "a UTC time as ISO 8601 expected")


def _load(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise OddError(f"character {error.pos}", f"not JSON: {error.msg}") from None
    except OddError as error:
        raise OddError("some place", error.what) from None
    except (RecursionError, ValueError):  # ValueError: an integer of thousands of digits
        raise OddError("some place", "nested too deep, or a number too long") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise OddError("an object", "a key stands in one object twice")
    return made


def _constant(word: str) -> NoReturn:
    raise OddError("a number", f"{word} is not JSON")


def _look_at_language(found: dict[str, Any], script: str) -> None:
    """Tell the two short documents apart: a constrained host, and a script that failed as a whole."""
    language = found.get("language")
    if found.get("v") != 1 or found.get("script") != script or not isinstance(language, str):
        raise OddError("the top", f"not a document of the {script}, version 1")
    if language not in ("FullLanguage", *_LESS):
        raise OddError("language", "a language mode of PowerShell's expected")
    if language in _LESS:
        raise Fault(
            phase=Phase.RUN,
            cause=Cause.CONSTRAINED_LANGUAGE,
            detail=f"PowerShell on the host runs in {language}",
            advice=f"The {script} needs FullLanguage, and App Control (WDAC) or AppLocker holds this host: "
            "it cannot be probed so far. Its pins can be read on the host itself (`reg query`).",
            again=Again.NEVER,
        )
    if found.keys() == {"v", "script", "language", "error"}:
        raise OddError("error", f"the script failed on the host: {str(found['error'])[:_SHOWN]}")
