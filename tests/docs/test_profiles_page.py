"""The profile that `docs/profiles.md` has its reader write, all the way: checked, named in an inventory,
scanned with.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.model import Machine
from orchestrator.domain.reading import Kind, Result
from tests.cli.conftest import fleetcheck
from tests.docs.pages import PAGES, blocks, files
from tests.fleet.wire import served, simulated

PAGE = "docs/profiles.md"
ADDRESS = "203.0.113.60"


def _agent(name: str, port: str, *opened: int) -> SimulatedHost:
    """Make a host with the page's agent on it."""
    host = simulated(name, pin=8443)
    host.machine.names = {"server.corp.example": (ADDRESS,)}
    host.machine.network.otherwise = Result.REFUSED
    host.machine.network.open([ADDRESS], opened)
    key = host.machine.registry.create(64, "SOFTWARE\\Example\\Agent")
    key.set("Port", Kind.SZ, port)
    key.set("Server", Kind.SZ, "server.corp.example")
    return host


def test_the_pages_profile_judges_its_agent(
    net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named in the inventory as the page says, it finds ports, drift, and hosts that have no such agent."""
    monkeypatch.chdir(tmp_path)
    for name, text in files(PAGE).items():
        (tmp_path / name).write_text(text, "utf-8")
    (part,) = (block.text for block in blocks(PAGE) if block.about == "part")
    said = part.split("profile: ")[1].strip()
    bare = SimulatedHost(
        name="bare",
        machine=Machine(computer="BARE", machine_id="bare"),
        transport="http",
        auth="ntlm",
    )
    hosts = [_agent("well", "8443", 8443), _agent("moved", "443", 443, 8443), _agent("shut", "8443"), bare]
    with served(hosts, tmp_path, f"{net}.45", profile=said, timeout=30):
        assert fleetcheck("inventory", "check", "fleet.yaml").code == 0
        ended = fleetcheck("scan", "--json", "--db", "own.db")
    found = {host["host"]: host["verdict"] for host in json.loads(ended.out)["hosts"]}
    assert found == {"well": "ok", "moved": "drifted", "shut": "cut-off", "bare": "no-agent"}


def test_a_mistake_in_the_profile_is_told_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever checks the inventory reads the profile's file and line."""
    monkeypatch.chdir(tmp_path)
    text = files(PAGE)["example-agent.yaml"]
    (tmp_path / "example-agent.yaml").write_text(text.replace("on-demand", "sometimes"), "utf-8")
    (tmp_path / "fleet.yaml").write_text(
        "defaults: {profile: ./example-agent.yaml, auth: kerberos}\nhosts: {web1: {}}\n", "utf-8"
    )
    ended = fleetcheck("inventory", "check", "fleet.yaml")
    line = text.splitlines().index("tunnel: on-demand") + 1
    assert ended.code == 1
    assert ended.err.splitlines()[0].startswith(f"example-agent.yaml:{line}: `tunnel`: expected `permanent`")


def test_the_page_lists_the_shipped_profiles() -> None:
    """No shipped profile is missing in the page's table."""
    from inventory.profile import shipped

    assert [name for name in shipped() if f"| `{name}` |" not in PAGES[PAGE]] == []
