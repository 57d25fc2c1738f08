"""The page about security: what it says of a hub's and a worker's files is what is made."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from orchestrator.app.sites.place import HubFolder
from tests.cli.conftest import fleetcheck
from tests.docs.pages import PAGES

PAGE = PAGES["docs/security.md"]
NOWHERE = "amqp://hub@127.0.0.1:1/fleetcheck"  # nobody listens: the files are made all the same
ROWS = [
    (re.findall(r"`([^`]+)`", name), mode)
    for name, mode in re.findall(r"^\| (.+?) \| (0700|0600) \|", PAGE, re.MULTILINE)
]
MODES = {name: int(mode, 8) for names, mode in ROWS for name in names}


def test_every_file_of_a_hub_is_named() -> None:
    """What HubFolder can name stands in the table, with NAME for a site."""
    hub = HubFolder(Path("hub"))
    made = {
        value if isinstance(value, Path) else value("NAME")
        for name, member in vars(HubFolder).items()
        if isinstance(member, property) or getattr(member, "__annotations__", {}).get("return") == "Path"
        for value in [getattr(hub, name)]
    }
    assert len(made) > 4
    named = {str(path.relative_to(hub.path)) for path in made}
    assert {name for name in named if f"`{name}`" not in PAGE} == set()


def test_a_hub_and_a_worker_have_the_files_and_modes_of_the_page(tmp_path: Path) -> None:
    """Made by the commands: no file that the page keeps silent about, each with its mode, folders 0700."""
    hub, worker = tmp_path / "hub", tmp_path / "berlin.yaml"
    key = fleetcheck("worker", "init", "--site", "berlin", "--broker", NOWHERE, "--config", str(worker)).out
    options = ("--hub", str(hub), "--db", str(tmp_path / "fleet.db"))
    fleetcheck("hub", "init", "--broker", NOWHERE, *options)
    fleetcheck("hub", "site", "add", "berlin", "--key", key.strip(), *options)
    files = [path for path in (*hub.rglob("*"), worker, worker.with_suffix(".key")) if path.is_file()]
    found = {_as_named(path, hub): stat.S_IMODE(path.stat().st_mode) for path in files}
    assert len(found) == 7
    assert {name: MODES.get(name) for name in found} == found
    assert [stat.S_IMODE(path.stat().st_mode) for path in (hub, hub / "sites")] == [0o700, 0o700]


def _as_named(path: Path, hub: Path) -> str:
    named = path.relative_to(hub) if hub in path.parents else path.name
    return str(named).replace("berlin", "NAME")
