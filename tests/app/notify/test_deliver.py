"""Sending what waits: one fleetcheck at a time, and never an error."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.app.events import Note
from orchestrator.app.invocation import Invocation
from orchestrator.app.notify import deliver as module
from orchestrator.app.notify.deliver import deliver, letter_of
from orchestrator.domain.notices.notice import Notice, NoticeKind
from orchestrator.domain.notices.targets import CommandTarget
from orchestrator.store.notices.adding import _store
from orchestrator.store.place import database_url
from orchestrator.store.writer import Writer
from tests.cli.storage_trouble import trouble
from tests.fleet.fakes import record_of

pytestmark = pytest.mark.wire


def asked(folder: Path) -> Invocation:
    """Name a database of the test's own."""
    return Invocation(command="fleetcheck scan", user="ann", database=str(folder / "fleet.db"))


def test_what_another_one_may_be_sending_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody holds the database nothing is sent, so nothing is sent twice; a warning says who."""
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    notes: list[Note] = []
    target = CommandTarget(name="ops", folder=str(tmp_path), argv=("touch", "sent"))
    with Writer.open(database_url(str(tmp_path / "fleet.db"), {}), command="fleetcheck scan", user="bob"):
        deliver(asked(tmp_path), [target], on_event=notes.append)
    (note,) = notes
    assert note.words.startswith("notices wait for the next scan with --notify: ")
    assert "fleetcheck scan" in note.words
    assert not (tmp_path / "sent").exists()


@pytest.fixture
def waiting(tmp_path: Path) -> None:
    """Store one notice that waits for `ops`."""
    at = datetime(2026, 11, 30, tzinfo=UTC)
    url = database_url(str(tmp_path / "fleet.db"), {})
    notice = Notice(id="1", target="ops", kind=NoticeKind.BASELINE, at=at, counts={"ok": 1})
    with Writer.open(url, command="a test", user="ann") as writer:
        scan = asyncio.run(writer.begin_scan(replace(record_of(()), started=at)))
        asyncio.run(writer.alone(lambda into: _store(into.connection, replace(notice, scan=scan))))


@pytest.mark.usefixtures("waiting")
def test_what_waits_is_sent_once(tmp_path: Path) -> None:
    """The oldest first, each once: what was sent does not wait any more."""
    notes: list[Note] = []
    target = CommandTarget(name="ops", folder=str(tmp_path), argv=("sh", "-c", "echo sent >> sent"))
    for _ in range(2):
        deliver(asked(tmp_path), [target], on_event=notes.append)
    assert (tmp_path / "sent").read_text("utf-8") == "sent\n"
    assert [note.words for note in notes] == ["notice sent to ops"]


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("kind", ["read-only", "locked"])
def test_a_database_that_fails_is_a_warning(tmp_path: Path, kind: str) -> None:
    """The scan before has ended: its result and exit code stand. What was sent and not noted waits on."""
    notes: list[Note] = []
    target = CommandTarget(name="ops", folder=str(tmp_path), argv=("sh", "-c", "echo sent >> sent"))
    with trouble(kind, 1) as found:
        deliver(asked(tmp_path), [target], on_event=notes.append)
    assert found.begun >= 1
    (note,) = notes
    assert note.words.startswith("notices wait for the next scan with --notify: ")
    deliver(asked(tmp_path), [target], on_event=notes.append)
    assert [note.words for note in notes[1:]] == ["notice sent to ops"]


@pytest.mark.parametrize(
    ("scan", "fleet", "source", "about"),
    [
        (7, "emea/nord 1", "urn:fleetcheck:emea%2Fnord%201", "scan/7"),
        (None, "", "urn:fleetcheck:test", "test"),
    ],
)
def test_a_letter_says_of_which_fleet_and_scan_it_is(
    scan: int | None, fleet: str, source: str, about: str
) -> None:
    """As a URN, whatever the fleet is called; a letter of no scan says that it is a test."""
    at = datetime(2026, 11, 30, tzinfo=UTC)
    kind = NoticeKind.TEST if scan is None else NoticeKind.BASELINE
    letter = letter_of(Notice(id="1", target="ops", kind=kind, at=at, scan=scan, fleet=fleet))
    assert (letter.id, letter.at, letter.source, letter.about) == ("1", at, source, about)
