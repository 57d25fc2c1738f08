"""What is asked of a site and what it answers. A unit is one host; what travels is a batch of them."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from inventory.model import Host
from orchestrator.domain.outcome import Outcome
from orchestrator.version import VERSION

PROTOCOL = 1
"""Rises when a site of before could misunderstand a batch, or the hub a result."""

MOST = 50  # hosts of a batch
_NUMBERS = re.compile(r"(?:[0-9]{1,9}\.?){0,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOptions:
    """How hosts are probed. `timeout` is in seconds for one host, None: the host's own, or derived.

    `shares` are the connects a second that the site may make to a gateway, of what all may make together.
    """

    mode: str
    canaries: bool
    timeout: float | None
    width: int
    shares: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Hosts of one site that are asked together, for one run (a scan).

    `epoch` rises with each process of the hub that goes on with the run: a cancelled epoch takes later
    batches not along. `generations` say, by credential, how often a refused logon was cleared up: a site may
    spend one refused proof in each. Times are aware; nothing begins after `not_after`.
    """

    id: str
    site: str
    run: str
    epoch: int
    hosts: tuple[Host, ...]
    options: UnitOptions
    script: str  # SHA-256 of the probe
    sent: datetime
    not_after: datetime
    generations: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class Proof(enum.StrEnum):
    """What became of a password, or key, that a host was given a proof of.

    OWN: by the site's own file no account that others have, too, was tried: a ticket, a certificate, the
    host's own account.
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # by the host
    REFUSED = "refused"  # by a domain controller
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDone:
    """A host's result. `proof` is None where no password was tried for once, or no answer to it came."""

    host: str
    outcome: Outcome
    proof: Proof | None = None


class Why(enum.StrEnum):
    """Why a site did not begin a host."""

    ACCOUNT = "account"  # its account was refused on another host
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # the batch came too late
    STOPPED = "stopped"  # the worker is going down


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitHeld:
    """A host that the site did not begin, and does not: nothing was sent to it."""

    host: str
    why: Why


UnitEvent = UnitDone | UnitHeld


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a site says of one batch in one message.

    `ended`: nothing more comes of this batch. `returned`: the broker delivered it a second time, since its
    first worker died or was cut off; it was not begun again, and its hosts are to come in smaller batches.
    """

    site: str
    run: str
    epoch: int
    batch: str
    units: tuple[UnitEvent, ...] = ()
    ended: bool = False
    returned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a worker says of itself every few seconds. `width`: hosts at a time, `slots`: batches.

    `script` is the SHA-256 of its probe: one with another probe refuses every batch.
    """

    site: str
    worker: str  # another one for each process
    version: str
    protocol: int
    sent: datetime
    started: datetime
    width: int
    slots: int
    in_flight: int
    machine: str = ""
    script: str = ""

    def misfit(self, script: str) -> str | None:
        """Say in words why this worker can be given no hosts by a hub with this probe; None where it can."""
        if self.protocol != PROTOCOL:
            older, side = ("older", THERE) if self.protocol < PROTOCOL else ("newer", HERE)
            return (
                f"its fleetcheck ({self.version}) is {older} than this one ({VERSION}) and speaks another "
                f"protocol: it gets no hosts; {_update(side)}"
            )
        if self.script != script:
            return (
                f"its fleetcheck ({self.version}) has another probe than this one ({VERSION}): it gets no "
                f"hosts; {_update(self._behind())}"
            )
        return None

    def _behind(self) -> str | None:
        """Return which side is the older one, by its version; None where both have the same."""
        theirs, ours = _release(self.version), _release(VERSION)
        if theirs == ours:
            return THERE if not self.script else None  # workers of before did not say their probe
        return THERE if theirs < ours else HERE


THERE, HERE = "at the site", "on this machine"


def _update(where: str | None) -> str:
    if where is None:
        return "both call themselves alike: install the same fleetcheck at the site and on this machine"
    return f"update fleetcheck {where}"


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, as far as it begins with some."""
    found = _NUMBERS.match(version)
    return tuple(int(part) for part in found[0].split(".") if part) if found else ()
