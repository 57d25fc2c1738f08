"""The page about four eyes: its three people type the example, line for line, with an /etc of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.conftest import World, pins
from tests.docs.pages import ROOT, Block, blocks
from tests.etc import inside, private_etc
from tests.signers import keygen

pytestmark = pytest.mark.xdist_group("pages")

PAGE = "docs/approvals.md"
RULES = {
    block.about.removeprefix("rules: "): block.text
    for block in blocks(PAGE)
    if block.about.startswith("rules: ")
}
STORY = [block for block in blocks(PAGE) if block.about.startswith("story: ")]
SIGNED_BY_ONE = "and 1 person has signed; nothing was written"


@dataclass(frozen=True)
class People:
    """Ann, bob and root at one machine, each with a home; `etc` is the machine's."""

    folder: Path
    etc: Path

    def type(self, block: Block, **environ: str) -> list[subprocess.CompletedProcess[str]]:
        """Type the lines of a block, each in a shell of its reader's."""
        who = re.split(r"[ ,]", block.about.removeprefix("story: "))[0]
        return [self.run(who, line, **environ) for line in block.commands]

    def run(self, who: str, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Type one line."""
        typed = line.replace("/home/", f"{self.folder}/").replace("repin approve", "repin approve --yes")
        done = subprocess.run(
            inside(self.etc, "bash", "-c", typed),
            cwd=self.folder / "work",
            env={
                "HOME": str(self.folder / who),
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "FC_PASSWORD": "Passw0rd!",
                "FLEETCHECK_DB": str(self.folder / "work" / "fleet.db"),
                "COLUMNS": "200",
            }
            | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        print(f"{who}$ {line}\n{done.stdout}{done.stderr}")  # noqa: T201  # what a failing test shows
        return done


@pytest.fixture
def people(world: World, tmp_path: Path) -> People:
    """Let the three sit down where the page begins: rules written, keys made, the fleet scanned."""
    made = People(tmp_path, private_etc(tmp_path))
    shutil.copytree(world.begin, tmp_path / "work")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "fleetcheck"
    program.write_text(f"#!{sys.executable}\nfrom orchestrator.cli.main import main\nmain()\n", "utf-8")
    program.chmod(0o755)
    (made.etc / "fleetcheck").mkdir()
    keys = {}
    for name in ("ann", "bob", "root"):
        (tmp_path / name / ".ssh").mkdir(parents=True, mode=0o700)
        key = tmp_path / name / ".ssh" / "id_ed25519"
        keygen("-q", "-t", "ed25519", "-N", "", "-f", str(key))
        keys[name] = " ".join(key.with_suffix(".pub").read_text("ascii").split()[:2])
    for name, text in RULES.items():
        for who, key in keys.items():
            text = text.replace(f"ssh-ed25519 AAAA...{who}", key)  # noqa: PLW2901  # both of them
        (made.etc / "fleetcheck" / name).write_text(text, "utf-8")
    return made


def test_the_example_goes_as_it_is_told(world: World, people: People) -> None:
    """Root sets up; ann plans and is refused; bob approves; ann applies and undoes; bob's key goes."""
    before = pins(world.fleet.host("db7"))
    root, ann, bob, again, later = STORY
    assert [done.returncode for done in people.type(root)] == [0, 0, 0]
    planned, rehearsed, refused = people.type(ann)
    assert (planned.returncode, rehearsed.returncode, refused.returncode) == (0, 0, 0)
    assert "warning: apply refuses this plan: " in rehearsed.stderr
    assert SIGNED_BY_ONE in refused.stderr
    assert pins(world.fleet.host("db7")) == before
    shown, approved, verified = people.type(bob)
    assert (shown.returncode, approved.returncode, verified.returncode) == (0, 0, 0)
    assert (
        "Signatures: 1 of 2 demanded (/etc/fleetcheck/approvals.toml)\n  ann@corp.example  " in shown.stderr
    )
    assert 'Good "fleetcheck-plan" signature for ann@corp.example' in verified.stdout
    applied, _, undone, back = people.type(again)
    assert (applied.returncode, undone.returncode, back.returncode) == (0, 0, 0)
    assert '"what": "plan signed"' in (people.folder / "work" / "audit.jsonl").read_text("utf-8")
    assert pins(world.fleet.host("db7")) == before
    assert [done.returncode for done in people.type(later)] == [0, 0]
    people.run("ann", "fleetcheck repin plan -o next.json --key ~/.ssh/id_ed25519")
    gone = people.run("bob", "fleetcheck repin approve next.json --key ~/.ssh/id_ed25519")
    assert (
        gone.returncode,
        "/etc/fleetcheck/revoked_keys" in gone.stderr or "not any more" in gone.stderr,
    ) == (6, True)


def test_nothing_of_a_users_moves_the_rules(world: World, people: People) -> None:
    """Not their home, their configuration or their environment: one signature stays one too few."""
    people.type(STORY[0])
    people.run("ann", "fleetcheck repin plan -o plan.json --key ~/.ssh/id_ed25519")
    own = people.folder / "ann" / ".config" / "fleetcheck"
    own.mkdir(parents=True)
    (own / "approvals.toml").write_text("signatures = 0\n", "utf-8")
    before = pins(world.fleet.host("db7"))
    for name in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "FLEETCHECK_ETC", "FLEETCHECK_APPROVALS", "ETC"):
        refused = people.run("ann", "fleetcheck repin apply plan.json --yes", **{name: str(own.parent)})
        assert (refused.returncode, SIGNED_BY_ONE in refused.stderr) == (6, True)
    assert pins(world.fleet.host("db7")) == before


def test_rules_of_a_user_are_refused(people: People) -> None:
    """A file in /etc/fleetcheck that others can write lets nothing through, whatever it says."""
    people.type(STORY[0])
    (people.etc / "fleetcheck" / "approvals.toml").chmod(0o664)
    refused = people.run("ann", "fleetcheck repin apply plan.json --yes")
    assert refused.returncode == 6
    assert "chmod go-w /etc/fleetcheck/approvals.toml" in refused.stderr
