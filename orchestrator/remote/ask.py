"""Run a script over a session once, and read what it answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.classify import Seen, fault, from_records
from orchestrator.remote.faults import Fault
from orchestrator.remote.session import Endpoint, Parameter, Reply, Script, Session

_Answer = TypeVar("_Answer")


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


async def ask(
    session: Session,
    host: Host,
    script: Script,
    parameters: Mapping[str, Parameter],
    decode: Callable[[str], _Answer],
) -> tuple[_Answer, Reply]:
    """Run `script` once and give what `decode` makes of its output. Raises Fault and nothing else (cancelling aside).

    Where there is no answer to decode, the script's error records say why.
    """
    reply = await session.run(script, parameters)
    seen = Seen(endpoint=endpoint(host), phase=Phase.DECODE, script=script.sha256)
    if not reply.text.strip():
        if reply.errors:
            raise from_records(reply.errors, replace(seen, phase=Phase.RUN))
        raise fault(seen, Cause.GARBLED, "the script gave no output")
    try:
        return decode(reply.text), reply
    except Fault as error:
        if error.cause is Cause.GARBLED and reply.errors:
            raise from_records(reply.errors, replace(seen, phase=Phase.RUN)) from error
        raise
