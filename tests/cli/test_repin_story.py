"""A whole re-pin through the command line, killed in the middle:
what the journal says is what the registries hold.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import winhosts as kit
from tests.bench import bench_repin_cli
from tests.cli.real_fleet import KEY, inventory, outside
from tests.cli.repin_story import Story, tell


def test_a_simulated_fleet_is_re_pinned_killed_resumed_and_undone(
    net: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fifteen hosts of every kind: after the kill, the resume and the undo,
    host by host. It is the benchmark, small.
    """
    good = bench_repin_cli.measure(15, 1, address=f"{net}.35", batch="1,4,100%")
    said = capsys.readouterr().out
    assert good, said
    counts = re.search(r"(\d+) of 15 hosts planned; killed at .*?'verified': (\d+)", said)
    assert counts is not None, said
    planned, verified = map(int, counts.groups())
    assert planned >= 12
    assert verified >= 2


def test_three_real_hosts_are_re_pinned_killed_resumed_and_undone(
    three: list[kit.Winhost], net: str, tmp_path: Path
) -> None:
    """Numbers and texts, one view and both, three ways to log on:
    the kit's registry module says what the journal says.
    """
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
