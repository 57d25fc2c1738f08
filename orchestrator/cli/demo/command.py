"""`fleetcheck demo`: a simulated fleet in a process of its own,
scanned by the very code of `fleetcheck scan`.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import invocation
from orchestrator.cli.console import say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import JsonOption, QuietOption
from orchestrator.cli.scan_options import Jobs
from orchestrator.domain.primitives.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED

if TYPE_CHECKING:
    from orchestrator.cli.demo.story import Step
    from orchestrator.report.summary import ScanReport


@handled
def demo(
    *,
    hosts: Annotated[int, typer.Option(min=1, max=2000, metavar="N", help="How many simulated hosts.")] = 60,
    folder: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where inventory and database go; else a new temporary folder."),
    ] = None,
    address: Annotated[
        str, typer.Option(metavar="ADDRESS", help="A loopback address to listen on.")
    ] = "127.0.0.1",
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Serve the fleet until Ctrl-C, to be scanned from another terminal."),
    ] = False,
    jobs: Jobs = 64,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Scan a simulated fleet on loopback, and say how to go on.

    On a terminal it ends with a menu of five commands: a host that fails, a plan, its write, and the way
    back. Inventory and database are its own, in a new folder.
    """
    from orchestrator.cli.demo.menu import is_attended, offer
    from orchestrator.cli.demo.served import served
    from orchestrator.report.summary import counts_line

    _check(address)
    attended = is_attended() and not (quiet or as_json)
    with folder_of(folder, keep=keep, attended=attended) as place, served(hosts, place, address) as ready:
        inventory, database = Path(ready["inventory"]), place / "demo.db"
        if not quiet:
            say(
                f"{ready['ready']} simulated hosts listen on loopback; scanning them as `fleetcheck scan` "
                "does"
            )
        report = _scan(inventory, database, jobs=jobs, quiet=quiet, as_json=as_json, stays=keep or attended)
        if not quiet:
            _say_how_to_type()
        code = report.code if report.code in (EXIT_FAILED, EXIT_INTERRUPTED) else 0
        if code == 0 and attended and not keep:
            offer(_steps(report, inventory, database), _program(), counts_line(report))
        elif code == 0 and keep:
            _serve_on(_steps(report, inventory, database), counts_line(report) if attended else "")
    raise typer.Exit(code)


def _scan(
    inventory: Path, database: Path, *, jobs: int, quiet: bool, as_json: bool, stays: bool
) -> ScanReport:
    """Scan the fleet and print the result. `stays`: the hosts can be asked again afterwards."""
    from inventory.sources.source import files
    from orchestrator.app.scan.plan import ScanRequest
    from orchestrator.cli.scan import print_report, run_scan

    asked = invocation(str(database), [inventory])
    report = run_scan(asked, ScanRequest(inventory=files(inventory), jobs=jobs, pace=0), quiet=quiet)
    hints = replace(report.hints, can_scan=stays)
    print_report(asked, replace(report, hints=hints), as_json=as_json, table=True)
    sys.stdout.flush()
    return report


def _check(address: str) -> None:
    """Refuse an address that is no loopback one. Raises UsageError."""
    import ipaddress

    try:
        fits = ipaddress.IPv4Address(address).is_loopback
    except ValueError:
        fits = False
    if not fits:
        raise UsageError(f"--address {address}: expected a loopback address, 127.0.0.0/8")


def _say_how_to_type() -> None:
    """Tell who runs fleetcheck by its path how the commands above become ones that the shell finds."""
    program = Path(sys.argv[0])
    if shutil.which("fleetcheck") is None and (program.parent / "activate").exists():
        say(f"`fleetcheck` is not on your PATH yet: . {shlex.quote(str(program.parent / 'activate'))}")


@contextlib.contextmanager
def folder_of(option: Path | None, *, keep: bool, attended: bool) -> Iterator[Path]:
    """Make the folder, readable by its user only; a temporary one goes at the end, but for `keep`.

    Where nobody sits at it, the database stays for the commands that were printed, and the secrets of hosts
    that are gone do not. Raises OSError.
    """
    if option is not None:
        option.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield option.absolute()
        return
    place = Path(tempfile.mkdtemp(prefix="fc-demo-"))
    try:
        yield place
    finally:
        if not keep:
            shutil.rmtree(place if attended else place / "secrets", ignore_errors=True)


def _program() -> tuple[str, ...]:
    """Return the words that a shell finds this fleetcheck by, wherever its terminal was opened."""
    found, called = shutil.which("fleetcheck"), Path(sys.argv[0])
    if not called.name.startswith("fleetcheck"):
        return ("fleetcheck",) if found else (sys.executable, "-m", "orchestrator")
    same = found is not None and Path(found).resolve() == called.resolve()
    return ("fleetcheck",) if same else (str(called.absolute()),)


def _steps(report: ScanReport, inventory: Path, database: Path) -> tuple[Step, ...]:
    from orchestrator.app.offers import runs
    from orchestrator.cli.demo.story import Place, story

    last = max((run.id or 0 for run in runs(invocation(str(database)))), default=0)
    return story(report, Place(inventory=inventory, database=database, run=last + 1))


def _serve_on(steps: Sequence[Step], counts: str) -> None:
    """Say what to type, each command whole on its line, `counts` last, and wait for Ctrl-C."""
    import signal

    from orchestrator.cli.demo.story import typed

    program = _program()
    with contextlib.suppress(KeyboardInterrupt):
        say("the fleet serves until Ctrl-C; in another terminal:")
        for step in steps:
            say(f"    {typed(program, step)}")
        if counts:
            say(counts)
        signal.pause() if hasattr(signal, "pause") else os.read(sys.stdin.fileno(), 1)
