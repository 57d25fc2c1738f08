"""`fleetcheck demo`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import fleetcheck


def test_the_demo_scans_and_says_what_to_type_next(tmp_path: Path, net: str) -> None:
    """The demo ends well, draws its summary, and its suggestions work on its database once the fleet is gone."""
    ended = fleetcheck("demo", "--hosts", "4", "--folder", "demo", "--address", f"{net}.32", "-q")
    database = tmp_path / "demo" / "demo.db"
    assert (ended.code, ended.err) == (0, "")
    assert f"database {database}" in ended.out
    assert "--resume" not in ended.out
    assert f"fleetcheck show --scan 1 --db {database}" in ended.out
    again = fleetcheck("show", "--scan", "1", "--db", str(database))
    assert len(again.out.splitlines()) == 4


def test_the_demo_is_one_json_document_when_asked(net: str) -> None:
    """`demo --json` prints the scan's document and nothing else."""
    ended = fleetcheck("demo", "--hosts", "2", "--folder", "demo", "--address", f"{net}.33", "-q", "--json")
    assert json.loads(ended.out)["counts"]["selected"] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes under /proc")
def test_the_demos_fleet_ends_with_it(tmp_path: Path, net: str) -> None:
    """Whatever comes of the scan, no process that serves the simulated fleet is left."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "demo.db").write_text(
        "this is no database of anybody's, but it is long enough to look at"
    )
    ended = fleetcheck("demo", "--hosts", "2", "--folder", "demo", "--address", f"{net}.34", "-q")
    assert (ended.code, "Traceback" in ended.err) == (1, False)
    mine = str(tmp_path / "demo").encode()
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if mine in _content(path)]
    assert left == []


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has just ended


def test_a_fleet_that_cannot_be_served_is_said() -> None:
    """An address that is not on loopback ends the demo with words and exit code 1."""
    ended = fleetcheck("demo", "--hosts", "2", "--folder", "demo", "--address", "192.0.2.1", "-q")
    assert (ended.code, ended.out) == (1, "")
    assert "the simulated fleet did not start" in ended.err
