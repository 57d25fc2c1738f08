"""What a user sees of Ctrl-C, a full disk, a foreign or newer database, and on a terminal."""

from __future__ import annotations

import json
import os
import pty
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.scenes.rows import ROWS
from orchestrator.demo.scenes.scenario import GATEWAYS, demo_hosts
from orchestrator.store.reader import Reader
from tests.cli.conftest import Scanned, fleetcheck

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from orchestrator.cli.main import main; main()"]


@pytest.fixture(scope="module")
def slow(net: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Serve twelve hosts that take a second each; the inventory's path."""
    template = next(host for host in demo_hosts() if host.machine.latency)
    template.machine.latency = 1.0
    fleet = SimulatedFleet(
        [replace(template, name=f"slow-{number:02}") for number in range(12)],
        address=f"{net}.35",
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": 2147, "timeout": 60},
    )
    with serve_in_thread(fleet):
        yield fleet.inventory(tmp_path_factory.mktemp("slow"))


def start(*words: str, **options: object) -> subprocess.Popen[str]:
    """Start the command as a process of its own, its output in pipes."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT} | options
    return subprocess.Popen([*COMMAND, *words], **given)  # type: ignore[call-overload]  # a test's own dictionary


def wait_for_first_result(database: Path) -> None:
    """Wait until a scan has stored a host."""
    for _ in range(600):
        if database.exists():
            try:
                with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                    if connection.execute("select count(*) from host_result").fetchone()[0]:
                        return
            except sqlite3.Error:
                pass
            finally:
                connection.close()
        time.sleep(0.05)
    raise AssertionError("no result within 30 s")


def test_ctrl_c_lets_hosts_in_flight_finish_and_keeps_every_result(slow: Path, tmp_path: Path) -> None:
    """The first Ctrl-C starts nothing new: exit code 130, the results are there, and the scan can go on."""
    database = tmp_path / "stopped.db"
    with start("scan", "-i", str(slow), "--db", str(database), "--jobs", "3", "--table") as process:
        wait_for_first_result(database)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Ctrl-C: nothing new starts" in err
    assert "interrupted by Ctrl-C: hosts in flight finished" in out
    assert "fleetcheck scan --resume 1" in out
    assert "Traceback" not in out + err
    with Reader.open(f"sqlite:///{database}") as reader:
        done = len(reader.done(1))
    assert 3 <= done < 12
    ended = fleetcheck("scan", "-i", str(slow), "--db", str(database), "--resume", "1", "-q")
    assert (ended.code, len(ended.out.splitlines())) == (0, 12)


def test_ctrl_c_leaves_what_is_to_be_told_for_the_next_scan(
    slow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a mail server after Ctrl-C; the scan that goes on tells everything, the baseline
    first.
    """
    folder = tmp_path / "xdg" / "fleetcheck"
    folder.mkdir(parents=True)
    argv = '["sh", "-c", "cat >> told.json; echo >> told.json"]'
    (folder / "config.toml").write_text(f'[notify.log]\nkind = "command"\nargv = {argv}\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    database = tmp_path / "told.db"
    words = ("scan", "-i", str(slow), "--db", str(database), "--jobs", "3", "--notify", "log")
    with start(*words) as process:
        wait_for_first_result(database)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, (folder / "told.json").exists()) == (130, False)
    assert "the scan did not finish: notices wait" in err
    ended = fleetcheck("scan", "-i", str(slow), "--db", str(database), "--resume", "1", "--notify", "log")
    assert (ended.code, "notice sent to log" in ended.err) == (0, True)
    (line,) = (folder / "told.json").read_text("utf-8").splitlines()  # the others are well: no news
    assert json.loads(line)["data"]["about"] == "baseline"


def test_a_full_disk_ends_the_scan_with_words(scanned: Scanned, tmp_path: Path) -> None:
    """Where the database cannot grow, the scan ends with exit code 1 and says why; no traceback."""

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    words = ("scan", "-i", str(scanned.inventory), "--db", str(tmp_path / "full.db"), "-q")
    with start(*words, preexec_fn=small_files) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in out + err) == (1, False)
    assert "full.db" in err


def test_a_newer_database_is_refused(scanned: Scanned, tmp_path: Path) -> None:
    """A database that a newer program wrote is left alone, and the message says what to do."""
    newer = tmp_path / "newer.db"
    shutil.copy(scanned.database, newer)
    connection = sqlite3.connect(newer)
    connection.execute("update alembic_version set version_num = '9999'")
    connection.commit()
    connection.close()
    for words in (("show",), ("scans",), ("scan", "-i", str(scanned.inventory))):
        ended = fleetcheck(*words, "--db", str(newer))
        assert (ended.code, ended.out) == (1, "")
        assert "newer than this program's" in ended.err


def test_a_file_that_is_no_database_is_refused(scanned: Scanned, tmp_path: Path) -> None:
    """Another program's file is left as it is."""
    text = "a letter to a friend, long enough to have a header's length and more\n" * 3
    (tmp_path / "letter.txt").write_text(text)
    ended = fleetcheck("scan", "-i", str(scanned.inventory), "--db", str(tmp_path / "letter.txt"))
    assert (ended.code, "left as it is" in ended.err) == (1, True)
    assert (tmp_path / "letter.txt").read_text() == text


def test_a_folder_that_cannot_be_written_is_said(scanned: Scanned, tmp_path: Path) -> None:
    """Where the database cannot be made, the message names it, before any host is asked."""
    (tmp_path / "file").write_text("")
    ended = fleetcheck("scan", "-i", str(scanned.inventory), "--db", str(tmp_path / "file" / "x.db"))
    assert (ended.code, ended.out, "Traceback" in ended.err) == (1, "", False)
    assert str(tmp_path / "file") in ended.err


def on_terminal(*words: str, **environ: str) -> str:
    """Run the command on a pseudo-terminal of 80 columns; what it printed,
    line ends as they are in a file.
    """
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **environ}
    with start(
        *words, stdout=follower, stderr=follower, stdin=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(follower)
        pieces = []
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # Linux: the other side has closed
                break
            if not piece:
                break
            pieces.append(piece)
        process.wait()
    os.close(leader)
    return b"".join(pieces).decode().replace("\r\n", "\n")


def test_a_terminal_gets_the_drawn_summary_in_colour(scanned: Scanned) -> None:
    """On a terminal the summary is drawn without being asked for, with colours."""
    text = on_terminal("show", "--db", str(scanned.database))
    assert "Need attention: 2 hosts" in text
    assert "\x1b[" in text


def test_no_color_is_respected_and_nothing_is_lost(scanned: Scanned) -> None:
    """With NO_COLOR a terminal gets no colour at all, and every verdict is still there as a word."""
    text = on_terminal("show", "--db", str(scanned.database), NO_COLOR="1")
    for code in ("\x1b[3", "\x1b[1;3", "\x1b[9"):
        assert code not in text
    assert [word for word in ("blocked", "split", "access-denied", "logon-failed") if word not in text] == []


def test_progress_on_a_terminal_leaves_a_clean_screen(scanned: Scanned, tmp_path: Path) -> None:
    """The progress is redrawn in place on standard error, and gone when the summary comes."""
    text = on_terminal("scan", "-i", str(scanned.inventory), "--db", str(tmp_path / "tty.db"))
    assert "/6 hosts" in text
    summary = text[text.index("Need attention") :]
    assert "/6 hosts" not in summary


def test_a_stale_password_stops_at_two_rejections_and_is_said_first(net: str, tmp_path: Path) -> None:
    """When a credential is rejected twice, the rest is not started: exit code 6,
    and which credential and what to type.
    """
    template = next(host for host in demo_hosts() if host.name == "par-web-01")
    fleet = SimulatedFleet(
        [replace(template, name=f"web{number}", behaviours=(ROWS["logon-failed"],)) for number in range(6)],
        address=f"{net}.36",
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": 2147},
    )
    with serve_in_thread(fleet):
        inventory = fleet.inventory(tmp_path / "stale")
        ended = fleetcheck("scan", "-i", str(inventory), "--db", str(tmp_path / "gate.db"), "--table", "-q")
    assert ended.code == 6
    assert "Not started: 4 hosts" in ended.out
    assert ended.out.index("! credential ops") < ended.out.index("Could not be probed: 2 hosts")
    assert f"fleetcheck scan --resume 1 -i {inventory} --db" in ended.out
