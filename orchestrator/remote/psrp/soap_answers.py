"""Read what a host answers to the requests of a script run: the shell's id, and the streams of a Receive.
Pure.

Every envelope that comes here has passed `xml_guard`.
"""

from __future__ import annotations

import base64
import binascii
import xml.etree.ElementTree as ET  # `guard` has refused what makes this parser dangerous

from orchestrator.remote.faults.trouble import Garbled

_SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
_SHELL = "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}"
_WSMAN = "{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}"
_ENUMERATION = "{http://schemas.xmlsoap.org/ws/2004/09/enumeration}"
_LONGEST_TEXT = 200  # characters of what is only shown
_LONGEST_CONTEXT = 1000
_LONGEST_ID = 200  # characters; a shell's id is a UUID of 36


def answers(body: bytes, message: str) -> None:
    """Check that an answer names the request that it answers (WS-Addressing's RelatesTo). Raises Garbled.

    Something between may mix up the answers of one connection with those of another; a host that lies is no
    worse off.
    """
    if message.encode("ascii") not in body:
        raise Garbled("an answer to another request than ours")


def shell_id(body: bytes) -> str:
    """Return the id of the shell that was created. Raises Garbled."""
    found = _body(body)
    said = next((s.text for s in found.iter(f"{_WSMAN}Selector") if s.get("Name") == "ShellId"), None)
    said = (said or next((s.text for s in found.iter(f"{_SHELL}ShellId")), None) or "").strip()
    if not 0 < len(said) <= _LONGEST_ID:
        raise Garbled("a shell was created without an id that can be used")
    return said


def command_id(body: bytes) -> str | None:
    """Return the id of the command that was created, None where the host keeps ours. Raises Garbled."""
    said = next((s.text for s in _body(body).iter(f"{_SHELL}CommandId")), None)
    return said.strip()[:_LONGEST_ID] if said and said.strip() else None


def received(body: bytes) -> bytes:
    """Return the bytes of a Receive's streams, joined. Raises Garbled."""
    found = _body(body).find(f"{_SHELL}ReceiveResponse")
    if found is None:
        raise Garbled("an answer to Receive that is none")
    parts = []
    for stream in found.iterfind(f"{_SHELL}Stream"):
        if stream.text is None:
            continue
        if stream.get("Name") != "stdout":
            raise Garbled("a stream that nobody asked for")
        try:
            parts.append(base64.b64decode("".join(stream.text.split()), validate=True))
        except (binascii.Error, ValueError) as error:
            raise Garbled(f"a stream that is not Base64: {error}") from error
    return b"".join(parts)


def texts(body: bytes, names: frozenset[str]) -> dict[str, str]:
    """Return the texts of the elements that are named so, whatever their namespace; the last of each.

    Raises Garbled.
    """
    found = {}
    for element in _body(body).iter():
        name = element.tag.rpartition("}")[2]
        if name in names and element.text and element.text.strip():
            found[name] = element.text.strip()[:_LONGEST_TEXT]
    return found


def shells(body: bytes) -> list[dict[str, str]]:
    """Return the shells of an answer to Enumerate or Pull, each as its elements' texts. Raises Garbled."""
    return [
        {part.tag.rpartition("}")[2]: (part.text or "").strip()[:_LONGEST_TEXT] for part in shell}
        for shell in _body(body).iter(f"{_SHELL}Shell")
    ]


def more(body: bytes) -> str:
    """Return the context by which an enumeration goes on, "" at its end. Raises Garbled."""
    found = _body(body)
    if any(element.tag.rpartition("}")[2] == "EndOfSequence" for element in found.iter()):
        return ""
    context = next((s.text for s in found.iter(f"{_ENUMERATION}EnumerationContext")), None)
    return (context or "").strip()[:_LONGEST_CONTEXT]


def _body(body: bytes) -> ET.Element:
    try:
        root = ET.fromstring(body)  # noqa: S314  # guarded
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Garbled(f"the answer: not XML: {error}") from error
    found = root.find(f"{_SOAP}Body") if root.tag == f"{_SOAP}Envelope" else None
    if found is None:
        raise Garbled("an answer that is no SOAP envelope")
    return found
