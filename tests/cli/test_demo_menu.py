"""The menu at the end of `fleetcheck demo`: its commands, how they stand on a screen, what choosing does."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.demo.menu import screen
from orchestrator.cli.demo.story import Step, typed, wrapped
from tests.cli.conftest import fleetcheck
from tests.docs.pages import ROOT

WORDS = st.lists(st.text("ab -'$\\", min_size=1, max_size=30), max_size=8)


@given(words=WORDS, width=st.integers(10, 120))
def test_a_command_that_is_broken_into_lines_is_the_same_command(words: list[str], width: int) -> None:
    """Pasted as it stands, a shell takes the words that `--keep` prints on one line."""
    step = Step(what="", words=tuple(words))
    lines = list(wrapped(("fleetcheck",), step, width))
    assert shlex.split("\n".join(lines).replace("\\\n", " ")) == shlex.split(typed(("fleetcheck",), step))


@pytest.mark.parametrize("columns", [80, 120])
def test_the_menu_of_a_fresh_clone_fits_a_screen(columns: int) -> None:
    """With the program's whole path and a folder under /tmp, 24 rows hold menu, counts and question."""
    folder = "/tmp/fc-demo-abcdefgh"  # noqa: S108  # it is only written
    where = ("-i", f"{folder}/fleet.yaml", "--db", f"{folder}/demo.db")
    steps = [
        Step(what="a", words=("doctor", "lyo-web-01", *where[:2])),
        Step(what="b", words=("repin", "plan", *where, "-o", f"{folder}/plan.json")),
        Step(what="c", words=("repin", "apply", f"{folder}/plan.json", *where, "--yes")),
        Step(what="d", words=("repin", "undo", "1", *where, "-o", f"{folder}/undo.json")),
        Step(what="e", words=("repin", "apply", f"{folder}/undo.json", *where, "--yes")),
    ]
    lines = list(screen(steps, ("/home/ann/fleetcheck/.venv/bin/fleetcheck",), columns))
    assert max(map(len, lines)) <= columns
    assert len(lines) + 2 <= 24


class Terminal:
    """A program on a terminal of 80 columns and 24 rows, with what it wrote so far."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self.seen = self._unread = ""

    def read_until(self, words: str) -> str:
        """Wait until `words` came; return what came up to their end, from where the last time ended."""
        while words not in self._unread:
            self._read()
        said, _, self._unread = self._unread.partition(words)
        return said + words

    def _read(self) -> None:
        piece = os.read(self._master, 65536).decode().replace("\r\n", "\n")
        self.seen += piece
        self._unread += piece

    def type(self, words: str) -> None:
        """Press keys."""
        os.write(self._master, words.encode())

    def end(self) -> int:
        """Read to the end; return the exit code."""
        try:
            while True:
                self._read()
        except OSError:  # Linux: the other side is closed
            pass
        return self.process.wait()


@contextmanager
def demo(folder: Path, address: str, *words: str) -> Iterator[Terminal]:
    """Run the demo on a terminal of its own."""
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = ["demo", "--hosts", "12", "--folder", str(folder / "demo"), "--address", address, *words]
    env = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "PYTHONPATH")
    }
    with subprocess.Popen(
        [sys.executable, "-m", "orchestrator", *command],
        cwd=ROOT,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=env | {"PYTHONPATH": str(ROOT), "TERM": "dumb", "PATH": "/usr/bin:/bin"},
        start_new_session=True,
    ) as process:
        os.close(slave)
        try:
            yield Terminal(process, master)
        finally:
            process.terminate()
            os.close(master)


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix terminal")
ASKED = "q: quit > "


def test_the_menus_commands_work_as_printed_while_it_waits(net: str, tmp_path: Path) -> None:
    """Five commands, the counts below them; a shell in another folder takes each, as printed."""
    with demo(tmp_path, f"{net}.41") as terminal:
        rows = terminal.read_until(ASKED).split("\nNext (the fleet serves on")[1].splitlines()
        assert rows[-2] == "scan 1: 1 ok, 10 need attention, 1 not probed"
        assert rows[-1].startswith("Enter: 1, see where a host fails")
        commands = printed(rows[:-2])
        assert len(commands) == 5
        ended = [
            subprocess.run(["/bin/sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
            for line in commands
        ]
        assert [each.returncode for each in ended] == [4, 0, 0, 0, 0], [each.stderr for each in ended]
        assert "logon\tfailed" in ended[0].stdout
        assert ["\tverified\t" in each.stdout for each in ended] == [False, False, True, False, True]
        terminal.type("q\n")
        assert terminal.end() == 0


def printed(rows: list[str]) -> list[str]:
    """Return the commands of a menu as somebody copies them: with their line breaks."""
    commands: list[str] = []
    for row in rows:
        if row.startswith("       ") and commands:
            commands[-1] += f"\n{row}"
        elif row.startswith("     "):
            commands.append(row)
    return commands


def test_enter_goes_through_the_story(net: str, tmp_path: Path) -> None:
    """Each Enter runs the next command on this terminal; after the last one the demo ends, exit 0."""
    with demo(tmp_path, f"{net}.42") as terminal:
        asked = [terminal.read_until(ASKED)]
        for _ in range(5):
            terminal.type("\n")
            asked.append(terminal.read_until(ASKED))
        terminal.type("\n")
        assert terminal.end() == 0
    assert "failed at logon" in asked[1]
    assert "1 host to re-pin" in asked[2]
    assert ["1 verified" in each for each in asked] == [False, False, False, True, False, True]
    assert terminal.seen.endswith("the simulated fleet ends with this\n")


def test_a_wrong_answer_is_asked_again_and_the_end_of_input_ends_it(net: str, tmp_path: Path) -> None:
    """`7` is no command, `m` shows the menu again, Ctrl-D leaves."""
    with demo(tmp_path, f"{net}.43") as terminal:
        terminal.read_until(ASKED)
        terminal.type("7\n")
        said = terminal.read_until(ASKED)
        assert "7: type a number from 1 to 5, m for the menu, or q to quit" in said
        assert "Next" not in said
        terminal.type("m\n")
        assert "Next (the fleet serves on" in terminal.read_until(ASKED)
        terminal.type("\x04")
        assert terminal.end() == 0


def test_a_kept_demo_on_a_terminal_ends_with_the_counts(net: str, tmp_path: Path) -> None:
    """The same five commands, each on one line, then the counts; SIGINT ends it."""
    with demo(tmp_path, f"{net}.44", "--keep") as terminal:
        terminal.read_until("until Ctrl-C; in another terminal:\n")
        rows = terminal.read_until("not probed\n").splitlines()
        assert len(rows) == 6
        assert [f" {words} " in row for words, row in zip(ORDER, rows, strict=False)] == [True] * 5
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 0


ORDER = ("doctor", "repin plan", "repin apply", "repin undo 1", "repin apply")


def test_where_nothing_is_drifted_the_commands_look(net: str, tmp_path: Path) -> None:
    """A fleet of one host that is well: no re-pin is suggested that would write nothing."""
    words = ("demo", "--hosts", "1", "--folder", str(tmp_path / "demo"), "--address", f"{net}.45")
    ended = fleetcheck(*words)
    assert (ended.code, "repin" in ended.out + ended.err) == (0, False)
