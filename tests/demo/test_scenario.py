"""The demo's fleet: every verdict is in it, and it is the same one every time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from inventory.load import load
from inventory.model import Fleet
from inventory.verdicts import Verdict
from orchestrator.demo.answer import probe
from orchestrator.demo.auth import Account
from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.rows import flaky
from orchestrator.demo.scenario import MIX_SIZE, demo_fleet, demo_hosts
from orchestrator.domain.verdict import judge
from orchestrator.remote.contract import decode_probe, probe_parameters

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def verdict_of(spec: SimulatedHost, fleet: Fleet) -> Verdict:
    """Return what a scan in mode auto concludes about a host."""
    if any(behaviour.cause for behaviour in spec.behaviours):
        return Verdict.UNKNOWN
    host = fleet.hosts[spec.name]
    parameters = probe_parameters(host, mode="auto", canaries=True, deadline_ms=22_000, width=60)
    reading = decode_probe(probe(spec.machine, parameters, NOW), host, mode="auto")
    return judge(reading, profile=host.profile, desired=host.desired, gateways=host.gateways).verdict


@pytest.mark.parametrize("seed", [1, 2])
def test_every_verdict_is_shown_and_most_hosts_are_well(tmp_path: Path, net: str, seed: int) -> None:
    """A newcomer sees each word of the manual once, and an ordinary fleet around it."""
    hosts = demo_hosts(seed=seed)
    with serve_in_thread(demo_fleet(seed=seed, address=f"{net}.27")) as served:
        fleet = load(served.inventory(tmp_path))
    counts = Counter(verdict_of(host, fleet) for host in hosts)
    assert set(counts) == set(Verdict)
    assert counts[Verdict.OK] == 35
    assert counts[Verdict.UNKNOWN] == 8


def test_the_same_seed_makes_the_same_fleet_and_another_one_another() -> None:
    """Screens in the manual stay true."""
    assert demo_hosts() == demo_hosts()
    assert [host.name for host in demo_hosts(seed=2)] == [host.name for host in demo_hosts()]
    assert demo_hosts(seed=2) != demo_hosts()


def test_a_larger_fleet_has_the_same_mix_and_its_own_names() -> None:
    """2,000 hosts: 2,000 names, and the same share of trouble."""
    hosts = demo_hosts(20 * MIX_SIZE)
    assert len({host.name for host in hosts}) == 20 * MIX_SIZE
    small = Counter(b.name for host in demo_hosts() for b in host.behaviours)
    large = Counter(b.name for host in hosts for b in host.behaviours)
    assert large == Counter({name: 20 * count for name, count in small.items()})


@pytest.mark.parametrize("count", [4, 12, 30])
def test_a_small_fleet_shows_as_many_kinds_as_it_can(tmp_path: Path, net: str, count: int) -> None:
    """A demo of four hosts has four verdicts, not four healthy hosts."""
    hosts = demo_hosts(count)
    with serve_in_thread(demo_fleet(count, address=f"{net}.27")) as served:
        fleet = load(served.inventory(tmp_path))
    verdicts = {verdict_of(host, fleet) for host in hosts}
    assert len(verdicts) >= min(count, 12)
    assert Verdict.OK in verdicts


def test_each_wrong_password_has_a_credential_of_its_own() -> None:
    """So that the lock-out breaker stops no other host."""
    wrong = {
        host.credential
        for host in demo_hosts(3 * MIX_SIZE)
        if any(b.name == "logon-failed" for b in host.behaviours)
    }
    others = {host.credential for host in demo_hosts(3 * MIX_SIZE)} - wrong
    assert (len(wrong), others) == (6, {"ops"})


def test_two_names_answer_with_one_machine_id() -> None:
    """One pair in sixty is one machine under two names; every other id is unique."""
    ids = Counter(host.machine.machine_id for host in demo_hosts(2 * MIX_SIZE))
    assert sorted(ids.values())[-3:] == [1, 2, 2]


def test_the_inventory_has_groups_a_waiver_and_no_secret_in_it(tmp_path: Path, net: str) -> None:
    """What it says loads without an error, and the passwords stand in files of their own."""
    with serve_in_thread(demo_fleet(today=date(2026, 5, 4), address=f"{net}.27")) as served:
        path = served.inventory(tmp_path)
    fleet = load(path)
    assert set(fleet.groups) == {"paris", "lyon", "berlin", "madrid"}
    assert [(waiver.verdict, waiver.until) for waiver in fleet.waivers] == [("drifted", date(2026, 8, 2))]
    text = path.read_text()
    secrets = [file.read_text() for file in (tmp_path / "secrets").iterdir()]
    assert len(secrets) == 3
    assert not [secret for secret in secrets if secret in text]


def test_two_accounts_under_one_credential_are_refused(tmp_path: Path, net: str) -> None:
    """A mistake in a test's own fleet is said before it misleads."""
    first, second = demo_hosts(2)
    hosts = [first, replace(second, account=Account("else", "x"), credential=first.credential)]
    fleet = SimulatedFleet(hosts, address=f"{net}.27")
    with serve_in_thread(fleet), pytest.raises(ValueError, match="stands for two accounts"):
        fleet.inventory(tmp_path)


def test_a_fleet_that_is_not_served_writes_no_inventory(tmp_path: Path) -> None:
    """It has no ports yet."""
    with pytest.raises(ValueError, match="not served yet"):
        demo_fleet().inventory(tmp_path)


def test_nothing_in_the_fleet_points_outside_loopback_and_documentation(tmp_path: Path, net: str) -> None:
    """Hosts listen on loopback, gateways are addresses of RFC 5737 or names under .example."""
    with serve_in_thread(demo_fleet(address=f"{net}.27")) as served:
        fleet = load(served.inventory(tmp_path))
    gateways = {address for host in fleet.hosts.values() for address in host.gateways.values()}
    assert {host.address for host in fleet.hosts.values()} == {f"{net}.27"}
    assert all(name.startswith("203.0.113.") or name.endswith(".example") for name in gateways)


def test_flaky_is_no_lasting_trouble() -> None:
    """It counts down, so that the demo shows a retry that succeeds."""
    assert (flaky(1).times, flaky(1).cause) == (1, None)
