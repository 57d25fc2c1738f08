"""Probe one host once: run the probe over a session and read its answer."""

from __future__ import annotations

import functools
from dataclasses import replace

from inventory.model import Host
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.reading import Reading
from orchestrator.remote.ask import ask, endpoint
from orchestrator.remote.contract.probe import decode_probe, probe_parameters
from orchestrator.remote.faults.make import QUOTED
from orchestrator.remote.session import Reply, Script, Session

__all__ = ["endpoint", "probe", "probe_script"]


@functools.cache
def probe_script() -> Script:
    """Return the probe, read once a process."""
    return Script.load("probe")


async def probe(
    session: Session, host: Host, *, mode: str, canaries: bool, deadline_ms: int, width: int
) -> tuple[Reading, Reply]:
    """Probe a host, one try. `deadline_ms` is the script's own, `width` its attempts in flight at once.

    Raises Fault and nothing else (cancelling aside). The caller closes the session.
    """
    parameters = probe_parameters(host, mode=mode, canaries=canaries, deadline_ms=deadline_ms, width=width)
    reading, reply = await ask(
        session, host, probe_script(), parameters, lambda text: decode_probe(text, host, mode=mode)
    )
    return reading, _with_errors(reply)


def _with_errors(reply: Reply) -> Reply:
    """Keep what the error stream said beside a good answer, as a remark."""
    said = tuple(
        f"the script also reported: {clean(f'{error.kind}: {error.message}', limit=QUOTED)}"
        for error in reply.errors[:3]
    )
    return replace(reply, remarks=(*reply.remarks, *said)) if said else reply
