"""Read which script a pipeline is to run, and its parameters,
without building PSRP's objects (MS-PSRP 2.2.2.10).
"""

from __future__ import annotations

import functools
import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.demo.wire.psrp import BadMessage

DEADLINE = "DeadlineMs"
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # MS-PSRP 2.2.5.3.2


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """A script by its SHA-256 (hex), its parameters by name,
    and a key that calls share which differ in the deadline alone.
    """

    sha256: str
    parameters: Mapping[str, object]
    key: str


@functools.lru_cache(maxsize=256)
def read_call(data: bytes) -> ScriptCall:
    """Read a CREATE_PIPELINE message's CLIXML; raises BadMessage where it is not one script with named
    parameters.
    """
    try:
        root = ET.fromstring(data)  # noqa: S314  # our own client, after its logon, capped by the HTTP server
    except (ET.ParseError, ValueError, LookupError) as exc:  # the last two: an encoding that there is not
        raise BadMessage(f"no CLIXML: {exc}") from exc
    commands = root.findall("MS/Obj[@N='PowerShell']/MS/Obj[@N='Cmds']/LST/Obj/MS")
    if len(commands) != 1 or commands[0].findtext("B[@N='IsScript']") != "true":
        raise BadMessage("only one script at a time is run here")
    script = _text(commands[0].findtext("S[@N='Cmd']"))
    parameters = dict(_argument(one) for one in commands[0].iterfind("Obj[@N='Args']/LST/Obj/MS"))
    shown = sorted((name, value) for name, value in parameters.items() if name != DEADLINE)
    digest = hashlib.sha256(script.encode("utf-8", "surrogatepass")).hexdigest()
    return ScriptCall(digest, parameters, repr(shown))


def read_string(data: bytes) -> str:
    """Read a message that is one string, as a host writes its output: CLIXML in, text out."""
    return _text(ET.fromstring(data).text)  # noqa: S314  # our own


def _argument(element: ET.Element) -> tuple[str, object]:
    value = element.find("*[@N='V']")
    name = element.findtext("S[@N='N']")
    if name is None or value is None:
        raise BadMessage("a parameter without a name or a value")
    return _text(name).lstrip("-").rstrip(":"), _value(value)


def _value(element: ET.Element) -> object:
    match element.tag:
        case "S":
            return _text(element.text)
        case "I32" | "I64":
            return _number(element.text)
        case "B":
            return element.text == "true"
        case "Nil":
            return None
        case "Obj" if (items := element.find("LST")) is not None:
            return [_value(item) for item in items]
    raise BadMessage(f"a parameter of type {element.tag}")


def _number(text: str | None) -> int:
    try:
        return int(text or "")
    except ValueError as exc:
        raise BadMessage(f"{text!r} is no number") from exc


def _text(text: str | None) -> str:
    """Undo PSRP's escapes; two that follow each other may be the halves of one character beyond U+FFFF."""
    if text is None or "_x" not in text:
        return text or ""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
