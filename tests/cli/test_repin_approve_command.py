"""Four eyes: `repin approve`, and what `apply`, `export`, `undo` and `resume` demand.

On a fleet that is re-pinned for real, with real signatures; each refusal writes nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.app.approval import rules
from orchestrator.domain.repin.planfile import dumps, loads
from tests.cli.conftest import Ended, fleetcheck
from tests.cli.test_repin_apply_command import HOSTS, Drifted, fleet, once, states
from tests.signers import Signers, make_signers

__all__ = ["fleet", "once"]
OLD, NEW = {"443"}, {"2147"}


@pytest.fixture
def signers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signers:
    """Let this machine demand two signatures; ann and bob may sign, eve may not."""
    folder = tmp_path / "people"
    folder.mkdir()
    made = make_signers(folder)
    made.demand("signatures = 2\n")
    made.allow("ann", "bob")
    monkeypatch.setattr(rules, "SYSTEM", made.rules)
    return made


def approve(plan: Path, signers: Signers, name: str, *words: str) -> Ended:
    """Run `repin approve` as somebody."""
    return fleetcheck("repin", "approve", str(plan), "--key", str(signers.key(name)), "--yes", *words)


def untouched(fleet: Drifted, ended: Ended, code: int = 6) -> bool:
    """Whether a refusal has written nothing: no pin, no run."""
    return (ended.code, ended.out, _all(fleet), fleetcheck("repin", "status").out) == (code, "", OLD, "")


def _all(fleet: Drifted) -> set[str]:
    return set().union(*fleet.pins().values())


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
    assert (ended.code, set(states(ended).values()), _all(fleet)) == (0, {"verified"}, NEW)
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
    assert _all(fleet) == OLD


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


def test_rules_that_others_could_have_written_let_nothing_through(fleet: Drifted, signers: Signers) -> None:
    """Not even a plan that is signed by everybody."""
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    (signers.rules.folder / "approvals.toml").chmod(0o666)
    ended = fleet.apply("--yes")
    assert untouched(fleet, ended)
    assert "others than" in ended.err
    assert "warning: nobody can say who has signed it: " in fleetcheck("repin", "show", str(fleet.plan)).err


def applied(fleet: Drifted, signers: Signers) -> None:
    """Apply the plan, signed by two."""
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    assert fleet.apply("--yes", "--quiet").code == 0


def undo(fleet: Drifted, *words: str) -> tuple[Path, Ended]:
    """Plan the way back of run 1."""
    path = fleet.plan.with_name("undo.json")
    return path, fleetcheck("repin", "undo", "1", "-i", str(fleet.inventory), "-o", str(path), *words)


def test_the_way_back_takes_one_signature(fleet: Drifted, signers: Signers) -> None:
    """At night one person is there: who plans the undo signs it, and that is enough; none is not."""
    applied(fleet, signers)
    path, made = undo(fleet)
    assert made.code == 0
    words = ("repin", "apply", str(path), "-i", str(fleet.inventory), "--yes", "--quiet")
    refused = fleetcheck(*words)
    assert (refused.code, _all(fleet)) == (6, NEW)
    assert "1 signature is demanded" in refused.err
    path, made = undo(fleet, "--key", str(signers.key("bob")))
    assert made.code == 0
    assert (fleetcheck(*words).code, _all(fleet)) == (0, OLD)


@pytest.mark.parametrize("forged", ["values", "run", "no-run"])
def test_a_plan_that_only_calls_itself_an_undo_takes_all_signatures(
    fleet: Drifted, signers: Signers, forged: str
) -> None:
    """Whoever can write plans could else apply anything alone: what an undo is, the journal says."""
    applied(fleet, signers)
    path, _ = undo(fleet)
    plan = loads(path.read_bytes(), "undo.json")
    if forged == "values":
        first = plan.hosts[0]
        roles = tuple(replace(role, new=80) for role in first.roles)
        targets = tuple(replace(target, new="80") for target in first.targets)
        plan = replace(plan, hosts=(replace(first, roles=roles, targets=targets), *plan.hosts[1:]))
    else:
        plan = replace(plan, undoes="7" if forged == "run" else "x")
    path.write_text(dumps(plan), "ascii")
    signers.sign(path, "ann")
    ended = fleetcheck("repin", "apply", str(path), "-i", str(fleet.inventory), "--yes")
    assert (ended.code, ended.out, _all(fleet)) == (6, "", NEW)
    assert "2 signatures of different people are demanded" in ended.err
    assert "as for every plan, since it calls itself an undo of run" in ended.err


def test_the_undo_of_an_undo_makes_the_change_again_and_takes_all_signatures(
    fleet: Drifted, signers: Signers
) -> None:
    """One person takes a change back alone; nobody makes it again alone."""
    applied(fleet, signers)
    path, _ = undo(fleet, "--key", str(signers.key("ann")))
    words = ("-i", str(fleet.inventory), "--yes", "--quiet")
    assert fleetcheck("repin", "apply", str(path), *words).code == 0
    again = path.with_name("again.json")
    made = fleetcheck("repin", "undo", "2", *words[:2], "-o", str(again), "--key", str(signers.key("ann")))
    assert made.code == 0
    ended = fleetcheck("repin", "apply", str(again), *words)
    assert (ended.code, _all(fleet)) == (6, OLD)
    assert "undo of run 2, which 2 people's signatures do not stand under" in ended.err
    assert approve(again, signers, "bob").code == 0
    assert (fleetcheck("repin", "apply", str(again), *words).code, _all(fleet)) == (0, NEW)


@pytest.mark.parametrize("how", ["unsigned", "revoked"])
def test_the_undo_of_what_nobody_signed_takes_all_signatures(
    fleet: Drifted, signers: Signers, how: str
) -> None:
    """A journal can be made up, in a database of one's own; signatures under its plan cannot."""
    demanding = signers.rules.folder / "approvals.toml"
    if how == "unsigned":
        demanding.unlink()
        assert fleet.apply("--yes", "--quiet").code == 0
        signers.demand("signatures = 2\n")
    else:
        applied(fleet, signers)
        signers.revoke("bob")
    path, made = undo(fleet, "--key", str(signers.key("ann")))
    assert made.code == 0
    ended = fleetcheck("repin", "apply", str(path), "-i", str(fleet.inventory), "--yes")
    assert (ended.code, ended.out, _all(fleet)) == (6, "", NEW)
    assert "2 signatures of different people are demanded" in ended.err
    assert "undo of run 1, which 2 people's signatures do not stand under" in ended.err


def test_an_undo_can_be_set_to_take_more_than_a_plan(fleet: Drifted, signers: Signers) -> None:
    """`undo = 2` with `signatures = 1` holds, too."""
    signers.demand("signatures = 1\nundo = 2\n")
    approve(fleet.plan, signers, "ann")
    assert fleet.apply("--yes", "--quiet").code == 0
    path, _ = undo(fleet, "--key", str(signers.key("ann")))
    ended = fleetcheck("repin", "apply", str(path), "-i", str(fleet.inventory), "--yes")
    assert (ended.code, "2 signatures" in ended.err, _all(fleet)) == (6, True, NEW)


def stopped(fleet: Drifted, signers: Signers) -> None:
    """Leave a signed run stopped at its first wave: a host has another value, and one conflict stops it."""
    name = next(iter(fleet.served.hosts))
    key = fleet.served.host(name).machine.registry.keys(64)[0]
    for entry in list(key.values.values()):
        key.set(entry.name, entry.kind, 80)
    approve(fleet.plan, signers, "ann")
    approve(fleet.plan, signers, "bob")
    ended = fleet.apply("--yes", "--quiet", "--batch", "1", "--max-conflicts", "1")
    assert ended.code == 6


def test_a_resumed_run_is_verified_again(fleet: Drifted, signers: Signers) -> None:
    """A key revoked meanwhile keeps what was not begun from being written; given back, it goes on."""
    stopped(fleet, signers)
    before = fleet.pins()
    signers.revoke("bob")
    words = ("repin", "resume", "1", "-i", str(fleet.inventory), "--yes", "--quiet", "--max-conflicts", "9")
    ended = fleetcheck(*words)
    assert (ended.code, fleet.pins()) == (6, before)
    assert "run 1: 2 signatures of different people are demanded" in ended.err
    assert "For what is left make a new plan" in ended.err
    (signers.rules.folder / "revoked_keys").unlink()
    assert fleetcheck(*words).code == 3
    assert sorted(map(sorted, fleet.pins().values())) == [["2147"]] * (HOSTS - 1) + [["80"]]


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
