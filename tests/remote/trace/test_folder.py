"""The folder of a trace: whose it is, what is in it, how much, and what happens when it takes no more."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from orchestrator.remote.trace.folder import TraceError, TraceFolder, check


def mode(path: Path) -> int:
    """Return the mode bits of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def texts(path: Path) -> dict[str, str]:
    """Read the files of a folder."""
    return {each.name: each.read_text() for each in path.iterdir()}


def test_each_host_has_a_numbered_file_and_the_index_says_whose(tmp_path: Path) -> None:
    """A host's name is no file's name: it may hold a slash."""
    folder = TraceFolder.open(tmp_path / "trace")
    folder.put("../web1", "10.0.0.1:5986", "one\n")
    folder.put("db\x1b7", "10.0.0.2:5986", "two\n")
    folder.put("../web1", "10.0.0.1:5986", "three\n")
    said = folder.close()
    assert texts(tmp_path / "trace") == {
        "index.tsv": "file\thost\taddress\n"
        "00001.txt\t../web1\t10.0.0.1:5986\n00002.txt\tdb\\x1b7\t10.0.0.2:5986\n",
        "00001.txt": "one\nthree\n",
        "00002.txt": "two\n",
    }
    assert said == (f"trace: 2 hosts in {tmp_path / 'trace'}; index.tsv says which file is whose",)
    assert folder.ended == ""


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_can_read_it(tmp_path: Path, umask: int) -> None:
    """0700 and 0600, whatever the umask."""
    before = os.umask(umask)
    try:
        folder = TraceFolder.open(tmp_path / "trace")
        folder.put("web1", "10.0.0.1:5986", "one\n")
        folder.close()
    finally:
        os.umask(before)
    assert mode(tmp_path / "trace") == 0o700
    assert {mode(each) for each in (tmp_path / "trace").iterdir()} == {0o600}


def test_an_empty_folder_of_ones_own_is_taken(tmp_path: Path) -> None:
    """It is closed to others first."""
    path = tmp_path / "trace"
    path.mkdir(mode=0o755)
    check(path)
    TraceFolder.open(path).close()
    assert mode(path) == 0o700


def not_empty(path: Path) -> None:
    """Make a folder with something in it."""
    path.mkdir()
    (path / "notes").touch()


def a_link(path: Path) -> None:
    """Make a link to an empty folder."""
    (path.parent / "elsewhere").mkdir()
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("arrange", "words"),
    [
        (not_empty, "is not empty, there is notes"),
        (a_link, "is a link"),
        (Path.touch, "is no folder"),
        (os.mkfifo, "is no folder"),
    ],
)
def test_what_is_no_empty_folder_is_refused(tmp_path: Path, arrange: object, words: str) -> None:
    """Before the work and at it, with what to do; and it stays as it was."""
    path = tmp_path / "trace"
    arrange(path)  # type: ignore[operator]  # each takes a path
    before = path.lstat()
    for refuse in (check, TraceFolder.open):
        with pytest.raises(TraceError, match=words):
            refuse(path)
    assert path.lstat().st_mode == before.st_mode


def test_another_users_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty or not: who owns it can read what is put there."""
    (tmp_path / "trace").mkdir()
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    with pytest.raises(TraceError, match="another user's folder"):
        check(tmp_path / "trace")


def test_a_folder_that_cannot_be_made_is_told_beforehand(tmp_path: Path) -> None:
    """Where its own folder is missing."""
    with pytest.raises(TraceError, match="there is no folder"):
        check(tmp_path / "a" / "b")
    check(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_host_has_its_bound_and_says_so(tmp_path: Path) -> None:
    """Whole lines up to it; other hosts go on."""
    folder = TraceFolder.open(tmp_path / "trace", a_host=200)
    for _ in range(30):
        folder.put("web1", "10.0.0.1:5986", "0123456789\n")
    folder.put("db7", "10.0.0.2:5986", "here\n")
    said = folder.close()
    found = texts(tmp_path / "trace")
    *lines, last = found["00001.txt"].splitlines()
    assert set(lines) == {"0123456789"}
    assert last == "== the rest is left out: 200 bytes are the most for a host"
    assert len(found["00001.txt"]) <= 200
    assert found["00002.txt"] == "here\n"
    assert said[1:] == ("trace: 1 of them is cut at 200 bytes",)


def test_the_whole_has_its_bound(tmp_path: Path) -> None:
    """Index and all; what comes after that is not written, and why is said."""
    folder = TraceFolder.open(tmp_path / "trace", in_all=300)
    for number in range(100):
        folder.put(f"web{number}", "10.0.0.1:5986", "0123456789\n")
    folder.close()
    assert 200 < sum(each.stat().st_size for each in (tmp_path / "trace").iterdir()) <= 300
    assert folder.ended == "300 bytes are the most for all hosts"


def test_a_trace_that_ended_early_says_so_itself(tmp_path: Path) -> None:
    """In the index, whose last line it is: the warning on the screen is gone by the time that it is read."""
    folder = TraceFolder.open(tmp_path / "trace", in_all=300)
    for number in range(100):
        folder.put(f"web{number}", "10.0.0.1:5986", "0123456789\n")
    folder.close()
    *_, last = texts(tmp_path / "trace")["index.tsv"].splitlines()
    assert last == "==\tthe rest is left out, of every host\t300 bytes are the most for all hosts"


def test_a_full_disk_ends_the_trace_and_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written until then stays."""
    folder = TraceFolder.open(tmp_path / "trace")
    folder.put("web1", "10.0.0.1:5986", "one\n")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.write", full)
        folder.put("web1", "10.0.0.1:5986", "two\n")
    folder.put("web1", "10.0.0.1:5986", "three\n")
    folder.close()
    assert texts(tmp_path / "trace")["00001.txt"] == "one\n"
    assert folder.ended == f"{tmp_path / 'trace' / '00001.txt'}: No space left on device"


def test_a_folder_that_is_taken_away_ends_the_trace(tmp_path: Path) -> None:
    """It is not made again elsewhere."""
    folder = TraceFolder.open(tmp_path / "trace")
    (tmp_path / "trace").rename(tmp_path / "gone")
    (tmp_path / "gone" / "index.tsv").unlink()
    folder.put("web1", "10.0.0.1:5986", "one\n")
    folder.close()
    assert "No such file" in folder.ended
    assert not (tmp_path / "trace").exists()


def test_what_comes_after_its_end_is_left_aside(tmp_path: Path) -> None:
    """A thread that was cut may still say its last word."""
    folder = TraceFolder.open(tmp_path / "trace")
    folder.close()
    folder.put("web1", "10.0.0.1:5986", "late\n")
    assert set(texts(tmp_path / "trace")) == {"index.tsv"}


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Twenty hosts at once, each into its own file."""
    folder = TraceFolder.open(tmp_path / "trace")

    def talk(name: str) -> None:
        for number in range(50):
            folder.put(name, "10.0.0.1:5986", f"{name} {number}\n")

    threads = [threading.Thread(target=talk, args=(f"web{number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    folder.close()
    found = texts(tmp_path / "trace")
    for line in found["index.tsv"].splitlines()[1:]:
        file, host, _ = line.split("\t")
        assert found[file] == "".join(f"{host} {number}\n" for number in range(50))
