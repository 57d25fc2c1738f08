"""`python -m orchestrator.demo`: the fleet as a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from inventory.load import load
from orchestrator.demo.__main__ import main


def start(*options: str) -> subprocess.Popen[str]:
    """Start the process with pipes on both sides."""
    return subprocess.Popen(
        [sys.executable, "-m", "orchestrator.demo", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready(process: subprocess.Popen[str]) -> dict[str, object]:
    """Return the line that it prints when every port listens."""
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    assert isinstance(line, dict)
    return line


def test_it_serves_an_inventory_that_loads_and_listens_on_its_ports(tmp_path: Path, net: str) -> None:
    """Sixty hosts, one port each, all on the loopback address that was asked for."""
    with start("--folder", str(tmp_path), "--address", f"{net}.21") as process:
        said = ready(process)
        assert said == {
            "ready": 60,
            "inventory": str(tmp_path / "fleet.yaml"),
            "address": f"{net}.21",
            "pid": process.pid,
        }
        fleet = load(tmp_path / "fleet.yaml")
        ports = {(host.address, host.port) for host in fleet.hosts.values()}
        assert (len(ports), {address for address, _ in ports}) == (60, {f"{net}.21"})
        first = next(iter(fleet.hosts.values()))
        socket.create_connection((first.address, first.port), timeout=5).close()
        process.terminate()
    assert process.returncode == 0


def test_it_ends_when_its_parent_does(tmp_path: Path, net: str) -> None:
    """A closed standard input is the end, so that nothing is left behind by a parent that was killed."""
    with start("--hosts", "2", "--folder", str(tmp_path), "--address", f"{net}.22") as process:
        ready(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def test_it_ends_at_ctrl_c_without_a_traceback(tmp_path: Path, net: str) -> None:
    """SIGINT is an ordinary end."""
    with start("--hosts", "2", "--folder", str(tmp_path), "--address", f"{net}.23") as process:
        ready(process)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=10)
    assert (process.returncode, complaint) == (0, "")


def test_secrets_are_for_their_owner_alone(tmp_path: Path, net: str) -> None:
    """Every secret file has mode 0600, as the inventory demands."""
    with start("--hosts", "60", "--folder", str(tmp_path), "--address", f"{net}.24") as process:
        ready(process)
        process.terminate()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()}
    assert modes == {0o600}


def test_a_lean_fleet_says_what_it_has_cost(tmp_path: Path, net: str) -> None:
    """SIGUSR1 and the end print a line of JSON: what was served since the last one, its CPU,
    the memory held.
    """
    with start(
        "--lean", "all", "--hosts", "3", "--folder", str(tmp_path), "--address", f"{net}.26"
    ) as process:
        assert ready(process)["ready"] == 3
        ports = {(host.transport, host.auth) for host in load(tmp_path / "fleet.yaml").hosts.values()}
        host = load(tmp_path / "fleet.yaml").hosts["h00001"]
        with socket.create_connection((host.address, host.port), timeout=5) as sock:
            sock.sendall(b"POST\r\n\r\n")
            sock.recv(1)  # it was counted before it was answered
        process.send_signal(signal.SIGUSR1)
        said = [ready(process)]
        process.terminate()
        said.append(ready(process))
    assert ports == {("https", "basic"), ("http", "ntlm"), ("http", "negotiate")}
    assert [line["connections"] for line in said] == [1, 0]
    assert (said[0]["sessions"], said[0]["cpu_ms_per_session"]) == (0, None)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--hosts", "0"), "'0' is not a number from 1 to 5000"),
        (("--hosts", "5001"), "5001 is too many for a fleet that is not --lean: 5000 at most"),
        (("--lean", "http-ntlm", "--hosts", "10001"), "'10001' is not a number from 1 to 5000 (lean: 10000)"),
        (("--lean", "http-ntlm", "--delay", "nan"), "'nan' is not a number of seconds from 0 to 600"),
        (("--lean", "http-basic"), "invalid choice: 'http-basic'"),
        (("--hosts", "many"), "'many' is not a number from 1 to 5000"),
        (("--address", "10.0.0.1"), "10.0.0.1 is not on loopback (127.0.0.0/8)"),
        (("--address", "nowhere"), "'nowhere' is not an IPv4 address"),
    ],
)
def test_wrong_options_are_explained(
    tmp_path: Path, options: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two lines of help, exit code 2, no traceback."""
    with pytest.raises(SystemExit) as ended:
        main(["--folder", str(tmp_path), *options])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert complaint in said
    assert "Traceback" not in said


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, net: str) -> None:
    """It says what is wrong and ends with 1."""
    blocker = tmp_path / "file"
    blocker.write_text("")
    with start("--hosts", "1", "--folder", str(blocker / "x"), "--address", f"{net}.25") as process:
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said.count("\n")) == (1, 1)
    assert said.startswith("the simulated fleet cannot be served: ")
