"""Command shells of a lean host, as pypsrp's WinRS client opens them: over the wire,
by every way to reach a host.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import RunspacePool
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

from orchestrator.demo.fleet import serve_in_thread
from orchestrator.demo.lean.fleet import LeanFleet
from orchestrator.demo.lean.host import LeanHost
from orchestrator.demo.lean.hosts import DEFAULTS, WAYS, healthy_hosts
from orchestrator.demo.wire import soap
from orchestrator.demo.wire.wsman import MAX_SHELLS
from tests.demo.hosts import run_script


@pytest.fixture
def lean(net: str) -> Iterator[LeanFleet]:
    """One host for each way to reach one."""
    with serve_in_thread(LeanFleet(healthy_hosts(3, WAYS), address=f"{net}.37", defaults=DEFAULTS)) as fleet:
        yield fleet


@pytest.fixture
def ca(lean: LeanFleet, tmp_path: Path) -> Path:
    """Return the fleet's CA as a file."""
    path = tmp_path / "ca.pem"
    path.write_text(lean.authority.pem)
    return path


@contextlib.contextmanager
def logged_on(host: LeanHost, ca: Path, *, patience: int = 5) -> Iterator[WSMan]:
    """Reach a host; `patience` is the operation time-out in seconds."""
    spec = host.spec
    with WSMan(
        host.address,
        port=host.port,
        username=spec.account.username,
        password=spec.account.password,
        ssl=spec.transport == "https",
        auth=spec.auth,
        cert_validation=str(ca),
        no_proxy=True,
        operation_timeout=patience,
    ) as wsman:
        yield wsman


def run(wsman: WSMan, command: str = "hostname") -> Process:
    """Run a command in a shell of its own; return the ended process."""
    with WinRS(wsman) as shell:
        process = Process(shell, command)
        process.invoke()
        return process


@pytest.mark.parametrize("way", WAYS)
def test_a_command_prints_what_the_probe_was_answered(lean: LeanFleet, ca: Path, way: str) -> None:
    """Standard output is the same document but for the clock; the exit code is 0, and no shell is left."""
    host = lean.hosts[f"h{WAYS.index(way):05}"]  # type: ignore[arg-type]  # a test's own word
    probed = json.loads(run_script(host, ca).output[0])  # type: ignore[arg-type]  # address, port and spec are there
    with logged_on(host, ca) as wsman:
        process = run(wsman)
    printed = json.loads(process.stdout)
    assert datetime.fromisoformat(printed["identity"].pop("clock")[:26]) > datetime.fromisoformat(
        probed["identity"].pop("clock")[:26]
    )
    assert printed == probed
    assert (process.stderr, process.rc) == (b"", 0)
    assert (host.counters.scripts["winrs"], host.open_shells) == (1, 0)


def test_a_command_prints_the_name_where_nothing_is_recorded(lean: LeanFleet, ca: Path) -> None:
    """A host that was never probed says who it is."""
    with logged_on(lean.hosts["h00001"], ca) as wsman:
        assert run(wsman).stdout == b"H00001\r\n"


def test_a_shell_takes_one_command_after_the_other(lean: LeanFleet, ca: Path) -> None:
    """Ansible keeps its shell for all it runs."""
    with logged_on(lean.hosts["h00001"], ca) as wsman, WinRS(wsman) as shell:
        codes = []
        for _ in range(2):
            process = Process(shell, "powershell", ["-Command", "-"])
            process.begin_invoke()
            process.send(b"hostname\r\n", end=True)
            process.end_invoke()
            codes.append(process.rc)
    assert codes == [0, 0]


def test_a_delay_holds_a_command_over_receives_that_time_out(net: str, tmp_path: Path) -> None:
    """A Receive hears "timed out" until the command has taken as long as it is to take."""
    with serve_in_thread(
        LeanFleet(healthy_hosts(1, ("http-ntlm",)), address=f"{net}.38", delay=1.2)
    ) as fleet:
        host = fleet.hosts["h00000"]
        with logged_on(host, tmp_path / "none", patience=1) as wsman:
            assert run(wsman).stdout == b"H00000\r\n"
        assert host.counters.requests > 7  # two for the logon, five for the command


def test_both_kinds_of_shells_share_the_quota(lean: LeanFleet, ca: Path) -> None:
    """So many shells are open at most, whatever is spoken in them."""
    host = lean.hosts["h00000"]
    with logged_on(host, ca) as wsman, contextlib.ExitStack() as open_shells:
        open_shells.enter_context(RunspacePool(wsman))
        for _ in range(MAX_SHELLS - 1):
            open_shells.enter_context(WinRS(wsman))
        with pytest.raises(WSManFaultError) as caught:
            WinRS(wsman).open()
        assert host.open_shells == MAX_SHELLS
    assert caught.value.code == soap.TOO_MANY_SHELLS
    assert host.open_shells == 0


def test_the_output_of_no_command_is_a_fault(lean: LeanFleet, ca: Path) -> None:
    """A Receive for a command that was ended, or is another's, is told so."""
    with logged_on(lean.hosts["h00000"], ca) as wsman, WinRS(wsman) as shell:
        process = Process(shell, "hostname")
        process.begin_invoke()
        process.signal(SignalCode.TERMINATE)
        with pytest.raises(WSManFaultError, match="The command was not found") as caught:
            process.poll_invoke()
    assert caught.value.code == soap.UNKNOWN_SHELL


def test_the_clock_of_a_printed_answer_is_now(lean: LeanFleet, ca: Path) -> None:
    """It is filled in at each replay, as for the probe."""
    host = lean.hosts["h00001"]
    run_script(host, ca)  # type: ignore[arg-type]
    began = datetime.now(UTC)
    with logged_on(host, ca) as wsman:
        said = json.loads(run(wsman).stdout)["identity"]["clock"]
    assert began <= datetime.fromisoformat(said[:26] + "+00:00") <= began + timedelta(seconds=20)
