"""A plan signed: by who made it, and by who approves it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.approval.errors import ApprovalError
from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.repin.approvals import signed_bytes, standing
from orchestrator.domain.approval.signatures import Approval, Approvals, is_name

if TYPE_CHECKING:
    from orchestrator.app.approval.rules import Place, Rules
    from orchestrator.domain.config.settings import Settings
    from orchestrator.domain.repin.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SignRequest:
    """What is asked: sign the plan in `file` with `key`.

    `who`: as whom, None where the allowed signers say it. `rules`: where this machine says who may sign;
    `configured` may demand more signatures than it does.
    """

    plan: Plan
    file: Path
    key: Path
    who: str | None
    rules: Place
    configured: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature that was made: whose, where it is, and how the plan stands with it."""

    plan: str
    made: Approval
    file: Path
    approvals: Approvals


def approve(request: SignRequest, *, confirm: Callable[[str], None]) -> Signed:
    """Sign a plan after a clear yes, and write the signature beside it.

    Raises PlanRefused for a plan that nobody can apply any more, ApprovalError where the signature would
    count for nobody, CommandError, UsageError, and what `confirm` raises: nothing was written then.
    """
    from orchestrator.fleet.repin.checks import PlanRefused, check_new

    check_new(request.plan)
    if datetime.now(UTC) >= request.plan.expires:
        raise PlanRefused(request.plan.id, (f"it expired at {request.plan.expires:%Y-%m-%d %H:%M} UTC",))
    _may_sign(request)
    confirm(_statement(request))
    return sign_plan(request)


def sign_plan(request: SignRequest) -> Signed:
    """Sign a plan, and write the signature beside it. Raises as `approve`."""
    from orchestrator.app.approval.beside import signature_file
    from orchestrator.app.approval.ssh_keygen import HEAD, sign
    from orchestrator.app.files import write

    known = _may_sign(request)
    data = signed_bytes(request.plan)
    text = sign(data(), request.key)
    made = _made(request, known, text, data())
    _refuse_double(request, known, made, data())
    file = signature_file(request.file, made.who)
    write(file, text, marker=HEAD, what="signature of a plan", regular=True)
    after = standing(request.plan, request.file, request.rules, request.configured, data)
    return Signed(plan=request.plan.id, made=made, file=file, approvals=after)


def _may_sign(request: SignRequest) -> Rules:
    """Look at all that can be wrong before a key is asked for."""
    from orchestrator.app.approval.rules import rules
    from orchestrator.app.approval.ssh_keygen import program

    program()
    if not request.key.expanduser().is_file():
        raise CommandError(
            f"{request.key}: there is no such key; `ssh-keygen -t ed25519` makes one, and the .pub of a key "
            "that an agent holds will do"
        )
    if request.who is not None and not is_name(request.who):
        raise UsageError(f"--as {request.who!r}: expected a name of letters, digits and . _ @ + - alone")
    known = rules(request.rules)
    if known.signers is None and request.who is None:
        raise UsageError(
            f"no {request.rules.folder / 'allowed_signers'} is there to say whose key it is: sign --as NAME"
        )
    return known


def _made(request: SignRequest, known: Rules, text: str, data: bytes) -> Approval:
    """Find out whose signature it is, and that it holds."""
    from orchestrator.app.approval.ssh_keygen import fingerprint, verify

    if known.signers is None:
        made = fingerprint(data, text)
        return Approval(who=str(request.who), kind=made.kind, key=made.key, text=text)
    who = request.who or _name_of(text, known.signers, request.key)
    found = verify(data, text, who, signers=known.signers, revoked=known.revoked)
    if isinstance(found, str):
        raise ApprovalError(f"{request.key}: a signature with it would not count: {found}")
    return Approval(who=who, kind=found.kind, key=found.key, text=text)


def _name_of(text: str, signers: Path, key: Path) -> str:
    from orchestrator.app.approval.ssh_keygen import principals

    found = principals(text, signers)
    if not found:
        raise ApprovalError(f"{key}: {signers} does not name this key, or not any more")
    if len(found) > 1 or not is_name(found[0]):
        raise UsageError(
            f"{signers} gives this key the names {', '.join(found)}: say with --as which is yours"
        )
    return found[0]


def _refuse_double(request: SignRequest, known: Rules, made: Approval, data: bytes) -> None:
    """Refuse a signature that adds nobody: of a person who has signed, or with a key that has."""
    from orchestrator.app.approval.beside import signatures_beside
    from orchestrator.app.approval.check import examine

    if known.signers is None:
        return
    before = dict(signatures_beside(request.file))
    there, then = (
        examine(data, signatures.items(), known, demanded=0, origin="")
        for signatures in (before, before | {made.who: made.text})
    )
    if then.people <= there.people:
        signed = ", ".join(f"{each.who} with {each.key}" for each in there.counted)
        raise ApprovalError(
            f"a signature of {made.who} with {made.key} would add nobody, since {signed} is there already: "
            "an approval takes another person and another key"
        )


def _statement(request: SignRequest) -> str:
    from inventory.words import plural
    from orchestrator.app.repin.statement import changes, in_a_line
    from orchestrator.domain.repin.planfile import digest
    from orchestrator.report.repin.ticket import ticket
    from orchestrator.report.words import moment

    plan, file = request.plan, shlex.quote(str(request.file))
    what = "re-pin" if plan.undoes is None else f"undo of run {in_a_line(plan.undoes)}"
    values = plural(ticket(plan).values, "registry value")
    return "\n".join(
        (
            f"{what}: {values} on {plural(len(plan.hosts), 'host')}",
            *changes(plan.hosts),
            f"made by {in_a_line(plan.user)}, good until {moment(plan.expires)}",
            f"sha256 {digest(plan)}",
            f"`fleetcheck repin show {file}` shows all of it; sign it with {request.key}",
        )
    )
