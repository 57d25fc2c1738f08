"""`scan --report FORMAT:FILE`: looked at before the first host is asked, written when the last one has answered."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli import files
from orchestrator.cli.errors import FAILED, INTERRUPTED, UsageError, told
from orchestrator.cli.series import shared_series
from orchestrator.report.formats import Format

if TYPE_CHECKING:
    from orchestrator.report.summary import ScanReport
    from orchestrator.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A file to be written, and what as."""

    format: Format
    path: Path


def report_files(texts: Iterable[str]) -> tuple[ReportFile, ...]:
    """Read every `--report`. Raises UsageError for what is no FORMAT:FILE, and for a file that cannot be meant."""
    found: dict[Path, ReportFile] = {}
    for text in texts:
        word, _, name = text.partition(":")
        if word not in tuple(Format) or name in {"", "-"}:
            raise UsageError(
                f"--report {text!r}: expected FORMAT:FILE, such as csv:fleet.csv; formats are {', '.join(Format)}. "
                "For standard output there is `fleetcheck export`."
            )
        report = ReportFile(format=Format(word), path=Path(name))
        if report.path in found:
            raise UsageError(f"--report {text!r}: another --report writes this file already")
        files.check(report.path, marker=report.format.marker, what=f"{report.format} export of fleetcheck's")
        found[report.path] = report
    return tuple(found.values())


def written(
    wanted: Sequence[ReportFile], report: ScanReport, database: str | None, labels: Mapping[str, str]
) -> ScanReport:
    """Write the files, and give the report back: with a warning for each that could not be, and the code that says so.

    Series that another file of the folder holds as well are a warning too, and no failure.
    """
    if not wanted:
        return report
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    missed: list[str] = []
    shared: list[str] = []
    with Reader.open(database_url(database, os.environ)) as reader:
        for file in wanted:
            try:
                shared += write_export(file.format, file.path, report, reader, labels)
            except Exception as error:  # noqa: BLE001 -- one file's trouble costs no other file, and not the summary
                missed.append(f"--report {file.format}:{file.path} was not written: {told(error)[1]}")
    if not missed:
        return replace(report, warnings=(*report.warnings, *shared))
    code = INTERRUPTED if report.code == INTERRUPTED else FAILED
    return replace(report, code=code, warnings=(*report.warnings, *shared, *missed))


def write_export(
    wanted: Format, path: Path, report: ScanReport, reader: Reader, labels: Mapping[str, str]
) -> tuple[str, ...]:
    """Write one export, `-` to standard output; return what is to be said. Raises as `files.write`, and StoreError."""
    from orchestrator.report.export import exported

    assert report.scan.id is not None  # noqa: S101  # it came from the database
    records = reader.records(report.scan.id, whole=False)
    pieces = exported(wanted, report, records, now=datetime.now(UTC), labels=labels)
    files.write(path, pieces, marker=wanted.marker, what=f"{wanted} export of fleetcheck's")
    return shared_series(path) if wanted is Format.PROMETHEUS else ()
