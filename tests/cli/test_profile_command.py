"""`fleetcheck profile check`: a profile of one's own, looked at before an inventory names it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import fleetcheck

GOOD = "title: T\nkey: SOFTWARE\\V\\P\nroles: {primary: {port_value: Port}}\nports: [443, 80]\n"


def test_a_right_profile_is_told_with_what_it_comes_to() -> None:
    """The command says how many ports and which roles, and what to write into the inventory."""
    Path("mine.yaml").write_text(GOOD, "utf-8")
    ended = fleetcheck("profile", "check", "mine.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "mine.yaml: no mistakes. roles: primary; ports: 2; views: 64, 32; tunnel: permanent\n"
        "In an inventory at the same place: profile: ./mine.yaml\n"
    )


def test_two_roles_in_one_value_are_worth_a_remark() -> None:
    """It is no mistake, and whoever wishes for two ports will find that one."""
    roles = "{primary: {port_value: Port}, backup: {port_value: port}}"
    Path("mine.yaml").write_text(GOOD.replace("{primary: {port_value: Port}}", roles), "utf-8")
    ended = fleetcheck("profile", "check", "mine.yaml")
    remark = (
        "primary and backup have their port in one registry value, Port: both always get the same port, "
        "and a `pin:` that wants two is a mistake"
    )
    assert (ended.code, ended.out.splitlines()[1]) == (0, f"remark: {remark}")
    assert json.loads(fleetcheck("profile", "check", "mine.yaml", "--json").out)["remarks"] == [remark]


def test_every_mistake_has_its_line() -> None:
    """All mistakes come at once, as `file:line`, and the exit code is 1."""
    Path("mine.yaml").write_text(GOOD.replace("title", "titel").replace("80", "70000"), "utf-8")
    ended = fleetcheck("profile", "check", "mine.yaml")
    assert ended.code == 1
    assert [line.split(" ")[0] for line in ended.err.splitlines()] == [
        "mine.yaml:1:",
        "mine.yaml:4:",
        "fleetcheck:",
    ]


def test_a_mistake_in_the_extended_file_names_that_file() -> None:
    """Whoever reads the message opens the right file."""
    Path("base.yaml").write_text(GOOD.replace("443", "0"), "utf-8")
    Path("mine.yaml").write_text("extends: ./base.yaml\n", "utf-8")
    assert fleetcheck("profile", "check", "mine.yaml").err.startswith("base.yaml:4:")


def test_programs_get_a_document() -> None:
    """With `--json` the mistakes, or the whole profile, are data."""
    Path("mine.yaml").write_text(GOOD, "utf-8")
    found = json.loads(fleetcheck("profile", "check", "mine.yaml", "--json").out)
    assert (found["problems"], found["profile"]["key"]) == ([], "SOFTWARE\\V\\P")
    Path("mine.yaml").write_text(GOOD.replace("title: T", "title: [T]"), "utf-8")
    ended = fleetcheck("profile", "check", "mine.yaml", "--json")
    found = json.loads(ended.out)
    assert (ended.code, [problem["line"] for problem in found["problems"]], found["profile"]) == (
        1,
        [1],
        None,
    )
