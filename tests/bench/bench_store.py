"""CPU of storing and reading a scan, against sqlite3's own executemany of the same rows, and bytes on the
disk.

    python -m tests.bench.bench_store [--hosts 2000] [--attempts 36] [--values 12] [--db postgresql://...]

Each result has a reading with attempts, registry values, live connections and a judgement of two roles. Two
scans are stored: in the second every host says the same again, but for times and milliseconds. Bare means:
the rows are there as tuples, and sqlite3 puts them into the same tables, 32 hosts a commit.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from inventory.model import ListedPort, Profile, RoleValues
from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, Judgement, Pin, RoleJudgement
from orchestrator.domain.outcome import Probed, Trace
from orchestrator.domain.reading import (
    Attempt,
    Connection,
    Identity,
    Interface,
    Kind,
    Part,
    Reading,
    Result,
    Source,
    Target,
    Value,
    View,
    ViewState,
)
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
GATEWAYS = {"primary": "203.0.113.10", "backup": "203.0.113.20"}
PORTS = (2147, 554, 1090, 1720, 1755, 1503, 7070, 1863, 5190, 443, 636, 389, 80, 25, 119, 123)
PROFILE = Profile(
    name="livevault",
    title="LiveVault",
    key="SOFTWARE\\LiveVault Corporation\\LiveVault.net\\LVRT\\Static Route",
    roles=tuple(RoleValues(role=role, port_value=f"{role.title()}TunnelPort") for role in GATEWAYS),
    ports=tuple(ListedPort(number=port, label="a label") for port in PORTS),
)
TABLES = ("document", "registry_value", "scan", "host_result", "attempt", "connection")


def reading(number: int, day: int, attempts: int, values: int) -> Reading:
    """Make what one host says."""
    per_role = -(-attempts // len(GATEWAYS))
    ports = [PORTS[at % len(PORTS)] for at in range(per_role)]
    tried = [(role, address, port) for role, address in GATEWAYS.items() for port in ports][:attempts]
    return Reading(
        mode="full",
        identity=Identity(
            computer=f"SERVER{number}",
            fqdn=f"server{number}.corp.example",
            machine_id=f"{number:08x}-0000-0000-0000-000000000000",
            os_name="Windows Server 2019 Standard",
            os_version="10.0.17763",
            powershell="5.1.17763.5830",
            clock=NOW + timedelta(days=day, seconds=number),
            time_zone="W. Europe Standard Time",
            utc_offset=60,
            interfaces=(Interface(name="Ethernet", addresses=(f"10.0.{number // 250}.{number % 250}",)),),
        ),
        views=(
            View(
                view=64,
                state=ViewState.PRESENT,
                path=PROFILE.key,
                values=(
                    Value(name="PrimaryTunnelPort", kind=Kind.DWORD, data=2147),
                    *(
                        Value(name=f"Value{at}", kind=Kind.SZ, data=f"of server {number}")
                        for at in range(values - 1)
                    ),
                ),
            ),
            View(view=32, state=ViewState.ABSENT),
        ),
        targets=tuple(
            Target(role=role, source=Source.INVENTORY, name=address, addresses=(address,), decides=True)
            for role, address in GATEWAYS.items()
        ),
        attempts=tuple(
            Attempt(
                role=role,
                source=Source.INVENTORY,
                target=address,
                address=address,
                port=port,
                result=Result.TIMED_OUT,
                milliseconds=3000 + (number + day) % 9,
                error="TimedOut",
            )
            for role, address, port in tried
        ),
        canaries=(),
        connections=tuple(
            Connection(
                local_address="10.0.0.1",
                local_port=50_000 + day,
                remote_address=address,
                remote_port=2147,
                state="Established",
            )
            for address in GATEWAYS.values()
        ),
        connections_complete=True,
        parts=tuple(
            Part(name=name, milliseconds=number % 9) for name in ("identity", "registry", "attempts")
        ),
        whole_list=True,
    )


def record(number: int, day: int, attempts: int, values: int) -> HostRecord:
    """Make one host's result."""
    host = f"server{number}"
    started = NOW + timedelta(days=day, seconds=number)
    trace = Trace(
        started=started,
        ended=started + timedelta(seconds=4),
        auth="ntlm",
        certificate="sha256:" + "a" * 64,
        script="b" * 64,
        timings={"connect": 3, "open": 200 + day, "run": 3000 + number % 50},
        received=9000 + number % 100,
    )
    roles = tuple(
        RoleJudgement(
            role=role,
            verdict=Verdict.OK,
            pin=Pin(port=2147, kind="DWORD", shown="2147"),
            desired=2147,
            beliefs=dict.fromkeys(PORTS, Belief.CLOSED),
            live=(2147,),
            evidence=(f"{role} 2147: timed out after 3.0 s, twice; nothing else is open",),
            action="a firewall rule",
        )
        for role in GATEWAYS
    )
    return HostRecord(
        host=host,
        address=f"{host}.corp.example",
        port=5986,
        profile=PROFILE,
        outcome=Probed(host=host, reading=reading(number, day, attempts, values), trace=trace),
        judgement=Judgement(verdict=Verdict.OK, roles=roles, view=64, any_live=True, evidence=("tunnel up",)),
        site="paris",
        groups=("paris",),
        desired=dict.fromkeys(GATEWAYS, 2147),
        gateways=GATEWAYS,
    )


def measured(hosts: int, work: Callable[[], None]) -> float:
    """Return the CPU of `work`, all threads, in milliseconds per host."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000 / hosts


def store(writer: Writer, records: Sequence[HostRecord], jobs: int = 64, version: str = "0") -> None:
    """Store a scan as the fleet does: every task waits for its own result."""
    described = ScanRecord(
        id=None,
        started=NOW,
        mode="full",
        inventory="fleet.yaml",
        inventory_digest="ab" * 32,
        selection="",
        hosts=tuple(each.host for each in records),
        command="bench",
        user="bench",
        version=version,
        script="cd" * 32,
    )
    scan_id = asyncio.run(writer.begin_scan(described))

    async def run() -> None:
        waiting = iter(records)

        async def work() -> None:
            for each in waiting:
                await writer.put(scan_id, each)

        await asyncio.gather(*(work() for _ in range(jobs)))

    asyncio.run(run())
    asyncio.run(writer.end_scan(scan_id, ScanState.FINISHED, NOW))


def bare(source: Path, target: Path, hosts: int) -> float:
    """Put all rows of one database into an empty one of the same tables; return milliseconds per host."""
    with (
        closing(sqlite3.connect(source)) as full,
        closing(sqlite3.connect(target, isolation_level=None)) as empty,
    ):
        # Keys are not enforced: a share of a table may refer to a later share of another.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF"):
            empty.execute(f"PRAGMA {pragma}")
        for table in TABLES:
            empty.execute(f"DELETE FROM {table}")  # noqa: S608 -- names from above
        rows = {table: full.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}  # noqa: S608 -- names from above
        commits = -(-hosts // 32)

        def work() -> None:
            for at in range(commits):
                empty.execute("BEGIN IMMEDIATE")
                for table, every in rows.items():
                    share = every[at * len(every) // commits : (at + 1) * len(every) // commits]
                    if share:
                        marks = ",".join("?" * len(share[0]))
                        empty.executemany(f"INSERT INTO {table} VALUES ({marks})", share)  # noqa: S608 -- names from above
                empty.execute("COMMIT")

        return measured(hosts, work)


def say(name: str, figure: float, more: str = "") -> None:
    """Print a line."""
    sys.stdout.write(f"  {name:24}{figure:7.3f}  {more}\n")
    sys.stdout.flush()


def stored(url: str, days: Sequence[Sequence[HostRecord]], path: Path | None) -> None:
    """Store one scan after the other; for a file of ours also compare with bare rows and tell its growth."""
    before = 0
    for day, records in enumerate(days, 1):
        with Writer.open(url, command="bench", user="bench") as writer:
            spent = measured(len(records), partial(store, writer, records))
        say(f"scan {day} stored", spent)
        if path is not None:
            size = path.stat().st_size
            say("  bytes of a host", (size - before) // len(records))
            before = size
            if day == 1:
                base = bare(path, Path(shutil.copy(path, path.with_name("bare.db"))), len(records))
                say("  bare executemany", base, f"ratio {spent / base:.2f}")


def read(url: str, hosts: Sequence[str]) -> None:
    """Read the last scan, whole and without what judgements were made of,
    and the last known state of every host.
    """
    with Reader.open(url) as reader:
        latest = reader.latest_scan()
        number = latest.id if latest and latest.id else 0
        for name, whole in (("read whole", True), ("read without attempts and values", False)):
            ask = partial(reader.records, number, whole=whole)
            say(name, measured(len(hosts), partial(exhaust, ask)))
        say("last known states", measured(len(hosts), partial(exhaust, partial(reader.last_known, hosts))))


def exhaust(ask: Callable[[], Iterable[object]]) -> None:
    """Take everything and keep nothing."""
    for _ in ask():
        pass


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=2000)
    parser.add_argument("--attempts", type=int, default=36)
    parser.add_argument("--values", type=int, default=12)
    parser.add_argument("--db", help="another database than an SQLite file made for this")
    options = parser.parse_args()
    hosts: int = options.hosts
    days = [[record(n, day, options.attempts, options.values) for n in range(hosts)] for day in range(2)]
    sys.stdout.write(
        f"{hosts} hosts, {options.attempts} attempts, {options.values} values each; ms CPU per host\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        url = database_url(options.db or str(path), os.environ)
        stored(url, days, None if options.db else path)
        read(url, [each.host for each in days[0]])


if __name__ == "__main__":
    main()
