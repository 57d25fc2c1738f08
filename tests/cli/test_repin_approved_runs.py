"""Four eyes on what comes after: what `undo` and `resume` demand, with real signatures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.repin.planfile import dumps, loads
from tests.cli.approving import NEW, OLD, approve, every_pin, signers
from tests.cli.conftest import Ended, fleetcheck
from tests.cli.drifted import HOSTS, Drifted
from tests.signers import Signers

__all__ = ["signers"]


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
    assert (refused.code, every_pin(fleet)) == (6, NEW)
    assert "1 signature is demanded" in refused.err
    path, made = undo(fleet, "--key", str(signers.key("bob")))
    assert made.code == 0
    assert (fleetcheck(*words).code, every_pin(fleet)) == (0, OLD)


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
    assert (ended.code, ended.out, every_pin(fleet)) == (6, "", NEW)
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
    assert (ended.code, every_pin(fleet)) == (6, OLD)
    assert "undo of run 2, which 2 people's signatures do not stand under" in ended.err
    assert approve(again, signers, "bob").code == 0
    assert (fleetcheck("repin", "apply", str(again), *words).code, every_pin(fleet)) == (0, NEW)


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
    assert (ended.code, ended.out, every_pin(fleet)) == (6, "", NEW)
    assert "2 signatures of different people are demanded" in ended.err
    assert "undo of run 1, which 2 people's signatures do not stand under" in ended.err


def test_an_undo_can_be_set_to_take_more_than_a_plan(fleet: Drifted, signers: Signers) -> None:
    """`undo = 2` with `signatures = 1` holds, too."""
    signers.demand("signatures = 1\nundo = 2\n")
    approve(fleet.plan, signers, "ann")
    assert fleet.apply("--yes", "--quiet").code == 0
    path, _ = undo(fleet, "--key", str(signers.key("ann")))
    ended = fleetcheck("repin", "apply", str(path), "-i", str(fleet.inventory), "--yes")
    assert (ended.code, "2 signatures" in ended.err, every_pin(fleet)) == (6, True, NEW)


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


def test_what_is_revoked_while_somebody_thinks_about_resuming_is_refused(
    fleet: Drifted, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resumed run is verified once more after the yes, as one that begins."""
    stopped(fleet, signers)
    before = fleet.pins()
    monkeypatch.setattr(
        "orchestrator.cli.repin.confirm.confirmed", lambda _statement, *, yes: signers.revoke("bob") or yes
    )
    words = ("repin", "resume", "1", "-i", str(fleet.inventory), "--yes", "--quiet", "--max-conflicts", "9")
    ended = fleetcheck(*words)
    assert (ended.code, fleet.pins()) == (6, before)
    assert "its key is revoked" in ended.err
