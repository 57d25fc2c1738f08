"""A transport without a wire: its sessions answer at once with a recorded healthy answer,
varied for each host.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from inventory.load import load
from inventory.model import Host
from orchestrator.domain.outcome import Phase
from orchestrator.remote.session import Endpoint, Logon, Parameter, Reply, Script, TryFacts
from tests.bench.bench_inventory import inventory

HEALTHY = Path(__file__).parents[1] / "remote/golden/healthy.json"
WHOLE = "whole"  # how a host's name begins whose site's worker answers so (tests/dispatch/worker_process)
GATEWAYS = {"127.0.9.11": "203.0.113.10", "127.0.9.12": "203.0.113.20"}


class Answers:
    """The recorded healthy answer, as each host of a LiveVault fleet would have written it."""

    tasks = 0  # that were there when the last scan had ended

    def __init__(self, key: str) -> None:
        text = HEALTHY.read_text("ascii")
        for recorded, ours in (*GATEWAYS.items(), ("42147", "2147")):
            text = text.replace(recorded, ours)
        document = json.loads(text)
        for view in document["views"]:
            view["path"] = key
        rows = document["connections"]["rows"]
        document["connections"]["rows"] = [["10.0.0.1", 50_000 + n, *row] for n, row in enumerate(rows)]
        document["identity"] = dict.fromkeys(document["identity"]) | {
            "fqdn": "@HOST@.corp.example",
            "computer": "@HOST@",
            "machine_id": "@HOST@-0000-4000-8000-000000000000",
            "os_name": "Microsoft Windows Server 2022 Standard",
            "os_version": "10.0.20348.0",
            "powershell": "5.1.20348.2400",
            "edition": "Desktop",
            "clr": "4.0.30319.42000",
            "time_zone": "W. Europe Standard Time",
            "clock": "@CLOCK@",
            "utc_offset": 120,
            "elevated": True,
            "bits": 64,
            "interfaces": [{"n": "Ethernet", "a": ["10.0.0.1", "fe80::1"]}],
        }
        self._text = json.dumps(document, separators=(",", ":"))

    def of(self, host: str) -> str:
        """Return a host's answer, now."""
        clock = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        return self._text.replace("@HOST@", host.upper()).replace("@CLOCK@", clock)


def one_host() -> Host:
    """Return a host of the inventory whose answer that is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.yaml"
        path.write_text(inventory(1), encoding="utf-8")
        (found,) = load(path).hosts.values()
    return found


@dataclass(slots=True)
class AtOnce:
    """A session that is through all phases as fast as the event loop goes round."""

    text: str
    before_logon: Callable[[], Awaitable[None]] | None
    accepted: Callable[[], None] | None
    phase: Phase = Phase.RESOLVE

    @property
    def facts(self) -> TryFacts:
        """Say how far it came, in no time."""
        return TryFacts(phase=self.phase, timings={})

    async def run(self, _script: Script, _parameters: Mapping[str, Parameter]) -> Reply:
        """Log on, answer."""
        self.phase = Phase.CONNECT
        await asyncio.sleep(0)
        if self.before_logon is not None:
            await self.before_logon()
        self.phase = Phase.AUTH
        await asyncio.sleep(0)
        if self.accepted is not None:
            self.accepted()
        self.phase = Phase.RUN
        await asyncio.sleep(0)
        self.phase = Phase.DECODE
        return Reply(
            text=self.text,
            auth="ntlm",
            certificate="sha256:" + "a" * 64,
            timings={"connect": 3, "logon": 7, "open": 40, "run": 260},
            received=9_000,
        )

    async def close(self) -> tuple[str, ...]:
        """Nothing to close."""
        return ()


class Recorded:
    """A transport without a wire."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def session(
        self,
        endpoint: Endpoint,
        _logon: Logon,
        *,
        deadline: float,  # noqa: ARG002  # the seam's
        before_logon: Callable[[], Awaitable[None]] | None = None,
        accepted: Callable[[], None] | None = None,
    ) -> AtOnce:
        """Make a session."""
        return AtOnce(self._answers.of(endpoint.host), before_logon, accepted)

    async def aclose(self) -> None:
        """Nothing to give back; the run has ended, so no task but the one that closes should be there."""
        self._answers.tasks = len(asyncio.all_tasks()) - 1
