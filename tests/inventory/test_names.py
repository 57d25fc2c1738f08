"""The names that a prompt offers: hosts and groups, and silence where the file is not right."""

from __future__ import annotations

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
