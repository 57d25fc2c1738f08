"""The signatures that a plan was used with are kept in the audit, whole, where nothing changes unseen."""

from __future__ import annotations

import asyncio

from orchestrator.domain.approval.signatures import Approval
from orchestrator.store.journal.journal import Journal
from orchestrator.store.reader import Reader
from tests.store.repin_rows import NOW, PLAN, plan_of, run_record

ANN, BOB = (
    Approval(who=who, kind="ED25519", key=f"SHA256:{who}", text=f"-----BEGIN SSH SIGNATURE-----\n{who}\n")
    for who in ("ann", "bob")
)


def test_a_run_begins_with_its_plans_signatures(journal: Journal, url: str) -> None:
    """They are there with the run, or not at all, and come back with their texts; another plan's do not."""
    asyncio.run(journal.begin_run(run_record(), PLAN, (ANN, BOB)))
    asyncio.run(journal.hand_out(plan_of("web9", id="other"), time=NOW, approvals=(BOB,)))
    asyncio.run(journal.begin_run(run_record(plan="third"), plan_of("web8", id="third")))
    with Reader.open(url) as reader:
        assert reader.signatures(PLAN.id) == ((ANN.who, ANN.text), (BOB.who, BOB.text))
        assert reader.signatures("other") == ((BOB.who, BOB.text),)
        assert (reader.signatures("third"), reader.signatures("none")) == ((), ())
        assert [entry.subject for entry in reader.audit() if entry.what == "plan signed"] == [
            "run 1",
            "plan other",
        ]


def test_signatures_do_not_keep_a_plan_or_run_from_being_proved(journal: Journal, url: str) -> None:
    """The entry about them binds nothing itself: the chain is whole, the run covered by its own entries."""
    asyncio.run(journal.begin_run(run_record(), PLAN, (ANN,)))
    with Reader.open(url) as reader:
        assert (reader.verify_audit().broken, reader.verify_audit().not_covered) == (None, ())
        assert reader.prove(1).broken is None
