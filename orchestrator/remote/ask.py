"""Run a script over a session once, and read what it answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.contract.output import beside, like_a_document
from orchestrator.remote.faults.classify import from_records
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.faults.make import Seen, fault
from orchestrator.remote.session import Endpoint, Parameter, Reply, Script, Session

PRINTS = (
    "Something writes into that session: a profile, or the start-up script of the session configuration "
    "(`Get-PSSessionConfiguration`). Let it write nothing, or name another one with `configuration:`."
)
_Answer = TypeVar("_Answer")


def endpoint(host: Host) -> Endpoint:
    """Say where a host of the inventory listens and how to trust it."""
    return Endpoint(
        host=host.name,
        address=host.address,
        port=host.port,
        transport=host.transport,
        auth=host.auth,
        via=host.via,
        via_credential=host.via_credential,
        ca=host.ca,
        tls_pin=host.tls_pin,
        configuration=host.configuration,
        credential=host.credential,
    )


async def ask(
    session: Session,
    host: Host,
    script: Script,
    parameters: Mapping[str, Parameter],
    decode: Callable[[str], _Answer],
    *,
    garbled: str = PRINTS,
) -> tuple[_Answer, Reply]:
    """Run `script` once and return what `decode` makes of its document. Raises Fault and nothing else
    (cancelling aside).

    Where there is no answer to decode, the script's error records say why. Anything else that is written,
    text or another document, is GARBLED, with `garbled` as its advice: nobody can tell which of two answers
    is the script's.
    """
    reply = await session.run(script, parameters)
    seen = Seen(endpoint=endpoint(host), phase=Phase.DECODE, script=script.sha256)
    document = reply.text if like_a_document(reply.text) else ""
    printed = reply.beside or ((reply.text,) if reply.text.strip() and not document else ())
    if printed and (document or not reply.errors):
        raise fault(seen, Cause.GARBLED, beside(document, printed, script.name), advice=garbled)
    if not document:
        if reply.errors:
            raise from_records(reply.errors, replace(seen, phase=Phase.RUN))
        raise fault(seen, Cause.GARBLED, "the script gave no output")
    try:
        return decode(document), reply
    except Fault as error:
        if error.cause is Cause.GARBLED and reply.errors:
            raise from_records(reply.errors, replace(seen, phase=Phase.RUN)) from error
        raise
