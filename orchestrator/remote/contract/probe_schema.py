"""The probe's answer as types: what pydantic checks before anything of it is believed. Version 1 of the
contract.

Strings have no length of their own here where the size of the whole document bounds them: pydantic cannot
measure a text with lone surrogates, and such a text is to be kept as it is.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, Strict, TypeAdapter, with_config
from typing_extensions import TypedDict

_STRICT = ConfigDict(strict=True, extra="forbid")
_WORD = 512  # characters: where the script itself stops


def _short(text: str) -> str:
    if len(text) > _WORD:
        raise ValueError(f"{len(text)} characters, at most {_WORD} expected")
    return text


Short = Annotated[str, AfterValidator(_short)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Index = Annotated[int, Field(ge=0, le=255)]
ResultWord = Literal[
    "connected", "refused", "timed_out", "unreachable", "reset", "blocked_locally", "name_error", "error"
]


@with_config(_STRICT)
class PartRow(TypedDict):
    """How one part went."""

    n: Literal["identity", "registry", "connections", "attempts"]
    ms: Count
    e: Short | None


@with_config(_STRICT)
class InterfaceRow(TypedDict):
    """A network interface."""

    n: Short | None
    a: Annotated[list[Short], Field(max_length=8)]


@with_config(_STRICT)
class IdentityRow(TypedDict):
    """Which machine answered."""

    computer: Short | None
    fqdn: Short | None
    machine_id: Short | None
    os_name: Short | None
    os_version: Short | None
    powershell: Short | None
    edition: Short | None
    clr: Short | None
    clock: Short | None
    time_zone: Short | None
    utc_offset: Annotated[int, Field(ge=-1440, le=1440)] | None
    elevated: bool | None
    bits: Literal[32, 64] | None
    interfaces: Annotated[list[InterfaceRow], Field(max_length=16)]


@with_config(_STRICT)
class ValueRow(TypedDict):
    """A registry value; whether its data fits its kind is looked at when it is converted."""

    n: str
    k: Literal["DWORD", "QWORD", "SZ", "EXPAND_SZ", "MULTI_SZ", "BINARY", "NONE", "UNKNOWN"]
    d: str | list[str]
    cut: bool


@with_config(_STRICT)
class ViewRow(TypedDict):
    """A registry view."""

    view: Literal[32, 64]
    state: Literal["present", "absent", "denied", "failed"]
    path: Short
    e: Short | None
    dropped: Count
    values: list[ValueRow]


# JSON has no tuples: only the row itself is taken from a list, its five fields stay strict.
ConnectionRow = Annotated[
    tuple[Short, Port, Short, Port, Literal["Established", "SynSent", "CloseWait"]], Strict(strict=False)
]


@with_config(_STRICT)
class ConnectionsRow(TypedDict):
    """The live connections."""

    complete: bool
    rows: Annotated[list[ConnectionRow], Field(max_length=64)]


@with_config(_STRICT)
class TargetRow(TypedDict):
    """A gateway's address."""

    role: Short
    source: Literal["registry", "inventory", "guess"]
    value: Short | None
    name: Short
    addresses: Annotated[list[Short], Field(max_length=4)]
    decides: bool


@with_config(_STRICT)
class AttemptRow(TypedDict):
    """A connect."""

    t: Index
    a: Short | None
    p: Port
    r: ResultWord
    ms: Count | None
    n: Literal[1, 2]
    e: Short | None


@with_config(_STRICT)
class CanaryRow(TypedDict):
    """A connect that has to fail."""

    k: Literal["address", "port"]
    a: Short
    p: Port
    r: ResultWord
    ms: Count | None


@with_config(_STRICT)
class Document(TypedDict):
    """The whole answer."""

    v: Literal[1]
    script: Literal["probe"]
    language: Literal["FullLanguage"]
    mode: Short
    whole: bool
    deadline: bool
    cut: Count
    parts: Annotated[list[PartRow], Field(max_length=4)]
    identity: IdentityRow
    views: Annotated[list[ViewRow], Field(min_length=1, max_length=2)]
    connections: ConnectionsRow
    targets: Annotated[list[TargetRow], Field(max_length=128)]
    attempts: Annotated[list[AttemptRow], Field(max_length=4096)]
    canaries: Annotated[list[CanaryRow], Field(max_length=1024)]


DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)
