"""A whole scan of hosts behind a proxy and a jump host, by the command: what is asked, stored and shown."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from orchestrator.demo.fleet import SimulatedFleet
from tests.remote.net.via.far import Jump, SocksServer
from tests.remote.wired import simulated

INVENTORY = """\
credentials:
  ops: {{username: 'CORP\\svc-fleetcheck', password: {{from: env, name: FC_PASSWORD}}}}
  jump: {{username: ops, password: {{from: env, name: FC_JUMP}}}}
defaults: {{credential: ops, auth: ntlm, transport: http, port: 5985, gateways: {{primary: 203.0.113.10}}}}
groups:
  paris: {{hosts: [web1], via: "{proxy}"}}
  lyon: {{hosts: [web2], via: "{jump}", via_credential: jump}}
hosts:
  web1: {{address: 10.0.0.5}}
  web2: {{address: 10.0.0.5}}
"""


def test_two_hosts_with_one_address_are_scanned_each_by_its_own_way(tmp_path: Path) -> None:
    """The passwords of the ways are looked up like all others, and each result says by which way it came."""

    async def command(*arguments: str) -> str:
        more = {"FC_PASSWORD": "Passw0rd!", "FC_JUMP": "s3cret", "HOME": str(tmp_path), "SSH_AUTH_SOCK": ""}
        more |= {
            "FLEETCHECK_DB": str(tmp_path / "fc.db"),
            "FLEETCHECK_INVENTORY": str(tmp_path / "fleet.yaml"),
        }
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from orchestrator.cli.main import main; main()",
            *arguments,
            env=os.environ | more,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, told = await running.communicate()
        assert running.returncode in (0, 3), (
            told.decode() + out.decode()
        )  # 3: neither host has an agent's key
        return out.decode()

    async def body() -> tuple[str, str, int]:
        here = ("10.0.0.5", 5985)
        hosts = [simulated(name, transport="http") for name in ("web1", "web2")]
        async with SimulatedFleet(hosts) as fleet:
            first, second = ({here: ("127.0.0.1", fleet.host(name).port)} for name in ("web1", "web2"))
            async with SocksServer(first).serving() as proxy, Jump(second).serving() as jump:
                jump.known(tmp_path)
                text = INVENTORY.format(proxy=proxy.url, jump=jump.url)
                (tmp_path / "fleet.yaml").write_text(text)
                await command("scan")
                shown = [await command("show", name, "--json") for name in ("web1", "web2")]
                return shown[0], shown[1], len(jump.connections)

    *shown, connections = asyncio.run(body())
    found = [json.loads(text)["host"] for text in shown]
    assert [(each["via"].partition("127")[0], each["address"]) for each in found] == [
        ("socks5h://", "10.0.0.5"),
        ("ssh://ops@", "10.0.0.5"),
    ]
    assert [each["reading"]["identity"]["computer"] for each in found] == ["WEB1", "WEB2"]
    assert connections == 1
