"""What binds a re-pin at the command line: waivers, one use, credentials;
on a fleet that is re-pinned for real.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.domain.repin.planfile import loads
from tests.cli.conftest import Ended, Scanned, fleetcheck
from tests.cli.drifted import HOSTS, Drifted, states

WAIVER = 'waivers: [{{hosts: {}, verdict: drifted, reason: "change 4711", until: 2099-12-31}}]\n'
WAIVED = "lyo-mail-02"  # of the demo's hosts; `tests/cli/conftest.py` waives its verdict


def waive(fleet: Drifted, name: str) -> None:
    """Waive the verdict of a host from now on."""
    fleet.inventory.write_text(fleet.inventory.read_text("utf-8") + WAIVER.format(name), "utf-8")


def plan(scanned: Scanned, *words: str) -> Ended:
    """Plan the demo's hosts."""
    return fleetcheck("repin", "plan", *scanned.options, *words)


def test_a_waived_host_is_left_out_with_reason_and_date(scanned: Scanned) -> None:
    """Nothing of it is planned in silence, and `--exit-code` says that no host is planned."""
    ended = plan(scanned, "--exit-code")
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in ended.out.splitlines()}
    assert rows[WAIVED] == [
        "left-out",
        "",
        "waived, drifted until 2099-12-31: change 4711 (--include-waived REASON plans it)",
    ]
    assert ended.code == 0


def test_a_waived_host_is_taken_in_by_name_and_with_a_reason(scanned: Scanned, tmp_path: Path) -> None:
    """Plan, ticket and document list it with its waiver; `--exit-code` is 3 where a host is planned."""
    path = tmp_path / "plan.json"
    words = ("-l", WAIVED, "--include-waived", "4711 is done", "-o", str(path), "--exit-code")
    ended = plan(scanned, *words, "--table")
    assert ended.code == 3
    assert "Waived, and planned all the same: 4711 is done" in ended.out
    kept = loads(path.read_bytes(), "plan.json")
    assert [(each.host, each.verdict, each.reason) for each in kept.waived] == [
        (WAIVED, "drifted", "change 4711")
    ]
    shown = json.loads(fleetcheck("repin", "show", str(path), "--json").out)
    assert shown["waived"] == [
        {"host": WAIVED, "verdict": "drifted", "reason": "change 4711", "until": "2099-12-31"}
    ]
    assert (shown["plan"]["include_waived"], shown["hosts"][0]["verdict"]) == ("4711 is done", "drifted")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--include-waived", " ", "-l", WAIVED), "--include-waived needs its reason"),
        (("--include-waived", "why"), "say with --limit which hosts it is for"),
        (("--credential", "opps"), "describes none of that name; did you mean `ops`?"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(scanned: Scanned, words: tuple[str, ...], said: str) -> None:
    """A reason that is none, waivers gone over for everybody, a credential that nobody described."""
    ended = plan(scanned, *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_plan_without_hosts_asks_nobody(scanned: Scanned, tmp_path: Path) -> None:
    """There is nothing to confirm: no question, no terminal needed, exit code 0."""
    path = tmp_path / "plan.json"
    assert plan(scanned, "-o", str(path)).code == 0
    ended = fleetcheck("repin", "apply", str(path), "-i", str(scanned.inventory))
    assert (ended.code, ended.out) == (0, ""), ended.err
    assert "0 hosts: nothing to confirm" in ended.err
    assert "--yes" not in ended.err
    ended = fleetcheck("repin", "apply", str(path), "-i", str(scanned.inventory), "--table", "--dry-run")
    assert "the exit code is 0: nothing was written: the plan has no host" in ended.out


def test_a_waiver_that_is_newer_than_the_plan_refuses_its_host(fleet: Drifted) -> None:
    """The host is not asked and keeps its pin; the others are written;
    a script of the plan is not given away.
    """
    name = next(iter(fleet.served.hosts))
    waive(fleet, name)
    script = fleet.plan.with_name("x.ps1")
    given = fleetcheck("repin", "export", str(fleet.plan), "-i", str(fleet.inventory), "-o", str(script))
    assert (given.code, script.exists()) == (6, False)
    assert f"{name}: waived since it was planned, drifted until 2099-12-31: change 4711" in given.err
    tried = fleet.apply("--dry-run", "--quiet")
    assert states(tried)[name] == "refused"
    ended = fleet.apply("--yes", "--quiet")
    rows = {line.split("\t")[0]: line.split("\t") for line in ended.out.splitlines()}
    assert [row[1] for row in rows.values() if row[0] != name] == ["verified"] * (HOSTS - 1)
    assert rows[name][1] == "refused"
    assert rows[name][4] == "waived since it was planned, drifted until 2099-12-31: change 4711"
    assert "--include-waived REASON" in rows[name][5]
    assert (ended.code, fleet.pins()[name]) == (3, {"443"})


def test_a_plan_is_applied_once_and_undone_once(fleet: Drifted) -> None:
    """A rehearsal and a refused answer use nothing; after the run a second apply is exit code 6 with the
    counts.
    """
    assert fleet.apply("--dry-run", "--quiet").code == 0
    assert fleet.apply().code == 2
    assert fleet.apply("--yes", "--quiet").code == 0
    before = {name: fleet.served.host(name).counters.shells_opened for name in fleet.served.hosts}
    again = fleet.apply("--yes")
    assert (again.code, again.out) == (6, "")
    assert (
        f": {HOSTS} verified. For what is left make a new plan: fleetcheck repin plan -i {fleet.inventory}\n"
        in again.err
    )
    assert {name: fleet.served.host(name).counters.shells_opened for name in fleet.served.hosts} == before
    back = fleet.plan.with_name("undo.json")
    undo = ("repin", "undo", "1", "-i", str(fleet.inventory), "-o", str(back))
    assert fleetcheck(*undo).code == 0
    waive(fleet, "all")
    done = fleetcheck("repin", "apply", str(back), "-i", str(fleet.inventory), "--yes", "--quiet")
    assert (done.code, set(states(done).values())) == (0, {"verified"})
    reason = f"taken back already, by run 2; to write it again: fleetcheck repin undo 2 -i {fleet.inventory}"
    left = [line.split("\t")[1::2] for line in fleetcheck(*undo, "--force").out.splitlines()]
    assert left == [["left-out", reason]] * HOSTS


def test_one_credential_reads_and_another_writes(fleet: Drifted) -> None:
    """The hosts' own has no password at hand; the plan's, or the one of `apply`,
    is used for every session.
    """
    text = fleet.inventory.read_text("utf-8")
    reader = (
        'credentials:\n  reader: {username: "CORP\\\\reader", password: {from: env, name: NOBODY_SET_IT}}\n'
    )
    text = text.replace("credentials:\n", reader).replace('credential: "ops"', 'credential: "reader"')
    fleet.inventory.write_text(text, "utf-8")
    without = fleet.apply("--yes", "--quiet")
    assert (without.code, without.out) == (1, "")
    assert "NOBODY_SET_IT" in without.err
    first, second, *_ = fleet.served.hosts
    one = fleet.plan.with_name("one.json")
    words = ("-i", str(fleet.inventory), "-l", first, "--credential", "ops", "-o", str(one), "--table")
    assert "to be written with credential ops" in fleetcheck("repin", "plan", *words).out
    ended = fleetcheck("repin", "apply", str(one), "-i", str(fleet.inventory), "--yes")
    assert (ended.code, states(ended)) == (0, {first: "verified"}), ended.err
    back = fleet.plan.with_name("back.json")
    fleetcheck("repin", "undo", "1", "-i", str(fleet.inventory), "-o", str(back))
    assert loads(back.read_bytes(), "back.json").credential == "ops"
    ended = fleet.apply("--yes", "--quiet", "--credential", "ops")
    assert states(ended)[second] == "verified"
    assert {frozenset(pins) for pins in fleet.pins().values()} == {frozenset({"2147"})}
