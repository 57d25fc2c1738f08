"""Notices to a program: JSON on its standard input, and nothing else."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from orchestrator.domain.notices.targets import CommandTarget
from orchestrator.notify.letter import Letter, NotSentError
from orchestrator.notify.program import run
from tests.eventually import eventually


def program(folder: Path, code: str) -> CommandTarget:
    """Name a program that runs this code."""
    return CommandTarget(name="ops", folder=str(folder), argv=(sys.executable, "-c", code))


def test_it_reads_the_notice(tmp_path: Path, letter: Letter) -> None:
    """The whole event is on its standard input; its arguments and environment have nothing of it."""
    code = (
        "import json, os, sys; "
        "open('got.json', 'w').write(json.dumps([json.load(sys.stdin), sys.argv, dict(os.environ)]))"
    )
    run(program(tmp_path, code), letter)
    event, argv, environ = json.loads((tmp_path / "got.json").read_text("utf-8"))
    assert (event["id"], event["data"]["hosts"]) == (letter.id, ["web1", "web2"])
    assert argv == ["-c"]
    assert "web1" not in json.dumps(environ)


def test_one_that_fails_is_told_with_its_first_line(tmp_path: Path, letter: Letter) -> None:
    """Its output is cleaned before it is shown."""
    with pytest.raises(NotSentError, match=r"exit status 3: no \\x1broute$"):
        run(program(tmp_path, "print('no \\x1broute'); print('more'); raise SystemExit(3)"), letter)


def test_one_that_does_not_read_is_no_trouble(tmp_path: Path, letter: Letter) -> None:
    """A program that ends well without reading has taken the notice."""
    run(program(tmp_path, "pass"), letter)


def test_one_that_talks_without_end_is_held_to_its_time(tmp_path: Path, letter: Letter) -> None:
    """Its output is read and forgotten beyond 64 KB; it ends with its time, and so does what it started."""
    code = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open('child', 'w').write(str(child.pid))\n"
        "while True: os.write(1, b'x' * 4096)"
    )
    with pytest.raises(NotSentError, match="did not end within 2 s, and was killed"):
        run(program(tmp_path, code), letter, seconds=2)
    child = int((tmp_path / "child").read_text("ascii"))
    assert eventually(lambda: not alive(child))


def alive(process: int) -> bool:
    """Tell whether a process still runs; one that has ended and waits for its parent does not."""
    try:
        return not Path(f"/proc/{process}/stat").read_text("ascii").rpartition(") ")[2].startswith("Z")
    except FileNotFoundError:
        return False


def test_one_that_is_not_there_is_told(tmp_path: Path, letter: Letter) -> None:
    """With its name, and what the system says."""
    target = CommandTarget(name="ops", folder=str(tmp_path), argv=("/nowhere/pager",))
    with pytest.raises(NotSentError, match="the command /nowhere/pager cannot be run: No such file"):
        run(target, letter)


def test_one_that_a_signal_ends_is_told(tmp_path: Path, letter: Letter) -> None:
    """As what it is."""
    with pytest.raises(NotSentError, match="signal 9"):
        run(program(tmp_path, f"import os; os.kill(os.getpid(), {int(os.name == 'posix') * 9})"), letter)
