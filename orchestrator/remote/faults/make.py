"""Make a `Fault` of a cause and of what was seen: its words come from the tables. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.fault import Fault, RefusedBy
from orchestrator.remote.faults.reasons import REASONS
from orchestrator.remote.faults.table import ROWS
from orchestrator.remote.faults.via import via_words
from orchestrator.remote.session import Endpoint

QUOTED = 200  # characters of a host's own words in a detail
_HIGH_BYTES, _KERBEROS = 0xFFFF0000, 0x96C70000  # libkrb5's numbers all begin so


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where it happened: with which host, how far, after how many seconds; `script` is the script's SHA-256.

    `heard`: something came from the host over this connection, as far as is known.
    """

    endpoint: Endpoint
    phase: Phase
    seconds: float = 0.0
    script: str = ""
    heard: bool = True


def fault(
    seen: Seen,
    cause: Cause,
    detail: str,
    *,
    code: int | None = None,
    pin: str | None = None,
    here: bool = False,
    refused_by: RefusedBy | None = None,
    advice: str = "",
) -> Fault:
    """Build the fault of a cause: its words from the table, `detail` from what was seen, `advice` where it
    says more.

    `advice` takes the place of the table's. Where the code says more of an account than its cause does, so do
    the words. `here`: the phase is where it happened, whatever the table says.
    """
    row = ROWS[cause]
    reason = REASONS.get(code) if code is not None else None
    if reason is not None and (cause is reason.cause or refused_by is not None):
        detail = f"{reason.said}: {detail}" if detail else reason.said
    else:
        reason = None
    endpoint = seen.endpoint
    words = {
        "host": endpoint.host,
        "address": endpoint.address,
        "port": endpoint.port,
        "configuration": endpoint.configuration,
        "transport": endpoint.transport,
        "script": seen.script,
        "credential": f"credential `{endpoint.credential}`" if endpoint.credential else "your own ticket",
        "pin": f'`tls_pin: "{pin}"`' if pin else "`tls_pin:`",
        "look": _look_up(code),
        **via_words(endpoint.via),
    }
    meaning = row.meaning.format_map(words)
    return Fault(
        phase=seen.phase if here else row.phase or seen.phase,
        cause=cause,
        detail=f"{meaning}: {detail}" if detail else meaning,
        advice=advice or (reason or row).advice.format_map(words),
        again=row.again,
        code=code,
        refused_by=refused_by,
    )


def _look_up(code: int | None) -> str:
    """Say where a code that nobody here knows can be looked up;
    Kerberos' and this machine's own are no Windows'.
    """
    if code is None:
        return "Look into the host's event log (Windows Remote Management)"
    if code & _HIGH_BYTES == _KERBEROS:
        return f"Look {code - 2**32} up in libkrb5's list of errors (`krb5.h`)"
    return f"Look it up with `winrm helpmsg 0x{code:X}` on any Windows"
