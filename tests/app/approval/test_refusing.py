"""What is said to who applies a plan that somebody has still to sign."""

from __future__ import annotations

import pytest

from orchestrator.app.approval.check import refuse_missing
from orchestrator.app.approval.errors import ApprovalError
from orchestrator.domain.approval.signatures import Approval, Approvals, NotCounted


def ask(demanded: int, *names: str, not_counted: tuple[NotCounted, ...] = ()) -> None:
    """Refuse, or not, a plan that these people have signed."""
    counted = tuple(Approval(who=name, kind="ED25519", key=f"SHA256:{name}", text="") for name in names)
    found = Approvals(demanded=demanded, origin="/etc/x", counted=counted, not_counted=not_counted)
    refuse_missing(found, "plan 1", "Sign it.")


@pytest.mark.parametrize(
    ("demanded", "names"), [(0, ()), (1, ("ann",)), (2, ("ann", "bob")), (1, ("ann", "bob"))]
)
def test_who_has_all_signatures_is_let_through(demanded: int, names: tuple[str, ...]) -> None:
    """As many as are demanded, or more."""
    ask(demanded, *names)


@pytest.mark.parametrize(
    ("demanded", "names", "said"),
    [
        (1, (), ("1 signature is demanded (/etc/x), and nobody has signed", "1 person")),
        (
            2,
            (),
            ("2 signatures of different people are demanded (/etc/x), and nobody has signed", "2 people"),
        ),
        (
            2,
            ("ann",),
            ("2 signatures of different people are demanded (/etc/x), and 1 person has signed", "1 person"),
        ),
        (
            4,
            ("ann", "bob"),
            ("4 signatures of different people are demanded (/etc/x), and 2 people have signed", "2 people"),
        ),
    ],
)
def test_a_refusal_counts_who_has_signed_and_who_has_still_to(
    demanded: int, names: tuple[str, ...], said: tuple[str, str]
) -> None:
    """How many are demanded and by what, who was counted, how many are missing, and what to do."""
    with pytest.raises(ApprovalError) as refused:
        ask(demanded, *names)
    assert str(refused.value).splitlines() == [
        f"plan 1: {said[0]}",
        *(f"counted: {name}, ED25519 SHA256:{name}" for name in names),
        f"still missing: {said[1]}. Sign it.",
    ]


def test_a_refusal_says_why_a_signature_does_not_count() -> None:
    """With whose it claims to be."""
    with pytest.raises(ApprovalError, match=r"\nnot counted: eve: its key is revoked\n"):
        ask(1, not_counted=(NotCounted(who="eve", why="its key is revoked"),))
