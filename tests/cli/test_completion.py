"""Completion, asked for by real shells: the script is loaded, a word is begun,
and the shell says what it offers.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import HOSTS, Scanned, fleetcheck

ROOT = Path(__file__).parents[2]
MAIN = "from orchestrator.cli.main import main; main()"
PATIENCE = 60.0  # seconds for a shell to answer on a busy machine


def needs(shell: str) -> pytest.MarkDecorator:
    """Skip where a shell is not installed."""
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture
def environ(tmp_path: Path, scanned: Scanned) -> dict[str, str]:
    """Return an environment in which `fleetcheck` is this one, with the shared database and inventory."""
    program = tmp_path / "bin" / "fleetcheck"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{MAIN}" "$@"\n', "utf-8")
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "FLEETCHECK_DB": str(scanned.database),
        "FLEETCHECK_INVENTORY": str(scanned.inventory),
    }


def told(environ: dict[str, str], *command: str) -> list[str]:
    """Run a shell to its end; its lines."""
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def bash(environ: dict[str, str], *lines: str) -> list[list[str]]:
    """Have one bash complete the last word of each line, by the function that the script gave it."""
    script = ['eval "$(fleetcheck completion bash)"', "complete -p fleetcheck > /dev/null || exit 1"]
    for line in lines:
        words = line.split(" ")
        script.append(f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}")
        script.append('_fleetcheck_completion fleetcheck; printf "%s\\n" "${COMPREPLY[*]}"')
    done = told(environ, "bash", "--norc", "-c", "\n".join(script))
    return [line.split() for line in done]


OFFERS = {
    "fleetcheck sc": ["scan", "scans"],
    "fleetcheck scan --pro": ["--probe"],
    "fleetcheck scan --limit par-": ["par-web-01"],
    "fleetcheck scan lyo-": sorted(host for host in HOSTS if host.startswith("lyo-")),
    "fleetcheck scan --from ": ["1"],
    "fleetcheck show mad-": sorted(host for host in HOSTS if host.startswith("mad-")),
    "fleetcheck repin plan --policy v": ["vendor-order"],
    "fleetcheck export --format j": ["json", "jsonl", "junit"],
}


# Answers one line after the other as bash asks, in one process: to start costs more than to answer.
ANSWER = """
import contextlib, io, json, os, sys
from orchestrator.cli.main import main
lines, sys.argv[1:] = sys.argv[1:], []
for line in lines:
    os.environ.update(COMP_WORDS=line, COMP_CWORD=str(line.count(" ")))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main()
    print(json.dumps(said.getvalue().split()))
"""


def offered(environ: dict[str, str], *lines: str) -> list[list[str]]:
    """Complete the last word of each line, without a shell."""
    asks = environ | {"_FLEETCHECK_COMPLETE": "complete_bash"}
    return [json.loads(line) for line in told(asks, sys.executable, "-c", ANSWER, *lines)]


def test_words_are_completed(environ: dict[str, str]) -> None:
    """Commands, options, their values, hosts of the inventory, hosts and scans of the database."""
    assert dict(zip(OFFERS, offered(environ, *OFFERS), strict=True)) == OFFERS


@needs("bash")
def test_bash_completes(environ: dict[str, str]) -> None:
    """The script, in a real bash, asks for the same words."""
    lines = ("fleetcheck sc", "fleetcheck show mad-")
    assert bash(environ, *lines) == [OFFERS[line] for line in lines]


def test_nothing_is_offered_and_nothing_made_where_there_is_nothing(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Without a database and an inventory the prompt stays clean, and no database comes to be."""
    environ |= {"FLEETCHECK_DB": str(tmp_path / "no.db"), "FLEETCHECK_INVENTORY": str(tmp_path / "no.yaml")}
    assert offered(environ, "fleetcheck scan --limit ", "fleetcheck show ") == [[], []]
    assert not (tmp_path / "no.db").exists()


@needs("fish")
def test_fish_completes(environ: dict[str, str]) -> None:
    """The script, sourced, completes commands and hosts."""
    script = (
        "fleetcheck completion fish | source; complete -C 'fleetcheck repin st'; complete -C 'fleetcheck "
        "show mad-m'"
    )
    offered = [line.split("\t")[0] for line in told(environ, "fish", "--no-config", "-c", script)]
    assert offered == ["status", "mad-mail-02"]


@needs("zsh")
def test_zsh_completes(environ: dict[str, str]) -> None:
    """A Tab after a host's first letters writes the rest of its name."""
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover -- the shell
        os.execvpe("zsh", ["zsh", "-f", "-i"], environ)  # noqa: S606
    try:
        lines = (
            "autoload -Uz compinit; compinit -u -D; eval \"$(fleetcheck completion zsh)\"; print rea''dy\n"
        )
        os.write(terminal, lines.encode())
        assert "ready" in _until("ready", terminal)
        os.write(terminal, b"fleetcheck show mad-m\t")
        assert "mad-mail-02" in _until("mad-mail-02", terminal)
    finally:
        os.close(terminal)  # the shell's terminal has gone: it ends
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process, 0)


def _until(word: str, terminal: int) -> str:
    """Read what the terminal shows until a word stands there, or the time is up."""
    seen, end = "", time.monotonic() + PATIENCE
    while word not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 1.0)[0]:
            seen += os.read(terminal, 4096).decode("utf-8", "replace")
    return seen


def test_powershell_gets_a_completer() -> None:
    """The script registers itself for the command."""
    assert (
        "Register-ArgumentCompleter -Native -CommandName fleetcheck"
        in fleetcheck("completion", "powershell").out
    )


def test_another_shell_is_told_which_there_are() -> None:
    """A mistyped shell is a usage error that lists them."""
    ended = fleetcheck("completion", "tcsh")
    assert ended.code == 2
    assert "'bash', 'zsh', 'fish', 'powershell'" in ended.err
