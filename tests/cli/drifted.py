"""A fleet that is to be re-pinned, scanned and planned; tests/cli/conftest.py serves it once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.scenes.repin_scenario import repin_hosts
from orchestrator.demo.scenes.scenario import GATEWAYS
from tests.cli.conftest import Ended, fleetcheck

HOSTS = 6


@dataclass(frozen=True)
class Drifted:
    """A fleet whose hosts are all pinned to 443 and wanted on 2147, scanned and planned."""

    served: SimulatedFleet
    inventory: Path
    plan: Path

    def pins(self) -> dict[str, set[str]]:
        """Look at every host's pins from outside."""
        return {name: _pins(self.served, name) for name in self.served.hosts}

    def apply(self, *words: str) -> Ended:
        """Run `repin apply` on the plan."""
        return fleetcheck("repin", "apply", str(self.plan), "-i", str(self.inventory), *words)


def _pins(served: SimulatedFleet, name: str) -> set[str]:
    registry = served.host(name).machine.registry
    return {
        str(entry.data)
        for view in (64, 32)
        for key in registry.keys(view)
        for entry in key.values.values()
        if entry.name.endswith("TunnelPort")
    }


@contextmanager
def drifted(net: str, folder: Path) -> Iterator[Drifted]:
    """Serve the fleet, scan and plan it."""
    fleet = SimulatedFleet(
        repin_hosts(HOSTS),
        address=f"{net}.33",
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": 2147, "timeout": 30},
    )
    with serve_in_thread(fleet) as served:
        inventory = served.inventory(folder)
        assert fleetcheck("scan", "-i", str(inventory), "--quiet").code == 3
        plan = folder / "plan.json"
        assert fleetcheck("repin", "plan", "-i", str(inventory), "-o", str(plan)).code == 0
        yield Drifted(served, inventory, plan)


def states(ended: Ended) -> dict[str, str]:
    """Return each host's state from plain lines."""
    return dict(line.split("\t")[:2] for line in ended.out.splitlines())  # type: ignore[misc]  # two fields
