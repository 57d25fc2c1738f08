"""Client CPU, rate and memory of `fleetcheck scan` beside bare pypsrp, pywinrm and Ansible `raw`, on the same
hosts.

    python -m tests.bench.bench_peers [--hosts 300] [--few 30] [--jobs 16] [--rounds 3] [--ways https-basic
    http-ntlm]

Each is a process (or a tree of them) of its own, as a user would start it, with as many hosts at a time; the
hosts are served lean by another. Which is not installed is left out, and said: `pip install pywinrm
ansible-core`. Rounds alternate; the medians count. All get the same answer from every host. What differs:
fleetcheck, pypsrp and pywinrm send the whole probe (pywinrm to the standard input of a command shell's
PowerShell, without parameters); Ansible, over its winrm connection, and pywinrm's `run_ps` send a command of
one line, because Windows takes no longer one. fleetcheck alone checks the answer, judges and stores it.
Memory is what was seen at most of all processes, shared pages once.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inventory.load import load
from orchestrator.demo.lean.hosts import WAYS
from orchestrator.remote.probe import probe_script
from tests.bench import tree
from tests.bench.bench_scale import scan_command
from tests.bench.bench_scan import say, targets
from tests.bench.lean import ROOT, serving
from tests.bench.peers import COMMAND, Asked, Target, pywinrm_transport


@dataclass(frozen=True)
class Place:
    """Where a fleet is written down for each client, and how many hosts are asked at a time."""

    folder: Path
    inventory: Path
    asked: Path
    ansible: Path
    count: int
    jobs: int


@dataclass(frozen=True)
class Peer:
    """A client: the modules and the package it needs, its command, how many answers that tells of,
    what it does.
    """

    name: str
    modules: Sequence[str]
    package: str
    command: Callable[[Place], list[str]]
    answers: Callable[[tree.Used, Place], int]
    does: str

    @property
    def installed(self) -> bool:
        """Whether it can be run here."""
        return all(importlib.util.find_spec(module) is not None for module in self.modules)


def _fleetcheck(place: Place) -> list[str]:
    return scan_command(place.inventory, place.jobs)


def _bare(client: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        asked = [client, str(place.asked), "--jobs", str(place.jobs)]
        return [sys.executable, "-m", "tests.bench.peers", *asked]

    return command


def _ansible(place: Place) -> list[str]:
    command = [sys.executable, "-m", "ansible", "adhoc", "all", "-i", str(place.ansible), "-m", "raw"]
    return [*command, "-a", COMMAND, "--forks", str(place.jobs)]


PEERS = (
    Peer(
        "fleetcheck scan", (), "fleetcheck", _fleetcheck,
        lambda _, place: place.count,  # it ends with 0 only where every host is ok
        "the probe; answer checked, judged, stored",
    ),
    Peer(
        "bare pypsrp", ("pypsrp",), "pypsrp", _bare("pypsrp"),
        lambda used, _: int(used.printed), "the probe, in threads",
    ),
    Peer(
        "pywinrm", ("winrm",), "pywinrm", _bare("pywinrm"),
        lambda used, _: int(used.printed), "the probe by standard input, in threads",
    ),
    Peer(
        "pywinrm run_ps", ("winrm",), "pywinrm", _bare("pywinrm-run-ps"),
        lambda used, _: int(used.printed), "a one-line command, in threads",
    ),
    Peer(
        "Ansible raw", ("ansible", "winrm"), "ansible-core", _ansible,
        lambda used, _: used.printed.count(" | CHANGED | rc=0 >>\n{"),
        "a one-line command by its winrm connection, in forks",
    ),
)  # fmt: skip


def ansible_inventory(asked: Sequence[Target], path: Path) -> None:
    """Write the inventory that Ansible reads; all hosts are reached in the same way."""
    first = asked[0]
    common = {
        "ansible_connection": "winrm",
        "ansible_winrm_scheme": "https" if first.secure else "http",
        "ansible_winrm_transport": pywinrm_transport(first),
        "ansible_user": first.username,
        "ansible_password": first.password,
    }
    if first.ca is not None:
        common["ansible_winrm_ca_trust_path"] = first.ca
    hosts = {one.name: {"ansible_host": one.address, "ansible_port": one.port} for one in asked}
    path.write_text(json.dumps({"all": {"hosts": hosts, "vars": common}}))


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of all clients: no proxy, and nothing of the user's Ansible."""
    mine = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {
        **mine,
        "LC_ALL": "C.UTF-8",  # Ansible wants UTF-8
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
    }


def written(inventory: Path, count: int, jobs: int) -> Place:
    """Write a fleet down for each client."""
    folder = inventory.parent
    fleet = load(inventory)
    asked = targets(fleet, tuple(fleet.hosts.values()))
    place = Place(folder, inventory, folder / "asked.json", folder / "ansible.json", count, jobs)
    Asked(probe_script().text, asked).write(place.asked)
    ansible_inventory(asked, place.ansible)
    (folder / "ansible.cfg").touch()
    return place


def prepare(inventory: Path, count: int, jobs: int) -> Place:
    """Write a fleet down for each client, and let its hosts work their answers out."""
    place = written(inventory, count, jobs)
    measured(PEERS[0], place)
    return place


def measured(peer: Peer, place: Place) -> tree.Used:
    """Run a client; every host must have answered."""
    try:
        used = tree.run(
            peer.command(place),
            cwd=ROOT,
            environment=environment(place.folder),
            output=place.folder / "printed",
        )
    except subprocess.CalledProcessError as exc:
        raise SystemExit(f"{peer.name} has failed with {exc.returncode}: {exc.output[-2000:]}") from exc
    assert peer.answers(used, place) == place.count, used.printed[-2000:]
    return used


@dataclass(frozen=True)
class Cost:
    """Milliseconds of CPU that a further host takes, and a host of all with the start; hosts a second;
    megabytes.
    """

    host: float
    whole: float
    rate: float
    megabytes: float


def one_round(peer: Peer, few: Place, many: Place) -> Cost:
    """Measure a client over few hosts and over many."""
    less, more = measured(peer, few), measured(peer, many)
    return Cost(
        (more.cpu - less.cpu) / (many.count - few.count) * 1000,
        more.cpu / many.count * 1000,
        many.count / more.seconds,
        more.megabytes,
    )


def compare(way: str, given: argparse.Namespace, folder: Path) -> None:
    """Print a line for each client."""
    with (
        serving(way, given.few, folder / "few") as some,
        serving(way, given.hosts, folder / "many") as all_of_them,
    ):
        few = prepare(some.inventory, given.few, given.jobs)
        many = prepare(all_of_them.inventory, given.hosts, given.jobs)
        here = [peer for peer in PEERS if peer.installed]
        rounds = [{peer.name: one_round(peer, few, many) for peer in here} for _ in range(given.rounds)]
    say(
        f"{way}, {given.hosts} hosts, {given.jobs} at a time, medians of {given.rounds}; CPU of a further "
        f"host (than {given.few}), in brackets of a host with its share of the start:"
    )
    for peer in PEERS:
        say(f"  {peer.name}: {_line(peer, rounds) if peer in here else 'not installed'}")


def _line(peer: Peer, rounds: Sequence[dict[str, Cost]]) -> str:
    mine, ours = ([costs[one.name] for costs in rounds] for one in (peer, PEERS[0]))

    def middle(value: Callable[[Cost], float]) -> float:
        return statistics.median(map(value, mine))

    def ratio(value: Callable[[Cost], float]) -> float:
        return statistics.median(value(a) / value(b) for a, b in zip(mine, ours, strict=True))

    return (
        f"{middle(lambda cost: cost.host):.1f} ms of CPU a host ({middle(lambda cost: cost.whole):.1f} "
        f"with start), {ratio(lambda cost: cost.host):.2f} x; {middle(lambda cost: cost.rate):.0f} "
        f"hosts/s, {ratio(lambda cost: cost.rate):.2f} x; {middle(lambda cost: cost.megabytes):.0f} MB; "
        f"{importlib.metadata.version(peer.package)}: {peer.does}"
    )


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--few", type=int, default=30, help="hosts of the run that is taken off")
    parser.add_argument("--jobs", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["https-basic", "http-ntlm"])
    given = parser.parse_args()
    for way in given.ways:
        with tempfile.TemporaryDirectory() as folder:
            compare(way, given, Path(folder))


if __name__ == "__main__":
    main()
