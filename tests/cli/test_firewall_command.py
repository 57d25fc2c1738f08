"""`fleetcheck firewall`."""

from __future__ import annotations

import csv
import io
import json

from tests.cli.conftest import Scanned, fleetcheck


def test_rows_are_lines(scanned: Scanned) -> None:
    """Down a pipe each source, destination and port is a line; hosts without a reading are remarked."""
    ended = fleetcheck("firewall", "--db", str(scanned.database))
    assert ended.code == 0
    rows = [line.split("\t") for line in ended.out.splitlines()]
    assert ["203.0.113.10", "tcp/2147", "permit", "closed", "pin", "mad-mail-02", "madrid"] in [
        row[1:] for row in rows
    ]
    assert "hosts left out, since no reading says what they need: 3" in ended.err


def test_rows_are_csv(scanned: Scanned) -> None:
    """`--format csv` has a heading and as many cells in each row."""
    ended = fleetcheck("firewall", "--format", "csv", "--db", str(scanned.database))
    rows = list(csv.reader(io.StringIO(ended.out)))
    assert rows[0][:4] == ["source", "destination", "service", "action"]
    assert {len(row) for row in rows} == {8}


def test_rows_are_aerleons(scanned: Scanned) -> None:
    """`--format aerleon` is one mapping with definitions and policy."""
    ended = fleetcheck("firewall", "--format", "aerleon", "--db", str(scanned.database))
    assert list(json.loads(ended.out)) == ["filename", "networks", "services", "filters"]


def test_rows_are_drawn_or_one_document(scanned: Scanned) -> None:
    """`--table` folds them by site, `--json` has all."""
    assert "madrid" in fleetcheck("firewall", "--table", "--db", str(scanned.database)).out
    content = json.loads(fleetcheck("firewall", "--json", "--db", str(scanned.database)).out)
    assert sorted(content["unknown"]) == ["ber-file-03", "lyo-web-01", "mad-db-01"]


def test_two_ways_at_once_are_a_usage_error(scanned: Scanned) -> None:
    """`--format` with `--json` is exit code 2."""
    ended = fleetcheck("firewall", "--format", "csv", "--json", "--db", str(scanned.database))
    assert (ended.code, ended.out) == (2, "")
