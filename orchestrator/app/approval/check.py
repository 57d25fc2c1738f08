"""Who has signed a plan, held against the machine's rules, one signature after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from inventory.words import plural
from orchestrator.app.approval.errors import ApprovalError
from orchestrator.app.approval.rules import Rules
from orchestrator.app.approval.ssh_keygen import Good, verify
from orchestrator.domain.approval.signatures import Approval, Approvals, NotCounted


def examine(
    data: bytes, signatures: Iterable[tuple[str, str]], rules: Rules, *, demanded: int, origin: str
) -> Approvals:
    """Verify each signature (name and text) of `data`, the plan's bytes.

    Raises ApprovalError, NoSshKeygenError. Where no signers are named, no signature counts.
    """
    given = list(signatures)
    counted: list[Approval] = []
    not_counted: list[NotCounted] = []
    for who, text in given:
        found = _verified(data, text, who, rules)
        if isinstance(found, Good):
            counted.append(Approval(who=who, kind=found.kind, key=found.key, text=text))
        else:
            not_counted.append(NotCounted(who=who, why=found))
    return Approvals(
        demanded=demanded,
        origin=origin,
        counted=tuple(_with_others(data, each, counted, rules) for each in counted),
        not_counted=tuple(not_counted),
    )


def _verified(data: bytes, text: str, who: str, rules: Rules) -> Good | str:
    if rules.signers is None:
        return "no allowed_signers says whose key it is"
    if not text:
        return "the file is empty, or cannot be read"
    return verify(data, text, who, signers=rules.signers, revoked=rules.revoked)


def _with_others(data: bytes, each: Approval, every: Iterable[Approval], rules: Rules) -> Approval:
    """Note which of the other signers' names this key may sign as: these are one person.

    ssh-keygen's `find-principals` does not tell: it names those of the first line that has the key.
    """
    others = {other.who for other in every} - {each.who}
    also = {name for name in others if isinstance(_verified(data, each.text, name, rules), Good)}
    return replace(each, also=frozenset(also))


def refuse_missing(found: Approvals, what: str, next_: str) -> None:
    """Raise ApprovalError where somebody has still to sign `what`; `next_` says what to do then."""
    if not found.missing:
        return
    many = "1 signature is" if found.demanded == 1 else f"{found.demanded} signatures of different people are"
    lines = [
        f"{what}: {many} demanded ({found.origin}), and {_signed(found.people)}",
        *(f"counted: {each.who}, {each.kind} {each.key}" for each in found.counted),
        *(f"not counted: {each.who}: {each.why}" for each in found.not_counted),
        f"still missing: {plural(found.missing, 'person', 'people')}. {next_}",
    ]
    raise ApprovalError("\n".join(lines))


def _signed(people: int) -> str:
    return plural(people, "person has signed", "people have signed") if people else "nobody has signed"
