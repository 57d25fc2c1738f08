"""A probe's answer to a reading: parsed, checked against the schema, then against what was asked. Errors:
`Fault` only.

Imported when the first answer comes, since pydantic costs more to import than a small command takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from inventory.model import Host
from orchestrator.domain.reading import Reading
from orchestrator.remote.contract.document import OddError, checked, garbled, parse
from orchestrator.remote.contract.probe_convert import check_address, reading
from orchestrator.remote.contract.probe_schema import (
    DOCUMENT,
    AttemptRow,
    CanaryRow,
    ConnectionsRow,
    Document,
    IdentityRow,
    InterfaceRow,
    PartRow,
    TargetRow,
    ValueRow,
    ViewRow,
)

_ADVICE = (
    "The host answered with something else than the probe's document: scan it again; if it stays so, run "
    "the scan from another network (something in between may rewrite answers), then look at the host itself."
)


def decode(text: str, host: Host, *, mode: str, limit: int) -> Reading:
    """Return the reading that an answer of at most `limit` characters holds. Raises `Fault`, see
    `contract`.
    """
    try:
        document = in_one_pass(text, limit)
        if document is None:
            document = checked(DOCUMENT, parse(text, script="probe", limit=limit))
        _check_asked(document, host, mode)
        return reading(document)
    except OddError as error:
        raise garbled(text, error, _ADVICE) from None


def in_one_pass(text: str, limit: int) -> Document | None:
    """Parse and check at once, at half the cost. None: `parse` and `checked` have to say what is wrong, if
    anything is.

    pydantic's parser lets a key stand twice in an object, and takes no lone surrogate.
    """
    if len(text) > limit or not text.isascii():
        return None
    try:
        document = DOCUMENT.validate_json(text)
    except ValidationError:
        return None
    return document if len(_KEY.findall(text)) == _keys(document) else None


# A quote and a colon: the end of every key. A text may hold it too: then there are too many, never too few.
_KEY = re.compile(r'"[ \t\n\r]*:')


def _keys(document: Document) -> int:
    """Count the keys of a document that fits the schema, where no object may leave one out."""
    values = sum(len(view["values"]) for view in document["views"])
    return _KEYS_ONCE + sum(
        len(row.__annotations__) * count
        for row, count in (
            (PartRow, len(document["parts"])),
            (InterfaceRow, len(document["identity"]["interfaces"])),
            (ViewRow, len(document["views"])),
            (ValueRow, values),
            (TargetRow, len(document["targets"])),
            (AttemptRow, len(document["attempts"])),
            (CanaryRow, len(document["canaries"])),
        )
    )


_KEYS_ONCE = sum(len(row.__annotations__) for row in (Document, IdentityRow, ConnectionsRow))


def _check_asked(document: Document, host: Host, mode: str) -> None:
    """Hold what a host says against what it was asked: it speaks for its own views,
    roles and targets only.
    """
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
