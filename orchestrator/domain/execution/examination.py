"""What `doctor` finds: stage by stage of the way to a host, and check by check of this machine.

Values alone.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


class Stage(enum.StrEnum):
    """A stage on the way to a host's answer, in the order in which they come."""

    RESOLVE = "resolve"  # the name, to addresses
    TCP = "TCP"  # to the host; to the proxy or jump host where `via` names one
    HOP = "hop"  # from there to the host; only where `via` names one
    TLS = "TLS"  # the handshake, and whether the certificate is to be trusted
    OFFERS = "offers"  # what the host says to who has not logged on: its ways to log on, its Server header
    LOGON = "logon"  # whether it takes user name and password, or the ticket
    RIGHTS = "rights"  # whether that user may have a shell there
    SHELL = "shell"  # whether the shell opens, and which PowerShell it is
    SCRIPT = "script"  # whether the probe runs, and answers what it has to


class State(enum.StrEnum):
    """How a stage ended, or why it did not begin."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TRIED = "not tried"  # the logon: its password was refused elsewhere in this run
    NOT_NEEDED = "not needed"  # TLS with http
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """One stage of one host. `milliseconds` is None where it took no time of its own, or none was spent.

    `seen` are sentences, which may quote the host, cleaned; `cause` is the fault's word, "" where it did not
    fail; `advice` may stand at a stage that passed, as a certificate that ends soon.
    """

    stage: Stage
    state: State
    milliseconds: int | None = None
    seen: tuple[str, ...] = ()
    cause: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A shell that stands open on a host. `idle` is how long nobody asked for it, as the host writes it."""

    id: str
    owner: str
    client: str
    idle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """What WinRM allows an account on a host, and which shells stand open there.

    `quotas` are the names and values of `winrm get winrm/config` that limit it. None: this account may not
    read it, or the host did not say; `remarks` tell which.
    """

    quotas: Mapping[str, str] | None = None
    shells: tuple[Shell, ...] | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """One host, examined: every stage has a result. `username` is "" where a ticket cache is used."""

    host: str
    address: str
    port: int
    transport: str
    auth: str
    username: str
    stages: tuple[StageResult, ...]
    via: str | None = None
    date: datetime | None = None  # the host's clock, as its HTTP answer gives it
    account: AccountFacts | None = None
    remarks: tuple[str, ...] = ()

    @property
    def stopped(self) -> StageResult | None:
        """The stage that the way ended at, None where it came to its end."""
        return next((one for one in self.stages if one.state in (State.FAILED, State.NOT_TRIED)), None)

    @property
    def milliseconds(self) -> int:
        """What all stages took together."""
        return sum(one.milliseconds or 0 for one in self.stages)


class Health(enum.StrEnum):
    """What a check of this machine came to."""

    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of this machine: what was looked at, what was seen, what to do."""

    name: str
    health: Health
    seen: str
    advice: str = ""


def completed(results: Iterable[StageResult], *, hop: bool = False) -> tuple[StageResult, ...]:
    """Return a result for every stage, in their order: those without one were not reached. `hop`: there is
    one.
    """
    known = {result.stage: result for result in results}
    stages = [stage for stage in Stage if hop or stage is not Stage.HOP]
    return tuple(known.get(stage, StageResult(stage=stage, state=State.NOT_REACHED)) for stage in stages)


def all_passed(examinations: Sequence[Examination]) -> bool:
    """Whether every host came to its end."""
    return all(one.stopped is None for one in examinations)
