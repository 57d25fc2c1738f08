"""Whether the audit proves what a stored run says, before anything is done on its word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli.errors import GATE, CommandError

if TYPE_CHECKING:
    from orchestrator.store.reader import Reader


class ChangedError(CommandError):
    """What is stored of a run is not what was written, or the audit that would prove it is broken."""

    exit_code = GATE


def proven(reader: Reader, run_id: int) -> str | None:
    """Hold a run, its plan and its rows against the audit; return a warning for what it does not cover yet.

    Raises ChangedError where something was changed, UnknownRunError.
    """
    found = reader.prove(run_id)
    if found.broken is not None:
        raise ChangedError(
            f"run {run_id} cannot be trusted: {found.broken.found}. Nothing is done on its word: "
            "`fleetcheck audit verify` shows the whole; restore a copy of the database, or plan again."
        )
    if not found.not_covered:
        return None
    return (
        f"run {run_id} was stored before the audit covered plans and runs ({', '.join(found.not_covered)}): "
        "nothing proves that they are what was written"
    )
