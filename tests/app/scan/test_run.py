"""A scan as a function: values in, a report out, progress by events, and not a word to any stream."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from inventory.errors import SecretError
from inventory.sources.source import files
from orchestrator.app.events import Note, Remark, Warned
from orchestrator.app.invocation import Invocation
from orchestrator.app.scan.plan import ScanRequest
from orchestrator.app.scan.run import hosts_of, run
from orchestrator.fleet.control.events import Event, HostFinished, ScanStarted

TEXT = """credentials: {{ops: {{username: u, password: {{from: {source}}}}}}}
defaults: {{credential: ops, port: {port}, timeout: 20, gateways: {{primary: 127.9.0.1, backup: 127.9.0.2}}}}
hosts: {{web1: {{address: 127.0.0.1}}}}
"""


def written(folder: Path, source: str) -> Path:
    """Write an inventory of one host, at a port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    path = folder / "fleet.yaml"
    path.write_text(TEXT.format(source=source, port=port), "utf-8")
    return path


def test_a_scan_tells_by_events_and_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What a person should know before and during the scan comes as values, in order; the report is one,
    too.
    """
    events: list[Event | Note] = []
    asked = Invocation(
        command="test", user="ann", database=str(tmp_path / "a.db"), ask=lambda _question: "secret"
    )
    request = ScanRequest(
        inventory=files(written(tmp_path, "prompt")), limit=("web1", "gone*"), jobs=1, per_site=1
    )
    report = run(asked, request, on_event=events.append)
    assert isinstance(events[0], Warned)
    assert events[0].words.startswith("`gone*` takes no host")
    words = [event.words for event in events if isinstance(event, Remark)]
    assert "--per-site limits nothing: none of the selected hosts has a `site:` in the inventory" in words
    begun = next(number for number, event in enumerate(events) if isinstance(event, ScanStarted))
    assert not any(isinstance(event, Remark | Warned) for event in events[begun:])
    finished = [event.record for event in events if isinstance(event, HostFinished)]
    assert ([record.host for record in finished], report.code, report.scan.user) == (["web1"], 4, "ann")
    assert capfd.readouterr() == ("", "")


def test_without_anybody_to_ask_a_password_is_an_error(tmp_path: Path) -> None:
    """Who calls without a way to ask gets to know it before the first host is asked."""
    asked = Invocation(command="test", user="ann", database=str(tmp_path / "a.db"))
    with pytest.raises(SecretError, match="there is no terminal"):
        run(asked, ScanRequest(inventory=files(written(tmp_path, "prompt"))), on_event=lambda _event: None)


def test_the_hosts_of_a_scan_are_had_without_a_database(tmp_path: Path) -> None:
    """To know whom a scan would ask, nothing is made."""
    asked = Invocation(command="test", user="ann", database=str(tmp_path / "a.db"))
    found = hosts_of(
        asked, ScanRequest(inventory=files(written(tmp_path, "prompt"))), on_event=lambda _note: None
    )
    assert [host.name for host in found] == ["web1"]
    assert not (tmp_path / "a.db").exists()
