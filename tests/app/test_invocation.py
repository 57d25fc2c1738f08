"""What every use case is called with: where results are, and what a suggested command repeats."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.app.invocation import Invocation, without_secrets


def test_a_suggested_command_repeats_what_was_named_and_no_password() -> None:
    """Quoted for a shell; what was not named is not repeated."""
    asked = Invocation(
        command="test",
        user="ann",
        database="postgresql://ann:hush@db/fleet",
        inventory=(Path("my fleet.yaml"), Path("b.yaml")),
    )
    assert asked.hints.database == " --db 'postgresql://ann:***@db/fleet'"
    assert asked.hints.inventory == " -i 'my fleet.yaml' -i b.yaml"
    bare = Invocation(command="test", user="ann").hints
    assert (bare.database, bare.inventory) == ("", "")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("--db=postgresql://ann:hush@db/fleet", "--db=postgresql://ann:***@db/fleet"),
        ("postgresql://ann:hush@db/fleet", "postgresql://ann:***@db/fleet"),
        ("--jobs=4", "--jobs=4"),
        ("web1", "web1"),
    ],
)
def test_a_word_of_a_command_line_is_stored_without_its_password(word: str, expected: str) -> None:
    """Whether the value stands alone or behind its option."""
    assert without_secrets(word) == expected
