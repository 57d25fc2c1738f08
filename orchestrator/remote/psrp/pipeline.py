"""What we say to a host as PSRP messages (MS-PSRP 2.2.2): open a pool of one runspace, run one script in it.
Pure.

The texts are those that pypsrp and Windows' own client send; a test holds them against psrpcore's server and
pypsrp.
"""

from __future__ import annotations

import functools
import re
import struct
import uuid
from collections.abc import Iterable, Mapping
from html import escape

from orchestrator.remote.session import Parameter, Script

_HEADER = struct.Struct("<II16s16s")  # destination, type, the pool's and the pipeline's id
_TO_HOST = 2
_SESSION_CAPABILITY = 0x00010002
_INIT_RUNSPACEPOOL = 0x00010004
_CREATE_PIPELINE = 0x00021006
_NOBODY = uuid.UUID(int=0)
_MAX_INT = 2**31 - 1
_FIRST_ARGUMENT = 11  # the RefIds before it stand in _BEFORE
_UNDERSCORE = re.compile("_(?=[xX])")
_UNSENDABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\U00010000-\U0010ffff]")

_CAPABILITY = (
    b'<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version>'
    b'<Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>'
)
_NAMES = "<T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN>"
_NO_HOST = (
    '<MS><B N="_isHostNull">true</B><B N="_isHostUINull">true</B>'
    '<B N="_isHostRawUINull">true</B><B N="_useRunspaceHost">true</B></MS></Obj>'
)
_POOL = (
    '<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32>'
    '<Obj RefId="1" N="PSThreadOptions"><TN RefId="0">'
    "<T>System.Management.Automation.Runspaces.PSThreadOptions</T>"
    f"{_NAMES}<ToString>Default</ToString><I32>0</I32></Obj>"
    '<Obj RefId="2" N="ApartmentState"><TN RefId="1">'
    "<T>System.Management.Automation.Runspaces.ApartmentState</T>"
    f"{_NAMES}<ToString>UNKNOWN</ToString><I32>2</I32></Obj>"
    f'<Obj RefId="3" N="HostInfo">{_NO_HOST}<Nil N="ApplicationArguments" /></MS></Obj>'
).encode("ascii")
_BEFORE = (
    '<Obj RefId="0"><MS><B N="NoInput">true</B>'
    '<Obj RefId="1" N="ApartmentState"><TN RefId="0">'
    "<T>System.Management.Automation.Runspaces.ApartmentState</T>"
    f"{_NAMES}<ToString>UNKNOWN</ToString><I32>2</I32></Obj>"
    '<Obj RefId="2" N="RemoteStreamOptions"><TN RefId="1">'
    "<T>System.Management.Automation.Runspaces.RemoteStreamOptions</T>"
    f'{_NAMES}<ToString /><I32>0</I32></Obj><B N="AddToHistory">false</B>'
    f'<Obj RefId="3" N="HostInfo">{_NO_HOST}'
    '<Obj RefId="4" N="PowerShell"><MS><B N="IsNested">false</B><Nil N="ExtraCmds" />'
    '<Obj RefId="5" N="Cmds"><TN RefId="2">'
    "<T>System.Collections.Generic.List`1[[System.Management.Automation.PSObject, "
    "System.Management.Automation, Version=1.0.0.0, Culture=neutral, "
    "PublicKeyToken=31bf3856ad364e35]]</T><T>System.Object</T></TN>"
    '<LST><Obj RefId="6"><MS><S N="Cmd">'
)
_RESULTS = f"<T>System.Management.Automation.Runspaces.PipelineResultTypes</T>{_NAMES}"
_NO_RESULT = '<Obj RefId="{}" N="{}"><TNRef RefId="3" /><ToString>None</ToString><I32>0</I32></Obj>'
_BETWEEN = (
    '</S><B N="IsScript">true</B><Nil N="UseLocalScope" />'
    f'<Obj RefId="7" N="MergeMyResult"><TN RefId="3">{_RESULTS}<ToString>None</ToString><I32>0</I32></Obj>'
    + _NO_RESULT.format(8, "MergeToResult")
    + _NO_RESULT.format(9, "MergePreviousResults")
    + '<Obj RefId="10" N="Args"><TNRef RefId="2" />'
)
_MERGES = ("MergeError", "MergeWarning", "MergeVerbose", "MergeDebug", "MergeInformation")
_AFTER = (
    '</MS></Obj></LST></Obj><Nil N="History" /><B N="RedirectShellErrorOutputPipe">false</B></MS></Obj>'
    '<B N="IsNested">false</B></MS></Obj>'
)
_VALUE = ' N="V"'
_LIST = "<T>System.Object[]</T><T>System.Array</T><T>System.Object</T>"


def opening(pool: uuid.UUID) -> tuple[bytes, bytes]:
    """Return the two messages that open a pool."""
    return (
        _message(_SESSION_CAPABILITY, pool, _NOBODY, _CAPABILITY),
        _message(_INIT_RUNSPACEPOOL, pool, _NOBODY, _POOL),
    )


def creating(
    pool: uuid.UUID, pipeline: uuid.UUID, script: Script, parameters: Mapping[str, Parameter]
) -> bytes:
    """Return the message that runs a script once.

    Raises TypeError for a parameter that cannot travel: our mistake.
    """
    check(parameters)
    said = tuple(
        (name, tuple(value) if isinstance(value, list) else value) for name, value in parameters.items()
    )
    return _message(_CREATE_PIPELINE, pool, pipeline, _document(script.text, said))


@functools.lru_cache(maxsize=32)
def _document(text: str, parameters: tuple[tuple[str, int | str | tuple[int | str, ...]], ...]) -> bytes:
    """Write the message's XML: once for all hosts of a fleet that are asked the same."""
    number, listed, arguments = _FIRST_ARGUMENT, False, []
    for name, value in parameters:
        opened = f'<Obj RefId="{number}"><MS><S N="N">{_text(name)}</S>'
        number += 1
        if isinstance(value, tuple):
            types = '<TNRef RefId="4" />' if listed else f'<TN RefId="4">{_LIST}</TN>'
            items = _list(map(_item, value))
            arguments.append(f'{opened}<Obj RefId="{number}" N="V">{types}{items}</Obj></MS></Obj>')
            number, listed = number + 1, True
        else:
            arguments.append(f"{opened}{_item(value, _VALUE)}</MS></Obj>")
    merges = "".join(_NO_RESULT.format(number + at, name) for at, name in enumerate(_MERGES))
    return f"{_script(text)}{_list(arguments)}</Obj>{merges}{_AFTER}".encode()


def check(parameters: Mapping[str, Parameter]) -> None:
    """Refuse what would be sent broken (a call hung for minutes) or not at all: our mistake,
    so a TypeError.
    """
    for name, value in parameters.items():
        for item in value if isinstance(value, list) else (value,):
            if type(item) is str or (type(item) is int and -_MAX_INT - 1 <= item <= _MAX_INT):
                continue
            raise TypeError(f"parameter {name}: {item!r} is neither text nor an int of 32 bits")


def _list(items: Iterable[str]) -> str:
    inner = "".join(items)
    return f"<LST>{inner}</LST>" if inner else "<LST />"


def _item(value: int | str, name: str = "") -> str:
    if isinstance(value, int):
        return f"<I32{name}>{value}</I32>"
    return f"<S{name}>{_text(value)}</S>" if value else f"<S{name} />"


@functools.lru_cache(maxsize=8)
def _script(text: str) -> str:
    """Write everything before the arguments, once a script and process:
    each of its 800 line ends becomes `_x000A_`.
    """
    return f"{_BEFORE}{_text(text)}{_BETWEEN}"


def _text(value: str) -> str:
    """Escape text as PSRP does (MS-PSRP 2.2.5.3.2): by UTF-16 units, so that XML can hold every string."""
    return escape(_UNSENDABLE.sub(_units, _UNDERSCORE.sub("_x005F_", value)), quote=False)


def _units(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"_x{units[at : at + 2].hex().upper()}_" for at in range(0, len(units), 2))


def _message(kind: int, pool: uuid.UUID, pipeline: uuid.UUID, document: bytes) -> bytes:
    return _HEADER.pack(_TO_HOST, kind, pool.bytes_le, pipeline.bytes_le) + document
