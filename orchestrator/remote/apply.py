"""Re-pin one host once: run the write script over a session and read its answer."""

from __future__ import annotations

import functools
from datetime import datetime

from inventory.model import Host
from orchestrator.domain.outcome import Phase
from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.remote.ask import PRINTS, ask
from orchestrator.remote.contract.repin import decode_repin, repin_parameters
from orchestrator.remote.contract.repin_answer import RepinAnswer
from orchestrator.remote.session import Script, Session

_UNCLEAR = "Nobody knows yet whether it wrote: `fleetcheck repin resume` reads it and says."
_MAY_HAVE_RUN = {Phase.RUN, Phase.DECODE}


@functools.cache
def repin_script() -> Script:
    """Return the write script, read once a process. Its `sha256` is what a plan names."""
    return Script.load("repin")


async def apply(
    session: Session, host: Host, change: PlannedHost, *, operation: str, deadline: datetime
) -> RepinAnswer:
    """Write what is planned for a host: one run, never sent twice.

    `operation` is the journal row's id, `deadline` the host's own time (aware) after which it writes nothing.
    Raises Fault and nothing else (cancelling aside); after one, or when cancelled, only a reading tells what
    was written, unless `never_sent` says that the script stayed here. The caller closes the session.
    """
    parameters = repin_parameters(change, operation=operation, deadline=deadline)
    answer, _ = await ask(
        session,
        host,
        repin_script(),
        parameters,
        lambda text: decode_repin(text, change, operation=operation),
        garbled=f"{_UNCLEAR} {PRINTS}",
    )
    return answer


def never_sent(session: Session) -> bool:
    """Whether `apply` failed before the first byte of the script left: then nothing can have been written.

    The session says it, not the fault: a fault names the phase that its cause belongs to, such as a logon
    that is asked for once more while the script runs.
    """
    return session.phase not in _MAY_HAVE_RUN
