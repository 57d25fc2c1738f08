"""How a scan ended, as one small value: the results themselves are in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from inventory.words import plural
from orchestrator.domain.execution.breaker import Account
from orchestrator.domain.execution.tally import Counts, exit_code
from orchestrator.domain.record import ScanState
from orchestrator.fleet.words import refusers


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEnd:
    """How the part ended that sites were asked for: hosts not started, by site, and how often something was
    told twice or not believed. `handed` of the hosts not started may still be asked: their sites have them,
    or the broker.
    """

    silent: Mapping[str, int] = field(default_factory=dict)
    not_started: tuple[str, ...] = ()
    handed: int = 0
    barred: Mapping[Account, Sequence[str]] = field(default_factory=dict)
    twice: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """An account that nothing more was tried with.

    The hosts in `rejected` refused it in a row; those in `barred` were not started for it. `refused`: a
    domain controller refused it, asked for this host's sake. `host` is set where the account is that host's
    own.
    """

    credential: str
    username: str
    rejected: tuple[str, ...]
    barred: tuple[str, ...]
    host: str | None = None
    refused: str | None = None

    @property
    def why(self) -> str:
        """Which credential it is, and who refused it."""
        in_a_row = "" if self.refused is not None else " in a row"
        by = refusers(self.rejected, self.refused)
        return f"credential {self.credential} ({self.username}) was rejected by {by}{in_a_row}"

    @property
    def first(self) -> str:
        """The host to try it on alone."""
        return self.refused or (self.rejected[0] if self.rejected else "HOST")

    def words(self, again: str | None) -> str:
        """Which credential it is, why it was given up, and what to type.

        `again`: the command that goes on with the run; None where there is nothing to go on with.
        """
        left = ""
        if self.barred:
            left = f"; {plural(len(self.barred), 'host')} not started"
        alone = f"try it alone with `fleetcheck scan --limit {self.first}`"
        then = f"Put its password, or the account, right, and {alone}"
        if again is not None:
            then = f"Put its password, or the account, right, {alone}, then `{again}`"
        return f"{self.why}: nothing more was tried with it, so that the account is not locked{left}. {then}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSummary:
    """How a scan ended. `counts` are of the hosts that it was given; `already` had a result before (resumed).

    Every counted result is committed. `trouble` is what the database refused, in words, empty where nothing
    was; `unanswered`: the database did not answer any more when the scan was abandoned. `reason` is what
    requested the stop ("Ctrl-C"), empty where nothing did. `abandoned`: hosts in flight were left.
    """

    scan: int
    state: ScanState
    counts: Counts
    started: datetime
    ended: datetime
    already: int = 0
    causes: tuple[tuple[str, int], ...] = ()  # of the hosts that failed, most frequent first
    tries_again: int = 0  # tries beyond each host's first
    given_up: tuple[GivenUp, ...] = ()
    reason: str = ""
    abandoned: bool = False
    trouble: str = ""
    unanswered: bool = False
    remarks: tuple[str, ...] = ()
    sites: RemoteEnd = field(default_factory=RemoteEnd)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.started).total_seconds()

    @property
    def exit_code(self) -> int:
        """The command's exit code. A lock-out breaker that kept hosts from being started is a safety gate."""
        return exit_code(
            self.counts,
            interrupted=self.state is ScanState.INTERRUPTED and not self.trouble,
            failed=bool(self.trouble),
            gate=any(account.barred for account in self.given_up),
        )
