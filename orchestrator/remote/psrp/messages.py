"""What a host says as PSRP messages (MS-PSRP 2.2.2), those few that one script run reads.

Pure, bounded, no DTD.
"""

from __future__ import annotations

import enum
import functools
import re
import xml.etree.ElementTree as ET  # `guard` has refused what makes this parser dangerous
from dataclasses import dataclass

from orchestrator.remote.faults.trouble import Garbled, TooOldShell
from orchestrator.remote.psrp.xml_guard import guard
from orchestrator.remote.session import ErrorRecord

HEADER = 40  # bytes: destination, type, the pool's and the pipeline's id
_BOM = b"\xef\xbb\xbf"


class Kind(enum.IntEnum):
    """The messages that are read; whatever else comes is left out."""

    SESSION_CAPABILITY = 0x00010002
    RUNSPACEPOOL_STATE = 0x00021005
    APPLICATION_PRIVATE_DATA = 0x00021009
    PIPELINE_OUTPUT = 0x00041004
    ERROR_RECORD = 0x00041005
    PIPELINE_STATE = 0x00041006


_READ = frozenset(Kind)
_SHORT = 2048  # bytes; answers are longer, and each its host's own
_ESCAPED = re.compile("(?:_[xX][0-9A-Fa-f]{4}_)+")


@dataclass(frozen=True, slots=True)
class Protocol:
    """The version of PSRP that the host speaks, such as "2.3"."""

    version: str


@dataclass(frozen=True, slots=True)
class Version:
    """`PSVersionTable.PSVersion`, "" where the host does not say."""

    powershell: str


@dataclass(frozen=True, slots=True)
class PoolState:
    """MS-PSRP 2.2.3.4, and why, where the host says why."""

    state: int
    error: ErrorRecord | None


@dataclass(frozen=True, slots=True)
class PipelineState:
    """MS-PSRP 2.2.3.5, and why, where the host says why."""

    state: int
    error: ErrorRecord | None


@dataclass(frozen=True, slots=True)
class Output:
    """One object that the pipeline wrote: its text, "" for $null and what else is empty.

    Of an object that is no text it is "<object>" and what it says of itself: never a document.
    """

    text: str


Message = Protocol | Version | PoolState | PipelineState | Output | ErrorRecord


def document_of(message: bytes) -> tuple[int, bytes]:
    """Split a message into its type and its XML. Raises Garbled."""
    if len(message) < HEADER:
        raise Garbled("a PSRP message that ends within its header")
    return int.from_bytes(message[4:8], "little"), message[HEADER:].removeprefix(_BOM)


def read(message: bytes) -> Message | None:
    """Read a message; None for a kind that nobody needs, however broken it is. Raises Garbled."""
    kind, document = document_of(message)
    if kind not in _READ:
        return None
    if kind == Kind.PIPELINE_OUTPUT and not document.strip():
        return Output("")  # so some hosts write $null
    return (_read_once if len(document) <= _SHORT else _read)(Kind(kind), document)


def _read(kind: Kind, document: bytes) -> Message:  # one line for each kind of message
    root = _tree(document)
    match kind:
        case Kind.SESSION_CAPABILITY:
            return Protocol((root.findtext("MS/Version[@N='protocolversion']") or "")[:40])
        case Kind.APPLICATION_PRIVATE_DATA:
            return Version(powershell_of(root))
        case Kind.RUNSPACEPOOL_STATE:
            return PoolState(_state(root, "RunspaceState"), _reason(root))
        case Kind.PIPELINE_STATE:
            return PipelineState(_state(root, "PipelineState"), _reason(root))
        case Kind.ERROR_RECORD:
            return error_record(root)
    return Output(_text(root))


_read_once = functools.lru_cache(maxsize=64)(_read)
"""Most of what hosts say is the same for all of a fleet: versions and states."""


def _text(root: ET.Element) -> str:
    """Return an object's text, see `Output`."""
    if root.tag == "S":
        return unescape(root.text or "")
    parts = [child for child in root if child.tag not in {"TN", "TNRef"}]  # the names of its types
    said = root.findtext("ToString") or " ".join(text for part in parts for text in part.itertext())
    said = unescape((said or root.text or "").strip())
    return f"<object> {said}" if said else ""


def powershell_of(root: ET.Element) -> str:
    """Find `PSVersionTable.PSVersion` in the pool's private data, "" where it is not there."""
    for entry in root.iter("En"):
        key, value = entry.find("*[@N='Key']"), entry.find("*[@N='Value']")
        if key is not None and value is not None and key.text == "PSVersion":
            return (value.text or value.findtext("ToString") or "")[:40]
    return ""


def refuse_old(powershell: str, protocol: str) -> None:
    """Raise TooOldShell for PowerShell 2, which says so, or says nothing and speaks protocol 2.1."""
    if (_number(powershell) or 3) < 3 or (not powershell and _number(protocol.partition(".")[2]) == 1):  # noqa: PLR2004  # 3.0
        raise TooOldShell(powershell, protocol)


def _number(text: str) -> int | None:
    """Return the number that a version begins with, None for none."""
    head = text.partition(".")[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 4 else None  # noqa: PLR2004  # no version is


def unescape(text: str) -> str:
    """Turn `_x000A_` back into what it stands for; half a character stays as U+FFFD."""
    if "_x" not in text and "_X" not in text:
        return text
    return _ESCAPED.sub(_units, text)


def _units(run: re.Match[str]) -> str:
    units = bytes.fromhex("".join(run[0][at + 2 : at + 6] for at in range(0, len(run[0]), 7)))
    return units.decode("utf-16-be", "replace")


def error_record(root: ET.Element) -> ErrorRecord:
    """Read an error record: its id or else its exception's type, and the first words that it has."""
    exception = root.find("MS/Obj[@N='Exception']")
    kind = root.findtext("MS/S[@N='FullyQualifiedErrorId']") or _type(root, exception)
    said = root.findtext("ToString") or root.findtext("MS/S[@N='ErrorCategory_Message']")
    if not said and exception is not None:
        said = exception.findtext("ToString")
    return ErrorRecord(unescape(kind), unescape(said or ""))


def _tree(document: bytes) -> ET.Element:
    guard(document, "a PSRP message")
    try:
        return ET.fromstring(document)  # noqa: S314  # guarded
    except (ET.ParseError, ValueError, LookupError) as error:  # the latter two: an encoding that is none
        raise Garbled(f"a PSRP message: not XML: {error}") from error


def _state(root: ET.Element, name: str) -> int:
    said = root.findtext(f"MS/I32[@N='{name}']") or ""
    if not (said.isascii() and said.isdigit() and len(said) < 4):  # noqa: PLR2004  # states are 0 to 9
        raise Garbled(f"a PSRP message: {name} is {said[:40]!r}")
    return int(said)


def _reason(root: ET.Element) -> ErrorRecord | None:
    found = root.find("MS/Obj[@N='ExceptionAsErrorRecord']")
    return None if found is None else error_record(found)


def _type(root: ET.Element, exception: ET.Element | None) -> str:
    """Return the first type name of an exception; types that came before are written as references."""
    if exception is None:
        return ""
    reference = exception.find("TNRef")
    if reference is None:
        return exception.findtext("TN/T") or ""
    number = reference.get("RefId")
    names = next((names for names in root.iter("TN") if names.get("RefId") == number), None)
    return "" if names is None else names.findtext("T") or ""
