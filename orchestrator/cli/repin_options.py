"""The options that `fleetcheck repin` alone has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PlanFile = Annotated[
    Path, typer.Argument(metavar="PLAN", help="A plan's file, as `fleetcheck repin plan -o` writes it.")
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Where the plan goes; else none is kept."),
]
Policy = Annotated[
    str,
    typer.Option(
        metavar="POLICY",
        help="Where the new pin comes from: desired (the inventory), vendor-order, keep-if-working, "
        "prefer:PORT,... (the first open one), fleet-common (one port for most hosts).",
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
Scan = Annotated[
    int | None, typer.Option(metavar="ID", help="Take the evidence from this scan; else each host's latest.")
]
Expires = Annotated[str, typer.Option(metavar="TIME", help="How long the plan may be applied.")]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write it as an HTML page for a change ticket.")
]
