"""The keys of the table `[repin]`: how careful a re-pin is, where nobody says it on the command line."""

from __future__ import annotations

from orchestrator.domain.config.key import Key
from orchestrator.domain.config.kinds import span, whole
from orchestrator.domain.config.proofs import batch, policy, size

_PLAN = ("repin plan",)
_APPLY = ("repin apply",)

REPIN = (
    Key(
        name="repin.policy",
        what="where a plan's new pins come from",
        kind=policy(),
        default="`desired`",
        example='policy = "vendor-order"',
        option="--policy",
        commands=_PLAN,
        unless=("--port",),
    ),
    Key(
        name="repin.max_age",
        what="hosts whose evidence is older are left out of a plan",
        kind=span("24h"),
        default="`24h`",
        example='max_age = "12h"',
        option="--max-age",
        commands=_PLAN,
    ),
    Key(
        name="repin.agree",
        what="so many latest scans of a host have to agree",
        kind=whole(1, 100),
        default="`1`",
        example="agree = 2",
        option="--agree",
        commands=_PLAN,
        unless=("--scan",),
    ),
    Key(
        name="repin.expires",
        what="how long a plan may be applied",
        kind=span("24h", least="1m"),
        default="`24h`",
        example='expires = "4h"',
        option="--expires",
        commands=("repin plan", "repin undo"),
    ),
    Key(
        name="repin.signatures",
        what="so many people have to have signed a plan, where the machine does not demand more",
        kind=whole(1, 9),
        default="what `/etc/fleetcheck/approvals.toml` demands",
        example="signatures = 2",
        option="--signatures",
        commands=("repin apply", "repin export"),
    ),
    Key(
        name="repin.batch",
        what="hosts a wave; the last size repeats",
        kind=batch(),
        default="`1,5%,25%`",
        example='batch = "1,10,50"',
        option="--batch",
        commands=_APPLY,
    ),
    Key(
        name="repin.pause",
        what="the wait between two waves",
        kind=span("2m"),
        default="`0s`",
        example='pause = "2m"',
        option="--pause",
        commands=_APPLY,
    ),
    Key(
        name="repin.max_failed",
        what="a run stops at so many failed hosts",
        kind=size(),
        default="`5%`",
        example="max_failed = 3",
        option="--max-failed",
        commands=_APPLY,
    ),
    Key(
        name="repin.max_conflicts",
        what="a run stops at so many hosts that changed since the plan",
        kind=size(),
        default="`10%`",
        example='max_conflicts = "5%"',
        option="--max-conflicts",
        commands=_APPLY,
    ),
    Key(
        name="repin.wait_live",
        what="how long a run watches whether each agent takes its new port up",
        kind=span("10m"),
        default="not at all",
        example='wait_live = "10m"',
        option="--wait-live",
        commands=_APPLY,
        unless=("--dry-run",),
    ),
)
"""In the order in which people look for them."""
