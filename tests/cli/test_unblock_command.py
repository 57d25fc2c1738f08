"""`fleetcheck unblock`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Scanned, fleetcheck


def test_rules_are_lines(scanned: Scanned) -> None:
    """Down a pipe each rule is a line with port, gateway and hosts,
    and the others stand apart with their reason.
    """
    ended = fleetcheck("unblock", "--db", str(scanned.database))
    assert (ended.code, ended.err) == (0, "")
    rows = [line.split("\t") for line in ended.out.splitlines()]
    assert ["rule", "2147", "203.0.113.10", "madrid", "1", "mad-mail-02", ""] in rows
    assert ["apart", "the two registry views differ", "1", "mad-db-01"] in rows


def test_rules_are_drawn(scanned: Scanned) -> None:
    """`--table` says what to ask for in words."""
    text = fleetcheck("unblock", "--table", "--db", str(scanned.database)).out
    assert "permit TCP 2147 (LiveVault tunnel) to 203.0.113.10" in text


def test_rules_are_one_document(scanned: Scanned) -> None:
    """`--json` has the target as a share."""
    content = json.loads(
        fleetcheck("unblock", "--target", "95%", "--json", "--db", str(scanned.database)).out
    )
    assert (content["target"], content["blocked"], content["back"]) == (0.95, 1, 1)


@pytest.mark.parametrize("target", ["0%", "101%", "all", "1e2"])
def test_a_target_that_is_none_is_a_usage_error(scanned: Scanned, target: str) -> None:
    """What is no percentage is exit code 2, with an example."""
    ended = fleetcheck("unblock", "--target", target, "--db", str(scanned.database))
    assert (ended.code, ended.out) == (2, "")
    assert "such as 95%" in ended.err


def test_hosts_without_a_result_are_remarked(scanned: Scanned, inventory_file: Callable[[str], Path]) -> None:
    """An inventory that happens to lie there and is another fleet's does not make the fleet look well
    unnoticed.
    """
    text = "defaults: {auth: kerberos}\nhosts: {other-01: {address: other.corp.example}}\n"
    options = ("-i", str(inventory_file(text)), "--db", str(scanned.database))
    said = "remark: hosts of the inventory that no scan has a result of: 1\n"
    assert fleetcheck("unblock", *options).err == said
    assert fleetcheck("firewall", *options).err == said
