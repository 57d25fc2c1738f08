"""One host over time: how long each conclusion stood, and what was believed of each port. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief
from orchestrator.domain.standing import Standing
from orchestrator.domain.views.diff import pin_word


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Results in a row that say the same.

    `cause` is why there was no reading, else empty; `pins` are by role.
    """

    first: datetime
    last: datetime
    first_scan: int
    last_scan: int
    results: int
    verdict: Verdict
    label: str
    cause: str
    pins: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One port of a role over time: a belief for each result, oldest first, None where the host gave no
    reading.

    `pinned`: it is the role's pin in the last reading.
    """

    role: str
    port: int
    label: str
    beliefs: tuple[Belief | None, ...]
    pinned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A host's results. `stretches` are newest first; `tracks` by role, in the profile's order of ports."""

    host: str
    results: int
    stretches: tuple[Stretch, ...]
    tracks: tuple[Track, ...]


def history(host: str, newest_first: Sequence[Standing]) -> History:
    """Lay a host's results out in time."""
    return History(
        host=host,
        results=len(newest_first),
        stretches=_stretches(newest_first),
        tracks=_tracks(newest_first[::-1]),
    )


def _stretches(newest_first: Sequence[Standing]) -> tuple[Stretch, ...]:
    runs: list[list[Standing]] = []
    for standing in newest_first:
        if runs and _same(runs[-1][-1], standing):
            runs[-1].append(standing)
        else:
            runs.append([standing])
    return tuple(
        Stretch(
            first=run[-1].at,
            last=run[0].at,
            first_scan=run[-1].scan,
            last_scan=run[0].scan,
            results=len(run),
            verdict=run[0].judgement.verdict,
            label=run[0].judgement.label,
            cause=run[0].cause,
            pins=_pins(run[0]),
        )
        for run in runs
    )


def _same(one: Standing, other: Standing) -> bool:
    return (one.judgement.label, one.cause, _pins(one)) == (other.judgement.label, other.cause, _pins(other))


def _pins(standing: Standing) -> dict[str, str]:
    return {role.role: pin_word(role.pin) for role in standing.judgement.roles}


def _tracks(oldest_first: Sequence[Standing]) -> tuple[Track, ...]:
    """Make a track for each role and port that was ever tried or is the pin now."""
    read = [standing for standing in oldest_first if standing.judgement.roles]
    if not read:
        return ()
    labels = {listed.number: listed.label for listed in read[-1].profile.ports}
    pins = {role.role: role.pin.port for role in read[-1].judgement.roles}
    tried: dict[str, set[int]] = {role: {pin} if pin is not None else set() for role, pin in pins.items()}
    for standing in read:
        for role in standing.judgement.roles:
            known = {port for port, belief in role.beliefs.items() if belief is not Belief.UNTRIED}
            tried.setdefault(role.role, set()).update(known)
    return tuple(
        Track(
            role=role,
            port=port,
            label=labels.get(port, "not in the list"),
            beliefs=tuple(_belief(standing, role, port) for standing in oldest_first),
            pinned=pins.get(role) == port,
        )
        for role, ports in tried.items()
        for port in (*(port for port in labels if port in ports), *sorted(ports - labels.keys()))
    )


def _belief(standing: Standing, role: str, port: int) -> Belief | None:
    if not standing.probed:
        return None
    found = next((each for each in standing.judgement.roles if each.role == role), None)
    return Belief.UNTRIED if found is None else found.beliefs.get(port, Belief.UNTRIED)
