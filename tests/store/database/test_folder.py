"""Who may see the database's files, and where they may not be."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.store.database import folder
from orchestrator.store.errors import DatabaseError, PlaceError, StoreTrouble
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.unprivileged import unprivileged


def _mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_only_the_owner_may_read(sqlite_url: str, tmp_path: Path) -> None:
    """New folders are 0700, every file in them 0600, whatever the umask allows."""
    before = os.umask(0)
    try:
        with Writer.open(sqlite_url, command="scan", user="ann"):
            found = {path.name: _mode(path) for path in (tmp_path / "state").iterdir()}
    finally:
        os.umask(before)
    assert _mode(tmp_path / "state") == "0o700"
    assert found == dict.fromkeys(("fleet.db", "fleet.db-wal", "fleet.db-shm", "fleet.db.lock"), "0o600")


@contextmanager
def _nobodys() -> Iterator[tuple[Path, str]]:
    """Make a database as somebody to whom modes apply; its folder and URL."""
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o777)
        with unprivileged():
            state = Path(base) / "state"
            url = database_url(str(state / "fleet.db"), {})
            Writer.open(url, command="scan", user="ann").close()
            yield state, url


@pytest.mark.parametrize("name", ["fleet.db", ""])
def test_a_database_or_folder_that_may_not_be_written_is_named(name: str) -> None:
    """The one that it is, not the database alone."""
    with _nobodys() as (state, url):
        (state / name).chmod(0o500)
        with pytest.raises(DatabaseError, match=rf"no right to write {re.escape(str(state / name))}\)"):
            Writer.open(url, command="scan", user="ann")
        (state / name).chmod(0o700)


def test_what_was_left_beside_a_database_and_may_not_be_written_is_named() -> None:
    """Who read it while it was read-only has left that: mending the database's own mode is not enough."""
    with _nobodys() as (state, url):
        (state / "fleet.db").chmod(0o400)
        Reader.open(url).close()
        (state / "fleet.db").chmod(0o600)
        (state / "fleet.db-wal").chmod(0o600)
        with pytest.raises(DatabaseError, match=r"no right to write \S+/fleet\.db-shm\)"):
            Writer.open(url, command="scan", user="ann")


def test_a_database_that_others_could_read_is_closed_to_them(sqlite_url: str, tmp_path: Path) -> None:
    """Rights that were too wide are taken away when the database is opened to write."""
    Writer.open(sqlite_url, command="scan", user="ann").close()
    (tmp_path / "state" / "fleet.db").chmod(0o644)
    Writer.open(sqlite_url, command="scan", user="ann").close()
    assert _mode(tmp_path / "state" / "fleet.db") == "0o600"


def test_the_folder_of_others_keeps_its_rights(tmp_path: Path) -> None:
    """A folder that was there before is not ours to change."""
    tmp_path.chmod(0o755)
    Writer.open(database_url(str(tmp_path / "f.db"), {}), command="scan", user="ann").close()
    assert _mode(tmp_path) == "0o755"


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """The message says which file to name instead."""
    with pytest.raises(PlaceError, match=r"this is a folder\. Name a file in it: .*fleetcheck\.db"):
        Writer.open(database_url(str(tmp_path), {}), command="scan", user="ann")


def test_a_file_in_the_place_of_a_folder_is_said(tmp_path: Path) -> None:
    """A path through a file cannot be made, and the message says so."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatabaseError, match="Not a directory"):
        Writer.open(database_url(str(tmp_path / "file" / "f.db"), {}), command="scan", user="ann")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/ann/f.db", "nfs4"),
        ("/home/ann/my disk/f.db", "ext4"),
        ("/srv/f.db", "cifs"),
        ("/var/f.db", "ext4"),
        ("/homeless/f.db", "ext4"),
    ],
)
def test_the_nearest_mount_tells_the_filesystem(path: str, kind: str) -> None:
    """The deepest mount point above the file counts, the later of two at one point,
    and blanks are written in octal.
    """
    mounts = (
        "rootfs / rootfs rw 0 0\n"
        "/dev/sda1 / ext4 rw,relatime 0 0\n"
        "files:/home /home nfs4 rw 0 0\n"
        "/dev/sdb1 /home/ann/my\\040disk ext4 rw 0 0\n"
        "/dev/sdc1 /srv ext4 rw 0 0\n"
        "//files/srv /srv cifs rw 0 0\n"
        "garbage\n"
    )
    assert folder.filesystem(Path(path), mounts) == kind


def test_a_network_filesystem_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite over NFS loses data sooner or later; nothing is made there."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nfiles:/x {tmp_path.resolve()} nfs rw 0 0\n")
    monkeypatch.setattr(folder, "_MOUNTS", mounts)
    with pytest.raises(PlaceError, match=r"not safe over a network filesystem \(nfs\)"):
        Writer.open(database_url(str(tmp_path / "new" / "f.db"), {}), command="scan", user="ann")
    assert not (tmp_path / "new").exists()


@contextmanager
def _without_rights(path: Path) -> Iterator[None]:
    """Take the right to write from a folder and its files; as root, also be somebody else meanwhile."""
    root = os.geteuid() == 0
    everything = [path, *path.rglob("*")]
    for each in everything:
        each.chmod(0o555 if each.is_dir() else 0o444)
        if root:
            os.chown(each, 65534, 65534)
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for each in everything:
            each.chmod(0o700 if each.is_dir() else 0o600)


@pytest.fixture
def locked_away() -> Iterator[Path]:
    """Make a folder that anybody may reach, with a database in it, read-only within `_without_rights`."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        path = Path(name) / "state"
        url = database_url(str(path / "fleet.db"), {})
        Writer.open(url, command="scan", user="ann").close()
        with Reader.open(url):  # everything that is loaded at first use is loaded now
            pass
        yield path


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights of this kind are POSIX")
def test_a_read_only_folder_is_said(locked_away: Path) -> None:
    """A scan that cannot store does not start, and says what is missing."""
    with _without_rights(locked_away), pytest.raises(DatabaseError) as caught:
        Writer.open(f"sqlite:///{locked_away / 'fleet.db'}", command="scan", user="ann")
    assert caught.value.trouble is StoreTrouble.READ_ONLY


def test_a_place_below_a_file_is_said(tmp_path: Path) -> None:
    """A path that cannot be is the path's trouble, and not the disk's."""
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError) as caught:
        Writer.open(f"sqlite:///{tmp_path / 'file' / 'fleet.db'}", command="scan", user="ann")
    assert caught.value.trouble is StoreTrouble.PATH


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights of this kind are POSIX")
def test_a_database_in_a_read_only_folder_can_be_read(locked_away: Path) -> None:
    """Past scans can be shown from an archive that nobody may change."""
    with _without_rights(locked_away), Reader.open(f"sqlite:///{locked_away / 'fleet.db'}") as reader:
        assert reader.scans() == ()
