"""Everything that the README shows, and the screens of the pages behind it: its commands run, its screens are
what they print.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import fleetcheck
from tests.docs.conftest import World
from tests.docs.pages import ROOT, blocks
from tests.impatient import hurry

pytestmark = pytest.mark.xdist_group("pages")

SHOWN = ("README.md", "docs/first-day.md", "docs/repin.md")
BLOCKS = {block.about: block.text for page in SHOWN for block in blocks(page)}
VARIES = (
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "TIME"),
    (re.compile(r"TIME, .* ago; took [\d.]+ m?s"), "TIME"),
    (re.compile(r"TIME after \d+ s"), "TIME"),
    (re.compile(r"(just now|\d+ (s|min) ago|1 d from now|23 h( \d+ min)? from now)"), "AGO"),
    (re.compile(r" by \w+, AGO"), " by WHO, AGO"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the README as a user does, 80 columns wide, in an empty folder."""
    words = shlex.split(command, comments=True)
    assert words[0] == "fleetcheck"
    return subprocess.run(
        [sys.executable, "-m", "tests.impatient", *words[1:]],
        cwd=folder,
        env=dict(
            os.environ,
            PYTHONPATH=str(ROOT),
            COLUMNS="80",
            NO_COLOR="1",
            FC_PASSWORD="Passw0rd!",
            FLEETCHECK_DB=str(folder / "demo.db"),
        ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=100,
    )


def steady(screen: str) -> str:
    """Leave out of a screen what changes from run to run."""
    for pattern, word in VARIES:
        screen = re.sub(pattern, word, screen)
    return "\n".join(line.rstrip() for line in screen.splitlines())


@pytest.fixture
def kept(tmp_path: Path, net: str) -> Iterator[Path]:
    """Serve the demo's fleet as `demo --keep` does; its folder."""
    words = ["demo", "--folder", str(tmp_path / "demo"), "--keep", "--address", f"{net}.46", "--quiet"]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.impatient", *words],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        try:
            while "the fleet serves until Ctrl-C" not in (line := process.stderr.readline()):
                assert line, "it ended early"
            yield tmp_path / "demo"
        finally:
            process.send_signal(signal.SIGINT)


def test_the_story_can_be_typed_on_the_demos_fleet(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the README says, in the demo's folder and with another name: scan, doctor, re-pin, every night."""
    hurry(monkeypatch)
    monkeypatch.chdir(kept)
    for name, value in {"COLUMNS": "80", "NO_COLOR": "1", "FLEETCHECK_DB": "demo.db"}.items():
        monkeypatch.setenv(name, value)
    story = ("commands: first scan", "commands: doctor", "commands: first re-pin", "commands: every night")
    ended = {}
    for block in blocks("README.md"):
        for line in block.text.splitlines() if block.about in story else ():
            command = re.split(r" +(?:#|>|\|\|) ", line.replace("db7", "mad-app-03"))[0]
            ended[command] = fleetcheck(*shlex.split(command)[1:])
    odd = [(command, done.err) for command, done in ended.items() if done.code not in {0, 3, 5}]
    assert odd == []
    applied = [done.out for command, done in ended.items() if " apply " in command]
    assert ["\tverified\t" in out for out in applied] == [False, True, True]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the demo once; its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("readme")
    done = run("fleetcheck demo --folder demo", folder)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    return folder, done.stdout


def test_the_demo_screen_is_what_the_demo_prints(demo: tuple[Path, str]) -> None:
    """The README's summary is the beginning of the demo's own."""
    assert steady(BLOCKS["screen: demo"]) in steady(demo[1])


def test_the_host_screen_is_what_show_prints(demo: tuple[Path, str]) -> None:
    """The host report that is shown is the beginning of the real one."""
    done = run("fleetcheck show ber-file-02 --table --db demo/demo.db", demo[0])
    assert steady(done.stdout).startswith(steady(BLOCKS["screen: show ber-file-02"]))


def test_two_commands_set_up_everything() -> None:
    """One line runs the main job and one the tests, both from a bare Python."""
    install = "python3 -m venv .venv && .venv/bin/pip install -q "
    assert BLOCKS["demo command"] == f"{install}. && .venv/bin/fleetcheck demo\n"
    assert BLOCKS["test command"] == f"{install}-e '.[test]' && .venv/bin/python -m pytest -q\n"


def test_the_first_real_scan_runs_as_written(world: World) -> None:
    """Every command of that section does what it is there for, in order, on the README's own inventory."""
    ended = [done for done in world.type("README.md") if done.block.about == "commands: first scan"]
    # db7 is wanted on 443 and pinned to 2147, so both scans have something to say (3).
    assert [done.code for done in ended] == [0, 3, 3, 0]


def test_the_first_re_pin_runs_as_written(world: World) -> None:
    """The section's commands re-pin db7 for real and take it back; the plan's screen is the one shown."""
    ended = [done for done in world.type("README.md") if done.block.about == "commands: first re-pin"]
    assert [done.code for done in ended] == [0] * len(ended)
    assert [done.after for done in ended] == [*[{"2147"}] * 3, *[{"443"}] * 3, *[{"2147"}] * 2]


def test_the_plans_screen_is_what_the_plan_says(world: World) -> None:
    """The change ticket that is shown is the beginning of the real one."""
    screen = run("fleetcheck repin show plan.json --table", world.begin).stdout
    assert steady(screen).startswith(steady(BLOCKS["screen: repin show"]))
