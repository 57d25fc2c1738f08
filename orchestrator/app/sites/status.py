"""How the sites stand: who is alive, what waits, when each was last heard of."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestrator.app.sites.place import HubFolder, hub_settings
from orchestrator.domain.sites.unit import Hello

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.dispatch.hub import HubSettings

FRESH = 20.0  # seconds that a hello may be old by this machine's clock
LISTEN = 8.0  # seconds in which a worker whose clock differs says something new
CLOCKS = 60.0  # seconds by which clocks may differ without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site. `waiting`: batches, `results`: messages for the hub; None: the queue is not there.

    `hello` is the worker's last word, `alive` whether it is from now, `fits` whether it can be given hosts.
    `remarks` are sentences.
    """

    site: str
    alive: bool
    waiting: int | None
    results: int | None
    hello: Hello | None
    fits: bool = True
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HubStatus:
    """All sites, and how many batches no worker could finish."""

    broker: str
    sites: tuple[SiteStatus, ...]
    dead: int | None
    now: datetime


def status(invocation: Invocation, hub: HubFolder) -> HubStatus:
    """Look at the broker. Raises InventoryError, SecretError, KeyFileError, BrokerError, CommandError."""
    from orchestrator.dispatch import topology
    from orchestrator.dispatch.broker import told

    settings = hub_settings(hub, invocation.ask)
    with told(settings.broker), settings.broker.connection() as connection:
        heard = _heard(connection, settings)
        found = tuple(_status(connection, site, heard[site]) for site in sorted(settings.sites))
        dead = topology.waiting(connection, topology.dead())
    return HubStatus(broker=settings.broker.place, sites=found, dead=dead, now=datetime.now(UTC))


@dataclass(slots=True)
class _Heard:
    hello: Hello | None = None
    alive: bool = False
    trouble: str = ""


def _heard(connection: Any, settings: HubSettings) -> Mapping[str, _Heard]:
    """Listen to every site: long enough for those whose clock differs to say something new."""
    heard = {site: _Heard() for site in settings.sites}
    end = time.monotonic() + LISTEN
    while True:
        for site, known in heard.items():
            if not known.alive:
                _listen(connection, settings, site, known)
        if all(known.alive for known in heard.values()) or time.monotonic() > end:
            return heard
        time.sleep(0.5)


def _listen(connection: Any, settings: HubSettings, site: str, known: _Heard) -> None:
    from orchestrator.dispatch.errors import SealError
    from orchestrator.dispatch.listen import last_word

    try:
        hello = last_word(connection, site, settings.sites[site])
    except SealError as error:
        known.trouble = str(error)
        return
    if hello is None:
        return
    age = abs((datetime.now(UTC) - hello.sent).total_seconds())
    before = known.hello
    known.alive = age <= FRESH or (
        before is not None and (hello.worker, hello.sent) != (before.worker, before.sent)
    )
    known.hello = hello


def _status(connection: Any, site: str, heard: _Heard) -> SiteStatus:
    from orchestrator.dispatch import topology
    from orchestrator.remote.probe import probe_script

    remarks = [heard.trouble] if heard.trouble else []
    hello, misfit = heard.hello, None
    if hello is not None and heard.alive:
        apart = (hello.sent - datetime.now(UTC)).total_seconds()
        if abs(apart) > CLOCKS:
            side = "ahead of" if apart > 0 else "behind"
            remarks.append(f"its clock is {abs(apart):.0f} s {side} this machine's: set both by NTP")
        if (misfit := hello.misfit(probe_script().sha256)) is not None:
            remarks.append(misfit)
    return SiteStatus(
        site=site,
        alive=heard.alive,
        waiting=topology.waiting(connection, topology.batches(site)),
        results=topology.waiting(connection, topology.results(site)),
        hello=hello,
        fits=misfit is None,
        remarks=tuple(remarks),
    )
