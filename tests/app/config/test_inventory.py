"""Which inventory is meant where no `-i` names one."""

from __future__ import annotations

import os
from pathlib import Path

from inventory.sources.source import Source
from orchestrator.app.config.files import Place
from orchestrator.app.config.inventory import configured, paths_at_hand, sources_at_hand
from orchestrator.app.config.load import load


def test_where_nothing_names_one_it_is_the_folder_s_fleet_yaml() -> None:
    """Which need not be there; nothing is configured then."""
    nothing = load({}, ())
    assert configured(nothing) == ()
    assert sources_at_hand(nothing) == (Source(Path("fleet.yaml")),)
    assert paths_at_hand(nothing) == (Path("fleet.yaml"),)


def test_a_variable_names_paths_as_the_shell_gave_them() -> None:
    """In their order, and a program among them is run."""
    found = load({"FLEETCHECK_INVENTORY": os.pathsep.join(("a.yaml", "~/b"))}, ())
    assert sources_at_hand(found) == (Source(Path("a.yaml"), runs=True), Source(Path("~/b"), runs=True))
    assert paths_at_hand(found) == (Path("a.yaml"), Path("~/b"))


def test_a_file_names_paths_below_its_own_folder(tmp_path: Path) -> None:
    """Wherever fleetcheck is called from; `~` is the home folder, and no program is run."""
    path = tmp_path / "config.toml"
    path.write_text('inventory = ["a.yaml", "~/b.yaml"]\n', "utf-8")
    found = load({}, (Place(path, "config.toml"),))
    assert sources_at_hand(found) == (Source(tmp_path / "a.yaml"), Source(Path.home() / "b.yaml"))
    assert paths_at_hand(found) == (tmp_path / "a.yaml", Path.home() / "b.yaml")
