"""docs/configuration.md: its files load, and so does every example of its table."""

from __future__ import annotations

import tomllib

import pytest

from orchestrator.domain.config.keys import KEYS
from orchestrator.domain.config.reading import FileReading
from tests.docs.pages import PAGES, Block, blocks

FILES = [block for block in blocks("docs/configuration.md") if block.language == "toml"]


def wrong(text: str, *, in_folder: bool) -> list[str]:
    """Read a file and return what is wrong with it."""
    reading = FileReading("x.toml", "/", folder_file=in_folder)
    reading.layer(tomllib.loads(text))
    return [mistake.message for mistake in reading.mistakes]


@pytest.mark.parametrize("block", FILES, ids=lambda block: f"{block.page}:{block.line}")
def test_every_file_of_a_page_loads(block: Block) -> None:
    """The folder's one under its own, stricter rules."""
    assert wrong(block.text, in_folder=block.about == "file: fleetcheck.toml") == []


@pytest.mark.parametrize("name", KEYS)
def test_every_example_of_the_table_loads(name: str) -> None:
    """In its table, where it has one."""
    table = name.rpartition(".")[0]
    key = KEYS[name]
    assert wrong(f"[{table}]\n{key.example}" if table else key.example, in_folder=key.folder) == []
    assert set(tomllib.loads(key.example)) == {name.rpartition(".")[2]}


def test_the_page_names_what_the_folders_file_is_refused() -> None:
    """And what no file may set."""
    page = PAGES["docs/configuration.md"]
    for option in (
        "--yes",
        "--force-closed",
        "--include-waived",
        "--limit",
        "--port",
        "--key",
        "--credential",
    ):
        assert f"`{option}`" in page
