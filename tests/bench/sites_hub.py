"""A hub as a process of its own: a scan over sites, begun or gone on with, into a database; to be killed.

    python -m tests.bench.sites_hub SPEC

SPEC is a JSON file: broker, key, sites with their public keys, database, hosts a site, name of the hosts.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from inventory.model import Host
from orchestrator.dispatch.broker import Broker
from orchestrator.dispatch.hub import CeleryDispatcher, HubSettings
from orchestrator.dispatch.keys import load_key, read_public
from orchestrator.domain.record import ScanRecord
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.control.signals import listening
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.dispatch.port import Refused
from orchestrator.fleet.dispatch.remote import Remote
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Services
from orchestrator.fleet.scan import scan
from orchestrator.fleet.summary import ScanSummary
from orchestrator.remote.probe import probe_script
from orchestrator.remote.session import Logon
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.bench.recorded import WHOLE, one_host
from tests.fleet.dispatch.sites import OPTIONS, domain_account
from tests.fleet.fakes import FakeTransport, host, record_of


def hosts_of(spec: dict[str, Any]) -> list[Host]:
    """Make the hosts of all sites."""
    like = one_host() if spec["name"] == WHOLE else host("any")

    def make(name: str, site: str) -> Host:
        return replace(like, name=name, address=name, site=site, credential=spec["credential"])

    return [
        make(f"{spec['name']}-{site}-{number}", site)
        for site in spec["sites"]
        for number in range(spec["hosts"])
    ]


def run(spec: dict[str, Any]) -> tuple[ScanSummary, float]:
    """Scan, or go on with the scan that the database has; return how it ended, and its CPU seconds."""
    there = hosts_of(spec)
    with Writer.open(spec["database"], command="bench", user="bench", wait=60) as writer:
        with Reader.open(spec["database"]) as reader:
            found = reader.latest_scan()
            done = set() if found is None else set(reader.done(found.id or 0))
        record = record_of(there)
        if found is not None:
            record = writer.resume_scan(found.id or 0)
            there = [one for one in there if one.name not in done]
        return asyncio.run(_scan(spec, record, there, writer))


async def _scan(
    spec: dict[str, Any], record: ScanRecord, there: list[Host], writer: Writer
) -> tuple[ScanSummary, float]:
    settings = HubSettings(
        name="hub",
        key=load_key(Path(spec["key"])),
        broker=Broker(**spec["broker"]),
        sites={name: read_public(text) for name, text in spec["sites"].items()},
    )
    dispatcher = await CeleryDispatcher.open(settings, tuple(spec["sites"]))

    async def refused(_what: Refused) -> None:
        return

    remote = Remote(
        dispatcher=dispatcher,
        hosts=there,
        account_of=domain_account,
        refused=refused,
        run=f"scan of {record.started.isoformat()}",
        epoch=spec["epoch"],
        script=probe_script().sha256,
        options=OPTIONS,
        patience=spec["patience"],
    )
    stop = StopRequest()
    before = _cpu()
    with listening(stop, asyncio.get_running_loop()):
        try:
            summary = await scan(
                replace(record, hosts=tuple(one.name for one in there)) if record.id is None else record,
                (),
                options=ScanOptions(),
                services=Services(
                    transport=FakeTransport({}),
                    writer=writer,
                    logons=lambda _: Logon(username="", password=None),
                    clock=SystemClock(),
                    chance=random.Random(1),  # noqa: S311  # jitter
                ),
                stop=stop,
                remote=remote,
            )
        finally:
            await dispatcher.close()
    return summary, _cpu() - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(spec: dict[str, Any]) -> None:
    """Run, and say how it ended as one line of JSON."""
    summary, cpu = run(spec)
    said = {
        "state": summary.state.value,
        "twice": summary.sites.twice,
        "silent": summary.sites.silent,
        "cpu": cpu,
        "ok": summary.counts.ok,
        "seconds": summary.seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
