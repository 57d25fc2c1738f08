"""Clients that do nothing but ask: bare pypsrp, and pywinrm, each in a process of its own with what it needs
and no more.

    python -m tests.bench.peers pypsrp|pywinrm|pywinrm-run-ps FOLDER/asked.json --jobs 16

Prints how many hosts have answered.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

COMMAND = "hostname"  # for who opens command shells: a whole script is longer than Windows lets a command be


@dataclass(frozen=True)
class Target:
    """A host, the logon to it, and the script's parameters there."""

    name: str
    address: str
    port: int
    secure: bool
    auth: str
    ca: str | None
    username: str
    password: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A script and the hosts that are to run it, as a file takes them from process to process."""

    script: str
    targets: Sequence[Target]

    def write(self, path: Path) -> None:
        """Write it."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Asked:
        """Read what was written."""
        said = json.loads(path.read_text())
        return cls(said["script"], [Target(**target) for target in said["targets"]])


def pypsrp_client(script: str) -> Callable[[Target], int]:
    """Make what runs a script on a host by pypsrp and gives the number of its answers."""
    from pypsrp.powershell import PowerShell, RunspacePool
    from pypsrp.wsman import WSMan

    def ask(target: Target) -> int:
        wsman = WSMan(
            target.address,
            port=target.port,
            ssl=target.secure,
            auth=target.auth,
            username=target.username,
            password=target.password,
            encryption="auto" if target.secure else "always",
            cert_validation=target.ca or True,
        )
        with wsman, RunspacePool(wsman) as pool:
            shell = PowerShell(pool)
            shell.add_script(script)
            shell.add_parameters(dict(target.parameters))
            return len(shell.invoke())

    return ask


def pywinrm_client(script: str) -> Callable[[Target], int]:
    """Make what feeds a script to PowerShell on a host by pywinrm and gives the number of its answers."""
    words, spoken = ("powershell", ("-NoProfile", "-Command", "-")), script.encode()

    def ask(target: Target) -> int:
        protocol = _session(target).protocol
        shell = protocol.open_shell()
        command = protocol.run_command(shell, *words, console_mode_stdin=False)
        protocol.send_command_input(shell, command, spoken, end=True)
        output, _, code = protocol.get_command_output(shell, command)
        protocol.cleanup_command(shell, command)
        protocol.close_shell(shell)
        return _answers(output, code)

    return ask


def run_ps_client(_: str) -> Callable[[Target], int]:
    """Make what runs one short command on a host by pywinrm's run_ps and gives the number of its answers."""

    def ask(target: Target) -> int:
        answer = _session(target).run_ps(COMMAND)
        return _answers(answer.std_out, answer.status_code)

    return ask


def pywinrm_transport(target: Target) -> str:
    """Return what pywinrm calls this way to log on."""
    return "basic" if target.auth == "basic" else "ntlm"


def _session(target: Target) -> Any:
    import winrm

    return winrm.Session(
        f"{'https' if target.secure else 'http'}://{target.address}:{target.port}/wsman",
        (target.username, target.password),
        transport=pywinrm_transport(target),
        ca_trust_path=target.ca,
    )


def _answers(output: bytes, code: int) -> int:
    return int(code == 0 and output.startswith(b"{"))


CLIENTS = {"pypsrp": pypsrp_client, "pywinrm": pywinrm_client, "pywinrm-run-ps": run_ps_client}


def main() -> None:
    """Ask every host."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("client", choices=tuple(CLIENTS))
    parser.add_argument("asked", type=Path)
    parser.add_argument("--jobs", type=int, required=True)
    given = parser.parse_args()
    asked = Asked.read(given.asked)
    ask = CLIENTS[given.client](asked.script)
    with ThreadPoolExecutor(given.jobs) as threads:
        answered = sum(threads.map(ask, asked.targets))
    sys.stdout.write(f"{answered}\n")


if __name__ == "__main__":
    main()
