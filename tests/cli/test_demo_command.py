"""`fleetcheck demo`."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.app.errors import CommandError
from orchestrator.cli.console import say
from orchestrator.cli.demo.command import folder_of
from orchestrator.cli.errors import explain
from tests.cli.conftest import fleetcheck
from tests.docs.pages import ROOT, blocks
from tests.impatient import hurry


def test_the_demo_scans_and_says_what_to_type_next(tmp_path: Path, net: str) -> None:
    """The demo ends well, draws its summary, and its suggestions work on its database once the fleet is
    gone.
    """
    ended = fleetcheck("demo", "--hosts", "4", "--folder", "demo", "--address", f"{net}.32", "-q")
    database = tmp_path / "demo" / "demo.db"
    assert (ended.code, ended.err) == (0, "")
    assert f"database {database}" in ended.out
    assert "--resume" not in ended.out
    assert f"fleetcheck show --scan 1 --db {database}" in ended.out
    again = fleetcheck("show", "--scan", "1", "--db", str(database))
    assert len(again.out.splitlines()) == 4


def test_the_demo_is_one_json_document_when_asked(net: str) -> None:
    """`demo --json` prints the scan's document and nothing else."""
    ended = fleetcheck("demo", "--hosts", "2", "--folder", "demo", "--address", f"{net}.33", "-q", "--json")
    assert json.loads(ended.out)["counts"]["selected"] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes under /proc")
def test_the_demos_fleet_ends_with_it(tmp_path: Path, net: str) -> None:
    """Whatever comes of the scan, no process that serves the simulated fleet is left."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "demo.db").write_text(
        "this is no database of anybody's, but it is long enough to look at"
    )
    ended = fleetcheck("demo", "--hosts", "2", "--folder", "demo", "--address", f"{net}.34", "-q")
    assert (ended.code, "Traceback" in ended.err) == (1, False)
    mine = str(tmp_path / "demo").encode()
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if mine in _content(path)]
    assert left == []


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has just ended


@pytest.mark.parametrize("address", ["192.0.2.1", "127.0.0.999", "localhost", "::1", ""])
def test_the_fleet_is_served_on_loopback_only(address: str) -> None:
    """An address that is not on loopback is a usage error that says what was expected."""
    ended = fleetcheck("demo", "--hosts", "2", "--folder", "demo", "--address", address, "-q")
    said = f"fleetcheck: --address {address}: expected a loopback address, 127.0.0.0/8\n"
    assert (ended.code, ended.out, ended.err) == (2, "", said)


def test_a_fleet_that_cannot_be_served_is_said(tmp_path: Path) -> None:
    """A folder that the fleet's files cannot be written to ends the demo with words and exit code 1."""
    (tmp_path / "demo" / "fleet.yaml").mkdir(parents=True)
    ended = fleetcheck("demo", "--hosts", "2", "--folder", "demo", "-q")
    assert (ended.code, ended.out) == (1, "")
    assert "the simulated fleet did not start" in ended.err


def test_who_runs_it_by_its_path_is_told_how_to_type_the_next_commands(
    net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The suggested commands begin with `fleetcheck`: where the shell would not find it,
    one line says how it does.
    """
    scripts = tmp_path / "my venv" / "bin"
    scripts.mkdir(parents=True)
    (scripts / "activate").touch()
    monkeypatch.setattr("sys.argv", [str(scripts / "fleetcheck"), "demo"])
    monkeypatch.setenv("PATH", "/nowhere")
    ended = fleetcheck("demo", "--hosts", "1", "--folder", "demo", "--address", f"{net}.35")
    assert ended.code == 0
    assert ended.err.splitlines()[-1] == f"`fleetcheck` is not on your PATH yet: . '{scripts}/activate'"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a signal")
def test_the_demo_that_is_kept_tells_a_whole_story(net: str, tmp_path: Path) -> None:
    """The page's lines are what it says, each command whole on its line; in order they re-pin and
    take it back.
    """
    folder, scripts = tmp_path / "demo", tmp_path / "bin"
    scripts.mkdir()
    (scripts / "fleetcheck").touch(mode=0o755)  # as in an activated environment
    words = ["demo", "--hosts", "60", "--folder", str(folder), "--address", f"{net}.36", "--keep"]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.impatient", *words],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
    ) as process:  # fmt: skip
        assert process.stderr is not None
        try:
            said: list[str] = []
            while not said or "undo.json" not in said[-1] or "apply" not in said[-1]:
                said.append(process.stderr.readline().rstrip("\n"))
                assert said[-1], f"it ended early: {said}"
            shown = said[said.index("the fleet serves until Ctrl-C; in another terminal:") :]
            (screen,) = (
                block.text for block in blocks("docs/first-day.md") if block.about == "screen: demo --keep"
            )
            assert "\n".join(shown).replace(str(folder), "/home/ann/demo") == screen.rstrip("\n")
            ended = [fleetcheck(*shlex.split(line)[1:]) for line in shown[1:]]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert [each.code for each in ended] == [4, 0, 0, 0, 0]
    assert ["\tverified\t" in each.out for each in ended] == [False, False, True, False, True]


class Terminal(io.StringIO):
    """Standard error, as somebody sees it."""

    def isatty(self) -> bool:
        """Say that it is a terminal."""
        return True


def test_a_command_that_is_said_is_never_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal of 80 columns a remark is wrapped between words, and a command stays one line."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    command = f"    fleetcheck scan -i {'x' * 60}.yaml --db {'y' * 60}.db"
    with contextlib.redirect_stderr(Terminal()) as screen:
        say(f"{'word ' * 30}\n{command}")
    lines = screen.getvalue().splitlines()
    assert lines[-1] == command
    assert max(map(len, lines[:-1])) <= 80


@pytest.mark.parametrize(
    ("keep", "attended", "left"),
    [(False, True, []), (False, False, ["demo.db"]), (True, True, ["demo.db", "secrets"])],
)
def test_a_temporary_folder_leaves_no_secrets_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, keep: bool, attended: bool, left: list[str]
) -> None:
    """Who quits the menu leaves nothing; without a terminal the results stay; `--keep` leaves it all."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with folder_of(None, keep=keep, attended=attended) as place:
        (place / "secrets").mkdir()
        (place / "demo.db").touch()
    assert sorted(path.name for path in place.glob("*")) == left
    assert place.exists() is bool(left)


def test_the_demos_inventory_is_nothing_to_remark_on(
    tmp_path: Path, net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All kinds of hosts of the demo are scanned without a remark on the inventory before."""
    hurry(monkeypatch)
    folder = str(tmp_path / "demo")
    ended = fleetcheck("demo", "--hosts", "24", "--folder", folder, "--address", f"{net}.46")
    assert (ended.code, "too short" in ended.err) == (0, False)


def test_a_message_on_a_terminal_breaks_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of 300 columns breaks at blanks alone, and a command in backticks is in one piece."""
    command = "`fleetcheck repin undo 1 -o undo.json --db /srv/fleetcheck/fleet.db`"
    message = f"plan 4711 {'was used before, and a plan is used once ' * 4}{command} takes it back"
    monkeypatch.setenv("COLUMNS", "80")
    with contextlib.redirect_stderr(Terminal()) as screen:
        explain(CommandError(message))
    lines = screen.getvalue().splitlines()
    assert " ".join(lines) == f"fleetcheck: {message}"
    assert any(command in line for line in lines)
    assert max(map(len, lines)) <= 80
