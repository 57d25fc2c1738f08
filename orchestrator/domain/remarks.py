"""What is worth a line beside the verdict: things that look wrong,
or that somebody should know when judging it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from inventory.model import Profile
from orchestrator.domain.facts import Facts, KeyState
from orchestrator.domain.outcome import Trace
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.reading import Reading, Source, Target, ViewState

MOST_SKEW = timedelta(minutes=5)  # Kerberos refuses a logon beyond this


def remarks(reading: Reading, *, facts: Facts, profile: Profile, trace: Trace | None) -> tuple[str, ...]:
    """Return the remarks on a host, most telling first, as sentences that quote the host uncleaned.

    Never raises.
    """
    return (
        *_views(reading, facts),
        *_gateways(reading),
        *_pins(facts, profile),
        *_trouble(reading),
        *_clock(reading.identity.clock, trace),
    )


def _views(reading: Reading, facts: Facts) -> Iterable[str]:
    present = [str(view.view) for view in reading.views if view.state is ViewState.PRESENT]
    if facts.key is KeyState.HELD and len(present) > 1:
        yield f"the {' and '.join(present)}-bit registry views both hold the key, and agree"
    for view in reading.views:
        if view.state in (ViewState.DENIED, ViewState.FAILED):
            error = f" ({view.error})" if view.error else ""
            yield f"the {view.view}-bit registry view could not be read: {view.state}{error}"
        elif view.error:
            yield f"the {view.view}-bit registry view was read in part: {view.error}"


def _gateways(reading: Reading) -> Iterable[str]:
    by_role: dict[str, dict[Source, Target]] = {}
    for target in reading.targets:
        by_role.setdefault(target.role, {}).setdefault(target.source, target)
    for role, found in by_role.items():
        registry, inventory = found.get(Source.REGISTRY), found.get(Source.INVENTORY)
        if registry and inventory and _differ(registry, inventory):
            yield f"{role}: the registry's gateway is {registry.name}, the inventory's {inventory.name}"
        guess = found.get(Source.GUESS)
        if guess and guess.decides:
            yield f"{role}: nobody names the gateway; {guess.name} is a guess by its shape"


def _differ(registry: Target, inventory: Target) -> bool:
    """Tell whether two names mean different gateways;
    a name that resolves to the other's address does not.
    """
    if canonical(registry.name) == canonical(inventory.name):
        return False
    here, there = (set(map(canonical, target.addresses)) for target in (registry, inventory))
    return not (here and there and (here <= there or there <= here))


def _pins(facts: Facts, profile: Profile) -> Iterable[str]:
    for role in facts.roles:
        for what, port in (("pin", role.pin.port), ("desired pin", role.desired)):
            if port is not None and port not in profile.port_numbers:
                yield f"{role.role}: the {what} {port} is not in the profile's list"


def _trouble(reading: Reading) -> Iterable[str]:
    if reading.deadline_hit:
        yield "the probe ended at its own deadline, before it had tried everything: set a longer `timeout:`"
    for part in reading.parts:
        if part.error:
            yield f"the part {part.name} of the probe failed: {part.error}"
    if reading.cut_values:
        yield f"{reading.cut_values} registry values were too large to bring back"


def _clock(clock: datetime | None, trace: Trace | None) -> Iterable[str]:
    if clock is None or trace is None:
        return
    if (ahead := clock - trace.ended) > MOST_SKEW:
        yield f"the host's clock is {_minutes(ahead)} ahead"
    elif (behind := trace.started - clock) > MOST_SKEW:
        yield f"the host's clock is {_minutes(behind)} behind"


def _minutes(skew: timedelta) -> str:
    return f"{round(skew.total_seconds() / 60)} minutes"
