"""Several inventories, standard input and programs, as they are typed."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Scanned, fleetcheck
from tests.cli.drifted import Drifted, states

EMPTY = "defaults: {auth: kerberos, gateways: {primary: gw1}}\nhosts: {srv1: {}, srv2: {site: lyon}}\n"


@pytest.fixture
def more(tmp_path: Path) -> Path:
    """Write a second inventory."""
    path = tmp_path / "more.yaml"
    path.write_text(EMPTY)
    return path


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Write a program that prints two hosts, and leaves a trace."""
    tmp_path.chmod(0o755)
    hostvars = {
        name: {"fleetcheck_auth": "kerberos", "fleetcheck_gateways": {"primary": "gw"}}
        for name in ("p1", "p2")
    }
    printed = json.dumps({"_meta": {"hostvars": hostvars}, "all": {"hosts": ["p1", "p2"]}})
    path = tmp_path / "cmdb"
    path.write_text(f"#!{sys.executable}\nopen({str(tmp_path / 'ran')!r}, 'w')\nprint({printed!r})\n")
    path.chmod(0o755)
    return path


class Typed(io.StringIO):
    """Standard input down a pipe."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.buffer = io.BytesIO(text.encode())


def listed(*words: str) -> list[str]:
    """Return the hosts of `inventory list`."""
    ended = fleetcheck("inventory", "list", *words)
    assert ended.code == 0, ended.err
    return [line.split("\t")[0] for line in ended.out.splitlines()]


def document(*words: str) -> Any:
    """Return a command's JSON."""
    ended = fleetcheck(*words, "--json")
    assert ended.out, ended.err
    return json.loads(ended.out)


def test_a_scan_asks_the_hosts_of_every_inventory(scanned: Scanned, more: Path, tmp_path: Path) -> None:
    """The scan keeps their names; `inventory` in JSON has all of them, `inventories` one by one."""
    options = ("-i", str(scanned.inventory), "-i", str(more), "--db", str(tmp_path / "two.db"))
    content = document("scan", "ber-file-03", *options)
    assert content["scan"]["inventory"] == f"{scanned.inventory}, {more}"
    assert content["scan"]["inventories"] == [str(scanned.inventory), str(more)]
    ended = fleetcheck("show", "--table", "--db", str(tmp_path / "two.db"))
    assert f"-i {scanned.inventory} -i {more}" in ended.out
    assert (
        fleetcheck("scans", "--db", str(tmp_path / "two.db")).out.split("\t")[5]
        == f"{scanned.inventory}, {more}"
    )


def test_one_inventory_is_what_it_was(scanned: Scanned) -> None:
    """Its name, and its digest."""
    content = document("show", "--db", str(scanned.database))
    listing = document("inventory", "list", "-i", str(scanned.inventory))
    assert content["scan"]["inventory"] == str(scanned.inventory)
    assert content["scan"]["inventories"] == [str(scanned.inventory)]
    assert content["scan"]["inventory_digest"] == listing["digest"] == listing["inventories"][0]["digest"]


def test_a_plan_names_every_inventory(scanned: Scanned, more: Path) -> None:
    """And is told from both."""
    content = document(
        "repin", "plan", "-i", str(scanned.inventory), "-i", str(more), "--db", str(scanned.database)
    )
    assert content["plan"]["inventories"] == [str(scanned.inventory), str(more)]


def test_the_variable_names_several(scanned: Scanned, more: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As PATH does; an empty piece is none."""
    monkeypatch.setenv("FLEETCHECK_INVENTORY", f"{scanned.inventory}::{more}")
    assert listed()[-2:] == ["srv1", "srv2"]
    assert "par-web-01" in listed()


@pytest.mark.usefixtures("more")
def test_a_file_of_the_configuration_names_several(tmp_path: Path) -> None:
    """Each relative to that file."""
    (tmp_path / "third.yaml").write_text(EMPTY.replace("srv", "third"))
    (tmp_path / "fleetcheck.toml").write_text('inventory = ["more.yaml", "third.yaml"]')
    assert listed() == ["srv1", "srv2", "third1", "third2"]


def test_two_inventories_that_disagree_stop_a_command(more: Path, tmp_path: Path) -> None:
    """Before the first host; both lines are said."""
    other = tmp_path / "other.yaml"
    other.write_text(EMPTY.replace("lyon", "paris"))
    ended = fleetcheck("scan", "-i", str(more), "-i", str(other))
    assert ended.code == 1
    said, where = ended.err.splitlines()[0], f"{other}:2: host `srv2` is another one here than in {more}:2"
    assert said.startswith(f"{where}: `site` paris and lyon; leave it out of one of the files")


def test_an_inventory_comes_down_a_pipe(monkeypatch: pytest.MonkeyPatch, more: Path) -> None:
    """Alone, or beside a file."""
    monkeypatch.setattr(sys, "stdin", Typed(EMPTY.replace("srv", "piped")))
    assert listed("-i", "-") == ["piped1", "piped2"]
    monkeypatch.setattr(sys, "stdin", Typed(EMPTY.replace("srv", "piped")))
    assert listed("-i", str(more), "-i", "-") == ["srv1", "srv2", "piped1", "piped2"]


@pytest.mark.parametrize(
    "words", [("scan", "--list-hosts"), ("inventory", "list"), ("repin", "plan")], ids=" ".join
)
def test_standard_input_cannot_be_inventory_and_hosts(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """A usage error, with what helps."""
    monkeypatch.setattr(sys, "stdin", Typed(EMPTY))
    ended = fleetcheck(*words, "-i", "-", "--limit", "-")
    assert (ended.code, ended.err) == (
        2,
        "fleetcheck: standard input cannot be read: `-i -` has read it; name the hosts in a file, by @FILE\n",
    )


@pytest.mark.parametrize(
    "words", [("repin", "apply", "plan.json"), ("repin", "resume", "1"), ("repin", "undo", "1")], ids=" ".join
)
def test_what_asks_on_standard_input_takes_no_inventory_there(
    scanned: Scanned, words: tuple[str, ...], tmp_path: Path
) -> None:
    """apply, resume and undo wait for a yes."""
    plan = ("repin", "plan", "-i", str(scanned.inventory), "--db", str(scanned.database))
    assert fleetcheck(*plan, "-o", str(tmp_path / "plan.json")).code == 0
    ended = fleetcheck(*words, "-i", "-", "--db", str(scanned.database))
    assert (ended.code, ended.err) == (
        2,
        "fleetcheck: -i -: this command asks on standard input; name the inventory by a file, or add --yes\n",
    )


@pytest.mark.parametrize("words", [("--dry-run",), ("--yes",)], ids=" ".join)
def test_what_asks_nothing_takes_an_inventory_down_a_pipe(
    fleet: Drifted, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """So the commands that a plan of such an inventory ends with can be typed."""
    monkeypatch.chdir(fleet.inventory.parent)
    monkeypatch.setattr(sys, "stdin", Typed(fleet.inventory.read_text("utf-8")))
    ended = fleetcheck("repin", "apply", str(fleet.plan), "-i", "-", "--quiet", *words)
    assert (ended.code, set(states(ended).values())) in [(0, {"would-write"}), (0, {"verified"})]


def test_standard_input_is_named_once() -> None:
    """It can be read once."""
    ended = fleetcheck("scan", "-i", "-", "-i", "-")
    assert (ended.code, ended.err) == (
        2,
        "fleetcheck: -i - is there twice, and standard input can be read once\n",
    )


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_program_is_run_where_the_user_names_it(
    program: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By -i, and by FLEETCHECK_INVENTORY."""
    monkeypatch.setenv("FLEETCHECK_INVENTORY", str(program) if way == "variable" else "")
    assert listed(*(("-i", str(program)) if way == "option" else ())) == ["p1", "p2"]


def test_no_program_is_run_that_only_lies_there(program: Path, tmp_path: Path) -> None:
    """Neither ./fleet.yaml, nor what a file of the configuration names."""
    for name in ("fleet.yaml", "cmdb"):
        if name == "fleet.yaml":
            program.rename(tmp_path / name)
        else:
            (tmp_path / "fleet.yaml").rename(program)
            (tmp_path / "fleetcheck.toml").write_text('inventory = "cmdb"')
        ended = fleetcheck("scan")
        assert ended.code == 1
        assert (
            f"{name}: this is a program: it is run only where -i or FLEETCHECK_INVENTORY names it"
            in ended.err
        )
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("words", [("report",), ("unblock",), ("firewall",)], ids=" ".join)
def test_who_reads_results_runs_no_program(
    scanned: Scanned, program: Path, tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variable it is left aside, with a remark; by -i it is a mistake."""
    database = ("--db", str(scanned.database))
    monkeypatch.setenv("FLEETCHECK_INVENTORY", str(program))
    ended = fleetcheck(*words, *database)
    assert ended.code == 0
    assert f"remark: {program} is a program, which is not run here: no inventory is looked at\n" in ended.err
    assert fleetcheck(*words, *database, "-i", str(program)).code == 1
    assert not (tmp_path / "ran").exists()


def test_the_doctor_of_this_machine_names_several(more: Path, scanned: Scanned) -> None:
    """As one inventory."""
    content = document("doctor", "-i", str(more), "-i", str(scanned.inventory))
    seen = next(check["seen"] for check in content["controller"] if check["name"] == "inventory")
    assert seen.startswith(f"{more}, {scanned.inventory}: no mistakes, 8 hosts")


def test_a_check_of_standard_input_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """`inventory check -` is what `inventory check -i -` is."""
    monkeypatch.setenv("PW", "x")
    password = "{username: .\\admin, password: {from: env, name: PW}}"
    text = f"credentials: {{ops: {password}}}\n{EMPTY.replace('auth: kerberos', 'credential: ops')}"
    monkeypatch.setattr("sys.stdin", Typed(text))
    ended = fleetcheck("inventory", "check", "-")
    assert (ended.code, ended.out) == (
        0,
        "standard input: no mistakes. hosts: 2, groups: 0, credentials: 1, waivers: 0\n",
    )


def test_a_check_of_a_file_beside_others_leaves_none_out(more: Path) -> None:
    """A file without -i and others by -i: it is not said which of them are looked at."""
    ended = fleetcheck("inventory", "check", str(more), "-i", "other.yaml")
    assert (ended.code, ended.err) == (
        2,
        f"fleetcheck: inventories are named by -i and as {more}: name every one by -i, or the one alone\n",
    )
