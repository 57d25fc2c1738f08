"""`fleetcheck prune`."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.domain.record import ScanState
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.cli.conftest import HOSTS, Scanned, fleetcheck

PAGE = Path(__file__).parents[2] / "docs" / "prune.md"


@pytest.fixture
def old(scanned: Scanned, tmp_path: Path) -> str:
    """Return a copy of the scanned database in which the first scan's results were had 500 days ago too,
    as scan 2.
    """
    shutil.copy(scanned.database, tmp_path / "own.db")
    url = f"sqlite:///{tmp_path / 'own.db'}"
    then = datetime.now(UTC) - timedelta(days=500)
    with Writer.open(url, command="test", user="test") as writer, Reader.open(url) as reader:
        number = asyncio.run(writer.begin_scan(replace(reader.scan(1), started=then)))
        for record in reader.records(1):
            trace = replace(record.outcome.trace, started=then, ended=then)
            asyncio.run(writer.put(number, replace(record, outcome=replace(record.outcome, trace=trace))))
        asyncio.run(writer.end_scan(number, ScanState.FINISHED, then))
    return str(tmp_path / "own.db")


def results(database: str) -> int:
    """Count the results in a database."""
    with Reader.open(f"sqlite:///{database}") as reader:
        return sum(len(reader.done(scan.id or 0)) for scan in reader.scans())


def test_a_dry_run_says_what_would_go_and_deletes_nothing(old: str) -> None:
    """`--dry-run` counts, and everything is still there."""
    ended = fleetcheck("prune", "--results", "400d", "--attempts", "30d", "--dry-run", "--db", old)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0].startswith("6 results and 1 scan from before ")
    assert ended.out.splitlines()[0].endswith(": would be deleted")
    assert results(old) == 2 * len(HOSTS)


def test_a_prune_says_what_it_deleted_and_notes_it_in_the_audit(old: str) -> None:
    """The old scan is gone, the latest one whole, and the audit tells who pruned what."""
    before = fleetcheck("show", "--scan", "1", "--db", old).out
    ended = fleetcheck("prune", "--results", "400d", "--attempts", "30d", "--db", old)
    assert (ended.code, ended.err) == (0, "")
    assert "6 results and 1 scan from before " in ended.out
    assert ended.out.splitlines()[0].endswith(": deleted")
    assert fleetcheck("show", "--scan", "2", "--db", old).code == 2
    assert fleetcheck("show", "--scan", "1", "--db", old).out == before
    with Reader.open(f"sqlite:///{old}") as reader:
        entries = list(reader.audit())
        assert reader.verify_audit().broken is None
    assert [entry.what for entry in entries] == ["prune", "pruned"]
    assert json.loads(entries[1].details)["results"] == 6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say how old"),
        (("--results", "400"), "expected a number and s, m, h or d"),
        (("--attempts", "3s"), "--attempts: 3s is too short, at least 1d"),
    ],
)
def test_what_is_no_age_is_a_usage_error(old: str, words: tuple[str, ...], said: str) -> None:
    """Without an age, or with one that nobody means, nothing is deleted."""
    ended = fleetcheck("prune", *words, "--db", old)
    assert (ended.code, ended.out, said in ended.err) == (2, "", True)
    assert results(old) == 2 * len(HOSTS)


def test_the_page_s_commands_run(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `docs/prune.md` shows can be typed as it stands."""
    monkeypatch.setenv("FLEETCHECK_DB", old)
    (block,) = re.findall(r"^```\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    commands = [shlex.split(line)[1:] for line in block.splitlines()]
    assert [fleetcheck(*words).code for words in commands] == [0, 0]
    assert results(old) == len(HOSTS)


def test_where_nothing_is_stored_nothing_is_made(tmp_path: Path) -> None:
    """A mistyped `--db` makes no database."""
    ended = fleetcheck("prune", "--results", "400d", "--db", "nowhere.db")
    assert (ended.code, "nothing is stored there yet" in ended.err) == (1, True)
    assert list(tmp_path.iterdir()) == []
