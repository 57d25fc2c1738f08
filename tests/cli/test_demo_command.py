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

from orchestrator.cli.console import say
from tests.cli.conftest import fleetcheck
from tests.docs.pages import ROOT, blocks


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
        [sys.executable, "-m", "orchestrator", *words],
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


def test_a_command_that_is_said_is_never_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal of 80 columns a remark is wrapped between words, and a command stays one line."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    command = f"    fleetcheck scan -i {'x' * 60}.yaml --db {'y' * 60}.db"
    with contextlib.redirect_stderr(Terminal()) as screen:
        say(f"{'word ' * 30}\n{command}")
    lines = screen.getvalue().splitlines()
    assert lines[-1] == command
    assert max(map(len, lines[:-1])) <= 80
