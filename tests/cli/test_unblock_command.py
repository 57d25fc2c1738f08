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


CLOSED = ("--assume-closed", "443@203.0.113.10")


def test_what_is_assumed_is_asked_of_the_database_alone(scanned: Scanned) -> None:
    """With 443 closed, the host that is pinned to it would lose the backup, and is the only one."""
    before = scanned.database.read_bytes()
    ended = fleetcheck("unblock", *CLOSED, "--json", "--db", str(scanned.database))
    content = json.loads(ended.out)
    assert content["assumed"] == [{"state": "closed", "port": 443, "address": "203.0.113.10"}]
    assert {
        host for group in content["groups"] if group["outlook"] == "loses" for host in group["hosts"]
    } == {
        "par-web-01",
        "lyo-mail-02",
    }
    assert scanned.database.read_bytes() == before


def test_the_hosts_of_a_step_are_lines_for_a_selection(scanned: Scanned) -> None:
    """`--step N` prints names, one a line, and nothing else; what is assumed, and which step it is at this
    moment, is said beside them.
    """
    ended = fleetcheck("unblock", *CLOSED, "--step", "1", "--db", str(scanned.database))
    said = "remark: assumed, not measured: 443 to 203.0.113.10 is closed\nremark: step 1 at this moment: "
    assert (ended.code, ended.err[: len(said)], ended.err.count("\n")) == (0, said, 2)
    assert set(ended.out.split()) <= {"par-web-01", "lyo-mail-02"}
    assert ended.out


@pytest.mark.parametrize("output", ["json", "table"])
def test_a_configured_output_leaves_a_step_to_its_lines(
    scanned: Scanned, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    """It is a file for --limit, whatever is shown elsewhere."""
    words = ("unblock", *CLOSED, "--step", "1", "--db", str(scanned.database))
    plain = fleetcheck(*words)
    monkeypatch.setenv("FLEETCHECK_OUTPUT", output)
    assert (fleetcheck(*words).out, plain.code) == (plain.out, 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--assume-closed", "443"), "expected PORT@ADDRESS"),
        (("--assume-closed", "70000@203.0.113.10"), "expected PORT@ADDRESS"),
        ((*CLOSED, "--assume-open", "443@203.0.113.10"), "both name 443@203.0.113.10"),
        (("--assume-closed", "443@203.0.113.99"), "there are 203.0.113.10, 203.0.113.20"),
        (("--assume-open", "9@203.0.113.10"), "no host has port 9"),
        ((*CLOSED, "--target", "95%"), "leave it out"),
        ((*CLOSED, "--step", "99"), "are there"),
        (("--step", "1"), "say one of these, too"),
        ((*CLOSED, "--step", "1", "--json"), "a line each: leave --json out"),
        ((*CLOSED, "--step", "1", "--table"), "a line each: leave --table out"),
    ],
)
def test_an_assumption_about_nothing_is_a_usage_error(
    scanned: Scanned, words: tuple[str, ...], said: str
) -> None:
    """What is no assumption, contradicts another, or concerns no host is exit code 2 and says what
    there is.
    """
    ended = fleetcheck("unblock", *words, "--db", str(scanned.database))
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
