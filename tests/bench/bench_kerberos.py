"""What native Kerberos costs the client against native NTLM, what the KDC is asked, and how long the loop is
held up.

    python -m tests.bench.bench_kerberos [--hosts 200] [--jobs 4] [--rounds 2]
    python -m tests.bench.bench_kerberos --simulated --hosts 2000 --jobs 256
    python -m tests.bench.bench_kerberos --tickets 200 2000 10000
    python -m tests.bench.bench_kerberos --slow

FLEETCHECK_ADLAB and FLEETCHECK_WINHOST name the kits.

All names lead to one real PowerShell host, which has every name's key. CPU is the scan command's own, start
included, and with a scan of one host taken off; memory is the most that it held. `--simulated`: each name is
a simulated host of its own, which reads real tickets. `--tickets`: CPU of a token where so many hosts have a
ticket. `--slow`: the longest gap of the loop with a KDC that takes 3 s, against that of a loop that does
nothing. Needs MIT's KDC.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.demo.host import OPS
from orchestrator.remote.auth.kerberos_logon import Kerberos, KerberosLogon
from orchestrator.remote.session import Endpoint, Logon
from tests import adlabs, simulated_realm, winhosts

ROOT = Path(__file__).parents[2]
PORTS = ("--port", "6985", "--https-port", "6986")
MAIN = "from orchestrator.cli.main import main; main()"


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def simulated(realm: adlabs.Realm, _net: str, folder: Path) -> Iterator[Fleet]:
    """Serve each of a realm's names by a simulated host that reads real tickets."""
    users = {"kerberos": realm.accounts["fleet"], "ntlm": (OPS.username, OPS.password)}
    with simulated_realm.serving(realm, folder, "--lean", "http-negotiate") as (there, hosts):
        yield Fleet(there, hosts, users)


@contextlib.contextmanager
def real(realm: adlabs.Realm, net: str, folder: Path) -> Iterator[Fleet]:
    """Serve all of a realm's names by one real host."""
    keys = [path.read_bytes() for path in sorted(realm.keytabs.glob("*.keytab"))]
    (folder / "WINHOST001.keytab").write_bytes(keys[0][:2] + b"".join(key[2:] for key in keys))
    address = f"{net}.61"
    (folder / "hosts").write_text("".join(f"{address} {name}\n" for name in realm.hosts))
    users = ("--user", f"fleet:{realm.accounts['fleet'][1]}")
    more = (
        *PORTS,
        *users,
        "--auth",
        "negotiate,kerberos",
        "--keytabs",
        str(folder),
        "--domain",
        "adlab.test",
    )
    environ = {"KRB5_CONFIG": realm.krb5_conf["good"]}
    with winhosts.start(net, first=61, engine="linux", warm=4, more=more, environ=environ):
        there = replace(realm, env={**realm.env, "NSS_WRAPPER_HOSTS": str(folder / "hosts")})
        by_password = ("fleet", realm.accounts["fleet"][1])
        users = {"kerberos": by_password, "ntlm": by_password}
        yield Fleet(there, {name: {"port": 6985} for name in realm.hosts}, users)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Hosts to scan: where their names resolve, each one's settings, and who logs on by which scheme."""

    realm: adlabs.Realm
    hosts: Mapping[str, Mapping[str, Any]]
    users: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: seconds of CPU, and MB at most."""

    cpu: float
    memory: float


def scan(fleet: Fleet, folder: Path, auth: str, count: int, jobs: int) -> Cost:
    """Scan so many of the hosts; every one has to be logged on to so."""
    user, password = fleet.users[auth]
    (folder / "password").write_text(password)
    (folder / "password").chmod(0o600)
    secret = {"from": "file", "path": "password"}
    inventory = {
        "credentials": {"ops": {"username": user, "password": secret}},
        "defaults": {"transport": "http", "auth": auth, "credential": "ops", "timeout": 120},
        "hosts": dict(list(fleet.hosts.items())[:count]),
    }
    (folder / "fleet.yaml").write_text(json.dumps(inventory))
    argv = [sys.executable, "-c", MAIN, "scan", "--json", "--quiet", "--jobs", str(jobs), "--pace", "0"]
    argv += ["-i", str(folder / "fleet.yaml"), "--db", str(folder / f"{time.monotonic_ns()}.db")]
    with (folder / "said").open("w+") as said:
        process = subprocess.Popen(argv, env={**os.environ, **fleet.realm.env}, stdout=said, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        used = {host["logon"] for host in json.load(said)["hosts"]}
    assert used == {auth}, used
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(fleet: Fleet, folder: Path, args: argparse.Namespace) -> None:
    """Scan by NTLM and by Kerberos in turn; the least of the rounds counts."""
    found: dict[str, list[tuple[float, float, float]]] = {"ntlm": [], "kerberos": []}
    for _ in range(args.rounds):
        for auth, rounds in found.items():
            before = fleet.realm.issued()
            one, whole = (scan(fleet, folder, auth, count, args.jobs) for count in (1, args.hosts))
            after = fleet.realm.issued()
            rounds.append((whole.cpu / args.hosts, (whole.cpu - one.cpu) / (args.hosts - 1), whole.memory))
            asked = f"tickets issued: {after[0] - before[0]} by password, {after[1] - before[1]} for services"
            say(
                f"{auth}: {rounds[-1][0] * 1000:.1f} ms a host, start included; {rounds[-1][1] * 1000:.1f} "
                f"ms without; {whole.memory:.0f} MB; {asked} (of two scans)"
            )
    for at, what in ((0, "start included"), (1, "without it")):
        least = {auth: min(each[at] for each in rounds) for auth, rounds in found.items()}
        say(
            f"{what}: NTLM {least['ntlm'] * 1000:.1f} ms, Kerberos {least['kerberos'] * 1000:.1f} ms; "
            f"{least['kerberos'] / least['ntlm']:.2f} x"
        )
    held = {auth: min(each[2] for each in rounds) for auth, rounds in found.items()}
    say(
        f"memory: NTLM {held['ntlm']:.0f} MB, Kerberos {held['kerberos']:.0f} MB; "
        f"{held['kerberos'] / held['ntlm']:.2f} x"
    )


class Watch:
    """The longest time for which the loop was held up, in seconds; runs until it is cancelled."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        """Look every millisecond."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.monotonic() - began - 0.001)


async def watched(work: Coroutine[Any, Any, Any]) -> float:
    """Do some work; return the loop's longest gap meanwhile."""
    watch = Watch()
    task = asyncio.ensure_future(watch.run())
    await work
    task.cancel()
    return watch.longest


def inside(names: list[str], password: str, tickets: int, *, slow: bool) -> None:
    """Be the process in which a realm's names resolve: make tokens, and print what they took."""
    logon = Logon(username="fleet", password=password)

    def hosts(count: int) -> list[Endpoint]:
        each = (names[number % len(names)] for number in range(count))
        return [
            Endpoint(host=name, address=name, port=6986, transport="https", auth="kerberos") for name in each
        ]

    async def tokens() -> float:
        kerberos = Kerberos()
        made: list[KerberosLogon] = []
        for start in range(0, tickets, 100):
            part = hosts(tickets)[start : start + 100]
            made += await asyncio.gather(*(kerberos.logon(host, logon) for host in part))
        sample = made[:: max(1, len(made) // 200)]
        began = time.process_time()
        for each in sample:
            await each.begin(b"tls-server-end-point:" + bytes(32))
        took = (time.process_time() - began) / len(sample)
        kerberos.close()
        return took

    async def gaps() -> tuple[float, float]:
        kerberos = Kerberos()
        first = hosts(20)
        # Modules and libkrb5's own set-up are loaded once a process, with whatever comes first.
        held_up = await watched(asyncio.gather(*(kerberos.logon(host, logon) for host in first)))
        kerberos.close()
        return held_up, await watched(asyncio.sleep(10))

    if slow:
        busy, idle = asyncio.run(gaps())
        say(
            f"longest gap of the loop with a KDC that takes 3 s: {busy * 1000:.0f} ms; of one that does "
            f"nothing: {idle * 1000:.0f} ms"
        )
    else:
        say(f"{tickets:,} tickets: {asyncio.run(tokens()) * 1000:.2f} ms of CPU a token")


def in_the_realm(realm: adlabs.Realm, *more: str) -> None:
    """Start this module again where the realm's names resolve."""
    argv = [sys.executable, "-m", "tests.bench.bench_kerberos", *more, "--password"]
    argv += [realm.accounts["fleet"][1], "--names", *realm.hosts]
    subprocess.run(argv, env={**os.environ, **realm.env}, check=True, cwd=ROOT)


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--tickets", type=int, nargs="+")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--simulated", action="store_true")
    parser.add_argument("--names", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--password", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Start a realm, and measure."""
    args = options()
    if args.names:
        inside(args.names, args.password, args.tickets[0] if args.tickets else 0, slow=args.slow)
        return
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(winhosts.claim_net())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        realm = stack.enter_context(adlabs.start("mit", net, hosts=args.hosts, first=1))
        if args.slow:
            in_the_realm(realm.by("slow"), "--slow")
        for count in args.tickets or ():
            in_the_realm(realm, "--tickets", str(count))
        if not args.slow and not args.tickets:
            served = simulated if args.simulated else real
            compare(stack.enter_context(served(realm, net, folder)), folder, args)


if __name__ == "__main__":
    main()
