"""The options that `fleetcheck repin` alone has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.completing import offers, policies, run_ids, scan_ids

if TYPE_CHECKING:
    from orchestrator.domain.repin.policy import Policy as PolicyValue

PlanFile = Annotated[
    Path, typer.Argument(metavar="PLAN", help="A plan's file, as `fleetcheck repin plan -o` writes it.")
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Where the plan goes; else none is kept."),
]
Force = Annotated[bool, typer.Option("--force", help="Let -o replace another plan that is there.")]
Policy = Annotated[
    str | None,
    typer.Option(
        metavar="POLICY",
        autocompletion=offers(policies),
        help="Where the new pin comes from: desired (the inventory), vendor-order, keep-if-working, "
        "prefer:PORT,... (the first open one), fleet-common (one port for most hosts), port:PORT (as --port "
        "gives it). Default: desired.",
    ),
]
Port = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PORT|ROLE=PORT",
        help="The new pin of every role, or of one, such as primary=443: --policy port:PORT. May be repeated "
        "for other roles.",
    ),
]
Ask = Annotated[
    bool,
    typer.Option(
        "--ask",
        help="With --port: ask the hosts first whether it connects, by a scan of its own that tries pins and "
        "these ports alone.",
    ),
]
MaxAge = Annotated[
    str, typer.Option(metavar="TIME", help="Leave out hosts whose evidence is older, such as 90m, 24h, 7d.")
]
Agree = Annotated[
    int, typer.Option(min=1, max=100, metavar="K", help="So many latest scans of a host have to agree.")
]
ForceClosed = Annotated[
    str | None,
    typer.Option(metavar="REASON", help="Plan ports that are not open too; the reason goes on record."),
]
IncludeWaived = Annotated[
    str | None,
    typer.Option(
        metavar="REASON",
        help="Plan hosts of --limit whose verdict is waived, too; the reason goes on record.",
    ),
]
Credential = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Log on to every host with this credential of the inventory; else with each host's own.",
    ),
]
PlanCredential = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Have the plan applied with this credential of the inventory; else with each host's own.",
    ),
]
PlanExitCode = Annotated[
    bool, typer.Option("--exit-code", help="End with 3 where a host is planned, with 0 where none is.")
]
Scan = Annotated[
    int | None,
    typer.Option(
        metavar="ID",
        autocompletion=offers(scan_ids),
        help="Take the evidence from this scan; else each host's latest.",
    ),
]
Expires = Annotated[str, typer.Option(metavar="TIME", help="How long the plan may be applied.")]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write it as an HTML page for a change ticket.")
]
Batch = Annotated[
    str | None,
    typer.Option(
        metavar="SIZES",
        help="Hosts a wave: numbers or percentages of the plan, the last repeats. Default: 1,5%,25%.",
    ),
]
Pause = Annotated[
    str | None, typer.Option(metavar="TIME", help="Wait between two waves, such as 2m. Default: 0s.")
]
MaxFailed = Annotated[
    str | None,
    typer.Option(metavar="N|N%", help="Stop at so many failed hosts, or percent of the plan. Default: 5%."),
]
MaxConflicts = Annotated[
    str | None,
    typer.Option(metavar="N|N%", help="Stop at so many hosts that changed since the plan. Default: 10%."),
]
WaitLive = Annotated[
    str | None, typer.Option(metavar="TIME", help="Watch so long whether each agent takes its new port up.")
]
RevertIfNotLive = Annotated[
    bool, typer.Option("--revert-if-not-live", help="Write back what no agent took up within --wait-live.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Read every host afresh and check it; write and journal nothing.")
]
Key = Annotated[
    Path,
    typer.Option(
        metavar="KEY",
        readable=False,  # ssh-keygen has better words for it
        help="An SSH key to sign with: its file, or the .pub of one that an agent holds.",
    ),
]
PlanKey = Annotated[
    Path | None,
    typer.Option(
        metavar="KEY",
        readable=False,
        help="Sign the plan with this SSH key, as `repin approve` does; needs -o.",
    ),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="NAME", help="Sign as this one of allowed_signers; else as the one whose key it is."
    ),
]
Signatures = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=9,
        metavar="N",
        help="Demand signatures of so many people; /etc/fleetcheck/approvals.toml may demand more.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: for schedulers.")]
Run = Annotated[
    int,
    typer.Argument(
        metavar="RUN",
        autocompletion=offers(run_ids),
        help="A run's id, as `fleetcheck repin status` lists them.",
    ),
]
_SOONEST = timedelta(minutes=1)  # a plan that ends sooner is a slip of the hand


def policy_of(policy: str | None, port: Sequence[str] | None) -> PolicyValue:
    """Read `--policy`, or `--port` in its place. Raises UsageError where both are given, PolicyError."""
    from orchestrator.domain.repin.policy import parse_policy, parse_port

    if policy is not None and port:
        raise UsageError(f"--port {port[0]} is a policy of its own: leave --policy {policy} out")
    return parse_port(port) if port else parse_policy(policy or "desired")


def expiry(text: str) -> timedelta:
    """Read `--expires`. Raises SpanError."""
    from orchestrator.domain.primitives.span import parse_span

    return parse_span(text, "--expires", least=_SOONEST)


def reason_given(text: str | None) -> str | None:
    """Check the reason behind `--force-closed`. Raises UsageError for an empty one."""
    if text is not None and not text.strip():
        raise UsageError("--force-closed needs its reason, in words: it goes on record")
    return text


def waived_reason(text: str | None, limit: Sequence[str]) -> str | None:
    """Check the reason behind `--include-waived`.

    Raises UsageError for an empty one, and without a `--limit`.
    """
    if text is not None and not text.strip():
        raise UsageError("--include-waived needs its reason, in words: it goes on record")
    if text is not None and not limit:
        raise UsageError("--include-waived goes over waivers: say with --limit which hosts it is for")
    return text
