"""The names that a prompt offers: hosts and groups, and silence where the file is not right."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from inventory.names import LIMIT, names

TEXT = """
groups:
  paris:
    hosts: [web1]
    children: {dmz: {hosts: [db7]}, old: null}
hosts: {web1: {}, db7: null}
"""


def test_hosts_come_first_then_groups_at_every_depth(tmp_path: Path) -> None:
    """Children are groups too."""
    (tmp_path / "fleet.yaml").write_text(TEXT, "utf-8")
    assert names(tmp_path / "fleet.yaml") == ("web1", "db7", "paris", "dmz", "old")


@pytest.mark.parametrize(
    "text", ["", "hosts: [web1]", "hosts: {web1: {", "- a\n", "hosts: 7\ngroups: {a: 3}\n"]
)
def test_a_file_with_mistakes_offers_what_it_can(tmp_path: Path, text: str) -> None:
    """Nothing is raised: a person is in the middle of a word."""
    (tmp_path / "fleet.yaml").write_text(text, "utf-8")
    assert names(tmp_path / "fleet.yaml") in ((), ("a",))


def test_a_file_that_is_not_there_or_big_offers_nothing(tmp_path: Path) -> None:
    """A prompt does not wait for seconds."""
    (tmp_path / "big.yaml").write_text(TEXT + "#" * LIMIT, "utf-8")
    assert (names(tmp_path / "big.yaml"), names(tmp_path / "none.yaml")) == ((), ())


@pytest.mark.parametrize("name", ["$(touch x)", "`id`", "a b", "-rf", "a;b", "a'b", "all", "x/../y", "*"])
def test_what_the_inventory_refuses_is_not_offered(tmp_path: Path, name: str) -> None:
    """A shell pastes what is offered, so a file that somebody else wrote must not put words of its own in."""
    text = (
        f"hosts: {{web1: {{}}, {json.dumps(name)}: {{}}}}\ngroups: {{{json.dumps(name)}: {{}}, paris: "
        "{}}\n"
    )
    (tmp_path / "fleet.yaml").write_text(text, "utf-8")
    assert names(tmp_path / "fleet.yaml") == ("web1", "paris")


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    """A prompt must not hang, whatever the variable names."""
    os.mkfifo(tmp_path / "fleet.yaml")
    assert names(tmp_path / "fleet.yaml") == ()
