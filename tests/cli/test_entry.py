"""The command as a whole: help, version, what it imports, what it does with a broken pipe."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from orchestrator.version import VERSION
from tests.cli.conftest import Scanned, command_line, fleetcheck
from tests.eventually import eventually

ROOT = Path(__file__).parents[2]
MAIN = "from orchestrator.cli.main import main; main()"


def commands() -> list[tuple[str, ...]]:
    """Return every command's words."""
    top = command_line()
    found: list[tuple[str, ...]] = []
    for name, command in top.commands.items():
        found += [(name, sub) for sub in getattr(command, "commands", {})] or [(name,)]
    return found


@pytest.mark.parametrize("words", [(), *commands()], ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...]) -> None:
    """`--help` of each command explains it and each of its options."""
    ended = fleetcheck(*words, "--help")
    assert ended.code == 0
    assert ended.out.startswith("Usage: fleetcheck")


def test_help_imports_nothing_that_costs() -> None:
    """`fleetcheck --help` starts without the libraries that only a scan or a table needs."""
    heavy = [
        "alembic",
        "asyncio",
        "cryptography",
        "psrpcore",
        "pydantic",
        "pypsrp",
        "requests",
        "rich",
        "sqlalchemy",
        "yaml",
    ]
    code = (
        "import sys\nsys.argv[1:] = ['--help']\ntry:\n    "
        f"{MAIN.replace('; ', chr(10) + '    ')}\nfinally:\n    print([m for m in {heavy} if m in "
        "sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stderr.strip() == "[]"


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_printed(option: str) -> None:
    """Both spellings print the program's name and version."""
    assert fleetcheck(option).out == f"fleetcheck {VERSION}\n"


def test_the_distribution_takes_its_version_from_the_program() -> None:
    """There is one place to change."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "orchestrator/version.py"


def test_a_reader_that_leaves_early_is_no_error(scanned: Scanned) -> None:
    """`fleetcheck show | head -1` ends quietly, without a traceback."""
    command = [sys.executable, "-c", MAIN, "show", "--db", str(scanned.database)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate()
    assert (process.returncode, err) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["profile", "list"]])
def test_a_full_disk_under_the_output_is_said(
    words: list[str], unbuffered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be printed, at once or at the end, ends with words and exit code 1,
    not with a traceback.
    """
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-c", MAIN, *words]
        ended = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "fleetcheck: No space left on device\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(scanned: Scanned, closed: str) -> None:
    """A command whose input or output was closed does its work and says so by its exit code."""
    script = f'exec "$0" -c "$1" show --exit-code --db "$2" {closed}'
    command = ["sh", "-c", script, sys.executable, MAIN, str(scanned.database)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (5, "")


def test_an_unknown_command_is_a_usage_error() -> None:
    """A mistyped command is exit code 2, with words."""
    ended = fleetcheck("scna")
    assert ended.code == 2
    assert "scna" in ended.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("scan", "--jobs", "0"), "'--jobs': expected 1 or more"),
        (("scan", "--jobs", "many"), "'--jobs': expected a whole number"),
        (("scan", "--timeout", "x"), "'--timeout': expected a number"),
        (("demo", "--hosts", "2001"), "'--hosts': expected 2000 or less"),
        (("diff", "one", "two"), "'SCAN': expected a whole number"),
        (
            ("scan", "--probe", "ful"),
            "'--probe': 'ful' is not one of 'auto', 'full', 'ordered', 'pinned'.",
        ),
        (("repin", "plan", "--agree", "0"), "'--agree': expected 1 or more"),
    ],
)
def test_a_value_that_does_not_fit_is_told_plainly(words: tuple[str, ...], expected: str) -> None:
    """The option is named, and what it takes; nothing of the library's own talk."""
    ended = fleetcheck(*words)
    assert (ended.code, ended.err.splitlines()[-1]) == (2, f"Error: Invalid value for {expected}")


def paths() -> list[tuple[tuple[str, ...], str]]:
    """Return each option or argument of each command that names a file or a folder."""
    top = command_line()
    return [
        (words, param.opts[0] if param.opts[0].startswith("-") else "")
        for words in commands()
        for command in [functools.reduce(lambda group, word: group.commands[word], words, top)]
        for param in command.params
        if "Path" in str(param.type_descriptor.annotation)
    ]


@pytest.mark.parametrize(("words", "option"), paths(), ids=str)
def test_an_empty_path_is_no_folder(words: tuple[str, ...], option: str) -> None:
    """A script's unset variable names nothing: it is not the current folder, in no command."""
    ended = fleetcheck(*words, *([option] if option else []), "")
    assert ended.code == 2
    assert ended.err.splitlines()[-1].endswith("expected the name of a file or a folder, found an empty text")


def test_a_fault_of_ours_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug shows its type and place in one line and how to see more;
    with FLEETCHECK_DEBUG the traceback too.
    """

    def broken(_: object) -> None:
        raise ZeroDivisionError("a secret that must not be shown")

    monkeypatch.setattr("orchestrator.cli.inventory.inventory_sources", broken)
    ended = fleetcheck("inventory", "check")
    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1
    assert "ZeroDivisionError at" in ended.err
    assert "secret" not in ended.err
    monkeypatch.setenv("FLEETCHECK_DEBUG", "1")
    assert "Traceback" in fleetcheck("inventory", "check").err


def test_the_package_runs_as_a_module() -> None:
    """`python -m orchestrator` is the command, for who has no script on the PATH."""
    command = [sys.executable, "-m", "orchestrator", "--version"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stdout == f"fleetcheck {VERSION}\n"


def test_sigterm_before_a_scan_begins_is_an_interruption(tmp_path: Path) -> None:
    """A command that is told to end while it waits for a password's program ends as by Ctrl-C, with 130."""
    began = tmp_path / "began"
    (tmp_path / "fleet.yaml").write_text(
        "credentials:\n"
        "  ops: {username: ops, password: {from: command, argv: [sh, -c, 'touch began; exec sleep 60']}}\n"
        "defaults: {credential: ops, auth: ntlm, gateways: {primary: 127.0.0.1}}\n"
        "hosts: {web1: {address: 127.0.0.9}}\n"
    )
    command = [sys.executable, "-m", "orchestrator", "scan", "--db", str(tmp_path / "f.db")]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        eventually(began.exists)
        running.terminate()
        _, said = running.communicate()
    assert (running.returncode, said.strip().splitlines()[-1]) == (130, "fleetcheck: interrupted")
