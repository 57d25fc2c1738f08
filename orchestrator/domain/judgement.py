"""What fleetcheck believes and concludes, as values. `orchestrator.domain.verdict` decides them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from inventory.verdicts import Verdict


class Belief(enum.StrEnum):
    """What we believe of a (role, port) after all attempts."""

    OPEN = "open"
    CLOSED = "closed"
    INTERCEPTED = "intercepted"
    UNTRIED = "untried"

    __hash__ = str.__hash__  # an enumeration's own is Python's, and rows hold tens of thousands


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What the registry holds for a role.

    `port` is None where it is no port; `shown` is the data as text, uncleaned, None where the value is
    missing; `kind` is the registry kind, None where it is missing.
    """

    port: int | None
    kind: str | None
    shown: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleJudgement:
    """One role of one host: its pin, what is desired, what is believed of every listed port, and the
    conclusion.

    `live` holds the remote ports of live connections of this role. `action` is what to do, empty for `ok`.
    `refused`: every listed port was refused by an answer, which no firewall that drops does.
    """

    role: str
    verdict: Verdict
    pin: Pin
    desired: int | None
    beliefs: Mapping[int, Belief]
    live: tuple[int, ...]
    evidence: tuple[str, ...]
    action: str
    refused: bool = False

    @property
    def pin_belief(self) -> Belief | None:
        """What is believed of the pin; None where there is no pin."""
        return None if self.pin.port is None else self.beliefs[self.pin.port]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The conclusion about a host. `role` names the worst role where the roles differ, else None.

    `roles` is empty for the host verdicts (unknown, unreadable, no-agent, split). `view` is the registry view
    that was judged. `any_live`: a tunnel is up for some role. `evidence` and `remarks` are sentences,
    uncleaned. `action` says what to do for the worst role, and for every other one that needs a firewall
    rule.
    """

    verdict: Verdict
    role: str | None = None
    roles: tuple[RoleJudgement, ...] = ()
    view: int | None = None
    any_live: bool = False
    evidence: tuple[str, ...] = ()
    action: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The verdict as it is written: `cut-off (backup)` where the roles differ."""
        return f"{self.verdict} ({self.role})" if self.role else str(self.verdict)
