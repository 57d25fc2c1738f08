"""The write script's answer as types, checked strictly: what `orchestrator.remote.contract.repin` says,
and nothing else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from orchestrator.remote.contract.probe_schema import Count, Short

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class HeldRow(TypedDict):
    """What a value held; whether its data fits its kind is looked at when it is converted."""

    k: Literal["DWORD", "QWORD", "SZ", "EXPAND_SZ", "MULTI_SZ", "BINARY", "NONE", "UNKNOWN"]
    d: Short | list[Short] | None


@with_config(_STRICT)
class TargetAnswerRow(TypedDict):
    """A planned value."""

    before: HeldRow | None
    after: HeldRow | None
    wrote: bool


@with_config(_STRICT)
class RepinDocument(TypedDict):
    """The whole answer."""

    v: Literal[1]
    script: Literal["repin"]
    language: Literal["FullLanguage"]
    operation: Short
    result: Literal[
        "written",
        "already",
        "conflict",
        "wrong-host",
        "expired",
        "denied",
        "busy",
        "restored",
        "mixed",
        "failed",
    ]
    error: Short | None
    abandoned: bool
    clock: Short
    computer: Short | None
    machine_id: Short | None
    window_us: Count | None
    targets: Annotated[list[TargetAnswerRow], Field(min_length=1)]


REPIN_DOCUMENT: TypeAdapter[RepinDocument] = TypeAdapter(RepinDocument)
