"""`repin plan --ask` on real PowerShell hosts: a port that no list has, asked for, planned and written."""

from __future__ import annotations

from pathlib import Path

from orchestrator.domain.repin.planfile import loads
from tests import winhosts as kit
from tests.cli.conftest import fleetcheck
from tests.cli.real_fleet import KEY, inventory, outside


def test_a_port_of_no_list_is_asked_for_planned_and_written(
    three: list[kit.Winhost], net: str, tmp_path: Path
) -> None:
    """8443 connects to both gateways, 8444 to none; the pins are then what the kit reads."""
    both = ("PrimaryTunnelPort", "BackupTunnelPort")
    three[0].arrange(64, KEY, [(name, "DWORD", 2147) for name in both])
    gateways = {"primary": f"{net}.107", "backup": f"{net}.108"}
    inventory(tmp_path, three, gateways)
    opened = [(address, port) for address in gateways.values() for port in (2147, 8443)]
    with kit.network(opened=opened):
        closed = fleetcheck("repin", "plan", "web1", "--port", "8444", "--ask")
        assert "primary 8444 is not open" in closed.out, closed
        asked = fleetcheck("repin", "plan", "web1", "--port", "8443", "--ask", "-o", "plan.json")
        assert asked.code == 0, asked
        (planned,) = loads(Path("plan.json").read_bytes(), "plan.json").hosts
        assert "8443 is not in the list of LiveVault" in " ".join(planned.risks)
        ended = fleetcheck("repin", "apply", "plan.json", "--yes", "-q")
    assert ended.code == 0, ended
    assert outside(three[0], 64) == dict.fromkeys(both, ("DWORD", "8443"))
