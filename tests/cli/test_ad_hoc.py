"""What somebody types at a terminal: a password asked for once, and a database that is waited for."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import fleetcheck
from tests.cli.test_entry import MAIN, ROOT
from tests.store.children import Child, child


class Terminal:
    """Somebody at a terminal who types one password to every question."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.asked: list[str] = []

    def isatty(self) -> bool:
        """Say yes."""
        return True

    def getpass(self, question: str) -> str:
        """Answer."""
        self.asked.append(question)
        return self.password


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch, simulated: Path) -> Terminal:
    """Sit at a terminal and know the password of `ops`."""
    typed = Terminal((simulated.parent / "secrets" / "ops").read_text())
    monkeypatch.setattr("sys.stdin", typed)
    monkeypatch.setattr("getpass.getpass", typed.getpass)
    return typed


@pytest.fixture
def no_secret(simulated: Path) -> Path:
    """Copy the simulated inventory, with credentials that nobody can look up."""
    text = simulated.read_text().replace('"secrets/', '"nowhere/')
    path = simulated.parent / "no-secret.yaml"
    path.write_text(text)
    return path


def test_a_password_is_asked_for_once_before_the_first_host(no_secret: Path, at_terminal: Terminal) -> None:
    """Three hosts, one credential, one question; the inventory's own source is not even looked at."""
    hosts = ("par-web-01", "mad-mail-02", "lyo-mail-02")
    assert fleetcheck("scan", *hosts, "-i", str(no_secret)).code == 1
    ended = fleetcheck("scan", *hosts, "-i", str(no_secret), "--ask-pass")
    assert ended.code == 3, ended.err
    assert at_terminal.asked == [r"Password of CORP\svc-fleetcheck (credential ops): "]
    assert at_terminal.password not in ended.out + ended.err


def test_each_credential_is_asked_for(no_secret: Path, at_terminal: Terminal) -> None:
    """A local account beside the domain's: two questions, and what is typed wrong fails that host alone."""
    ended = fleetcheck("scan", "par-web-01", "lyo-web-01", "-i", str(no_secret), "--ask-pass")
    assert ended.code == 4
    assert len(at_terminal.asked) == 2


def test_doctor_asks_too(no_secret: Path, at_terminal: Terminal) -> None:
    """The host that nobody could log on to passes every stage."""
    assert fleetcheck("doctor", "par-web-01", "-i", str(no_secret), "--ask-pass").code == 0
    assert len(at_terminal.asked) == 1


def test_without_a_terminal_nothing_is_asked(simulated: Path) -> None:
    """A scheduler's call ends before the first host, and says what to use instead."""
    ended = fleetcheck("scan", "par-web-01", "-i", str(simulated), "--ask-pass")
    assert ended.code == 1
    assert "there is no terminal" in ended.err


@pytest.mark.parametrize(
    ("credential", "auth", "expected"),
    [
        (
            "{from: certificate, path: cert.pem}",
            "certificate",
            "none of these hosts is logged on to with a password",
        ),
        (
            '{username: ".\\\\Administrator", password: {from: command, argv: ["/bin/echo", "{host}"]}}',
            "ntlm",
            "--ask-pass asks for one password, and credential ops has one for each host",
        ),
    ],
)
def test_where_one_password_helps_nobody_it_is_refused(
    tmp_path: Path, credential: str, auth: str, expected: str
) -> None:
    """A certificate, or a password of each host's own."""
    (tmp_path / "cert.pem").touch(0o600)
    path = tmp_path / "fleet.yaml"
    path.touch(0o600)
    path.write_text(
        f"credentials: {{ops: {credential}}}\n"
        f"defaults: {{profile: livevault, credential: ops, auth: {auth}, "
        "gateways: {primary: 203.0.113.10, backup: 203.0.113.20}}\n"
        "hosts: {web1: {address: 127.0.0.1}}\n"
    )
    ended = fleetcheck("scan", "--ask-pass")
    assert ended.code == 2, ended.err
    assert expected in ended.err


@contextlib.contextmanager
def busy(database: Path) -> Iterator[Child]:
    """Let another process write to a database, until it is told to let go."""
    with child("lock_holder.py", url=f"sqlite:///{database}") as holder:
        assert holder.pipe.recv() == "held"
        yield holder


def test_a_busy_database_is_waited_for(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who uses it is said, and the scan begins when that one has ended."""
    monkeypatch.setattr("orchestrator.app.invocation.PATIENCE", 0.2)
    with busy(tmp_path / "busy.db") as holder:
        told: list[str] = []

        def say(words: str) -> None:
            told.append(words)
            holder.pipe.send("let go")

        monkeypatch.setattr("orchestrator.cli.command.say", say)
        ended = fleetcheck(
            "scan", "par-web-01", "-i", str(simulated), "--db", str(tmp_path / "busy.db"), "--wait", "30m"
        )
    assert ended.code == 0, ended.err
    (words,) = told
    assert "in use by `fleetcheck scan`, by bob" in words
    assert words.endswith("waiting up to 30 min for it")


def test_a_database_that_stays_busy_is_told_with_how_long(tmp_path: Path, simulated: Path) -> None:
    """Exit 1, with owner, age, how long it was waited for, and the option that waits longer."""
    with busy(tmp_path / "busy.db"):
        ended = fleetcheck(
            "scan", "par-web-01", "-i", str(simulated), "--db", str(tmp_path / "busy.db"), "--wait", "0s"
        )
    assert ended.code == 1
    assert "waited 0 s for it" in ended.err
    assert "`--wait 30m`" in ended.err


def test_ctrl_c_ends_the_waiting(tmp_path: Path, simulated: Path) -> None:
    """At once, with the exit code of an interrupted scan."""
    with busy(tmp_path / "busy.db"):
        words = ["scan", "-i", str(simulated), "--db", str(tmp_path / "busy.db"), "--wait", "30m"]
        code = "import orchestrator.app.invocation as i; i.PATIENCE = 0.2;" + MAIN
        with subprocess.Popen(
            [sys.executable, "-c", code, *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            assert "waiting up to" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate()
    assert process.returncode == 130, err


@pytest.mark.parametrize("command", [("scan",), ("prune", "--attempts", "30d"), ("repin", "resume", "1")])
def test_a_time_that_is_none_is_refused(command: tuple[str, ...], tmp_path: Path) -> None:
    """With what was expected."""
    (tmp_path / "fleet.yaml").touch()
    ended = fleetcheck(*command, "--wait", "soon")
    assert ended.code in {1, 2}
    assert (
        "--wait: found 'soon', expected a number and s, m, h or d" in ended.err or "no inventory" in ended.err
    )
