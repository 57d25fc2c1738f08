"""The page about the re-pin says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.app.repin.request import DEFAULTS
from orchestrator.domain.repin.journal import CONFLICTS, FAILED, diagram
from orchestrator.domain.repin.policy import WORDS as POLICIES
from orchestrator.report.repin.states import WORDS
from tests.cli.conftest import fleetcheck

PAGE = (Path(__file__).parents[2] / "docs" / "repin.md").read_text("utf-8")


def test_the_diagram_is_drawn_from_the_table_of_moves() -> None:
    """The page's diagram is the journal's own."""
    match = re.search(r"<!-- diagram -->\n```\n(.*?)\n```", PAGE, re.DOTALL)
    assert match is not None
    assert match[1] == diagram()


def test_every_state_stands_in_the_table_with_the_programs_words() -> None:
    """What a state means and what to do about it is on the page as it is on the screen."""
    table = PAGE.split("<!-- states -->\n")[1].split("\n\n")[0]
    assert table.splitlines()[2:] == [
        f"| `{state}` | {words.meaning} | "
        f"{words.advice.format(hosts='HOST', run='RUN', where='', database='') or 'nothing'} |"
        for state, words in WORDS.items()
    ]


def test_the_limits_count_what_the_page_says() -> None:
    """The states behind `--max-failed` and `--max-conflicts`, and the defaults, are the program's."""
    counted = re.findall(r"hosts that failed \(([^)]*)\)|since the plan \(([^)]*)\)", PAGE.replace("\n", " "))
    assert [set(re.findall(r"`([a-z-]+)`", "".join(found))) for found in counted] == [
        {state.value for state in FAILED},
        {state.value for state in CONFLICTS},
    ]
    assert (DEFAULTS.batch, DEFAULTS.max_failed, DEFAULTS.max_conflicts) == ("1,5%,25%", "5%", "10%")


def test_every_policy_stands_in_the_table() -> None:
    """The page knows the policies that `--policy` knows."""
    listed = {word.split(":")[0] for word in re.findall(r"^\| `([a-z:0-9,-]+)`", PAGE, re.MULTILINE)}
    assert {word.split(":")[0] for word in POLICIES} <= listed


def test_every_command_and_option_of_the_page_exists() -> None:
    """Nothing is promised that the command line does not know."""
    block = re.search(r"## From plan to undo\n\n```\n(.*?)```", PAGE, re.DOTALL)
    audit = re.search(r"## Audit\n.*?```\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    assert audit is not None
    for line in (block[1] + audit[1]).splitlines():
        words = line.split("#")[0].split()
        help_ = fleetcheck(*words[1:3], "--help")
        assert help_.code == 0
        assert [word for word in words if word.startswith("--") and word not in help_.out] == []
