"""Two sites in networks of their own, whose hosts their own worker alone reaches, in one scan (Linux, root).

    python -m tests.bench.bench_sites_networks [--hosts 2000] [--jobs 50]

Hub and broker run in this network; each site has one of its own, with half of the hosts (the lean simulated
fleet, by NTLM over real sockets) on its loopback, and a worker that has a way to the relay before the broker,
and to nothing else. Everything is typed as docs/sites.md says. Exit code 1 where a host lacks its result.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.dispatch.broker import Node, node
from tests.dispatch.relay import Relay
from tests.remote.net.via.networks import inside, networks

ROOT = Path(__file__).parents[2]
SITES = ("berlin", "paris")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of it: `hosts` as (site, name, verdict) of each result, and those that the hub reached."""

    hosts: list[tuple[str, str, str]]
    seconds: float
    from_here: int


def measured(count: int, jobs: int, folder: Path) -> Measured:
    """Scan so many hosts at two sites. Raises OSError where networks cannot be made here."""
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "FLEETCHECK_HUB": str(folder / "hub"),
        "FLEETCHECK_DB": str(folder / "results.db"),
    }
    with networks(len(SITES)) as (controller, *names), node(folder / "node") as own:
        _set_up(own, folder, environ)
        with contextlib.ExitStack() as stack:
            hosts = []
            for number, (site, name) in enumerate(zip(SITES, names, strict=True), 1):
                gate = f"10.78.{number}.1"
                listener = inside(controller, lambda gate=gate: socket.create_server((gate, 0)))  # type: ignore[misc]
                relay = Relay(own.port, listener)
                stack.callback(relay.close)
                fleet = stack.enter_context(
                    _served(name, f"127.{number}.0.1", count // len(SITES), folder / site)
                )
                hosts += _hosts(fleet, site)
                stack.enter_context(_worker(name, site, f"{gate}:{relay.port}", jobs, folder, environ))
            inventory = _inventory(folder, folder / SITES[0], hosts)
            while _type(environ, "hub", "status").returncode:
                time.sleep(1.0)
            began = time.monotonic()
            there = _scan(environ, inventory, "--via-sites")
            seconds = time.monotonic() - began
            few = _scan(environ, inventory, "--timeout", "5", "--limit", f"{hosts[0][1]},{hosts[-1][1]}")
    return Measured(
        hosts=[(host["site"], host["host"], host["verdict"]) for host in there["hosts"]],
        seconds=seconds,
        from_here=sum(host["failure"] is None for host in few["hosts"]),
    )


def _type(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    code = "from orchestrator.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], env=environ, capture_output=True, text=True, check=False
    )


def _scan(environ: dict[str, str], inventory: Path, *options: str) -> dict[str, Any]:
    done = _type(environ, "scan", "-i", str(inventory), "--json", *options)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _set_up(own: Node, folder: Path, environ: dict[str, str]) -> None:
    """Begin a hub on the node, and its sites; the broker's own user does for all of them."""
    own.ctl("add_vhost", "fc")
    own.ctl("set_permissions", "-p", "fc", "guest", ".*", ".*", ".*")
    _type(environ, "hub", "init", "--broker", f"amqp://guest@127.0.0.1:{own.port}/fc")
    (folder / "hub" / "broker.secret").write_text("guest\n")
    for site in SITES:
        url = f"amqp://guest@127.0.0.1:{own.port}/fc"
        file = folder / f"{site}.yaml"
        key = _type(environ, "worker", "init", "--site", site, "--broker", url, "--config", str(file))
        added = _type(environ, "hub", "site", "add", site, "--key", key.stdout.strip())
        assert added.stdout, added.stderr
        text = re.sub(r"^hub: .*$", f"hub: {added.stdout.strip()}", file.read_text(), flags=re.MULTILINE)
        file.write_text(text)


@contextlib.contextmanager
def _served(network: str, address: str, count: int, folder: Path) -> Iterator[Path]:
    """Serve hosts in a site's network; yield their inventory."""
    folder.mkdir()
    command = [
        "ip",
        "netns",
        "exec",
        network,
        sys.executable,
        "-m",
        "orchestrator.demo",
        "--lean",
        "http-ntlm",
    ]
    command += ["--hosts", str(count), "--folder", str(folder), "--address", address]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        try:
            yield Path(ready["inventory"])
        finally:
            process.stdin.close()
            process.stdout.read()


@contextlib.contextmanager
def _worker(
    network: str, site: str, relay: str, jobs: int, folder: Path, environ: dict[str, str]
) -> Iterator[None]:
    """Run a site's worker in its network."""
    file = folder / f"{site}.yaml"
    text = re.sub(r"^broker: .*$", f"broker: amqp://guest@{relay}/fc", file.read_text(), flags=re.MULTILINE)
    text = re.sub(r"^jobs: .*$", f"jobs: {jobs}", text[: text.index("credentials:")], flags=re.MULTILINE)
    secret = folder / site / "secrets" / "ops"
    text += "credentials:\n  ops:\n    username: 'CORP\\svc-fleetcheck'\n"
    text += f"    password: {{from: file, path: {secret}}}\n"
    text += "allow:\n  ops: {hosts: [127.0.0.0/8], transports: [https, http]}\n"
    file.write_text(text)
    (folder / f"{site}.broker").write_text("guest\n")
    (folder / f"{site}.broker").chmod(0o600)
    code = "from orchestrator.cli.main import main; main()"
    command = ["ip", "netns", "exec", network, sys.executable, "-c", code, "worker", "--config", str(file)]
    with (folder / f"{site}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, cwd=folder)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _hosts(inventory: Path, site: str) -> list[tuple[str, str, str]]:
    """Return a served fleet's hosts as (site, name, settings)."""
    lines = re.findall(r"^  (h\d+): \{(.*)\}$", inventory.read_text(), re.MULTILINE)
    return [(site, f"{site}-{name}", f"{rest}, site: {site}") for name, rest in lines]


def _inventory(folder: Path, fleet: Path, hosts: list[tuple[str, str, str]]) -> Path:
    """Write one inventory of all sites, beside the first fleet's, whose files it names."""
    head = (fleet / "fleet.yaml").read_text().partition("hosts:\n")[0]
    lines = "".join(f"  {name}: {{{settings}}}\n" for _, name, settings in hosts)
    path = fleet / f"all-{folder.name}.yaml"
    path.write_text(f"{head}hosts:\n{lines}")
    return path


def main(argv: list[str] | None = None) -> int:
    """Measure, and say so."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=50)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        found = measured(asked.hosts, asked.jobs, Path(name))
    good = sum(verdict == "ok" for _, _, verdict in found.hosts)
    sys.stdout.write(
        f"{asked.hosts} hosts at two sites, {asked.jobs} at a time each: {good} ok in {found.seconds:.1f} s "
        f"({asked.hosts / found.seconds:.0f} a second); {found.from_here} of 2 reached from the hub\n"
    )
    return 0 if good == asked.hosts and not found.from_here else 1


if __name__ == "__main__":
    sys.exit(main())
