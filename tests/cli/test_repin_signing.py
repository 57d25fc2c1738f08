"""`repin approve` by itself: what cannot be signed, and machines that demand nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.app.approval import rules
from tests.cli.approving import approve, signers
from tests.cli.conftest import fleetcheck
from tests.cli.drifted import Drifted
from tests.signers import Signers, make_signers

__all__ = ["signers"]


def test_rules_are_told_in_json(fleet: Drifted, signers: Signers) -> None:
    """`approve --json` and `show --json` say who has signed and who is missing; a ticket's page, too."""
    signed = json.loads(approve(fleet.plan, signers, "ann", "--json").out)
    assert signed["fleetcheck"] | {"version": ""} == {"version": "", "document": "repin-approval", "v": 1}
    assert (signed["signed"]["who"], signed["signed"]["file"]) == ("ann", f"{fleet.plan}.ann.sig")
    assert (signed["signatures"]["demanded"], signed["signatures"]["missing"]) == (2, 1)
    signers.sign(fleet.plan, "eve")
    shown = json.loads(fleetcheck("repin", "show", str(fleet.plan), "--json").out)["signatures"]
    assert [each["who"] for each in shown["counted"]] == ["ann"]
    assert [each["who"] for each in shown["not_counted"]] == ["eve"]
    page = fleet.plan.with_name("ticket.html")
    assert fleetcheck("repin", "show", str(fleet.plan), "--html", str(page)).code == 0
    assert re.search(r"<h2>Signatures: 1 of 2 demanded.*<td>ann</td>", page.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("plan", "--key", "{ann}"), 2, "--key signs the plan's file"),
        (("plan", "--as", "ann"), 2, "give the key, too (--key)"),
        (
            ("approve", "{plan}", "--key", "{none}"),
            1,
            "there is no such key; `ssh-keygen -t ed25519` makes one",
        ),
        (("approve", "{plan}", "--key", "{ann}", "--as", "../ann"), 2, "expected a name of letters"),
        (("approve", "{plan}", "--key", "{ann}", "--as", "bob"), 6, "does not let its key sign as bob"),
        (("approve", "{plan}", "--key", "{ann}"), 2, "--yes goes ahead without asking"),
        (("approve", "{ann}", "--key", "{ann}"), 1, "this is a key or certificate"),
    ],
)
def test_what_cannot_be_signed_is_told(
    fleet: Drifted, signers: Signers, words: tuple[str, ...], code: int, said: str
) -> None:
    """Each mistake has its words and its exit code, and leaves no signature behind."""
    names = {"plan": fleet.plan, "ann": signers.key("ann"), "none": signers.key("none")}
    typed = [word.format(**names) for word in words]
    more = (
        ["-i", str(fleet.inventory)]
        if words[0] == "plan"
        else ["--yes"]
        if code != 2 or "--as" in words
        else []
    )
    ended = fleetcheck("repin", *typed, *more)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert list(fleet.plan.parent.glob("*.sig")) == []


def test_a_new_plan_that_cannot_be_signed_stays_and_says_so(fleet: Drifted, signers: Signers) -> None:
    """The plan is written before it is signed: nothing is lost, and who may not sign is told."""
    plan = fleet.plan.with_name("new.json")
    words = ("-i", str(fleet.inventory), "-o", str(plan), "--key", str(signers.key("eve")))
    ended = fleetcheck("repin", "plan", *words)
    assert ended.code == 6
    assert f"{plan}: the plan is written, and not signed\n" in ended.err
    assert "nothing was written" not in ended.err
    assert plan.exists()


def test_where_nothing_is_demanded_signatures_are_still_kept(fleet: Drifted, signers: Signers) -> None:
    """allowed_signers without approvals.toml: what is signed stands in the audit, what is not is applied."""
    (signers.rules.folder / "approvals.toml").unlink()
    approve(fleet.plan, signers, "ann")
    assert fleet.apply("--yes", "--quiet").code == 0
    assert '"what": "plan signed"' in fleetcheck("audit", "export").out


def test_a_machine_without_rules_works_as_before(
    fleet: Drifted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody demands anything there; a signature takes a name."""
    monkeypatch.setattr(rules, "SYSTEM", replace(rules.SYSTEM, folder=tmp_path / "none"))
    folder = tmp_path / "people"
    folder.mkdir()
    signers = make_signers(folder)
    nameless = approve(fleet.plan, signers, "ann")
    assert (nameless.code, "sign --as NAME" in nameless.err) == (2, True)
    assert approve(fleet.plan, signers, "ann", "--as", "ann@corp.example").code == 0
    assert fleet.apply("--yes", "--quiet").code == 0
