"""What `report` and `show` say of a host while a re-pin is at work on it, and after that was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.domain.repin.journal import State
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from tests.cli.conftest import fleetcheck
from tests.cli.drifted import Drifted
from tests.eventually import eventually

MAIN = "from orchestrator.cli.main import main; main()"
ROOT = Path(__file__).parents[2]


def _open_rows() -> dict[str, str]:
    """Return the host whose write is sent and has no end, with the state of its row."""
    with Reader.open(database_url(os.environ["FLEETCHECK_DB"], {})) as reader:
        return {row.host: str(row.state) for row in reader.in_states(State.SENT)}


@contextmanager
def _held(fleet: Drifted) -> Iterator[subprocess.Popen[str]]:
    """Re-pin host after host, and hold the process in the middle of a write for the block."""
    for name in fleet.served.hosts:
        fleet.served.host(name).machine.latency = 1.0
    command = [sys.executable, "-c", MAIN, "repin", "apply", str(fleet.plan), "-i", str(fleet.inventory)]
    with subprocess.Popen(
        [*command, "--yes", "--batch", "1", "--quiet"],
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:

        def caught() -> bool:
            if not _open_rows():
                return False
            process.send_signal(signal.SIGSTOP)
            if _open_rows():
                return True
            process.send_signal(signal.SIGCONT)
            return False

        try:
            assert eventually(caught)
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="holds a process by SIGSTOP")
def test_a_host_that_a_run_is_at_work_on_is_told_so(fleet: Drifted) -> None:
    """Nothing is advised for it but to look at the run: neither to go on with that, nor its re-pin again."""
    with _held(fleet):
        ((host, state),) = _open_rows().items()
        said = f"run 1 is at work there ({state}): fleetcheck repin status 1"
        groups = json.loads(fleetcheck("report", "--json", "-i", str(fleet.inventory)).out)["groups"]
        assert [(group["action"], group["since"]) for group in groups if host in group["hosts"]] == [
            (said, said)
        ]
        shown = fleetcheck("show", host).out.splitlines()
        assert [line for line in shown if line.startswith("since\t")] == [f"since\t{said}"]
        screen = " ".join(fleetcheck("show", host, "--table").out.split())
        assert (said in screen, "repin resume" in screen) == (True, False)
        (warning,) = (
            words
            for words in json.loads(fleetcheck("show", "--scan", "1", "--json").out)["warnings"]
            if words.startswith("a re-pin was at work since")
        )
        assert warning == (
            "a re-pin was at work since at these hosts, so what this scan says of them may be old "
            f"(`fleetcheck report`): {host}"
        )


@pytest.mark.skipif(sys.platform == "win32", reason="holds a process by SIGSTOP")
def test_a_host_that_a_killed_run_was_at_work_on_is_told_so(fleet: Drifted) -> None:
    """Where the process has gone, `report` and `show` name the command that goes on with its run."""
    with _held(fleet) as process:
        process.kill()
        process.wait()
        ((host, state),) = _open_rows().items()
        said = f"run 1 has left it open ({state}): fleetcheck repin resume 1 -i "
        groups = json.loads(fleetcheck("report", "--json", "-i", str(fleet.inventory)).out)["groups"]
        since = [group["since"] for group in groups if host in group["hosts"]]
        assert since == [f"{said}{fleet.inventory}"]
        shown = fleetcheck("show", host).out.splitlines()
        since = [line for line in shown if line.startswith("since\t")]
        with Reader.open(database_url(os.environ["FLEETCHECK_DB"], {})) as reader:
            assert since == [f"since\t{said}{reader.scan(1).inventory}"]
