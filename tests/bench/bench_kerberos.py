"""What native Kerberos costs the client against native NTLM, what the KDC is asked, and how long the loop is
held up.

    FLEETCHECK_ADLAB=... FLEETCHECK_WINHOST=... python -m tests.bench.bench_kerberos [--hosts 200] [--jobs 4]
    [--rounds 2] ... python -m tests.bench.bench_kerberos --tickets 200 2000 10000 ... python -m
    tests.bench.bench_kerberos --slow

All names lead to one real PowerShell host, which has every name's key. CPU is the scan command's own, start
included, and with a scan of one host taken off. `--tickets`: CPU of a token where so many hosts have a
ticket. `--slow`: the longest gap of the loop with a KDC that takes 3 s, against that of a loop that does
nothing. Needs MIT's KDC.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.remote.auth.kerberos_logon import Kerberos, KerberosLogon
from orchestrator.remote.session import Endpoint, Logon
from tests import adlabs, winhosts

ROOT = Path(__file__).parents[2]
PORTS = ("--port", "6985", "--https-port", "6986")
MAIN = "from orchestrator.cli.main import main; main()"


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def one_for_all(realm: adlabs.Realm, net: str, folder: Path) -> Iterator[adlabs.Realm]:
    """Serve all of a realm's names by one host; give the realm with the names resolved so."""
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
        yield replace(realm, env={**realm.env, "NSS_WRAPPER_HOSTS": str(folder / "hosts")})


def scan(realm: adlabs.Realm, folder: Path, auth: str, count: int, jobs: int) -> float:
    """Scan so many of a realm's hosts; give the command's seconds of CPU. Every host has to be logged on to
    so.
    """
    (folder / "password").write_text(realm.accounts["fleet"][1])
    (folder / "password").chmod(0o600)
    secret = {"from": "file", "path": "password"}
    inventory = {
        "credentials": {"ops": {"username": "fleet", "password": secret}},
        "defaults": {"transport": "http", "port": 6985, "auth": auth, "credential": "ops", "timeout": 120},
        "hosts": {name: {} for name in list(realm.hosts)[:count]},
    }
    (folder / "fleet.yaml").write_text(json.dumps(inventory))
    argv = [sys.executable, "-c", MAIN, "scan", "--json", "--quiet", "--jobs", str(jobs), "--pace", "0"]
    argv += ["-i", str(folder / "fleet.yaml"), "--db", str(folder / f"{time.monotonic_ns()}.db")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        argv, env={**os.environ, **realm.env}, capture_output=True, text=True, check=False, cwd=ROOT
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = {host["logon"] for host in json.loads(done.stdout)["hosts"]}
    assert used == {auth}, (used, done.stdout[:2000], done.stderr)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(realm: adlabs.Realm, folder: Path, args: argparse.Namespace) -> None:
    """Scan by NTLM and by Kerberos in turn; the least of the rounds counts."""
    found: dict[str, list[tuple[float, float]]] = {"ntlm": [], "kerberos": []}
    for _ in range(args.rounds):
        for auth, rounds in found.items():
            before = realm.issued()
            one, all_of_them = (scan(realm, folder, auth, count, args.jobs) for count in (1, args.hosts))
            after = realm.issued()
            rounds.append((all_of_them / args.hosts, (all_of_them - one) / (args.hosts - 1)))
            asked = f"tickets issued: {after[0] - before[0]} by password, {after[1] - before[1]} for services"
            say(
                f"{auth}: {rounds[-1][0] * 1000:.1f} ms a host, start included; {rounds[-1][1] * 1000:.1f} "
                f"ms without; {asked} (of two scans)"
            )
    for at, what in ((0, "start included"), (1, "without it")):
        least = {auth: min(each[at] for each in rounds) for auth, rounds in found.items()}
        say(
            f"{what}: NTLM {least['ntlm'] * 1000:.1f} ms, Kerberos {least['kerberos'] * 1000:.1f} ms; "
            f"{least['kerberos'] / least['ntlm']:.2f} x"
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
    """Do some work; give the loop's longest gap meanwhile."""
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
            compare(stack.enter_context(one_for_all(realm, net, folder)), folder, args)


if __name__ == "__main__":
    main()
