"""Two fleets that a re-pin is planned for, as a database and an inventory, with verdicts of readings.

`a`: of twenty hosts two are planned, one each is left out for one of six reasons (forbidden, failed, no
agent, split, not open, not tried), and twelve are pinned as wanted. `b`: every host is planned. Each host
of each scan has 32 attempts, 12 registry values of its own, two connections.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inventory.profile import load_profile
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Outcome, Phase, Probed
from orchestrator.domain.reading import Attempt, Kind, Reading, Result, Value, View, ViewState
from orchestrator.domain.record import HostRecord
from orchestrator.domain.verdict import judge_outcome
from orchestrator.store.place import database_url
from orchestrator.store.writer import Writer
from orchestrator.version import VERSION
from tests.bench.bench_store import GATEWAYS, NOW, record, store

SITES = 40
OLD_PIN, WANTED = 2147, 443
FLEETS = ("a", "b")
PLANNED, FORBIDDEN, FAILED, NO_AGENT, SPLIT, SHUT, UNTRIED = (0, 1), 2, 3, 4, 5, 6, 7  # numbers modulo 20
ATTEMPTS, VALUES = 32, 12
PROFILE = load_profile("livevault", Path())


def kind(fleet: str, number: int) -> int:
    """Say what a host is, as one of the numbers above; of fleet `b` each is planned."""
    return 0 if fleet == "b" else number % 20


def inventory(fleet: str, hosts: int) -> Iterator[str]:
    """Yield the fleet's inventory, line by line: a group for each site, a few keys for each host."""
    yield "defaults:"
    yield "  auth: kerberos"
    yield f"  gateways: {{primary: {GATEWAYS['primary']}, backup: {GATEWAYS['backup']}}}"
    yield f"  pin: {WANTED}"
    yield "groups:"
    for site in range(min(SITES, hosts)):
        names = ", ".join(f"server{number}" for number in range(site, hosts, SITES))
        yield f"  site{site:02}: {{site: site{site:02}, subnets: [10.{site}.0.0/16], hosts: [{names}]}}"
    yield "hosts:"
    for number in range(hosts):
        more = ", repin: forbid" if kind(fleet, number) == FORBIDDEN else ""
        yield f"  server{number}: {{address: {address(number)}, tags: [web, prod]{more}}}"


def address(number: int) -> str:
    """Return a host's address, in 10.SITE.0.0/16."""
    place = number // SITES
    return f"10.{number % SITES}.{place // 250}.{place % 250 + 1}"


def said(fleet: str, number: int, day: int, days: int, now: datetime) -> HostRecord:
    """Make a host's result in the scan of a day, the last of which was two hours ago."""
    made, what = record(number, day, ATTEMPTS, VALUES), kind(fleet, number)
    later = now - timedelta(hours=2, days=days - 1) - NOW
    assert isinstance(made.outcome, Probed)
    trace = made.outcome.trace
    started = trace.started - timedelta(seconds=number) + later  # a scan takes minutes, not hours
    trace = replace(trace, started=started, ended=started + timedelta(seconds=4))
    outcome: Outcome = Probed(host=made.host, reading=_reading(made.outcome.reading, what), trace=trace)
    if what == FAILED and day == days - 1:
        outcome = Failed(
            host=made.host,
            phase=Phase.CONNECT,
            cause=Cause.NO_ANSWER,
            detail="no answer in 20 s",
            advice="Is it up, and does a firewall let TCP 5986 through?",
            trace=trace,
        )
    desired = dict.fromkeys(GATEWAYS, WANTED)
    site = f"site{number % SITES:02}"
    return replace(
        made,
        address=address(number),
        profile=PROFILE,
        outcome=outcome,
        judgement=judge_outcome(outcome, profile=PROFILE, desired=desired, gateways=GATEWAYS),
        site=site,
        groups=(site,),
        tags=("web", "prod"),
        desired=desired,
        repin="forbid" if what == FORBIDDEN else "allow",
    )


def _reading(base: Reading, what: int) -> Reading:
    """Let a host say what makes it one of its kind."""
    pin = WANTED if what in {FAILED, *range(8, 20)} else OLD_PIN
    shut = {SHUT: {WANTED}, 0: {OLD_PIN}}.get(what, set())
    values = base.views[0].values[2:]
    held = tuple(Value(name=f"{role.title()}TunnelPort", kind=Kind.DWORD, data=pin) for role in GATEWAYS)
    present = replace(base.views[0], values=(*held, *values))
    other = View(view=32, state=ViewState.ABSENT)
    if what == NO_AGENT:
        present = View(view=64, state=ViewState.ABSENT)
    elif what == SPLIT:
        other = replace(present, view=32, values=(replace(held[0], data=80), held[1]))
    return replace(
        base,
        views=(present, other),
        attempts=tuple(
            _attempt(each, shut=each.port not in {WANTED, OLD_PIN, 80} - shut)
            for each in base.attempts
            if what != UNTRIED or each.port != WANTED
        ),
        connections=tuple(replace(each, remote_port=pin) for each in base.connections if what != 0),
    )


def _attempt(made: Attempt, *, shut: bool) -> Attempt:
    if shut:
        return made
    milliseconds = (made.milliseconds or 0) % 100
    return replace(made, result=Result.CONNECTED, milliseconds=milliseconds, error=None)


def build(fleet: str, hosts: int, days: int, database: Path, listed: Path) -> None:
    """Write the inventory, and store the scans of so many days. A host and scan takes about 2 ms of CPU."""
    listed.write_text("\n".join(inventory(fleet, hosts)) + "\n", encoding="utf-8")
    listed.chmod(0o600)
    now = datetime.now(UTC).replace(microsecond=0)
    url = database_url(str(database), os.environ)
    for day in range(days):
        with Writer.open(url, command="bench", user="bench") as writer:
            store(writer, [said(fleet, number, day, days, now) for number in range(hosts)], version=VERSION)


def main() -> None:
    """Build one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("fleet", choices=FLEETS)
    parser.add_argument("database", type=Path)
    parser.add_argument("inventory", type=Path)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--scans", type=int, default=3)
    options = parser.parse_args()
    build(options.fleet, options.hosts, options.scans, options.database, options.inventory)


if __name__ == "__main__":
    main()
