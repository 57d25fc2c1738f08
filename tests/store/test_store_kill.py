"""A process that is killed loses nothing that it had said was stored."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from orchestrator.domain.outcome import Probed
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader

SCAN = Path(__file__).with_name("killed_scan.py")
KILLS = 10


def test_ten_kills_lose_nothing_that_was_acknowledged(tmp_path: Path, environ: dict[str, str]) -> None:
    """Killed at random moments, ten scans in a row: every acknowledged result is there, whole; the next one goes on."""
    url = database_url(str(tmp_path / "f.db"), {})
    moment = random.Random(20260301)  # noqa: S311 -- a moment, no secret
    acknowledged: set[tuple[int, str]] = set()
    for _ in range(KILLS):
        command = [sys.executable, str(SCAN), url]
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as scan:
            assert scan.stdout is not None
            first = scan.stdout.readline()
            time.sleep(moment.uniform(0, 0.25))
            scan.kill()
            lines = [first, *scan.stdout.read().splitlines(keepends=True)]
        # The last line may have been cut in the middle: then it was not said.
        acknowledged |= {_said(line) for line in lines if line.endswith("\n")}
    stored = _stored(url)
    assert {key for key, attempts in stored.items() if attempts != 12} == set()
    assert acknowledged - stored.keys() == set()
    assert len(acknowledged) >= KILLS


def _said(line: str) -> tuple[int, str]:
    scan_id, host = line.split()
    return int(scan_id), host


def _stored(url: str) -> dict[tuple[int, str], int]:
    """Count the attempts of every result in the database."""
    stored = {}
    with Reader.open(url) as reader:
        for scan in reader.scans():
            assert scan.id is not None
            for record in reader.records(scan.id):
                assert isinstance(record.outcome, Probed)
                stored[scan.id, record.host] = len(record.outcome.reading.attempts)
    return stored
