"""Whatever is in the database's place and is no regular file of ours is refused before anything touches
it.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.store.database.lock import file_holder, file_lock, lock_path, myself
from orchestrator.store.errors import DatabaseError, NoDatabaseError, PlaceError, StoreError, StoreTrouble
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer

Way = Callable[[str], object]
WAYS: list[Way] = [Reader.open, lambda url: Writer.open(url, command="scan", user="ann")]


def refusal(path: Path, way: Way) -> str:
    """Return the words with which a place is refused."""
    with pytest.raises(StoreError) as caught:
        way(database_url(str(path), {}))
    return str(caught.value)


@pytest.fixture
def device() -> Iterator[Path]:
    """Make a device that nobody else uses: a terminal of the test's own, with a mode of its own."""
    near, far = os.openpty()
    path = Path(os.ttyname(far))
    path.chmod(0o666)
    yield path
    os.close(near)
    os.close(far)


@pytest.mark.parametrize("way", WAYS)
def test_a_device_keeps_its_mode(device: Path, way: Way) -> None:
    """A slip in `--db` must not take a device from everybody else on the machine."""
    assert "this is a device. It was left as it is." in refusal(device, way)
    assert stat.S_IMODE(device.stat().st_mode) == 0o666


@pytest.mark.parametrize("way", WAYS)
def test_a_fifo_and_a_socket_are_refused(tmp_path: Path, way: Way) -> None:
    """Neither is opened: a FIFO without a writer would hold the command for ever."""
    os.mkfifo(tmp_path / "fifo", 0o666)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        words = [refusal(tmp_path / name, way) for name in ("fifo", "s")]
    assert ["this is a FIFO" in words[0], "this is a socket" in words[1]] == [True, True]
    assert {path.name for path in tmp_path.iterdir()} == {"fifo", "s"}


@pytest.mark.parametrize("way", WAYS)
def test_a_link_is_refused_and_its_target_named(tmp_path: Path, way: Way) -> None:
    """What a link leads to may change at any time, and is left as it is: the file's own name does it."""
    (tmp_path / "real.db").touch(0o644)
    (tmp_path / "link.db").symlink_to("real.db")
    assert f"Name the file that it leads to: {tmp_path / 'real.db'}" in refusal(tmp_path / "link.db", way)
    assert stat.S_IMODE((tmp_path / "real.db").stat().st_mode) == 0o644


@pytest.mark.parametrize("way", WAYS)
def test_links_in_a_circle_are_told_as_that(tmp_path: Path, way: Way) -> None:
    """A loop of links is the path's trouble, as the file's own name and as a folder's."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    said = refusal(tmp_path / "a", way)
    assert ("this is a link" in said, "leads to" in said) == (True, False)
    assert "Too many levels of symbolic links" in refusal(tmp_path / "a" / "f.db", way)


@pytest.mark.parametrize("end", ["-wal", "-shm"])
def test_what_stands_beside_the_database_is_looked_at_too(tmp_path: Path, end: str) -> None:
    """SQLite opens these by itself: a FIFO there would hold it."""
    database = tmp_path / "f.db"
    Writer.open(database_url(str(database), {}), command="scan", user="ann").close()
    os.mkfifo(f"{database}{end}")
    for way in WAYS:
        assert f"f.db{end}: this is a FIFO" in refusal(database, way)


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "folder", "notes"])
def test_the_lock_s_file_is_never_somebody_else_s(tmp_path: Path, kind: str) -> None:
    """The lock follows no link, empties no file and waits for no FIFO: it says what is in its place."""
    database, notes = tmp_path / "f.db", tmp_path / "notes.txt"
    notes.write_text("my notes")
    lock = lock_path(database)
    match kind:
        case "link":
            lock.symlink_to(notes)
        case "dangling":
            lock.symlink_to(tmp_path / "new")
        case "fifo":
            os.mkfifo(lock)
        case "folder":
            lock.mkdir()
        case _:
            notes.rename(lock)
            notes.symlink_to(lock)
    with pytest.raises(DatabaseError) as caught, file_lock(database, myself("scan", "ann"), wait=0):
        pytest.fail("it took the lock")
    assert (caught.value.trouble, "was left as it is" in str(caught.value)) == (StoreTrouble.PATH, True)
    assert (notes.read_text(), file_holder(database), (tmp_path / "new").exists()) == (
        "my notes",
        None,
        False,
    )


@pytest.mark.parametrize("content", [b"", b"{", b"\0" * 100])
def test_what_a_crash_leaves_in_the_lock_s_file_is_overwritten(tmp_path: Path, content: bytes) -> None:
    """Half an owner's lines, or zeros after the power went, keep nobody from working."""
    lock_path(tmp_path / "f.db").write_bytes(content)
    with file_lock(tmp_path / "f.db", myself("scan", "ann"), wait=0):
        found = file_holder(tmp_path / "f.db")
    assert found is not None
    assert found.command == "scan"


def test_a_file_of_another_user_keeps_its_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An administrator who looks at somebody's database changes nothing about who may read it."""
    database = tmp_path / "f.db"
    url = database_url(str(database), {})
    Writer.open(url, command="scan", user="ann").close()
    for file in (database, lock_path(database)):
        file.chmod(0o640)
    monkeypatch.setattr(os, "geteuid", lambda: database.stat().st_uid + 1)
    Writer.open(url, command="scan", user="ann").close()
    assert [stat.S_IMODE(file.stat().st_mode) for file in (database, lock_path(database))] == [0o640, 0o640]


def test_a_place_without_a_file_is_nothing_yet(tmp_path: Path) -> None:
    """A name that is free is no mistake."""
    with pytest.raises(NoDatabaseError):
        Reader.open(database_url(str(tmp_path / "f.db"), {}))


def test_a_folder_is_still_refused_with_a_name_in_it(tmp_path: Path) -> None:
    """A folder is the likeliest slip, and gets its own advice."""
    with pytest.raises(PlaceError, match=r"this is a folder\. Name a file in it"):
        Reader.open(database_url(str(tmp_path), {}))
