"""Read a WSMan fault out of a SOAP body."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # `guard` has refused what makes this parser dangerous

from orchestrator.remote.faults.codes import parse_code
from orchestrator.remote.faults.trouble import Garbled, SoapFault
from orchestrator.remote.psrp.xml_guard import guard

_NAMESPACE = b"http://www.w3.org/2003/05/soap-envelope"
_SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
_FAULT = "{http://schemas.microsoft.com/wbem/wsman/1/wsmanfault}"


def read_fault(body: bytes) -> SoapFault | None:
    """Return the fault that an HTTP error's body holds; None where it is no SOAP at all.

    Raises Garbled where it says that it is SOAP and cannot be read.
    """
    if _NAMESPACE not in body:
        return None
    guard(body, "the fault")
    try:
        root = ET.fromstring(body)  # noqa: S314  # guarded
    except ET.ParseError as error:
        raise Garbled(f"the fault: not XML: {error}") from error
    fault = root.find(f"{_SOAP}Body/{_SOAP}Fault")
    if root.tag != f"{_SOAP}Envelope" or fault is None:
        return None
    detail = fault.find(f"{_SOAP}Detail/{_FAULT}WSManFault")
    code = None if detail is None else parse_code(detail.get("Code"))
    text = ""
    if detail is not None:
        text = "".join(detail.itertext()).strip()
    text = text or (fault.findtext(f"{_SOAP}Reason/{_SOAP}Text") or "").strip()
    return SoapFault(
        code=code,
        subcode=_subcode(fault),
        text=text,
        machine="" if detail is None else detail.get("Machine", ""),
    )


def _subcode(fault: ET.Element) -> str:
    """Return the local name of the innermost subcode: "TimedOut" for `w:TimedOut`."""
    found = ""
    code = fault.find(f"{_SOAP}Code")
    while code is not None:
        found = (code.findtext(f"{_SOAP}Value") or found).strip()
        code = code.find(f"{_SOAP}Subcode")
    return found.rpartition(":")[2]
