"""A probe's answer to a reading: parsed, checked against the schema, then against what was asked. Errors: `Fault` only.

Imported when the first answer comes, since pydantic costs more to import than a small command takes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from pydantic import ValidationError

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.reading import Reading
from orchestrator.remote.convert import OddError, check_address, reading
from orchestrator.remote.faults import Again, Fault
from orchestrator.remote.schema import DOCUMENT, Document, TargetRow

_SHOWN = 300  # characters of what a host wrote that are worth quoting


def decode(text: str, host: Host, *, mode: str, limit: int) -> Reading:
    """Give the reading that an answer of at most `limit` characters holds. Raises `Fault`, see `contract`."""
    if len(text) > limit:
        _garbled(text, "its size", f"at most {limit:,} characters expected")
    found = _parse(text)
    try:
        _look_at_language(found)
        document = DOCUMENT.validate_python(found)
        _check_asked(document, host, mode)
        return reading(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        _garbled(text, ".".join(map(str, first["loc"])) or "the top", first["msg"])
    except OddError as error:
        _garbled(text, error.place, error.what)


def _garbled(text: str, place: str, what: str) -> NoReturn:
    """Raise what every answer that cannot be used becomes, with its size and the place."""
    raise Fault(
        phase=Phase.DECODE,
        cause=Cause.GARBLED,
        detail=f"answer of {len(text):,} characters, at {place[:_SHOWN]}: {what[:_SHOWN]}",
        advice="The host answered with something else than the probe's document: scan it again; if it stays so, run"
        " the scan from another network (something in between may rewrite answers), then look at the host itself.",
        again=Again.NEVER,
    ) from None


def _parse(text: str) -> dict[str, Any]:
    if not text:
        _garbled(text, "its start", "nothing was written")
    if not text.isascii():
        place = next(i for i, character in enumerate(text) if not character.isascii())
        _garbled(text, f"character {place}", "the probe writes ASCII only")
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        _garbled(text, f"character {error.pos}", f"not JSON: {error.msg}")
    except (OddError, RecursionError, ValueError) as error:  # ValueError: an integer of thousands of digits
        what = error.what if isinstance(error, OddError) else "nested too deep, or a number too long"
        _garbled(text, "some place", what)
    if not isinstance(found, dict):
        _garbled(text, "the top", "an object expected")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise OddError("an object", "a key stands in one object twice")
    return made


def _constant(word: str) -> NoReturn:
    raise OddError("a number", f"{word} is not JSON")


def _look_at_language(found: dict[str, Any]) -> None:
    """Tell the two short documents apart: a constrained host, and a script that failed as a whole."""
    language = found.get("language")
    if found.get("v") != 1 or found.get("script") != "probe" or not isinstance(language, str):
        raise OddError("the top", "not a document of the probe, version 1")
    if language != "FullLanguage":
        raise Fault(
            phase=Phase.RUN,
            cause=Cause.CONSTRAINED_LANGUAGE,
            detail=f"PowerShell on the host runs in {language[:_SHOWN]}",
            advice="WDAC or AppLocker restricts scripts there, and the probe needs FullLanguage: set up a restricted"
            " endpoint (JEA) whose function is the probe, and name it in the inventory.",
            again=Again.NEVER,
        )
    if "error" in found:
        raise OddError("error", f"the script failed on the host: {str(found['error'])[:_SHOWN]}")


def _check_asked(document: Document, host: Host, mode: str) -> None:
    """Hold what a host says against what it was asked: it speaks for its own views, roles and targets only."""
    if document["mode"] != mode:
        raise OddError("mode", f"{mode} was asked for")
    views = [row["view"] for row in document["views"]]
    small = document["identity"]["bits"] == 32 and len(views) == 1 and views[0] in host.profile.views  # noqa: PLR2004  # 32 bits
    if views != list(host.profile.views) and not small:
        raise OddError("views", f"{' and '.join(map(str, host.profile.views))} expected")
    _once("parts", (row["n"] for row in document["parts"]))
    for place, view in enumerate(document["views"]):
        _once(f"views.{place}.values", (row["n"] for row in view["values"]))
    _check_targets(document["targets"], host.profile.role_names)
    _check_attempts(document)
    _once("canaries", ((row["k"], row["a"], row["p"]) for row in document["canaries"]))


def _once(place: str, names: Iterable[object]) -> None:
    seen: set[object] = set()
    for number, name in enumerate(names):
        if name in seen:
            raise OddError(f"{place}.{number}", "stands there twice")
        seen.add(name)


def _check_targets(targets: Sequence[TargetRow], roles: Sequence[str]) -> None:
    deciding: set[str] = set()
    for place, row in enumerate(targets):
        if row["role"] not in roles:
            raise OddError(f"targets.{place}.role", "a role that was not asked for")
        for address in row["addresses"]:
            check_address(f"targets.{place}.addresses", address)
        if row["decides"] and row["role"] in deciding:
            raise OddError(f"targets.{place}.decides", "two targets decide for one role")
        if row["decides"]:
            deciding.add(row["role"])


def _check_attempts(document: Document) -> None:
    targets = document["targets"]
    for place, row in enumerate(document["attempts"]):
        if row["t"] >= len(targets):
            raise OddError(f"attempts.{place}.t", "there is no such target")
        nameless = row["r"] == "name_error"
        if (row["a"] is None) != nameless or (row["ms"] is None) != nameless:
            raise OddError(f"attempts.{place}", "an address and a time belong to everything but a name_error")
        if row["a"] is not None and row["a"] not in targets[row["t"]]["addresses"]:
            raise OddError(f"attempts.{place}.a", "no address of that target")
    _once("attempts", ((row["t"], row["a"], row["p"], row["n"]) for row in document["attempts"]))
