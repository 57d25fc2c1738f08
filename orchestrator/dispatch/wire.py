"""Batches, reports, hellos and cancellations as JSON texts, and back.

A unit names its credential; what that means stands in the file of the site's worker. Profiles and CA
certificates travel as content, no other file does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inventory.model import Host, Profile
from orchestrator.dispatch.errors import SealError
from orchestrator.dispatch.seal import digest
from orchestrator.domain.outcome import Failed, Probed
from orchestrator.domain.primitives.codec import dumps, encode
from orchestrator.domain.primitives.strict import decode_fields_strict, decode_strict, exactly
from orchestrator.domain.sites.unit import (
    PROTOCOL,
    Batch,
    Hello,
    Proof,
    Report,
    UnitDone,
    UnitEvent,
    UnitHeld,
    Why,
)

_APART = frozenset({"profile", "ca"})  # many hosts share one
_NOT_SENT = _APART | {
    "origins",
    "groups",
    "tags",
    "subnets",
    "repin",
    "desired",
    "via",
    "via_credential",
}
_NO_CA: Mapping[Path, str] = MappingProxyType({})
_PROTOCOLS = 1_000_000  # there will not be more
_UNITS = frozenset({"units"})
_OUTCOMES = {"probed": Probed, "failed": Failed}


@dataclass(frozen=True, slots=True)
class SentUnit:
    """What stands beside a host in a batch: the digest of its facts, and the hub's proof that it sent it."""

    digest: str
    ticket: str


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A batch as a site reads it. `units` are by host."""

    batch: Batch
    hub: str
    units: Mapping[str, SentUnit]


def batch_text(
    batch: Batch, *, hub: str, ticket: Callable[[str, str], str], ca: Mapping[Path, str] = _NO_CA
) -> str:
    """Write a batch. `ticket` is given a host's name and the digest of its facts.

    `ca` holds the text of each file that a host's `ca` names.
    """
    profiles: dict[int, tuple[int, Profile]] = {}  # by identity: most hosts share one
    authorities: dict[Path, int] = {}
    units = []
    for host in batch.hosts:
        facts = encode(host, without=_NOT_SENT) | {"desired": dict(host.desired)}
        facts["profile"] = profiles.setdefault(id(host.profile), (len(profiles), host.profile))[0]
        if host.ca is not None:
            facts["ca"] = authorities.setdefault(host.ca, len(authorities))
        name = digest(dumps(facts))
        units.append({"facts": facts, "digest": name, "ticket": ticket(host.name, name)})
    head = encode(batch, without=frozenset({"hosts"}))
    return dumps(
        {
            "v": PROTOCOL,
            "hub": hub,
            "batch": head,
            "profiles": [encode(profile, without=frozenset({"source"})) for _, profile in profiles.values()],
            "authorities": [ca[path] for path in authorities],
            "units": units,
        }
    )


def read_batch(text: str, authority: Callable[[str], Path]) -> SentBatch:
    """Read a batch. `authority` gives the file that holds a CA certificate. Raises SealError."""
    try:
        raw = json.loads(text)
        _refuse_protocol(raw)
        profiles = [decode_strict(Profile, each) for each in raw["profiles"]]
        hosts, units = [], {}
        for unit in raw["units"]:
            facts = dict(unit["facts"])
            if digest(dumps(unit["facts"])) != unit["digest"]:
                raise SealError("a unit's facts are not those of its digest")
            profile, ca = profiles[facts.pop("profile")], facts.pop("ca", None)
            desired = MappingProxyType(dict(facts.pop("desired")))
            fields = decode_fields_strict(Host, facts, without=_NOT_SENT)
            file = None if ca is None else authority(raw["authorities"][ca])
            host = Host(**fields, profile=profile, ca=file, desired=desired)
            hosts.append(host)
            units[host.name] = SentUnit(unit["digest"], unit["ticket"])
        head = decode_fields_strict(Batch, raw["batch"], without=frozenset({"hosts"}))
        return SentBatch(Batch(**head, hosts=tuple(hosts)), exactly(str, raw["hub"]), units)
    except (ValueError, TypeError, KeyError, LookupError, AttributeError, RecursionError) as error:
        raise SealError(f"a batch that cannot be read ({type(error).__name__})") from None


def report_text(report: Report, sent: SentBatch) -> str:
    """Write what a site says of a batch."""
    head = encode(report, without=_UNITS)
    return dumps({"v": PROTOCOL, "report": head, "units": [_unit(unit, sent) for unit in report.units]})


def _unit(unit: UnitEvent, sent: SentBatch) -> dict[str, Any]:
    proof = sent.units[unit.host]
    said = {"host": unit.host, "digest": proof.digest, "ticket": proof.ticket}
    if isinstance(unit, UnitHeld):
        return said | {"held": unit.why.value}
    kind = "probed" if isinstance(unit.outcome, Probed) else "failed"
    return said | {kind: encode(unit.outcome), "proof": unit.proof}


def read_report(text: str, is_ours: Callable[[Report, str, str, object], bool]) -> Report:
    """Read a report. `is_ours` is given it, a host's name, the digest and the ticket. Raises SealError."""
    try:
        raw = json.loads(text)
        _refuse_protocol(raw)
        report = Report(**decode_fields_strict(Report, raw["report"], without=_UNITS))
        units = []
        for unit in raw["units"]:
            name = exactly(str, unit["host"])
            if not is_ours(report, name, unit["digest"], unit["ticket"]):
                raise SealError(f"a result for {name[:80]!r}, which this site was not asked for")
            units.append(_event(name, unit))
        return replace(report, units=tuple(units))
    except (ValueError, TypeError, KeyError, LookupError, AttributeError, RecursionError) as error:
        raise SealError(f"a result that cannot be read ({type(error).__name__})") from None


def _event(name: str, unit: Mapping[str, Any]) -> UnitEvent:
    if "held" in unit:
        return UnitHeld(host=name, why=Why(unit["held"]))
    kind = "probed" if "probed" in unit else "failed"
    outcome: Any = decode_strict(_OUTCOMES[kind], unit[kind])
    if outcome.host != name:
        raise SealError("a result that speaks of another host")
    return UnitDone(host=name, outcome=outcome, proof=None if unit["proof"] is None else Proof(unit["proof"]))


def hello_text(hello: Hello) -> str:
    """Write a hello."""
    return dumps({"v": PROTOCOL, "hello": encode(hello)})


def read_hello(text: str) -> Hello:
    """Read a hello, of whatever protocol. Raises SealError; one of another protocol may be made otherwise."""
    try:
        return decode_strict(Hello, json.loads(text)["hello"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            _refuse_protocol(json.loads(text))
        raise SealError(f"a hello that cannot be read ({type(error).__name__})") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A run whose batches, of this epoch and earlier ones, are not to be begun any more."""

    site: str
    run: str
    epoch: int
    sent: datetime


def cancelled_text(cancelled: Cancelled) -> str:
    """Write a cancellation."""
    return dumps({"v": PROTOCOL, "cancelled": encode(cancelled)})


def read_cancelled(text: str) -> Cancelled:
    """Read a cancellation. Raises SealError."""
    try:
        raw = json.loads(text)
        _refuse_protocol(raw)
        return decode_strict(Cancelled, raw["cancelled"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SealError(f"a cancellation that cannot be read ({type(error).__name__})") from None


def _refuse_protocol(raw: Mapping[str, Any]) -> None:
    spoken = raw["v"]
    if type(spoken) is not int or abs(spoken) > _PROTOCOLS:
        raise SealError("it does not say which protocol it speaks")
    if spoken != PROTOCOL:
        older, side = ("older", "the other side's") if spoken < PROTOCOL else ("newer", "this machine's")
        raise SealError(
            f"it speaks protocol {spoken}, this one {PROTOCOL}: the other side's fleetcheck is {older}; "
            f"update {side}"
        )
