"""One process writes; who comes second is told who it is."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.store.database.lock import file_holder, file_lock, lock_path, myself
from orchestrator.store.database.presence import Presence, _file, of_scan
from orchestrator.store.errors import LockTakenError, Owner, duration
from orchestrator.store.place import SqlitePlace, database_url, parse
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.store.children import Child, child


@pytest.fixture
def holder(url: str) -> Iterator[Child]:
    """Run another process that holds the writing lock until it is told to let go."""
    with child("lock_holder.py", url=url) as started:
        assert started.pipe.recv() == "held"
        yield started


def test_the_second_writer_is_told_who_is_first(holder: Child, url: str) -> None:
    """Owner, command, process and age are in the error, and in its words."""
    with pytest.raises(LockTakenError) as caught:
        Writer.open(url, command="fleetcheck scan", user="ann", wait=0.2)
    owner, age = caught.value.owner, caught.value.age
    # A server keeps 16 characters of the machine's name.
    machine = socket.gethostname() if url.startswith("sqlite") else socket.gethostname()[:16]
    assert (owner.command, owner.user, owner.host, owner.pid) == (
        "fleetcheck scan",
        "bob",
        machine,
        holder.process.pid,
    )
    assert age is not None
    assert 0 <= age < 60
    assert f"in use by `fleetcheck scan`, by bob on {machine}, process {holder.process.pid}" in str(
        caught.value
    )


def test_a_killed_holder_lets_go(holder: Child, url: str) -> None:
    """After a crash nothing has to be removed by hand."""
    holder.kill()
    Writer.open(url, command="fleetcheck scan", user="ann").close()


def test_who_waits_gets_the_lock_when_it_is_free(holder: Child, url: str) -> None:
    """A short command in between costs the next one a moment, not an error."""
    threading.Timer(0.3, holder.pipe.send, ["let go"]).start()
    Writer.open(url, command="fleetcheck scan", user="ann", wait=20).close()


def test_a_reader_says_who_writes(holder: Child, url: str) -> None:
    """`scans` can tell a running scan from one that was killed."""
    with Reader.open(url) as reader:
        found = reader.writing()
        assert found is not None
        assert (found.pid, found.command) == (holder.process.pid, "fleetcheck scan")
        holder.kill()
        assert reader.writing() is None


def test_a_reader_needs_no_lock(holder: Child, url: str) -> None:
    """Past scans are shown while a scan writes."""
    assert holder.process.is_alive()
    with Reader.open(url) as reader:
        assert reader.scans() == ()


def test_two_names_of_a_database_have_one_lock(tmp_path: Path) -> None:
    """A symbolic link is no way round the lock."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with (
        file_lock(tmp_path / "real" / "f.db", myself("a", "ann"), wait=0),
        pytest.raises(LockTakenError),
        file_lock(tmp_path / "link" / "f.db", myself("b", "ann"), wait=0),
    ):
        pytest.fail("both hold the lock")


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"command": "x"}), "\udcff"])
def test_an_owner_that_cannot_be_read_is_nobody_known(tmp_path: Path, content: str) -> None:
    """What stands in the lock's file is never trusted to be well-formed."""
    database = tmp_path / "f.db"
    with file_lock(database, myself("scan", "ann"), wait=0):
        lock_path(database).write_bytes(content.encode("utf-8", "surrogateescape"))
        assert file_holder(database) == Owner()


def test_a_free_lock_has_no_holder(tmp_path: Path) -> None:
    """Neither a database without a lock's file nor one whose lock was given back is in use."""
    database = tmp_path / "f.db"
    before = file_holder(database)
    with file_lock(database, myself("scan", "ann"), wait=0):
        pass
    assert (before, file_holder(database)) == (None, None)


@contextmanager
def looked_at(database: Path) -> Iterator[threading.Event]:
    """Be in the middle of looking at a lock, until the event; a killed process has left its words there."""
    fcntl = pytest.importorskip("fcntl")
    lock_path(database).write_text(json.dumps({"command": "fleetcheck scan"}), "utf-8")
    done = threading.Event()
    with lock_path(database).open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        letting_go = threading.Thread(target=lambda: done.wait(60) and fcntl.flock(looking, fcntl.LOCK_UN))
        letting_go.start()
        yield done
        done.set()
        letting_go.join()


def test_two_who_look_at_once_are_no_holder_to_each_other(tmp_path: Path) -> None:
    """What a killed process has left does not come to life because a dashboard looks at it, too."""
    with looked_at(tmp_path / "fleet.db"):
        assert file_holder(tmp_path / "fleet.db") is None


def test_a_sign_of_life_is_given_while_somebody_looks_for_it(tmp_path: Path) -> None:
    """A scan that is resumed looks alive also where a reader locks its sign's file at that moment."""
    place = parse(database_url(str(tmp_path / "fleet.db"), {}))
    assert isinstance(place, SqlitePlace)
    sign = Presence(place, myself("fleetcheck scan", "ann"), of_scan(1))
    with looked_at(_file(place, of_scan(1))) as done:
        threading.Timer(0.2, done.set).start()
        sign.show()
    holder = file_holder(_file(place, of_scan(1)))
    sign.hide()
    assert holder is not None
    assert (holder.command, holder.user) == ("fleetcheck scan", "ann")


def test_an_owner_is_written_as_people_say_it() -> None:
    """What is known is said, what is not is left out."""
    whole = Owner(command="fleetcheck scan", user="ann", host="ops1", pid=7, since=datetime.now(UTC))
    assert (str(whole), str(Owner()), str(Owner(user="ann"))) == (
        "`fleetcheck scan`, by ann on ops1, process 7",
        "another fleetcheck",
        "another fleetcheck, by ann",
    )


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=4), "4 s"),
        (timedelta(seconds=-1), "0 s"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=9), "9 d"),
    ],
)
def test_a_duration_is_written_in_its_unit(span: timedelta, words: str) -> None:
    """Seconds up to two minutes, then minutes, hours, days."""
    assert duration(span.total_seconds()) == words
