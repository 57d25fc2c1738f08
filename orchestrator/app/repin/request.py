"""What is asked of a run: as typed, kept with the run so that `resume` goes on in the same way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from orchestrator.app.errors import UsageError
from orchestrator.domain.primitives.span import parse_span
from orchestrator.domain.repin.waves import Limits, parse_batch, parse_size

if TYPE_CHECKING:
    from orchestrator.fleet.repin.options import RepinOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RepinRequest:
    """The options of `repin apply` as typed; None: not given."""

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
    signatures: int | None = None

    def over(self, other: RepinRequest) -> RepinRequest:
        """Take from `other` what is not given here."""
        given = {key: value for key, value in asdict(self).items() if value is not None}
        return replace(other, **given)

    def stored(self) -> str:
        """Write them for the run's record."""
        return json.dumps(asdict(self), sort_keys=True)


DEFAULTS = RepinRequest(
    batch="1,5%,25%",
    pause="0s",
    max_failed="5%",
    max_conflicts="10%",
    revert_if_not_live=False,
    jobs=64,
    per_site=0,
    ramp_up=200.0,
)


def of_record(options: str) -> RepinRequest:
    """Read what a run's record keeps.

    Anything else in it is left aside, and what is not there is the default.
    """
    try:
        known = json.loads(options)
    except (ValueError, RecursionError):
        return DEFAULTS
    names = {field.name for field in fields(RepinRequest)}
    given = {key: value for key, value in known.items() if key in names} if isinstance(known, dict) else {}
    return RepinRequest(**given).over(DEFAULTS)


def options_of(request: RepinRequest, hosts: int, *, dry_run: bool) -> RepinOptions:
    """Turn a whole request into options for a plan of `hosts`. Raises BatchError, SpanError, UsageError."""
    from orchestrator.fleet.repin.options import RepinOptions

    if request.revert_if_not_live and request.wait_live is None:
        raise UsageError(
            "--revert-if-not-live needs --wait-live TIME: how long an agent has for its new port"
        )
    if dry_run and request.wait_live is not None:
        raise UsageError("--dry-run writes nothing, so there is nothing to wait for: leave --wait-live out")
    live = None if request.wait_live is None else parse_span(request.wait_live, "--wait-live")
    return RepinOptions(
        jobs=request.jobs or 1,
        per_site=request.per_site or 0,
        ramp_up=request.ramp_up or 0.0,
        batch=parse_batch(request.batch or ""),
        pause=parse_span(request.pause or "", "--pause").total_seconds(),
        limits=Limits(
            max_failed=parse_size(request.max_failed or "", "--max-failed").of(hosts),
            max_conflicts=parse_size(request.max_conflicts or "", "--max-conflicts").of(hosts),
        ),
        wait_live=None if live is None else live.total_seconds(),
        revert_if_not_live=bool(request.revert_if_not_live),
        dry_run=dry_run,
        credential=request.credential,
    )
