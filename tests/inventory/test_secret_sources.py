"""A source of secrets is one module and a line in the registry: what all of them have to bring."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

import inventory.secrets
from inventory.schema.inventory import json_schema
from inventory.secrets.registry import SOURCES
from inventory.secrets.source import Source
from inventory.starter import starter

FOLDER = Path(inventory.secrets.__path__[0])
SUPPORT = {"__init__", "registry", "resolve", "source"}


def test_every_module_of_the_folder_is_registered() -> None:
    """A source that nobody registered would be dead code, and `from:` would not know it."""
    assert {path.stem for path in FOLDER.glob("*.py")} - SUPPORT - {"placeholders"} == set(SOURCES)


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_a_source_describes_each_of_its_keys(source: Source) -> None:
    """The reference page and editors show words for every key, and examples that the schema takes."""
    keys = {field.alias or name for name, field in source.entry.model_fields.items()} - {"from"}
    assert set(source.about) == keys
    for example in (*(about.example for about in source.about.values()), source.starter):
        assert source.entry.model_validate(yaml.safe_load(example)).from_ == source.name  # type: ignore[attr-defined]
    assert source.entry.__name__ in json_schema()["$defs"]
    assert f"{source.starter} " in starter()


def test_no_other_module_lists_the_sources() -> None:
    """Adding a source touches its module and the registry: nothing else imports one by name."""
    own = {f"inventory.secrets.{name}" for name in SOURCES}
    importing = {
        path.stem
        for root in (FOLDER.parent, FOLDER.parent.parent / "orchestrator")
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in own
    }
    assert importing == {"registry"}
