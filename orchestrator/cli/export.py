"""`fleetcheck export`: a stored scan for somebody else's program; no host is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inventory.errors import FleetcheckError
from orchestrator.app.errors import UsageError
from orchestrator.cli.command import invocation
from orchestrator.cli.completing import formats, offers, scan_ids
from orchestrator.cli.config.configured import ConfiguredCommand
from orchestrator.cli.console import hand_over, say
from orchestrator.cli.errors import handled, told
from orchestrator.cli.options import DatabaseOption, LabelOption, labels_of
from orchestrator.domain.primitives.exit_codes import EXIT_USAGE
from orchestrator.report.exports.formats import Format

if TYPE_CHECKING:
    from orchestrator.report.exports.nagios import Check

_NUMBER = re.compile(r"[0-9]{1,18}\Z")
_STDOUT = Path("-")


class ExportCommand(ConfiguredCommand):
    """The command, whose mistakes in typing are a plug-in's UNKNOWN where Nagios is asked for:
    2 would be CRITICAL.
    """

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> Any:
        """Read the options, as the base class does."""
        nagios = any(word.removeprefix("--format=").removeprefix("-f") == "nagios" for word in args)
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except Exception as error:
            if not nagios or getattr(error, "exit_code", None) != EXIT_USAGE:
                raise
            from orchestrator.report.exports.nagios import nagios_trouble

            raise typer.Exit(_said(nagios_trouble(getattr(error, "message", str(error))))) from None

    def refused(self, ctx: Any, error: Exception) -> int:
        """Say what is wrong with the configuration, as a plug-in where one is asked for."""
        if ctx.params.get("wanted") != Format.NAGIOS:
            return super().refused(ctx, error)
        from orchestrator.report.exports.nagios import nagios_trouble

        words = str(error).splitlines()[0] if isinstance(error, FleetcheckError) else told(error)[1]
        return _said(nagios_trouble(words))


@handled
def export(
    *,
    wanted: Annotated[
        Format,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            autocompletion=offers(formats),
            help=f"One of {', '.join(Format)} (docs/exports.md).",
        ),
    ],
    scan: Annotated[
        str | None,
        typer.Option(metavar="ID", autocompletion=offers(scan_ids), help="A scan's id; else the latest."),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File to write, whole or not at all; else -, the output."
        ),
    ] = _STDOUT,
    max_age: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="With nagios: an older scan is UNKNOWN, such as 26h or 2d."),
    ] = None,
    label: LabelOption = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code", help="End with the scan's exit code, not with 0 (nagios: always 0 to 3)."
        ),
    ] = False,
    db: DatabaseOption = None,
) -> None:
    """Write a scan for other programs, such as a spreadsheet."""
    if wanted is Format.NAGIOS:
        raise typer.Exit(_nagios(scan, output, max_age, db, labelled=bool(label)))
    if label and wanted is not Format.PROMETHEUS:
        raise UsageError(f"--label goes with --format prometheus; {wanted} has no labels")
    if max_age is not None:
        raise UsageError(f"--max-age goes with --format nagios; {wanted} says itself when the scan was")
    from orchestrator.app.scan.export import kind_of, shared_series, stored_export

    labels = labels_of(label or ())
    with stored_export(invocation(db), wanted, _scan_id(scan), labels) as found:
        hand_over(output, found.pieces, marker=wanted.marker, what=kind_of(wanted))
    for remark in shared_series(wanted, output):
        say(f"remark: {remark}")
    if exit_code:
        raise typer.Exit(found.code)


def _scan_id(text: str | None) -> int | None:
    if text is not None and not _NUMBER.match(text):
        raise UsageError(f"--scan {text!r}: expected a scan's id, a number; `fleetcheck scans` lists them")
    return None if text is None else int(text)


def _nagios(
    scan: str | None, output: Path, max_age: str | None, database: str | None, *, labelled: bool
) -> int:
    """Check as a plug-in does: whatever goes wrong is its line and its exit code 3."""
    from orchestrator.report.exports.nagios import nagios_trouble

    if labelled:
        return _said(nagios_trouble("--label goes with --format prometheus; nagios has no labels"))
    try:
        check = _check(scan, max_age, database)
        if output == _STDOUT:
            return _said(check)
        from orchestrator.app.files import write
        from orchestrator.app.scan.export import kind_of

        write(output, check.line, marker=Format.NAGIOS.marker, what=kind_of(Format.NAGIOS))
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 -- a plug-in has no other way to say it
        return _said(nagios_trouble(told(error)[1]))
    return int(check.state)


def _check(scan: str | None, max_age: str | None, database: str | None) -> Check:
    from orchestrator.app.scan.export import nagios
    from orchestrator.domain.primitives.span import parse_span

    limit = None if max_age is None else parse_span(max_age, "--max-age")
    return nagios(invocation(database), _scan_id(scan), limit)


def _said(check: Check) -> int:
    typer.echo(check.line, nl=False)
    return int(check.state)
