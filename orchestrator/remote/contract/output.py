"""Find a script's one document among the objects that its pipeline wrote. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from orchestrator.domain.primitives.text import clean

_QUOTED = 120  # characters of a host's own words


def document_among(objects: Sequence[str], script: str) -> tuple[str, tuple[str, ...]]:
    """Tell the document of `script` from what else was written: (document, the rest, in order).

    Blank objects ($null, an empty text) are passed over: a profile's stray `$null` is no answer. Where only
    one object is left it stands for it, whatever it holds: who reads it says what is wrong. Of several only
    that which is whole and names the script can be; "" where none is.
    """
    written = [text for text in objects if text.strip()]
    if len(written) == 1:
        return written[0], ()
    at = next((at for at, text in enumerate(written) if _is_document(text, script)), None)
    if at is None:
        return "", tuple(written)
    return written[at], (*written[:at], *written[at + 1 :])


def beside(document: str, rest: Sequence[str], script: str) -> str:
    """Say what a host wrote beside its document, or in its place where there is none ("");
    quotes it cleaned.
    """
    if document and any(_is_document(text, script) for text in rest):
        return f"the host gave {1 + sum(_is_document(text, script) for text in rest)} answers"
    said = clean(" ".join(rest[0].split()), limit=_QUOTED)
    more = f" and {len(rest) - 1} more" if len(rest) > 1 else ""
    where = "beside the answer" if document else "in the answer's place"
    return f'the host printed "{said}"{more} {where}'


def like_a_document(text: str) -> bool:
    """Whether a text begins as a document does, so that its decoder can say at which place it is broken."""
    return text.lstrip().startswith("{")


def _is_document(text: str, script: str) -> bool:
    if not like_a_document(text):
        return False
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("script") == script
