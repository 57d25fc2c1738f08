"""The map of the code and the glossary: every name in them is there, every test they name exists,
no way is too long.
"""

from __future__ import annotations

import importlib
import re

import pytest

from tests.docs.pages import PAGES, ROOT

MAP = PAGES["docs/developers/architecture.md"]
_NAME = re.compile(r"`((?:orchestrator|inventory)(?:\.\w+)*):(\w+)`")
_PATH = re.compile(r"`((?:orchestrator|inventory|tests|docs)/[\w./-]*)`")
NAMES = sorted({match.groups() for match in _NAME.finditer(MAP)})
_MOST = {"scan": 12, "`repin apply`": 10}  # steps of a way


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_every_name_is_there(module: str, name: str) -> None:
    """A stranger who follows a name of the page finds it."""
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("path", sorted(set(_PATH.findall(MAP))))
def test_every_path_is_there(path: str) -> None:
    """A folder or file that the page names exists."""
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("way", "most"), _MOST.items())
def test_a_way_is_short_and_each_step_names_one_function(way: str, most: int) -> None:
    """A way is one numbered list, each step with the one function or class that is entered."""
    part = MAP.split(f"## The way of {'a ' if way == 'scan' else ''}{way}\n")[1].split("\n## ")[0]
    steps = re.findall(r"^(\d+)\. (.*)$", part, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert len(steps) <= most
    assert [text for _, text in steps if not _NAME.match(text)] == []


@pytest.mark.parametrize("room", ["inventory", "orchestrator"])
def test_every_room_says_what_it_is(room: str) -> None:
    """A folder's first words are its purpose."""
    silent = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / room).rglob("__init__.py"))
        if not importlib.import_module(".".join(path.parent.relative_to(ROOT).parts)).__doc__
    ]
    assert silent == []


def test_every_target_that_contributors_are_told_of_is_there() -> None:
    """`make TARGET` in CONTRIBUTING.md is a target of the Makefile, and a path given to it exists."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", text)) <= targets
    assert [path for path in re.findall(r"\bT=([\w/.-]+)", text) if not (ROOT / path).exists()] == []


def test_every_benchmark_stands_on_a_page() -> None:
    """A figure has the command that makes it, and no benchmark is there for nobody."""
    names = {path.stem for path in (ROOT / "tests/bench").glob("bench_*.py")}
    told = {name for page in PAGES.values() for name in re.findall(r"\bbench_\w+", page)}
    assert (names - told, told - names) == (set(), set())
