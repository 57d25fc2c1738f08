"""A big database, made fast: 10,000 hosts, 400 daily scans, attempts for the last three only.

    python -m tests.bench.big_database FILE [--hosts 10000] [--scans 400] [--inventory FILE]

The last three scans are stored as a fleet stores them, each host saying something of its own each time. The
older ones repeat the first by SQL, table by table, day by day into the past. Of every hundred hosts some are
blocked (with other ports open), cut off, drifted, waived, or not probed in the last scan; one changes from
day to day.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.judgement import Belief, Judgement, Pin, RoleJudgement
from orchestrator.domain.outcome import Failed, Outcome, Phase, Probed
from orchestrator.domain.reading import Interface
from orchestrator.domain.record import HostRecord
from orchestrator.store.place import database_url
from orchestrator.store.writer import Writer
from tests.bench.bench_store import GATEWAYS, NOW, PORTS, record, store

STORED = 3  # scans that are stored for real
SITES = 40
ELSEWHERE = ((443,), (443, 80), (636, 389), (80, 25, 119, 123, 443))  # what is open where the pin is not
_KINDS = {
    **dict.fromkeys(range(5), Verdict.BLOCKED),
    5: Verdict.CUT_OFF,
    6: Verdict.DRIFTED,
    7: Verdict.DRIFTED,  # waived
    8: Verdict.DISCONNECTED,
    9: Verdict.NO_AGENT,
}
_WAIVED, _SILENT, _RESTLESS = 7, 10, 11


def said(number: int, day: int, today: datetime) -> HostRecord:
    """Make a host's result, `day` being 1 to STORED, the last one yesterday."""
    made, kind, site = record(number, day, 32, 12), number % 100, number % SITES
    verdict = _KINDS.get(kind, Verdict.OK)
    if kind == _RESTLESS and (number // 100 + day) % 2:
        verdict = Verdict.BLOCKED
    outcome = _moved(made.outcome, number, today - timedelta(days=STORED + 1) - NOW)
    judgement = _judgement(verdict, number, day)
    if kind == _SILENT and day == STORED:
        outcome = Failed(
            host=made.host,
            phase=Phase.CONNECT,
            cause=Cause.NO_ANSWER,
            detail="no answer in 20 s",
            advice="Is it up, and does a firewall let TCP 5986 through?",
            trace=outcome.trace,
        )
        judgement = Judgement(verdict=Verdict.UNKNOWN, action=outcome.advice)
    return replace(
        made,
        outcome=outcome,
        judgement=judgement,
        site=f"site{site:02}",
        groups=(f"site{site:02}",),
        waived="change 4711 moves them in one night" if kind == _WAIVED else None,
    )


def _moved(outcome: Outcome, number: int, later: timedelta) -> Probed:
    """Put a reading where it belongs in time, and its host into its site's network."""
    assert isinstance(outcome, Probed)
    trace = replace(outcome.trace, started=outcome.trace.started + later, ended=outcome.trace.ended + later)
    interfaces = (Interface(name="Ethernet", addresses=(address(number),)),)
    identity = replace(outcome.reading.identity, interfaces=interfaces)
    return replace(outcome, trace=trace, reading=replace(outcome.reading, identity=identity))


def address(number: int) -> str:
    """Return a host's address, in 10.SITE.0.0/16."""
    place = number // SITES
    return f"10.{number % SITES}.{place // 250}.{place % 250 + 1}"


def _judgement(verdict: Verdict, number: int, day: int) -> Judgement:
    if verdict is Verdict.NO_AGENT:
        return Judgement(verdict=verdict, action="was the agent removed?")
    roles = tuple(_role(name, verdict, number, day) for name in GATEWAYS)
    live = verdict not in {Verdict.CUT_OFF, Verdict.BLOCKED, Verdict.DISCONNECTED}
    return Judgement(
        verdict=verdict,
        roles=roles,
        view=64,
        any_live=live,
        evidence=("a tunnel is up" if live else "no tunnel is up",),
        action=roles[0].action,
    )


def _role(name: str, verdict: Verdict, number: int, day: int) -> RoleJudgement:
    desired = 443 if number % SITES >= SITES - 10 else 2147
    pin = {443: 2147, 2147: 443}[desired] if verdict is Verdict.DRIFTED else desired
    opened = {
        Verdict.BLOCKED: tuple(port for port in ELSEWHERE[number // 100 % 4] if port != pin),
        Verdict.CUT_OFF: (),
    }.get(verdict, (2147, 443))
    return RoleJudgement(
        role=name,
        verdict=verdict,
        pin=Pin(port=pin, kind="DWORD", shown=str(pin)),
        desired=desired,
        beliefs={port: Belief.OPEN if port in opened else Belief.CLOSED for port in PORTS},
        live=(pin,) if pin in opened and verdict is not Verdict.DISCONNECTED else (),
        evidence=(f"{name} {pin}: tried for {number * 7 + day} ms",),
        action="" if verdict is Verdict.OK else f"look at {name} {pin}",
    )


def build(path: Path, hosts: int, scans: int) -> None:
    """Make the database. Of 400 scans of 10,000 hosts it has 3 GB, and takes a few minutes."""
    today = datetime.now(UTC).replace(microsecond=0)
    Writer.open(database_url(str(path), os.environ), command="bench", user="bench").close()
    with closing(sqlite3.connect(path)) as using:  # the older scans get the lower numbers
        using.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('scan', ?)", (scans - STORED,))
        using.commit()
    for day in range(1, STORED + 1):
        with Writer.open(database_url(str(path), os.environ), command="bench", user="bench") as writer:
            store(writer, [said(number, day, today) for number in range(hosts)])
    older(path, scans - STORED)


def older(path: Path, scans: int) -> None:
    """Repeat the first scan's results as so many older scans, and date every scan by its results."""
    with closing(sqlite3.connect(path)) as using:
        # Nothing here is worth keeping, and the indexes of 4 million rows stay in memory.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
            using.execute(f"PRAGMA {pragma}").close()
        (step,) = using.execute("SELECT max(id) FROM host_result").fetchone()
        (first,) = using.execute("SELECT min(id) FROM scan").fetchone()
        for day in range(1, scans + 1):
            for table in ("scan", "host_result"):
                columns = [row[1] for row in using.execute(f"PRAGMA table_info({table})")]
                cells = ", ".join(_cell(table, column, day, step) for column in columns)
                where = f"{'id' if table == 'scan' else 'scan_id'} = {first}"
                using.execute(f"INSERT INTO {table} SELECT {cells} FROM {table} WHERE {where}")  # noqa: S608  # names from above
            using.commit()
        span = "(SELECT {}({}) FROM host_result WHERE scan_id = scan.id)"
        using.execute(
            f"UPDATE scan SET started = {span.format('min', 'started')}, ended = {span.format('max', 'ended')}"  # noqa: E501, S608
        )
        using.commit()
        using.execute("PRAGMA journal_mode = WAL").close()


def _cell(table: str, column: str, day: int, step: int) -> str:
    if column in {"started", "ended"}:
        return f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '-{day} days')"
    if (table, column) in {("scan", "id"), ("host_result", "scan_id")}:
        return f"{column} - {day}"
    return f"id + {day * step}" if column == "id" else f'"{column}"'


def inventory(hosts: int) -> Iterator[str]:
    """Yield an inventory of these hosts, line by line: each site a group with its network."""
    yield "defaults:"
    yield "  auth: kerberos"
    yield f"  gateways: {{primary: {GATEWAYS['primary']}, backup: {GATEWAYS['backup']}}}"
    yield "  pin: 2147"
    yield "groups:"
    for site in range(min(SITES, hosts)):
        names = ", ".join(f"server{number}" for number in range(site, hosts, SITES))
        yield f"  site{site:02}: {{site: site{site:02}, subnets: [10.{site}.0.0/16], hosts: [{names}]}}"
    yield "hosts:"
    yield from (f"  server{number}: {{address: {address(number)}}}" for number in range(hosts))


def main() -> None:
    """Build it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--scans", type=int, default=400)
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="write an inventory of the hosts too")
    options = parser.parse_args()
    if options.inventory is not None:
        options.inventory.write_text("\n".join(inventory(options.hosts)) + "\n", encoding="utf-8")
    build(options.file, options.hosts, options.scans)


if __name__ == "__main__":
    main()
