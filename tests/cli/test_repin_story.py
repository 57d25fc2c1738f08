"""A whole re-pin through the command line, killed in the middle: what the journal says is what the registries hold."""

from __future__ import annotations

from pathlib import Path

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.scenes.repin_scenario import repin_fleet
from tests import winhosts as kit
from tests.cli.real_fleet import KEY, inventory, outside
from tests.cli.repin_story import Story, tell


def simulated_look(fleet: SimulatedFleet, name: str, view: int, key: str) -> dict[str, tuple[str, str]]:
    """Look into a simulated host's registry."""
    found = fleet.host(name).machine.registry.key(view, key)
    return {} if found is None else {e.name: (str(e.kind), str(e.data)) for e in found.values.values()}


def test_a_simulated_fleet_is_re_pinned_killed_resumed_and_undone(net: str, tmp_path: Path) -> None:
    """Fifteen hosts of every kind: after the kill, the resume and the undo, host by host."""
    with serve_in_thread(repin_fleet(15, address=f"{net}.35")) as fleet:
        story = Story(
            inventory=fleet.inventory(tmp_path),
            folder=tmp_path,
            look=lambda name, view, key: simulated_look(fleet, name, view, key),
        )
        planned = story.plan()
        tell(story, planned, batch="1,4,100%", done=2)
    assert len(planned.hosts) >= 12
    assert story.killed_at["verified"] >= 2
    assert story.disagreements == []


def test_three_real_hosts_are_re_pinned_killed_resumed_and_undone(
    three: list[kit.Winhost], net: str, tmp_path: Path
) -> None:
    """Numbers and texts, one view and both, three ways to log on: the kit's registry module says what the journal says."""
    hosts = dict(zip(("web1", "db7", "app3"), three, strict=True))
    both = ("PrimaryTunnelPort", "BackupTunnelPort")
    hosts["web1"].arrange(64, KEY, [(name, "DWORD", 443) for name in both])
    for view in (64, 32):
        hosts["db7"].arrange(view, KEY, [(name, "SZ", "443") for name in both])
    hosts["app3"].arrange(32, KEY, [(both[0], "QWORD", 443), (both[1], "EXPAND_SZ", "443")])
    gateways = {"primary": f"{net}.105", "backup": f"{net}.106"}
    story = Story(
        inventory=inventory(tmp_path, three, gateways),
        folder=tmp_path,
        look=lambda name, view, _key: outside(hosts[name], view),
    )
    with kit.network(opened=[(address, port) for address in gateways.values() for port in (2147, 443)]):
        planned = story.plan()
        assert {host.host: len(host.targets) for host in planned.hosts} == {"web1": 2, "db7": 4, "app3": 2}
        tell(story, planned, batch="1,2", done=1)
    assert story.killed_at["verified"] >= 1
    assert story.disagreements == []
