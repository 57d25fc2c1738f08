"""`fleetcheck db copy`."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.store.reader import Reader
from tests.cli.conftest import HOSTS, Scanned, fleetcheck


def test_a_copied_database_answers_as_its_source_does(scanned: Scanned, tmp_path: Path) -> None:
    """`db copy` says what it copied and what to do next, and the reports of both databases are the same."""
    target = tmp_path / "copy.db"
    ended = fleetcheck("db", "copy", str(scanned.database), str(target))
    assert ended.code == 0
    rows = {name: int(number) for name, number, _ in (line.split("\t") for line in ended.out.splitlines())}
    assert rows["host_result"] == len(HOSTS)
    assert "every checksum equal; the audit of both: " in ended.err
    assert f"from now on name {target} with --db or FLEETCHECK_DB" in ended.err
    shown = [
        fleetcheck("show", "--json", "--scan", "1", "--db", str(db)).out for db in (scanned.database, target)
    ]
    assert shown[1].replace(str(target), str(scanned.database)) == shown[0]


def test_the_document_of_a_copy_holds_every_table(scanned: Scanned, tmp_path: Path) -> None:
    """`--json`: places, tables with rows and checksum, counters and the audit."""
    ended = fleetcheck("db", "copy", str(scanned.database), str(tmp_path / "copy.db"), "--json")
    said = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert said["source"] == str(scanned.database)
    assert {table["table"]: table["rows"] for table in said["tables"]}["host_result"] == len(HOSTS)
    assert said["counters"]["scan"] == 1


def test_a_copy_that_is_not_possible_says_why_and_leaves_the_target(scanned: Scanned, tmp_path: Path) -> None:
    """A full target, a missing source and an unknown kind of URL: exit 1, in words, nothing changed."""
    target = tmp_path / "copy.db"
    fleetcheck("db", "copy", str(scanned.database), str(target))
    again = fleetcheck("db", "copy", str(scanned.database), str(target))
    missing = fleetcheck("db", "copy", str(tmp_path / "none.db"), str(tmp_path / "new.db"))
    other = fleetcheck("db", "copy", str(scanned.database), "mysql://db1/fleet")
    assert (again.code, missing.code, other.code) == (1, 1, 1)
    assert "it is not empty" in again.err
    assert "nothing is stored there yet" in missing.err
    assert "mysql:// is not known" in other.err
    assert not (tmp_path / "new.db").exists()
    with Reader.open(f"sqlite:///{target}") as reader:
        assert len(list(reader.records(1))) == len(HOSTS)
