"""A site's worker over a fake transport: started as a process of its own, to be killed.

    python -m tests.dispatch.worker_process SPEC

SPEC is a JSON file. A host's name says what it does: `slow...` answers after the seconds of the spec,
`held...` as soon as the file `go` is there, `kill...` ends the process, `raise...` raises, `whole...` gives
the answer that a healthy host of tests/bench/recorded gave, others answer at once that no agent is there.
Each host that is asked is written to the file `asked`. With `kinit` (the principal and its password) each
logon asks a real domain controller by that program: a host refuses what the domain refuses. With `ends` it is
ended by SIGTERM as soon as it is there.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from orchestrator.dispatch.broker import Broker
from orchestrator.dispatch.celery_app import serve
from orchestrator.dispatch.keys import load_key, read_public
from orchestrator.dispatch.site_link import WorkerSettings
from orchestrator.dispatch.worker import SiteWorker
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.fault import Fault, RefusedBy
from tests.bench.recorded import WHOLE, Answers, one_host
from tests.fleet.dispatch.sites import Rules
from tests.fleet.fakes import NO_AGENT, FakeSession, FakeTransport


def main(spec: dict[str, Any]) -> None:
    """Work until it is told to end."""
    asked, go = Path(spec["asked"]), Path(spec["folder"]) / "go"

    whole = Answers(one_host().profile.key)

    def note(name: str) -> None:
        with asked.open("a") as file:
            file.write(f"{name}\n")

    async def behave(session: FakeSession) -> str:
        name = session.endpoint.host
        note(name)
        if name.startswith("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        if spec.get("kinit"):
            await _log_on(session, *spec["kinit"])
        await session.reach(Phase.RUN)
        if name.startswith("raise"):
            raise RuntimeError("nobody foresaw this")
        await asyncio.sleep(spec["slow"] if name.startswith("slow") else 0.01)
        while name.startswith("held") and not go.exists():  # noqa: ASYNC110  # another process makes it
            await asyncio.sleep(0.01)
        session.phase = Phase.DECODE
        return whole.of(name) if name.startswith(WHOLE) else NO_AGENT

    settings = WorkerSettings(
        site=spec["site"],
        key=load_key(Path(spec["key"])),
        hub=read_public(spec["hub"]),
        broker=Broker(**spec["broker"]),
        width=spec["width"],
        slots=spec["slots"],
        pace=0,
        machine="here",
    )

    def log(words: str) -> None:
        sys.stdout.write(words + "\n")
        sys.stdout.flush()

    worker = SiteWorker(
        settings, Rules(), lambda: FakeTransport({}, behave), folder=Path(spec["folder"]), log=log
    )
    if spec.get("ends"):  # as soon as it is there
        start = worker.start

        def start_and_end() -> None:
            start()
            os.kill(os.getpid(), signal.SIGTERM)

        worker.start = start_and_end  # type: ignore[method-assign]
    worker.link.refuse_another()
    log("serving")
    serve(worker, settings)


async def _log_on(session: FakeSession, principal: str, password: str) -> None:
    """Log on with a ticket that is asked for anew. Raise Fault where the domain refuses the password."""
    await session.before_logon()
    session.phase = Phase.AUTH
    kinit = await asyncio.create_subprocess_exec(
        *("kinit", "-c", "MEMORY:", principal),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await kinit.communicate(f"{password}\n".encode())
    if kinit.returncode:
        raise Fault(
            phase=Phase.AUTH, cause=Cause.LOGON_FAILED, detail="", advice="", refused_by=RefusedBy.HOST
        )
    session.accepted()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
