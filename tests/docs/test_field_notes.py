"""The page of field notes: its table is whole, and the tests that it names exist."""

from __future__ import annotations

import re

from tests.docs.pages import PAGES, ROOT

PAGE = PAGES["docs/developers/field-notes.md"]
ROWS = [
    [cell.strip() for cell in line.strip("|").replace(r"\|", "\0").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|")
][2:]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def test_every_row_says_all_five_things() -> None:
    """What one would think, what is, version, where it was seen, and what fleetcheck does: none is empty."""
    assert len(ROWS) > 12
    assert [row for row in ROWS if len(row) != 5 or not all(row)] == []


def test_every_test_that_a_row_names_exists() -> None:
    """A row that is held by a test leads to it."""
    assert len(NAMED) > 7
    missing = [
        f"{path}::{name}"
        for path, name in NAMED
        if not (ROOT / path).is_file()
        or not re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_a_row_without_a_test_says_so() -> None:
    """Who reads a row knows whether the fact is watched."""
    silent = [row[0] for row in ROWS if "`tests/" not in row[4] and "no test" not in row[4]]
    assert silent == []


def test_every_finding_stands_in_a_row() -> None:
    """A script that shows a fact is named where the fact is told, and each one that is named is there."""
    there = {f"findings/{path.name}" for path in (ROOT / "findings").glob("*.sh")}
    assert len(there) > 15
    assert set(re.findall(r"`(findings/[\w.-]+\.sh)`", " ".join(row[3] for row in ROWS))) == there
