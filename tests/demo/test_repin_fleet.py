"""The fleet to be re-pinned: what a plan makes of it, and how every write on it ends."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inventory.load import load
from inventory.model import Fleet
from orchestrator.demo.fleet import serve_in_thread
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.answer import probe
from orchestrator.demo.machine.at_once import act_out
from orchestrator.demo.machine.plot import Killed
from orchestrator.demo.scenes.repin_recipes import TROUBLES
from orchestrator.demo.scenes.repin_scenario import repin_fleet, repin_hosts
from orchestrator.domain.outcome import Probed, Trace
from orchestrator.domain.reading import Reading
from orchestrator.domain.record import HostRecord
from orchestrator.domain.repin.planner import Draft, Rules
from orchestrator.domain.repin.policy import parse_policy
from orchestrator.domain.verdict import judge
from orchestrator.remote.contract.probe import decode_probe, probe_parameters
from orchestrator.remote.contract.repin import decode_repin, repin_parameters
from tests.domain.repin.builders import plan_on

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def read(spec: SimulatedHost, fleet: Fleet, *, at: datetime = NOW) -> Reading:
    """Probe a host's model as a scan would."""
    host = fleet.hosts[spec.name]
    parameters = probe_parameters(host, mode="auto", canaries=True, deadline_ms=22_000, width=60)
    own = at + timedelta(seconds=spec.machine.clock_skew)
    return decode_probe(probe(spec.machine, parameters, own), host, mode="auto")


def planned(hosts: tuple[SimulatedHost, ...], fleet: Fleet) -> Draft:
    """Plan all of them by the desired pin, on evidence of just now."""
    trace = Trace(started=NOW, ended=NOW)
    candidates = []
    for spec in hosts:
        host, reading = fleet.hosts[spec.name], read(spec, fleet)
        record = HostRecord(
            host=host.name,
            address=host.address,
            port=host.port,
            profile=host.profile,
            outcome=Probed(host=host.name, reading=reading, trace=trace),
            judgement=judge(reading, profile=host.profile, desired=host.desired, gateways=host.gateways),
        )
        candidates.append((host, [(1, record)]))
    return plan_on(candidates, Rules(policy=parse_policy("desired"), now=NOW))


def inventory(folder: Path, net: str, count: int, *, bad: float = 0.0) -> Fleet:
    """Serve a fleet for as long as it takes to write its inventory."""
    with serve_in_thread(repin_fleet(count, bad=bad, address=f"{net}.26")) as served:
        return load(served.inventory(folder))


def ended(spec: SimulatedHost, drafted: Draft) -> str:
    """Write a host as planned; the script's word for it, or "killed"."""
    change = next(each for each in drafted.hosts if each.host == spec.name)
    deadline = NOW + timedelta(seconds=spec.machine.clock_skew + 30)
    given = repin_parameters(change, operation="1", deadline=deadline)
    try:
        text = act_out(spec.machine, given, NOW, spec.events)
    except Killed:
        return "killed"
    decode_repin(text, change, operation="1")
    return str(json.loads(text)["result"])


def test_every_planned_host_can_be_written_whatever_it_is_like(tmp_path: Path, net: str) -> None:
    """Any clock, any kind, any view: 97 of 100 are planned and written,
    three are left out with their reasons.
    """
    hosts, fleet = repin_hosts(100), inventory(tmp_path, net, 100)
    drafted = planned(hosts, fleet)
    reasons = sorted(left.reason.partition(":")[0] for left in drafted.left_out)
    assert reasons == [
        "nothing to do",
        "primary 2147 is not open",
        "the inventory says `repin",
    ]
    names = {change.host for change in drafted.hosts}
    results = Counter(ended(spec, drafted) for spec in hosts if spec.name in names)
    assert results == {"written": 97}
    kinds = Counter(target.kind for change in drafted.hosts for target in change.targets)
    assert set(kinds) == {"DWORD", "QWORD", "SZ", "EXPAND_SZ"}
    assert Counter(len(change.targets) for change in drafted.hosts) == {2: 89, 4: 8}
    again = planned(hosts, fleet)
    assert again.hosts == ()


@pytest.mark.parametrize(
    ("trouble", "result", "primary"),
    [
        ("conflict", "conflict", 8080),
        ("denied", "denied", 443),
        ("restored", "restored", 443),
        ("mixed", "killed", 2147),
        ("no-answer", "written", 2147),
        ("not-written", "killed", 443),
        ("wrong-host", "wrong-host", 443),
        ("expired", "expired", 443),
    ],
)
def test_each_trouble_ends_as_its_name_says(
    tmp_path: Path, net: str, trouble: str, result: str, primary: int
) -> None:
    """And leaves the primary pin as it has to be."""
    count = len(TROUBLES)
    hosts, fleet = repin_hosts(count, bad=1.0), inventory(tmp_path, net, count, bad=1.0)
    (spec,) = (host for host in hosts if f"trouble-{trouble}" in str(host.inventory["tags"]))
    drafted = planned((spec,), fleet)
    assert ended(spec, drafted) == result
    key = spec.machine.registry.key(64, drafted.hosts[0].key)
    assert key is not None
    entry = key.get("PrimaryTunnelPort")
    assert entry is not None
    assert entry.data == primary


def test_the_same_seed_makes_the_same_fleet() -> None:
    """Figures taken on it can be taken again."""
    assert repin_hosts(40, bad=0.2) == repin_hosts(40, bad=0.2)
    assert repin_hosts(40, seed=2) != repin_hosts(40)


def test_five_hundred_hosts_have_five_hundred_names_and_machines() -> None:
    """No two are one machine, which a plan would have to tell apart."""
    hosts = repin_hosts(500)
    assert len({host.name for host in hosts}) == 500
    assert len({host.machine.machine_id for host in hosts}) == 500


@pytest.mark.parametrize("bad", [0.0, 0.02, 0.3, 1.0])
def test_as_many_hosts_are_bad_as_was_asked_for(bad: float) -> None:
    """Every way to go wrong about as often as any other."""
    tags = [str(host.inventory["tags"]) for host in repin_hosts(200, bad=bad)]
    ways = Counter(way for way in TROUBLES for tag in tags if f"trouble-{way}" in tag)
    assert sum(ways.values()) == round(200 * bad)
    assert not ways or max(ways.values()) - min(ways[way] for way in TROUBLES) <= 1
