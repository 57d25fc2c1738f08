"""The options that `fleetcheck scan` alone has; `--report` is read and checked before the first host is
asked.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.completing import inventory_names, offers, scan_ids, target_names

if TYPE_CHECKING:
    from orchestrator.app.scan.export import ReportFile


class Mode(enum.StrEnum):
    """What the probe tries."""

    AUTO = "auto"
    FULL = "full"
    ORDERED = "ordered"
    PINNED = "pinned"


Hosts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="HOST",
        autocompletion=offers(inventory_names),
        help="The same as --limit HOST; else every host.",
    ),
]
Probe = Annotated[
    Mode | None,
    typer.Option(
        metavar="MODE",
        help="Ports to try: auto (pins, the whole list where one fails), full (all), ordered (as the "
        "vendor's checker does), pinned (pins only). Default: auto.",
    ),
]
Jobs = Annotated[int, typer.Option(min=1, max=4096, metavar="N", help="Hosts at a time.")]
PerSite = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="N",
        help="Hosts of one `site:` at a time; 0: no limit. Others go on while a site's hosts wait.",
    ),
]
RampUp = Annotated[
    float,
    typer.Option(
        min=0,
        max=1_000_000,
        metavar="N",
        help="How many more hosts a second may be in work, until there are --jobs of them; 0: all at once.",
    ),
]
Pace = Annotated[
    float,
    typer.Option(
        min=0, metavar="N", help="Connects a second that one gateway gets from all hosts; 0: no limit."
    ),
]
NoCanaries = Annotated[bool, typer.Option("--no-canaries", help="Leave out the search for a middlebox.")]
Timeout = Annotated[
    float | None,
    typer.Option(
        min=1, max=86_400, metavar="SECONDS", help="Seconds for one host in all; else the inventory's."
    ),
]
Resume = Annotated[
    int | None,
    typer.Option(
        metavar="ID",
        autocompletion=offers(scan_ids),
        help="Go on with a scan: hosts that have a result are not asked again.",
    ),
]
From = Annotated[
    int | None,
    typer.Option(
        "--from",
        metavar="ID",
        autocompletion=offers(scan_ids),
        help="Take the hosts from an earlier scan; see --only.",
    ),
]
ViaSites = Annotated[
    bool,
    typer.Option(
        "--via-sites", help="Hosts of a site with a worker are asked by that worker (docs/sites.md)."
    ),
]
Hub = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="The hub's folder, with --via-sites; else FLEETCHECK_HUB, else in the user's state folder.",
    ),
]
Report = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FORMAT:FILE",
        help="Write the result to a file as well, as `fleetcheck export` does: json, jsonl, csv, junit, "
        "prometheus or nagios. May be repeated.",
    ),
]
Notify = Annotated[
    list[str] | None,
    typer.Option(
        "--notify",
        metavar="NAME",
        autocompletion=offers(target_names),
        help="Tell a target of the configuration, [notify.NAME], what changed since it was last told. May be "
        "repeated.",
    ),
]
ListHosts = Annotated[bool, typer.Option("--list-hosts", help="Print the selected hosts and ask none.")]


def report_files(texts: Iterable[str]) -> tuple[ReportFile, ...]:
    """Read every `--report`.

    Raises UsageError for what is no FORMAT:FILE, and for a file that cannot be meant.
    """
    from orchestrator.app.files import check
    from orchestrator.app.scan.export import ReportFile, kind_of
    from orchestrator.report.exports.formats import Format

    found: dict[Path, ReportFile] = {}
    for text in texts:
        word, _, name = text.partition(":")
        if word not in tuple(Format) or name in {"", "-"}:
            raise UsageError(
                f"--report {text!r}: expected FORMAT:FILE, such as csv:fleet.csv; formats are "
                f"{', '.join(Format)}. For standard output there is `fleetcheck export`."
            )
        report = ReportFile(format=Format(word), path=Path(name))
        if report.path in found:
            raise UsageError(f"--report {text!r}: another --report writes this file already")
        check(report.path, marker=report.format.marker, what=kind_of(report.format))
        found[report.path] = report
    return tuple(found.values())
