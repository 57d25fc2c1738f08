"""Who has signed a plan, against what this machine's rules and the command demand."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError
from orchestrator.domain.approval.signatures import NONE, Approvals

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.app.approval.rules import Place, Rules
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.config.settings import Settings
    from orchestrator.domain.repin.operation import RunRecord
    from orchestrator.domain.repin.plan import Plan


PlanBytes = Callable[[], bytes]
"""Returns the bytes of a plan's file."""


def approved(
    invocation: Invocation, plan: Plan, file: Path, place: Place, *, asked: int, data: PlanBytes
) -> Approvals:
    """See who has signed a plan that is about to be used, by the signatures beside its file.

    `data`: the plan's bytes. `asked`: how many the command asks for; the machine's rules may ask for more.
    Raises ApprovalError where somebody is missing, or the rules cannot be trusted; NoSshKeygenError.
    """
    from orchestrator.app.approval.beside import signatures_beside
    from orchestrator.app.approval.check import refuse_missing
    from orchestrator.app.approval.rules import rules

    known = rules(place)
    demanded, origin = _demand(invocation, plan, known, asked)
    found = _examined(data, signatures_beside(file), known, demanded, origin)
    refuse_missing(found, str(file), f"To sign, with a key of one's own:\n    {sign_command(file)}")
    return found


def approved_again(
    invocation: Invocation, run: RunRecord, plan: Plan, place: Place, *, asked: int
) -> Approvals:
    """Verify once more, by today's rules, the signatures that a run began with. Raises as `approved`,
    StoreError.
    """
    from orchestrator.app.approval.check import refuse_missing
    from orchestrator.app.approval.rules import rules

    known = rules(place)
    demanded, origin = _demand(invocation, plan, known, asked)
    with invocation.reader() as reader:
        signatures = reader.signatures(plan.id)
    found = _examined(signed_bytes(plan), signatures, known, demanded, origin)
    again = "For what is left make a new plan, and have it signed:\n    fleetcheck repin plan"
    refuse_missing(found, f"run {run.id}", again)
    return found


def standing(
    plan: Plan, file: Path, place: Place, configured: Settings, data: PlanBytes | None = None
) -> Approvals:
    """Say who has signed a plan so far, for who looks at it, of how many that `apply` will demand here.

    `configured` may demand more than this machine's rules. Never raises: what is in the way is in `trouble`.

    What a plan says of itself is believed here: whether it is an undo is looked up when it is used.
    """
    from orchestrator.app.approval.beside import signatures_beside
    from orchestrator.app.approval.rules import rules

    try:
        known = rules(place)
        demanded = known.signatures if plan.undoes is None else known.undo
        origin = known.where if plan.undoes is None else f"{known.where}, for an undo"
        found = configured.values.get("repin.signatures")
        if found is not None and isinstance(found.value, int) and found.value > demanded:
            demanded, origin = found.value, _asking(configured, found.value)
        return _examined(data or signed_bytes(plan), signatures_beside(file), known, demanded, origin)
    except CommandError as error:
        return replace(NONE, trouble=str(error))


def sign_command(file: Path) -> str:
    """Write the command that signs a plan."""
    return f"fleetcheck repin approve {shlex.quote(str(file))} --key ~/.ssh/id_ed25519"


def signed_bytes(plan: Plan) -> PlanBytes:
    """Return what gives the bytes that are signed, those of the plan's file (`planfile.loads` takes no
    other).

    They are made where they are first asked for, and once: of 10,000 hosts they are 17 MB.
    """

    @functools.cache
    def data() -> bytes:
        from orchestrator.domain.repin.planfile import dumps

        return dumps(plan).encode("ascii")

    return data


def _examined(
    data: PlanBytes, signatures: Iterable[tuple[str, str]], known: Rules, demanded: int, origin: str
) -> Approvals:
    from orchestrator.app.approval.check import examine

    if not demanded and known.signers is None:
        return NONE  # nobody asked, and nobody could tell
    return examine(data(), signatures, known, demanded=demanded, origin=origin)


def _demand(invocation: Invocation, plan: Plan, known: Rules, asked: int) -> tuple[int, str]:
    """Return how many signatures a plan needs, and who says so."""
    demanded, origin = known.signatures, known.where
    if plan.undoes is not None and known.undo > known.signatures:
        demanded = known.undo
    elif plan.undoes is not None and known.undo < known.signatures:
        against = _no_undo(invocation, plan, known)
        if against is None:
            demanded = known.undo
        else:
            origin = f"{origin}; as for every plan, since {against}"
    return (asked, _asking(invocation.settings, asked)) if asked > demanded else (demanded, origin)


def _asking(configured: Settings, asked: int) -> str:
    """Name what asks for more signatures than the machine does: the configuration, or the option."""
    found = configured.values.get("repin.signatures")
    if found is not None and found.value == asked:
        return f"`signatures` of [repin] in {found.origin}" if found.origin.is_file else str(found.origin)
    return f"--signatures {asked}"


def _no_undo(invocation: Invocation, plan: Plan, known: Rules) -> str | None:
    """Say why a plan that calls itself the undo of a run is none; None where it only takes back a signed run.

    A plan is a file, and who wants one signature less can write anything into it. So can they into a database
    of their own, which `--db` would name: all that nobody can make up is the signatures under what was done.
    """
    from orchestrator.fleet.repin.undo import takes_back
    from orchestrator.store.errors import StoreError

    name = f"it calls itself an undo of run {plan.undoes}"
    try:
        number = int(plan.undoes or "")
        with invocation.reader() as reader:
            original, rows = reader.plan(reader.run(number).plan), reader.operations(number)
            proof, signatures = reader.prove(number), reader.signatures(original.id)
    except (StoreError, ValueError):
        return f"{name}, of which this database knows nothing"
    if proof.broken is not None:
        return f"{name}, and the audit is broken: {proof.broken.found}"
    if not takes_back(plan, original, rows):
        return f"{name}, and writes other values than that one took away"
    if _examined(signed_bytes(original), signatures, known, known.signatures, known.where).missing:
        return f"{name}, which {known.signatures} people's signatures do not stand under"
    return None
