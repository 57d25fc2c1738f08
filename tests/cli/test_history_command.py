"""`fleetcheck show HOST --history`."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Scanned, fleetcheck


def test_a_host_is_followed_port_by_port(scanned: Scanned) -> None:
    """Down a pipe there is a line per result, role and port."""
    ended = fleetcheck("show", "mad-mail-02", "--history", "--db", str(scanned.database))
    assert (ended.code, ended.err) == (0, "")
    rows = [line.split("\t") for line in ended.out.splitlines()]
    assert ["primary", "2147", "closed", "pin"] in [row[2:] for row in rows]


def test_a_history_is_drawn_or_one_document(scanned: Scanned) -> None:
    """`--table` draws a mark per result, `--json` has every result."""
    words = ("show", "mad-mail-02", "--history", "--db", str(scanned.database))
    assert "> 2147  LiveVault tunnel" in fleetcheck(*words, "--table").out
    content = json.loads(fleetcheck(*words, "--json").out)
    assert [result["verdict"] for result in content["results"]] == ["blocked"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--history",), "show HOST --history"),
        (("par-web-01", "--history", "--scan", "1"), "show HOST --history"),
        (("par-wbe-01", "--history"), "did you mean par-web-01"),
    ],
)
def test_what_has_no_history_is_a_usage_error(scanned: Scanned, words: tuple[str, ...], said: str) -> None:
    """No host, one scan, or a name that nobody knows is exit code 2 with what to type."""
    ended = fleetcheck("show", *words, "--db", str(scanned.database))
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
