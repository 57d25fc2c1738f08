"""`fleetcheck config show`: what holds, and where each value came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.app.config import files
from orchestrator.domain.config.keys import KEYS
from tests.cli.conftest import fleetcheck


@pytest.fixture(autouse=True)
def _three_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write all three files and a variable; the database is a file's to name."""
    monkeypatch.delenv("FLEETCHECK_DB")
    monkeypatch.setenv("FLEETCHECK_PACE", "7")
    monkeypatch.setattr(files, "SYSTEM", tmp_path / "etc.toml")
    (tmp_path / "etc.toml").write_text("jobs = 100\n\n[repin]\nmax_failed = 3\n")
    (tmp_path / "xdg" / "fleetcheck").mkdir(parents=True)
    (tmp_path / "xdg" / "fleetcheck" / "config.toml").write_text(
        'jobs = 50\ndb = "postgresql://ann:hush@db/fleet"\nquiet = true\n'
    )
    (tmp_path / "fleetcheck.toml").write_text("jobs = 5\npace = 3\n")


def test_every_key_is_a_line_with_its_value() -> None:
    """Set or not."""
    rows = dict(line.split("\t") for line in fleetcheck("config", "show").out.splitlines())
    assert set(rows) == set(KEYS)
    assert (rows["jobs"], rows["pace"], rows["quiet"], rows["header"]) == ("5", "7", "true", "false")


def test_origins_name_file_and_line_or_the_variable(tmp_path: Path) -> None:
    """A password stays hidden."""
    ended = fleetcheck("config", "show", "--origin")
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in ended.out.splitlines()}
    own = tmp_path / "xdg" / "fleetcheck" / "config.toml"
    assert rows["jobs"] == ["5", "fleetcheck.toml:1"]
    assert rows["pace"] == ["7", "FLEETCHECK_PACE"]
    assert rows["db"] == ["postgresql://ann:***@db/fleet", f"{own}:2"]
    assert rows["repin.max_failed"] == ["3", f"{tmp_path}/etc.toml:4"]
    assert rows["probe"] == ["auto", "default"]
    assert "hush" not in ended.out


def test_the_screen_lists_the_files_too() -> None:
    """Nearest first, with what became of each."""
    Path("fleetcheck.toml").chmod(0o646)
    out = fleetcheck("config", "show", "--origin", "--table").out
    keys, _, seen = out.partition("Files, nearest first")
    assert "max_failed" in keys
    assert "left aside: others can write it" in seen
    assert seen.count("read") == 2


def test_a_path_on_the_screen_is_in_one_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a path is, 80 columns break it nowhere: it can be copied."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ("x" * 90)))
    own = tmp_path / ("x" * 90) / "fleetcheck" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("ramp_up = 50\n")
    said = fleetcheck("config", "show", "--origin", "--table").out.splitlines()
    assert [line.split() for line in said if str(own) in line] == [["from", f"{own}:1"], ["read", str(own)]]


def test_the_document_has_values_with_their_types(tmp_path: Path) -> None:
    """What nobody set is null; file and line are apart."""
    content = json.loads(fleetcheck("config", "show", "--json").out)
    rows = {row["key"]: row for row in content["settings"]}
    assert content["fleetcheck"]["v"] == 1
    assert rows["jobs"] == {
        "key": "jobs",
        "value": 5,
        "default": False,
        "origin": {"variable": None, "file": "fleetcheck.toml", "line": 1},
    }
    assert rows["pace"]["origin"] == {"variable": "FLEETCHECK_PACE", "file": None, "line": None}
    assert rows["probe"] == {"key": "probe", "value": None, "default": True, "origin": None}
    assert [seen["state"] for seen in content["files"]] == ["read"] * 3
    assert content["files"][2]["file"] == str(tmp_path / "etc.toml")
