"""The gate that every XML document of a host passes before a tree is built of it: no DTD, bounded depth."""

from __future__ import annotations

from xml.parsers import expat

from orchestrator.remote.faults.trouble import Garbled

MAX_DEPTH = 64  # SOAP has 8 levels, an error record with everything about 20
_FEW_TAGS = 2 * MAX_DEPTH  # each level takes an opening and a closing one


def guard(document: bytes, what: str) -> None:
    """Raise Garbled where the document has a DTD, is deeper than MAX_DEPTH or not well-formed.

    `what` names it.
    """
    if _plain(document):
        return
    parser = expat.ParserCreate()
    depth = 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise Garbled(f"{what}: XML deeper than {MAX_DEPTH} levels")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise Garbled(f"{what}: XML with a document type, which no host needs")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the latter two: an encoding that is none
        raise Garbled(f"{what}: not XML: {error}") from error


def _plain(document: bytes) -> bool:
    """Whether a look at the bytes is enough: UTF-8, no `<!`, and too few tags to be deep.

    True of most answers.
    """
    if b"<!" in document or b"\0" in document or document.count(b"<") > _FEW_TAGS:
        return False
    start = document[:100].lower()
    return b"encoding" not in start or b"utf-8" in start
