"""Sites under stress, on a broker of its own: kills and cuts, two workers against one, what the hub pays.

    python -m tests.bench.bench_sites kills [--units 5000] [--kills 20] [--cuts 3] [--every 5]
    python -m tests.bench.bench_sites width [--units 1200]
    python -m tests.bench.bench_sites cost [--units 2000] [--database URL]

Workers and hub are processes of their own; hosts are fake sessions that take a second (kills), two (width),
or none (cost). `kills` ends worker, hub and broker by SIGKILL in turn and cuts the workers' links; a host
without a result at the end is lost. Exit code 1 where a promise is not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrator.dispatch import topology
from orchestrator.dispatch.keys import load_key, make_key, public_text
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from tests.bench.recorded import WHOLE
from tests.dispatch.broker import Node, node
from tests.dispatch.conftest import TestSite
from tests.dispatch.relay import Relay
from tests.eventually import eventually

ROOT = Path(__file__).parents[2]


@dataclass
class Stage:
    """A broker, sites behind a relay, and a hub that can be started again and again."""

    own: Node
    folder: Path
    database: str
    name: str = "fast"
    credential: str | None = None
    sites: dict[str, TestSite] = field(default_factory=dict)
    epoch: int = 0

    def site(self, name: str, port: int, *, width: int, slots: int, slow: float) -> TestSite:
        """Make a site, and start its worker."""
        folder = self.folder / name
        folder.mkdir()
        make_key(folder / "site.key")
        key = public_text(load_key(self.folder / "hub.key"))
        broker = replace(self.own.broker, port=port)
        made = TestSite(name, broker, folder, key, width=width, slots=slots, slow=slow)
        self.sites[name] = made
        with self.own.broker.connection() as connection:
            topology.make(connection, [name])
        made.start()
        return made

    def hub(self, hosts: int, *, patience: float = 90.0) -> subprocess.Popen[bytes]:
        """Start a hub; it goes on with the scan that the database has."""
        self.epoch += 1
        publics = {name: public_text(load_key(site.folder / "site.key")) for name, site in self.sites.items()}
        spec: dict[str, Any] = {
            "key": str(self.folder / "hub.key"),
            "broker": asdict(self.own.broker),
            "sites": publics,
            "database": self.database,
            "hosts": hosts,
            "name": self.name,
            "credential": self.credential,
            "epoch": self.epoch,
            "patience": patience,
        }
        file = self.folder / f"hub-{self.epoch}.json"
        file.write_text(json.dumps(spec))
        return subprocess.Popen(
            [sys.executable, "-m", "tests.bench.sites_hub", str(file)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ended(self, hub: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Wait for a hub's end, and return what it said."""
        said, _ = hub.communicate(timeout=900)
        found: dict[str, Any] = json.loads(said)
        return found

    def done(self) -> int:
        """Count the hosts that have a result."""
        with Reader.open(self.database) as reader:
            found = reader.latest_scan()
            return 0 if found is None else len(reader.done(found.id or 0))

    def close(self) -> None:
        """End the workers."""
        for site in self.sites.values():
            for worker in site.started:
                if worker.process.poll() is None:
                    worker.kill()


def staged(work: Callable[[Stage], bool], database: str | None = None) -> bool:
    """Run `work` on a stage of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with node(folder / "node") as own:
            make_key(folder / "hub.key")
            stage = Stage(own, folder, database or database_url(str(folder / "bench.db"), {}))
            try:
                return work(stage)
            finally:
                stage.close()


def kills(units: int, number: int, cuts: int, every: float, wide: int) -> bool:
    """Kill worker, hub and broker in turn, and cut the worker's link in between."""

    def work(stage: Stage) -> bool:
        stage.name = "slow"
        relay = Relay(stage.own.port)
        site = stage.site("berlin", relay.port, width=wide, slots=max(2, wide // 5), slow=1.0)
        began = time.monotonic()
        hub = stage.hub(units)
        longest = 0.0
        turns = [("worker", "hub", "broker")[turn % 3] for turn in range(number)]
        for act in _between(turns, cuts):
            time.sleep(every)
            if hub.poll() is not None:
                break
            if act == "worker":
                site.started[-1].kill()
                site.start()
            elif act == "hub":
                hub.kill()
                hub.wait()
                hub = stage.hub(units)
            elif act == "broker":
                stage.own.kill()
                stage.own.start()
            else:
                longest = max(longest, _cut(site, relay, hub))
        said = stage.ended(hub)
        if said["state"] != "finished":
            said = stage.ended(stage.hub(units))
        lost = units - stage.done()
        seconds = time.monotonic() - began
        asked = len(site.asked)
        sys.stdout.write(
            f"{units} units of 1 s, {number} kills, {cuts} cuts in {seconds:.0f} s: {lost} lost, "
            f"{asked - units} asked again, longest recovery of a silent link {longest:.0f} s\n"
        )
        relay.close()
        return lost == 0 and longest <= 40

    return staged(work)


def _between(acts: list[str], cuts: int) -> list[str]:
    """Put cuts between other acts, evenly."""
    step = max(1, len(acts) // (cuts + 1))
    found = list(acts)
    for turn in range(cuts, 0, -1):
        found.insert(min(len(found), turn * step), "cut")
    return found


def _cut(site: TestSite, relay: Relay, hub: subprocess.Popen[bytes]) -> float:
    """Freeze the worker's connections; return the seconds until it asks something new over new ones."""
    relay.freeze()
    began = time.monotonic()
    time.sleep(3)  # what it had is asked all the same
    eventually(lambda: _quiet(site) or time.monotonic() - began > 60)
    before = len(site.asked)
    eventually(lambda: len(site.asked) > before or hub.poll() is not None)
    return time.monotonic() - began if len(site.asked) > before else 0.0


def _quiet(site: TestSite) -> bool:
    before = len(site.asked)
    time.sleep(1.5)
    return len(site.asked) == before


def width(units: int) -> bool:
    """Hosts of 2 s: one worker 50 wide against two."""
    took = {}
    for number in (1, 2):

        def work(stage: Stage, number: int = number) -> bool:
            stage.name = "slow"
            for site in range(number):
                stage.site(f"site{site}", stage.own.port, width=50, slots=10, slow=2.0)
            took[number] = stage.ended(stage.hub(units // number))["seconds"]
            return True

        staged(work)
    ratio = took[1] / took[2]
    sys.stdout.write(
        f"{units} hosts of 2 s: one worker {took[1]:.1f} s, two {took[2]:.1f} s, {ratio:.2f} x\n"
    )
    return ratio >= 1.8


def cost(units: int, database: str | None) -> bool:
    """Measure what a host costs the hub, and what hub and worker keep while they wait."""
    found: dict[str, float] = {}

    def work(stage: Stage) -> bool:
        stage.name = WHOLE
        site = stage.site("berlin", stage.own.port, width=100, slots=20, slow=0.0)
        pid = site.started[-1].process.pid
        time.sleep(6)
        found["worker"] = _memory(pid)
        said = stage.ended(stage.hub(units))
        found["cpu"] = said["cpu"] / units * 1000
        found["ok"] = said["ok"]
        site.started[-1].kill()
        return True

    staged(work, database)

    def silent(stage: Stage) -> bool:
        site = stage.site("berlin", stage.own.port, width=1, slots=1, slow=0.0)
        site.started[-1].kill()
        hub = stage.hub(2000, patience=8)
        time.sleep(6)
        found["hub"] = _memory(hub.pid)
        stage.ended(hub)
        return True

    staged(silent)
    sys.stdout.write(
        f"{units} hosts, {found['ok']:.0f} ok: the hub's CPU {found['cpu']:.2f} ms a host; "
        f"worker waiting {found['worker']:.0f} MB, hub waiting for a silent site {found['hub']:.0f} MB\n"
    )
    return found["cpu"] <= 1.8 and found["ok"] == units and found["worker"] < 80 and found["hub"] <= 100


def _memory(pid: int) -> float:
    """Return what a process keeps, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main(argv: list[str] | None = None) -> int:
    """Run one part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("kills", "width", "cost"))
    parser.add_argument("--units", type=int)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--cuts", type=int, default=3)
    parser.add_argument("--width", type=int, default=50)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--database", default=os.environ.get("FLEETCHECK_BENCH_DB"))
    asked = parser.parse_args(argv)
    if asked.part == "kills":
        kept = kills(asked.units or 5000, asked.kills, asked.cuts, asked.every, asked.width)
    elif asked.part == "width":
        kept = width(asked.units or 1200)
    else:
        kept = cost(asked.units or 2000, asked.database)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
