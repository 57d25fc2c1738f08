"""The last step of `.ci/run`: what it compares, what it holds, and what it says where it cannot compare."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from tests.bench import against_parent, counted


@pytest.fixture
def stepped(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the step with words of its command line."""

    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["against_parent", *words])
        return against_parent.main()

    return run


def test_what_is_counted_is_held(stepped: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """A clone without a parent compares nothing, says so, and still holds every count to its bar."""
    code = stepped("--parent", "no-such-commit")
    said = capsys.readouterr().out
    assert (code, said.count(": held\n")) == (0, len(counted.BARS)), said
    assert said.startswith("not compared: no-such-commit is not to be had: ")


def test_a_count_over_its_bar_fails(
    stepped: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One request more for each host is told with its bar, and the step ends with 1."""
    monkeypatch.setattr(counted, "counted", lambda _: {"requests a host, https-basic": 6.0})
    assert stepped("--parent", "no-such-commit") == 1
    assert "requests a host, https-basic: 6 of at most 5: over the bar" in capsys.readouterr().out


def test_a_parent_with_other_dependencies_is_not_compared(
    stepped: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is installed is this commit's: an older program's needs may not be."""
    monkeypatch.setattr(counted, "counted", lambda _: {})
    monkeypatch.setattr(against_parent, "_needed", str)
    assert stepped("--parent", "HEAD") == 0
    said = capsys.readouterr().out
    assert said == "not compared: the parent has other dependencies than this commit\n"


def test_five_commands_are_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is run by both programs, by turns, and its ratio printed."""
    ran: list[tuple[Path, str]] = []

    def run(tree: Path, words: list[str]) -> object:
        ran.append((tree, words[0]))
        return against_parent.Used(cpu=2.0 if tree == tmp_path else 1.0, seconds=1.0, megabytes=1.0)

    monkeypatch.setattr(against_parent, "run", run)
    monkeypatch.setattr(against_parent, "serving", lambda *_, **__: _Served())
    against_parent.compare(tmp_path, 0.0)
    said = capsys.readouterr().out
    assert said.count(": 0.50 x the parent's CPU, 1.00 s; 1 rounds\n") == 5
    assert {word for tree, word in ran if tree == tmp_path} == {
        word for tree, word in ran if tree != tmp_path
    }


class _Served:
    """A fleet that nobody asks."""

    inventory = Path("fleet.yaml")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
