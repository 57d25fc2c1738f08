"""`fleetcheck demo`: a simulated fleet in a process of its own,
scanned by the very code of `fleetcheck scan`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.app.errors import CommandError, UsageError
from orchestrator.cli.command import invocation
from orchestrator.cli.console import say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import JsonOption, QuietOption
from orchestrator.cli.scan_options import Jobs
from orchestrator.domain.primitives.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED

_PATIENCE = 10.0  # seconds that the simulated fleet gets to end by itself


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
    """Scan a simulated fleet on loopback.

    Inventory and database are its own, in a new folder.
    """
    _check(address)
    place = _folder(folder)
    with _served(hosts, place, address) as ready:
        inventory, database = Path(ready["inventory"]), place / "demo.db"
        if not quiet:
            say(
                f"{ready['ready']} simulated hosts listen on loopback; scanning them as `fleetcheck scan` "
                "does"
            )
        code = _scan(inventory, database, jobs=jobs, quiet=quiet, as_json=as_json, keep=keep)
        if not quiet:
            _say_how_to_type()
        if keep and code == 0:
            _serve_on(inventory, database)
    raise typer.Exit(code)


def _scan(inventory: Path, database: Path, *, jobs: int, quiet: bool, as_json: bool, keep: bool) -> int:
    from orchestrator.app.scan.plan import ScanRequest
    from orchestrator.cli.scan import print_report, run_scan

    asked = invocation(str(database), [inventory])
    report = run_scan(asked, ScanRequest(inventory=inventory, jobs=jobs, pace=0), quiet=quiet)
    hints = replace(report.hints, can_scan=keep)
    print_report(asked, replace(report, hints=hints), as_json=as_json, table=True)
    return report.code if report.code in (EXIT_FAILED, EXIT_INTERRUPTED) else 0


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


def _folder(option: Path | None) -> Path:
    """Make the folder, readable by its user only. Raises OSError."""
    if option is None:
        return Path(tempfile.mkdtemp(prefix="fleetcheck-demo-"))
    option.mkdir(mode=0o700, parents=True, exist_ok=True)
    return option.absolute()


@contextlib.contextmanager
def _served(hosts: int, folder: Path, address: str) -> Iterator[dict[str, Any]]:
    """Serve the fleet while the block runs; its process has ended afterwards, whatever happened.

    It has a session of its own: a Ctrl-C ends the scan in good order, and the fleet only after it. It also
    ends by itself when its standard input closes, so that nothing is left behind where this process dies.
    """
    command = [sys.executable, "-m", "orchestrator.demo", "--hosts", str(hosts), "--folder", str(folder)]
    command += ["--address", address]
    child = subprocess.Popen(  # noqa: S603  # our own interpreter and module, no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert child.stdout is not None  # noqa: S101  # it is a pipe
        line = child.stdout.readline()
        if not line:
            raise CommandError("the simulated fleet did not start; what it said stands above")
        yield json.loads(line)
    finally:
        _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    for step in (child.poll, child.terminate, child.kill):
        step()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
            return


def _serve_on(inventory: Path, database: Path) -> None:
    """Wait for Ctrl-C, the fleet still serving."""
    import signal

    where = f"-i {shlex.quote(str(inventory))} --db {shlex.quote(str(database))}"
    plan = shlex.quote(str(database.with_name("plan.json")))
    say("the fleet serves until Ctrl-C; in another terminal:")
    for typed in (
        f"scan {where}",
        f"repin plan {where} -o {plan}",
        f"repin apply {plan} {where} --yes",
        f"repin status 1 --db {shlex.quote(str(database))}",
        f"report {where}",
    ):
        say(f"    fleetcheck {typed}")
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause() if hasattr(signal, "pause") else os.read(sys.stdin.fileno(), 1)
