"""Probe one host once: run the probe over a session and read its answer."""

from __future__ import annotations

import functools
from dataclasses import replace

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.reading import Reading
from orchestrator.domain.text import clean
from orchestrator.remote.classify import QUOTED, Seen, fault, from_records
from orchestrator.remote.contract import decode_probe, probe_parameters
from orchestrator.remote.faults import Fault
from orchestrator.remote.session import Endpoint, Reply, Script, Session


@functools.cache
def probe_script() -> Script:
    """Give the probe, read once a process."""
    return Script.load("probe")


def endpoint(host: Host) -> Endpoint:
    """Say where a host of the inventory listens and how to trust it."""
    return Endpoint(
        host=host.name,
        address=host.address,
        port=host.port,
        transport=host.transport,
        auth=host.auth,
        ca=host.ca,
        tls_pin=host.tls_pin,
        configuration=host.configuration,
    )


async def probe(
    session: Session, host: Host, *, mode: str, canaries: bool, deadline_ms: int, width: int
) -> tuple[Reading, Reply]:
    """Probe a host, one try. `deadline_ms` is the script's own, `width` its attempts in flight at once.

    Raises Fault and nothing else (cancelling aside). The caller closes the session.
    """
    script = probe_script()
    parameters = probe_parameters(host, mode=mode, canaries=canaries, deadline_ms=deadline_ms, width=width)
    reply = await session.run(script, parameters)
    seen = Seen(endpoint=endpoint(host), phase=Phase.DECODE, script=script.sha256)
    if not reply.text.strip():
        if reply.errors:
            raise from_records(reply.errors, replace(seen, phase=Phase.RUN))
        raise fault(seen, Cause.GARBLED, "the script gave no output")
    try:
        reading = decode_probe(reply.text, host, mode=mode)
    except Fault as error:
        if error.cause is Cause.GARBLED and reply.errors:
            raise from_records(reply.errors, replace(seen, phase=Phase.RUN)) from error
        raise
    return reading, _with_errors(reply)


def _with_errors(reply: Reply) -> Reply:
    """Keep what the error stream said beside a good answer, as a remark."""
    said = tuple(
        f"the script also reported: {clean(f'{error.kind}: {error.message}', limit=QUOTED)}"
        for error in reply.errors[:3]
    )
    return replace(reply, remarks=(*reply.remarks, *said)) if said else reply
