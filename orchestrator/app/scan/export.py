"""A stored scan for somebody else's program: as pieces of text, as a file, as a plug-in's line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app import files
from orchestrator.domain.primitives.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED
from orchestrator.report.exports.formats import Format

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.report.exports.nagios import Check
    from orchestrator.report.summary import Outline, ScanReport
    from orchestrator.store.scan_reader import ScanReader

_BYTES = 1024 * 1024  # of a file beside ours; 10,000 sites are 2 MB, and by then the first megabyte has told
_FILES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A file to be written, and what as."""

    format: Format
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A scan's exit code, and its text in a format: `pieces` are made as they are taken."""

    code: int
    pieces: Iterator[str]


def kind_of(wanted: Format) -> str:
    """Name the kind of file that a format makes."""
    return f"{wanted} export of fleetcheck's"


@contextmanager
def stored_export(
    invocation: Invocation, wanted: Format, scan_id: int | None, labels: Mapping[str, str]
) -> Iterator[Export]:
    """Open a stored scan, or the latest, to be exported while the block runs.

    Raises StoreError, CommandError.
    """
    from orchestrator.app.scan.results import outline_of, scan_of, scan_report_of

    with invocation.scan_reader() as reader:
        scan = scan_of(reader, scan_id)
        outline = outline_of(invocation, reader, scan)

        def summed() -> ScanReport:
            return scan_report_of(invocation, reader, scan)

        yield Export(code=outline.code, pieces=_pieces(wanted, outline, summed, reader, labels))


def nagios(invocation: Invocation, scan_id: int | None, max_age: timedelta | None) -> Check:
    """Check a stored scan, or the latest, as a Nagios plug-in does. Raises StoreError, CommandError."""
    from orchestrator.app.scan.results import scan_of, scan_report_of
    from orchestrator.report.exports.nagios import nagios_check

    with invocation.scan_reader() as reader:
        report = scan_report_of(invocation, reader, scan_of(reader, scan_id))
    return nagios_check(report, now=datetime.now(UTC), max_age=max_age)


def write_reports(
    invocation: Invocation,
    wanted: Sequence[ReportFile],
    report: ScanReport,
    labels: Mapping[str, str],
    *,
    explain: Callable[[Exception], str],
) -> ScanReport:
    """Write the files, and return the report.

    It has a warning for each that could not be written, and the code that says so.

    Series that another file of the folder holds as well are a warning too, and no failure. `explain` puts
    an error into words. Raises StoreError.
    """
    if not wanted:
        return report
    missed: list[str] = []
    shared: list[str] = []
    with invocation.scan_reader() as reader:
        for file in wanted:
            try:
                pieces = _pieces(file.format, report, lambda: report, reader, labels)
                files.write(file.path, pieces, marker=file.format.marker, what=kind_of(file.format))
                shared += shared_series(file.format, file.path)
            except Exception as error:  # noqa: BLE001 -- one file's trouble costs no other file, and not the summary
                missed.append(f"--report {file.format}:{file.path} was not written: {explain(error)}")
    if not missed:
        return replace(report, warnings=(*report.warnings, *shared))
    code = EXIT_INTERRUPTED if report.code == EXIT_INTERRUPTED else EXIT_FAILED
    return replace(report, code=code, warnings=(*report.warnings, *shared, *missed))


def _pieces(
    wanted: Format,
    outline: Outline,
    summed: Callable[[], ScanReport],
    reader: ScanReader,
    labels: Mapping[str, str],
) -> Iterator[str]:
    from orchestrator.report.exports.export import exported

    assert outline.scan.id is not None  # noqa: S101  # it came from the database
    records = reader.briefs(outline.scan.id, sentences=wanted.sentences, logons=wanted.logons)
    return exported(wanted, outline, records, summed=summed, now=datetime.now(UTC), labels=labels)


def shared_series(wanted: Format, path: Path) -> tuple[str, ...]:
    """Say which files beside a Prometheus file that was written take samples from it, a sentence each.

    Return none for other formats.

    node_exporter reads every `*.prom` of a folder. Of two samples of one series it keeps one, or refuses all;
    of a metric that two files describe in other words it keeps the samples of one file.
    """
    if wanted is not Format.PROMETHEUS or path.suffix != ".prom" or not path.is_file():
        return ()
    own, own_heads = _series(path)
    sentences = []
    for other in sorted(path.parent.glob("*.prom"))[:_FILES]:
        if other.name == path.name or not other.is_file():
            continue
        series, heads = _series(other)
        if same := len(own & series):
            sentences.append(
                f"{path} and {other} hold {same} of the same series, and node_exporter keeps one of each "
                "at most: name the fleets apart by `fleet:` in the inventory, or by --label fleet=NAME"
            )
        elif apart := sorted(
            name for name in own_heads.keys() & heads.keys() if own_heads[name] != heads[name]
        ):
            sentences.append(
                f"{path} and {other} describe {', '.join(apart)} in other words (# HELP, # TYPE), and "
                "node_exporter keeps the samples of one file: write both with one version of fleetcheck"
            )
    return tuple(sentences)


def _series(path: Path) -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """Return the names and labels of our samples in a file, and what it says of each metric.

    Nothing of one that cannot be read.
    """
    try:
        with path.open("rb") as file:
            lines = file.read(_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return frozenset(), {}
    samples = frozenset(line.rpartition(" ")[0] for line in lines if line.startswith("fleetcheck_"))
    heads = [line for line in lines if line.startswith(("# HELP fleetcheck_", "# TYPE fleetcheck_"))]
    names = {sample.partition("{")[0] for sample in samples}
    return samples, {
        name: frozenset(line for line in heads if line.split(" ", 3)[2] == name) for name in names
    }
