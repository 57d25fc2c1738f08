"""Sending what waits: one fleetcheck at a time, and never an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.app.events import Note
from orchestrator.app.invocation import Invocation
from orchestrator.app.notify import deliver as module
from orchestrator.app.notify.deliver import deliver
from orchestrator.domain.notices.targets import CommandTarget
from orchestrator.store.place import database_url
from orchestrator.store.writer import Writer
from tests.cli.storage_trouble import trouble

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


@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_a_database_that_fails_is_a_warning(tmp_path: Path, kind: str) -> None:
    """The scan before has ended: its result and exit code stand."""
    notes: list[Note] = []
    target = CommandTarget(name="ops", folder=str(tmp_path), argv=("touch", "sent"))
    with trouble(kind, 1):
        deliver(asked(tmp_path), [target], on_event=notes.append)
    assert all("notices wait" in note.words for note in notes)
