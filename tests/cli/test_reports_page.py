"""What `docs/reports.md` shows, typed as it stands."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.domain.record import ScanState
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.cli.conftest import Scanned, fleetcheck

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")
OTHERS = "repin "  # what follows a report; it is typed by the tests of its own page
COMMANDS = [
    shlex.split(line.partition(" > ")[0])[1:]
    for line in re.findall(rf"^fleetcheck (?!{OTHERS}).*$", PAGE, re.MULTILINE)
]
HOST = "mad-mail-02"  # in the place of the page's web1


@pytest.fixture(scope="module")
def twice(scanned: Scanned, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store a scan's results a second time, as scan 2."""
    database = tmp_path_factory.mktemp("twice") / "twice.db"
    shutil.copy(scanned.database, database)
    url = database_url(str(database), {})
    with Reader.open(url) as reader:
        scan, records = reader.scan(1), list(reader.records(1))
    with Writer.open(url, command="test", user="ann") as writer:
        number = asyncio.run(writer.begin_scan(scan))

        async def put() -> None:
            for record in records:
                await writer.put(number, record)

        asyncio.run(put())
        asyncio.run(writer.end_scan(number, ScanState.FINISHED, scan.started))
    return database


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_of_the_page_does_what_it_is_there_for(twice: Path, words: list[str]) -> None:
    """Each ends as the page says (5: hosts need attention and others were never read),
    and has something to tell.
    """
    words = [HOST if word == "web1" else word for word in words]
    ended = fleetcheck(*words, "--db", str(twice))
    assert ended.code == (5 if "--exit-code" in words else 0), ended.err
    # Nothing changed, it went to the file, or none of these few hosts can be moved first.
    nothing = words[0] == "diff" or "--html" in words or "--step" in words
    assert bool(ended.out) is not nothing
    assert Path("fleet.html").exists() is ("--html" in words)


def test_the_page_shows_every_command_of_its_kind() -> None:
    """No report is left out."""
    assert {words[0] for words in COMMANDS} == {"report", "diff", "show", "unblock", "firewall"}


def test_the_subnets_of_the_page_load(inventory_file: Callable[[str], Path]) -> None:
    """What the page says to write into an inventory is no mistake there."""
    (groups,) = re.findall(r"<!-- subnets -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    rest = (
        "credentials: {ops: {username: svc, password: {from: env, name: PW}}}\ndefaults: {credential: "
        "ops}\nhosts: {web1: {address: web1.corp.example}, db7: {address: db7.corp.example}}\n"
    )
    ended = fleetcheck("inventory", "check", str(inventory_file(groups + rest)))
    assert (ended.code, ended.err) == (0, "")
