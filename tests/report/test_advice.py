"""Commands in sentences, made complete."""

from __future__ import annotations

import pytest

from orchestrator.report.advice import completed
from orchestrator.report.hints import Hints

BOTH = " -i f.yaml --db d.db"
HINTS = Hints(inventory=" -i f.yaml", database=" --db d.db")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "never scanned: fleetcheck scan --limit web1",
            "never scanned: fleetcheck scan --limit web1 -i f.yaml --db d.db",
        ),
        (
            "with `fleetcheck scan --limit h1`, then `fleetcheck scan --resume 7`",
            f"with `fleetcheck scan --limit h1{BOTH}`, then `fleetcheck scan --resume 7{BOTH}`",
        ),
        (
            "fleetcheck scan --limit 'a b', then fleetcheck repin plan --limit 'a b'",
            f"fleetcheck scan --limit 'a b'{BOTH}, then fleetcheck repin plan --limit 'a b'{BOTH}",
        ),
        ("again: fleetcheck repin undo 2", "again: fleetcheck repin undo 2 -i f.yaml --db d.db"),
        (
            "fleetcheck repin resume 12: it reads",
            "fleetcheck repin resume 12 -i f.yaml --db d.db: it reads",
        ),
        ("`fleetcheck repin status 3` shows it", "`fleetcheck repin status 3 --db d.db` shows it"),
        ("fleetcheck scan --limit h1 --db d.db", "fleetcheck scan --limit h1 --db d.db"),
        ("fleetcheck repin resume 12 -i f.yaml", "fleetcheck repin resume 12 -i f.yaml"),
        ("`fleetcheck audit export` tells each", "`fleetcheck audit export` tells each"),
    ],
)
def test_a_command_repeats_what_was_typed(words: str, expected: str) -> None:
    """`-i` and `--db` stand behind the command's own words, once, and where it takes them."""
    assert completed(words, HINTS) == expected
