"""The options of a re-pin run, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from orchestrator.domain.execution.breaker import DEFAULT_LIMIT
from orchestrator.domain.execution.effort import WIDTH
from orchestrator.domain.repin.waves import Limits, Size
from orchestrator.fleet.options import ScanOptions

NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepinOptions:
    """Times in seconds; what is not told here is as in `ScanOptions`.

    `batch`: the waves' sizes, the last repeats; none: one wave. `pause`: between two waves, with no lock on
    the database. `wait_live`: how long an agent has for using its new port, looked at every `look_every`;
    None: nobody looks. `revert_if_not_live`: one that does not is written back. `dry_run`: all but the write,
    and nothing is journaled. `window`: how long, from the fresh reading on, a host may begin to write, by its
    own clock. `credential`: the one that every host is logged on to with, by name; None: each host's own.
    `waived`: hosts with a waiver that the plan does not know, each with its words; they are refused where a
    plan is applied.
    """

    jobs: int = 64
    batch: tuple[Size, ...] = ()
    pause: float = 0.0
    limits: Limits = NO_LIMITS
    wait_live: float | None = None
    look_every: float = 30.0
    revert_if_not_live: bool = False
    dry_run: bool = False
    window: float = 60.0
    per_site: int = 0
    ramp_up: float = 200.0
    pace: float = 500.0
    timeout: float | None = None
    width: int = WIDTH
    rejections: int = DEFAULT_LIMIT
    credential: str | None = None
    waived: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def reading(self, mode: str) -> ScanOptions:
        """Return the options of a reading in this probe mode."""
        return ScanOptions(
            mode=mode,
            jobs=self.jobs,
            per_site=self.per_site,
            ramp_up=self.ramp_up,
            pace=self.pace,
            timeout=self.timeout,
            width=self.width,
            rejections=self.rejections,
        )
