"""WS-Management envelopes: read a request, write replies and faults (MS-WSMV; shapes as Windows Server 2016
has them).
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_S = "{http://www.w3.org/2003/05/soap-envelope}"
_A = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
_W = "{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}"
RSP = "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}"
PWSH = "{http://schemas.microsoft.com/powershell}"

SHELL_URI = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
POWERSHELL_URI = "http://schemas.microsoft.com/powershell/"
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

TIMED_OUT = 2150858793
UNKNOWN_SHELL = 2150858843
UNKNOWN_RESOURCE = 2150858811
UNKNOWN_ACTION = 2150858753
BAD_XML = 2150858817
TOO_MANY_SHELLS = 2150859173

_SUBCODES = {
    5: "w:AccessDenied",
    TIMED_OUT: "w:TimedOut",
    UNKNOWN_SHELL: "w:InvalidSelectors",
    UNKNOWN_RESOURCE: "a:DestinationUnreachable",
    UNKNOWN_ACTION: "a:ActionNotSupported",
    BAD_XML: "w:SchemaValidationError",
    TOO_MANY_SHELLS: "w:QuotaLimit",
}
_DURATION = re.compile(r"PT(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?")


class WsmanFault(Exception):  # noqa: N818  # the protocol's word
    """The operation ends with a fault. `code` None leaves the subcode alone to speak."""

    def __init__(self, code: int | None, *, text: str = "", subcode: str = "", status: int = 500) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text or f"The WS-Management service cannot process the request ({code})."
        self.subcode = subcode or _SUBCODES.get(code or 0, "w:InternalError")
        self.status = status


@dataclass(frozen=True, slots=True)
class WsmanRequest:
    """What a request asks: the last word of its action, on which resource and shell,
    and its one body element.
    """

    verb: str
    action: str
    message_id: str
    resource: str
    to: str
    shell: str
    timeout: float
    max_envelope: int
    body: ET.Element | None


def parse(data: bytes) -> WsmanRequest:
    """Read an envelope; raises WsmanFault where it is none."""
    try:
        root = ET.fromstring(data)  # noqa: S314  # our own client, after its logon, capped by the HTTP server
    except (ET.ParseError, ValueError, LookupError) as exc:  # the last two: an encoding that there is not
        raise WsmanFault(BAD_XML) from exc
    header, body = root.find(f"{_S}Header"), root.find(f"{_S}Body")
    if header is None or body is None:
        raise WsmanFault(BAD_XML)
    texts = {element.tag: (element.text or "").strip() for element in header}
    action = texts.get(f"{_A}Action", "")
    selectors = header.find(f"{_W}SelectorSet")
    shell = (
        next(((s.text or "").strip() for s in selectors if s.get("Name") == "ShellId"), "")
        if selectors is not None
        else ""
    )
    first = body[0] if len(body) else None
    return WsmanRequest(
        verb="Identify"
        if first is not None and first.tag.endswith("}Identify")
        else action.rsplit("/", 1)[-1],
        action=action,
        message_id=texts.get(f"{_A}MessageID", ""),
        resource=texts.get(f"{_W}ResourceURI", ""),
        to=texts.get(f"{_A}To", ""),
        shell=shell.upper(),
        timeout=seconds(texts.get(f"{_W}OperationTimeout", "")),
        max_envelope=_number(texts.get(f"{_W}MaxEnvelopeSize", "")),
        body=first,
    )


def _number(text: str) -> int:
    """Read a MaxEnvelopeSize; 153,600 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 153600  # noqa: PLR2004  # 4 GB is too much


def seconds(text: str) -> float:
    """Read an xs:duration such as PT20S or PT2M5.5S; 60 where it is none of these."""
    match = _DURATION.fullmatch(text)
    return float(match[1] or 0) * 60 + float(match[2] or 0) if match else 60.0


_HEAD = (
    '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" '
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
    'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell" '
    'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header><a:Action>'
)


def reply(action: str, relates_to: str, body: str) -> bytes:
    """Write an envelope that answers the message `relates_to`."""
    return (
        f"{_HEAD}{escape(action)}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{_ANONYMOUS}</a:To><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def answered(request: WsmanRequest, body: str) -> tuple[int, bytes]:
    """Answer a request: the HTTP status, and the envelope with this body."""
    return 200, reply(f"{request.action}Response", request.message_id, body)


def fault(problem: WsmanFault, relates_to: str, machine: str) -> bytes:
    """Write a fault's envelope."""
    text = escape(problem.text)
    side = "s:Sender" if problem.subcode in ("w:AccessDenied", "w:InvalidSelectors") else "s:Receiver"
    detail = "" if problem.code is None else (
        '<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{problem.code}" Machine={quoteattr(machine)}>'
        f"<f:Message>{text}</f:Message></f:WSManFault></s:Detail>"
    )  # fmt: skip
    return reply(
        _FAULT_ACTION,
        relates_to,
        f"<s:Fault><s:Code><s:Value>{side}</s:Value><s:Subcode><s:Value>{problem.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason>{detail}</s:Fault>',
    )


def identify(version: str) -> bytes:
    """Write what an anonymous Identify gets."""
    return (
        '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>'
        '<i:IdentifyResponse xmlns:i="http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd">'
        "<i:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</i:ProtocolVersion>"
        "<i:ProductVendor>Microsoft Corporation</i:ProductVendor>"
        f"<i:ProductVersion>OS: {escape(version)} SP: 0.0 Stack: 3.0</i:ProductVersion>"
        "</i:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()
