"""A simulated fleet of healthy hosts in a process of its own: `python -m tests.bench.healthy N FOLDER
[HUNG]`.

Writes its inventory into FOLDER, prints a line when it listens, ends when its standard input does. HUNG
hosts, spread evenly, never answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.model import Machine, Row
from orchestrator.demo.scenes.recipes import GATEWAYS, KEY, PORT, VALUES
from orchestrator.demo.scenes.rows import ROWS
from orchestrator.domain.reading import Kind

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def serving(count: int, folder: Path, *, hung: int = 0) -> Iterator[Path]:
    """Serve `count` hosts from another process; yield the inventory's path."""
    command = [sys.executable, "-m", "tests.bench.healthy", str(count), str(folder), str(hung)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield folder / "fleet.yaml"
        finally:
            process.stdin.close()


def healthy(number: int, *, hangs: bool) -> SimulatedHost:
    """Make a host where all is well: pinned, let through, connected."""
    machine = Machine(computer=f"H{number}", machine_id=f"{number:08d}")
    for value in VALUES.values():
        machine.registry.create(64, KEY).set(value, Kind.DWORD, PORT)
    machine.network.open(GATEWAYS.values(), (PORT,))
    machine.connections = [Row(address, PORT) for address in GATEWAYS.values()]
    return SimulatedHost(
        name=f"h{number}",
        machine=machine,
        transport="http",
        auth="ntlm",
        behaviours=(ROWS["deadline/never-done"],) if hangs else (),
    )


async def _serve(count: int, folder: Path, hung: int) -> None:
    every = count // hung if hung else count + 1
    hosts = [healthy(number, hangs=number % every == every - 1) for number in range(count)]
    async with SimulatedFleet(hosts, defaults={"gateways": dict(GATEWAYS), "pin": PORT}) as fleet:
        fleet.inventory(folder)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
