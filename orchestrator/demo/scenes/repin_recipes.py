"""What a host of the re-pin fleet is like: drifted in every way that a write has to get right,
and what can go wrong.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Mapping

from orchestrator.demo.machine.plot import (
    ACCESS_DENIED,
    Drop,
    Event,
    EventAct,
    Foreign,
    Jump,
    Kill,
    Moment,
    Raise,
    Swap,
)
from orchestrator.demo.scenes import recipes
from orchestrator.demo.scenes.recipes import FALLBACK, KEY, PORT, VALUES, Draft, Recipe
from orchestrator.domain.reading import Kind

_SKEWS = (
    -7200.0,
    5400.0,
    86_400.0,
    -45.0,
    600.0,
)  # seconds: an hour's zone mistaken, a dead battery, mere sloth
_DAY = 86_400.0


def drifted(draft: Draft) -> None:
    """Hold the fallback port, want the tunnel's own, which is open."""
    recipes.drifted(draft)


def skewed(draft: Draft) -> None:
    """Live in another time."""
    drifted(draft)
    draft.machine.clock_skew = _SKEWS[draft.turn % len(_SKEWS)]


def kept_as(kind: Kind) -> Recipe:
    """Make a recipe for a host that keeps its pins in another kind."""

    def keep(draft: Draft) -> None:
        drifted(draft)
        draft.pin(FALLBACK, kind=kind)

    return keep


def both_views(draft: Draft) -> None:
    """Hold equal pins in both registry views: four values, one operation."""
    drifted(draft)
    draft.pin(FALLBACK, view=32)


def small_view(draft: Draft) -> None:
    """Have the agent of 32-bit programs."""
    drifted(draft)
    draft.machine.registry.delete(64, KEY)
    draft.pin(FALLBACK, view=32)


def one_role(draft: Draft) -> None:
    """Drift in one role alone."""
    drifted(draft)
    draft.machine.registry.create(64, KEY).set(VALUES["primary"], Kind.DWORD, PORT)


def over_http(draft: Draft) -> None:
    """Reach it over http, with NTLM sealing the messages."""
    drifted(draft)
    draft.transport, draft.auth = "http", "ntlm"


def slow(draft: Draft) -> None:
    """Take a while for every script, and for every step of the write."""
    drifted(draft)
    draft.machine.latency, draft.machine.step_time = 1.0, 0.1


def never_reconnects(draft: Draft) -> None:
    """Have an agent that keeps its old tunnel for ever."""
    drifted(draft)
    if draft.machine.agent is not None:
        draft.machine.agent.reconnects = None


def forbidden(draft: Draft) -> None:
    """Be left alone by the inventory's word."""
    drifted(draft)
    draft.inventory["repin"] = "forbid"


def _denied(draft: Draft) -> None:
    draft.machine.registry.create(64, KEY).locked = "System.Security.SecurityException 0x8013150a"


def _wrong_host(draft: Draft) -> None:
    other = copy.deepcopy(draft.machine)
    other.machine_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, draft.name))
    draft.events = (Event(at=Moment.BEGIN, act=Swap(other)),)


def _event(at: Moment, act: EventAct, target: int | None = None) -> Recipe:
    def plan(draft: Draft) -> None:
        draft.events = (Event(at=at, act=act, target=target),)

    return plan


_THEIRS = Foreign(64, KEY, VALUES["primary"], Kind.DWORD, 8080)

TROUBLES: Mapping[str, Callable[[Draft], None]] = {
    "conflict": _event(Moment.READ, _THEIRS),
    "denied": _denied,
    "restored": _event(Moment.SET, Raise(ACCESS_DENIED), 1),
    "mixed": _event(Moment.WAS_SET, Kill(), 0),
    "no-answer": _event(Moment.ANSWER, Drop()),
    "not-written": _event(Moment.COMPARE, Kill(down=0.5), 0),
    "wrong-host": _wrong_host,
    "expired": _event(Moment.BEGIN, Jump(_DAY)),
}
"""What can go wrong at a write on a `drifted` host, by how it ends.

A `no-answer` host is written and never says so.
"""
