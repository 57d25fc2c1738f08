"""Four eyes: `repin approve`, and what `apply` and `export` demand.

On a fleet that is re-pinned for real, with real signatures; each refusal writes nothing.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.domain.repin.planfile import dumps, loads
from tests.cli.approving import NEW, OLD, approve, every_pin, signers, untouched
from tests.cli.conftest import fleetcheck
from tests.cli.drifted import Drifted, states
from tests.signers import Signers

__all__ = ["signers"]


def test_two_people_sign_and_the_plan_is_applied(fleet: Drifted, signers: Signers) -> None:
    """The planner signs with the plan, somebody else approves; ticket, question and audit name both."""
    plan = fleet.plan
    made = fleetcheck(
        "repin", "plan", "-i", str(fleet.inventory), "-o", str(plan), "--key", str(signers.key("ann"))
    )
    assert (made.code, f"signed by ann: {plan}.ann.sig" in made.err) == (0, True), made.err
    shown = fleetcheck("repin", "show", str(plan), "--table").out
    assert "Signatures: 1 of 2 demanded" in shown
    assert f"fleetcheck repin approve {plan} --key ~/.ssh/id_ed25519" in shown.replace("\n", "")
    signed = approve(plan, signers, "bob")
    rows = dict(line.split("\t") for line in signed.out.splitlines())
    assert (signed.code, rows["who"], rows["people"]) == (0, "bob", "2 of 2")
    assert f"enough have signed:\n    fleetcheck repin apply {plan} --dry-run\n" in signed.err
    asked = fleet.apply("--batch", "1,5%,25%")
    assert "signed by ann, bob (2 of 2 demanded)" in asked.err
    ended = fleet.apply("--yes", "--quiet")
    assert (ended.code, set(states(ended).values()), every_pin(fleet)) == (0, {"verified"}, NEW)
    entries = [json.loads(line) for line in fleetcheck("audit", "export").out.splitlines()]
    (entry,) = (entry for entry in entries if entry["what"] == "plan signed")
    assert [each["who"] for each in entry["details"]["signatures"]] == ["ann", "bob"]
    assert entry["details"]["signatures"][1]["text"] == Path(f"{plan}.bob.sig").read_text("ascii")
    assert fleetcheck("audit", "verify").code == 0


def test_an_unsigned_plan_is_refused_and_the_command_that_signs_is_named(
    fleet: Drifted, signers: Signers
) -> None:
    """Exit code 6, before anybody is asked for a yes or a password."""
    assert signers
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert (
        f"2 signatures of different people are demanded ({signers.rules.folder}/approvals.toml)" in ended.err
    )
    assert "nobody has signed; nothing was written" in ended.err
    assert f"fleetcheck repin approve {fleet.plan} --key ~/.ssh/id_ed25519" in ended.err


@pytest.mark.parametrize("kind", ["a FIFO", "a link"])
def test_a_signature_is_written_over_nothing_but_a_signature(
    fleet: Drifted, signers: Signers, kind: str
) -> None:
    """What has its name and is no regular file is refused, and neither opened nor replaced."""
    place = Path(f"{fleet.plan}.ann.sig")
    if kind == "a FIFO":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/null")
    before = place.lstat().st_ino
    ended = approve(fleet.plan, signers, "ann")
    assert (ended.code, ended.out, place.lstat().st_ino) == (2, "", before)
    assert f"{place}: is {kind}, expected a signature of a plan or nothing; nothing was written" in ended.err


def test_one_person_is_not_two(fleet: Drifted, signers: Signers) -> None:
    """A second key of one's own, or one's key under another name, is refused by `approve` and by `apply`."""
    signers.allow("ann", f"ann {signers.public('bob')}", f"carl {signers.public('ann')}")
    assert approve(fleet.plan, signers, "ann").code == 0
    for name, who in (("ann", "ann"), ("bob", "ann"), ("ann", "carl")):
        again = approve(fleet.plan, signers, name, "--as", who)
        assert (again.code, again.out) == (6, "")
        assert f"a signature of {who} with SHA256:" in again.err
        assert "would add nobody" in again.err
    signers.sign(fleet.plan, "ann", "carl")
    assert untouched(fleet, fleet.apply("--yes"))


def test_an_altered_plan_is_refused(fleet: Drifted, signers: Signers) -> None:
    """A plan changed after it was signed, with its sum made anew, has no signature any more."""
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    plan = loads(fleet.plan.read_bytes(), "plan.json")
    fleet.plan.write_text(dumps(replace(plan, selection="all")), "ascii")
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert ended.err.count("it signs something else than this plan") == 2


def test_signatures_of_another_plan_are_refused(fleet: Drifted, signers: Signers) -> None:
    """A new plan for the same hosts, in the same file's place, needs new signatures."""
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    anew = ("repin", "plan", "-i", str(fleet.inventory), "-o", str(fleet.plan))
    refused = fleetcheck(*anew)
    assert (refused.code, "is there already, signed by ann, bob (" in refused.err) == (2, True)
    assert fleetcheck(*anew, "--force").code == 0
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert "not counted: ann: it signs something else than this plan" in ended.err


def test_nothing_in_a_plan_speaks_for_fleetcheck_to_who_signs(fleet: Drifted, signers: Signers) -> None:
    """Whoever made the plan chose its words: a line end in them makes no second `sha256`, and no list of
    other hosts, among the lines that are signed by.
    """
    plan = loads(fleet.plan.read_bytes(), "plan.json")
    forged = "ann\n  web9  primary 443 -> 2147\nsha256 0000"
    fleet.plan.write_text(dumps(replace(plan, user=forged)), "ascii")
    asked = fleetcheck("repin", "approve", str(fleet.plan), "--key", str(signers.key("bob")))
    assert (asked.code, asked.out) == (2, "")
    lines = asked.err.splitlines()
    assert sum(line.startswith("fleetcheck: sha256 ") for line in lines) == 1
    assert [line for line in lines if "web9" in line] == [
        line for line in lines if line.startswith(r"fleetcheck: made by ann\x0a  web9  primary")
    ]


def test_an_approval_ends_with_its_plan(fleet: Drifted, signers: Signers) -> None:
    """After the plan's time neither can be used, and nobody can sign it any more."""
    plan = loads(fleet.plan.read_bytes(), "plan.json")
    late = datetime.now(UTC) - timedelta(minutes=1)
    fleet.plan.write_text(dumps(replace(plan, expires=late)), "ascii")
    signers.sign(fleet.plan, "ann")
    signers.sign(fleet.plan, "bob")
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert "it expired at" in ended.err
    signed = approve(fleet.plan, signers, "ann")
    assert (signed.code, "it expired at" in signed.err) == (6, True)


def test_a_key_past_its_time_is_refused(fleet: Drifted, signers: Signers) -> None:
    """`valid-before` in allowed_signers."""
    signers.sign(fleet.plan, "ann")
    signers.sign(fleet.plan, "bob")
    signers.allow("ann", f'bob valid-before="20200101Z" {signers.public("bob")}')
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert "not counted: bob: its key is valid no more" in ended.err


def test_a_stranger_is_refused(fleet: Drifted, signers: Signers) -> None:
    """By `approve`, which keeps no signature then, and by `apply` where one was made without it."""
    signed = approve(fleet.plan, signers, "eve")
    assert (signed.code, "does not name this key" in signed.err) == (6, True)
    assert not Path(f"{fleet.plan}.eve.sig").exists()
    signers.sign(fleet.plan, "ann")
    signers.sign(fleet.plan, "eve")
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert "does not let its key sign as eve" in ended.err


def test_a_revoked_key_is_refused(fleet: Drifted, signers: Signers) -> None:
    """A list of revoked keys counts for what was signed before, too."""
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    signers.revoke("bob")
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert "not counted: bob: its key is revoked" in ended.err
    signed = approve(fleet.plan, signers, "bob")
    assert (signed.code, "its key is revoked" in signed.err) == (6, True)


def test_what_is_revoked_while_somebody_thinks_is_refused(
    fleet: Drifted, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signatures are verified once more after the yes."""
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    monkeypatch.setattr(
        "orchestrator.cli.repin.confirm.confirmed", lambda _statement, *, yes: signers.revoke("bob") or yes
    )
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert "its key is revoked" in ended.err


def test_a_rehearsal_needs_no_signature_and_says_what_is_missing(fleet: Drifted, signers: Signers) -> None:
    """`--dry-run` reads every host, so that whoever approves knows what would be written."""
    assert signers
    ended = fleet.apply("--dry-run")
    assert (ended.code, set(states(ended).values())) == (0, {"would-write"})
    assert "warning: apply refuses this plan: " in ended.err
    assert "nobody has signed" in ended.err
    assert "nothing was written" not in ended.err  # nothing was to be written
    assert every_pin(fleet) == OLD


def test_an_export_needs_the_signatures_too(fleet: Drifted, signers: Signers, tmp_path: Path) -> None:
    """The script writes without fleetcheck: it is given away signed, and the audit keeps by whom."""
    words = (
        "repin",
        "export",
        str(fleet.plan),
        "-i",
        str(fleet.inventory),
        "-o",
        str(tmp_path / "repin.ps1"),
    )
    ended = fleetcheck(*words)
    assert untouched(fleet, ended)
    assert not (tmp_path / "repin.ps1").exists()
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    assert fleetcheck(*words).code == 0
    assert '"what": "plan signed"' in fleetcheck("audit", "export").out


def test_an_option_asks_for_more_and_never_for_less(fleet: Drifted, signers: Signers) -> None:
    """`--signatures 3` is one more than the machine demands; `--signatures 1` changes nothing."""
    approve(fleet.plan, signers, "ann")
    assert untouched(fleet, fleet.apply("--yes", "--signatures", "1"))
    approve(fleet.plan, signers, "bob")
    ended = fleet.apply("--yes", "--signatures", "3")
    assert untouched(fleet, ended)
    assert "3 signatures of different people are demanded (--signatures 3)" in ended.err
    (signers.rules.folder / "approvals.toml").unlink()
    assert untouched(fleet, fleet.apply("--yes", "--signatures", "3"))
    assert fleet.apply("--yes", "--quiet", "--signatures", "2").code == 0


@pytest.mark.parametrize(("asked", "code"), [("3", 6), ("1", 0)])
def test_a_users_configuration_asks_for_more_and_never_for_less(
    fleet: Drifted, signers: Signers, monkeypatch: pytest.MonkeyPatch, asked: str, code: int
) -> None:
    """`repin.signatures` counts like the option, and what the machine demands stays the least."""
    approve(fleet.plan, signers, "ann")
    monkeypatch.setenv("FLEETCHECK_REPIN_SIGNATURES", asked)
    assert untouched(fleet, fleet.apply("--yes"))
    approve(fleet.plan, signers, "bob")
    assert fleet.apply("--yes", "--quiet").code == code


def test_who_asks_for_more_signatures_is_named_where_it_stands(
    fleet: Drifted, signers: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable or a file is not told as an option that nobody typed."""
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    (tmp_path / "fleetcheck").mkdir()
    file = tmp_path / "fleetcheck" / "config.toml"
    file.write_text("[repin]\nsignatures = 4\n", "utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    by_file = fleet.apply("--yes")
    monkeypatch.setenv("FLEETCHECK_REPIN_SIGNATURES", "3")
    by_variable = fleet.apply("--yes")
    assert f"are demanded (`signatures` of [repin] in {file})" in by_file.err
    assert "are demanded (FLEETCHECK_REPIN_SIGNATURES)" in by_variable.err


def test_rules_that_others_could_have_written_let_nothing_through(fleet: Drifted, signers: Signers) -> None:
    """Not even a plan that is signed by everybody."""
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    (signers.rules.folder / "approvals.toml").chmod(0o666)
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert "others than" in ended.err
    assert "warning: nobody can say who has signed it: " in fleetcheck("repin", "show", str(fleet.plan)).err


def test_what_is_configured_counts_for_who_looks_at_a_plan_too(
    fleet: Drifted, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`show`, a new plan and `approve` name as many people as `apply` will demand, and who says so."""
    monkeypatch.setenv("FLEETCHECK_REPIN_SIGNATURES", "3")
    approved = approve(fleet.plan, signers, "ann")
    assert "people\t1 of 3" in approved.out
    assert approved.err.startswith("2 people more to sign")
    shown = json.loads(fleetcheck("repin", "show", str(fleet.plan), "--json").out)["signatures"]
    assert (shown["demanded"], shown["missing"], shown["origin"]) == (3, 2, "FLEETCHECK_REPIN_SIGNATURES")
    words = ("-i", str(fleet.inventory), "-o", str(fleet.plan.with_name("new.json")), "--json")
    planned = json.loads(fleetcheck("repin", "plan", *words).out)["signatures"]
    assert (planned["demanded"], planned["missing"]) == (3, 3)
