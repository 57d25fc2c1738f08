"""What the options of `repin apply` ask for: as typed, kept with the run so that `resume` goes on in the same way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from orchestrator.cli.errors import UsageError
from orchestrator.domain.primitives.span import parse_span
from orchestrator.domain.repin.waves import Limits, parse_batch, parse_size

if TYPE_CHECKING:
    from orchestrator.fleet.repin.options import RepinOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options as typed; None: not given."""

    batch: str | None = None
    pause: str | None = None
    max_failed: str | None = None
    max_conflicts: str | None = None
    wait_live: str | None = None
    revert_if_not_live: bool | None = None
    jobs: int | None = None
    per_site: int | None = None
    ramp_up: float | None = None
    credential: str | None = None

    def over(self, other: Wishes) -> Wishes:
        """Take from `other` what is not given here."""
        given = {key: value for key, value in asdict(self).items() if value is not None}
        return replace(other, **given)

    def stored(self) -> str:
        """Write them for the run's record."""
        return json.dumps(asdict(self), sort_keys=True)


DEFAULTS = Wishes(
    batch="1,5%,25%",
    pause="0s",
    max_failed="5%",
    max_conflicts="10%",
    revert_if_not_live=False,
    jobs=64,
    per_site=0,
    ramp_up=200.0,
)


def of_record(options: str) -> Wishes:
    """Read what a run's record keeps; anything else in it is left aside, and what is not there is the default."""
    try:
        known = json.loads(options)
    except ValueError:
        return DEFAULTS
    names = {field.name for field in fields(Wishes)}
    given = {key: value for key, value in known.items() if key in names} if isinstance(known, dict) else {}
    return Wishes(**given).over(DEFAULTS)


def options_of(wishes: Wishes, hosts: int, *, dry_run: bool) -> RepinOptions:
    """Turn whole wishes into options for a plan of `hosts`. Raises BatchError, SpanError, UsageError."""
    from orchestrator.fleet.repin.options import RepinOptions

    if wishes.revert_if_not_live and wishes.wait_live is None:
        raise UsageError(
            "--revert-if-not-live needs --wait-live TIME: how long an agent has for its new port"
        )
    if dry_run and wishes.wait_live is not None:
        raise UsageError("--dry-run writes nothing, so there is nothing to wait for: leave --wait-live out")
    live = None if wishes.wait_live is None else parse_span(wishes.wait_live, "--wait-live")
    return RepinOptions(
        jobs=wishes.jobs or 1,
        per_site=wishes.per_site or 0,
        ramp_up=wishes.ramp_up or 0.0,
        batch=parse_batch(wishes.batch or ""),
        pause=parse_span(wishes.pause or "", "--pause").total_seconds(),
        limits=Limits(
            max_failed=parse_size(wishes.max_failed or "", "--max-failed").of(hosts),
            max_conflicts=parse_size(wishes.max_conflicts or "", "--max-conflicts").of(hosts),
        ),
        wait_live=None if live is None else live.total_seconds(),
        revert_if_not_live=bool(wishes.revert_if_not_live),
        dry_run=dry_run,
        credential=wishes.credential,
    )
