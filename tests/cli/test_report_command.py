"""`fleetcheck report`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import HOSTS, Scanned, fleetcheck


def test_every_host_is_a_line(scanned: Scanned) -> None:
    """Down a pipe each host of the database has a line with state and verdict."""
    ended = fleetcheck("report", "--db", str(scanned.database))
    assert (ended.code, ended.err) == (0, "")
    rows = {line.split("\t")[0]: line.split("\t")[1:3] for line in ended.out.splitlines()}
    assert set(rows) == set(HOSTS)
    assert rows["mad-mail-02"] == ["attention", "blocked"]
    assert rows["ber-file-03"] == ["unknown", "unknown"]


def test_the_fleet_is_drawn_worst_first(scanned: Scanned) -> None:
    """`--table` draws counts, places, groups and ports, in 80 columns."""
    text = fleetcheck("report", "--table", "--db", str(scanned.database)).out
    assert "The fleet now  6 hosts" in text
    assert "Need attention: 2 hosts\n1 host: blocked" in text
    pasted = ("    fleetcheck ", "database ")  # these are never broken
    assert max(len(line) for line in text.splitlines() if not line.startswith(pasted)) <= 80


def test_a_document_has_the_groups(scanned: Scanned) -> None:
    """`--json` has every host by name in its group, and the counts add up."""
    content = json.loads(fleetcheck("report", "--by", "group", "--json", "--db", str(scanned.database)).out)
    assert sorted(host for group in content["groups"] for host in group["hosts"]) == sorted(HOSTS)
    assert sum(place["hosts"] for place in content["places"]) == content["total"]["hosts"] == 6


def test_what_is_older_than_asked_for_is_marked(scanned: Scanned) -> None:
    """With `--max-age 0s` everything is old."""
    content = json.loads(fleetcheck("report", "--max-age", "0s", "--json", "--db", str(scanned.database)).out)
    assert content["total"]["old"] == 6


def test_the_exit_code_can_be_a_scans(scanned: Scanned) -> None:
    """`--exit-code` ends with 5 where some need attention and others could not be probed."""
    assert fleetcheck("report", "--exit-code", "--db", str(scanned.database)).code == 5


def test_an_inventory_at_hand_counts(scanned: Scanned, inventory_file: Callable[[str], Path]) -> None:
    """Hosts that it does not have are left out, those that no scan has are told,
    and so are expired waivers.
    """
    text = (
        "hosts: {par-web-01: {address: 10.0.0.1}, new-01: {address: 10.0.0.2}}\n"
        "defaults: {profile: livevault, auth: kerberos, gateways: {primary: 203.0.113.10, backup: "
        "203.0.113.20}}\nwaivers: [{hosts: new-01, verdict: drifted, reason: change 17, until: 2020-01-31}]\n"
    )
    ended = fleetcheck("report", "-i", str(inventory_file(text)), "--db", str(scanned.database))
    assert (ended.code, [line.split("\t")[0] for line in ended.out.splitlines()]) == (0, ["par-web-01"])
    assert "written.yaml:3: the waiver for drifted ended on 2020-01-31" in ended.err
    assert "hosts of the inventory that no scan has a result of: 1" in ended.err


@pytest.mark.parametrize(("until", "state"), [("2099-12-31", "waived"), ("2020-01-31", "attention")])
def test_waivers_count_as_they_are_today(scanned: Scanned, tmp_path: Path, until: str, state: str) -> None:
    """A host that was waived when it was scanned needs attention once the waiver has ended,
    and is shown either way.
    """
    text = scanned.inventory.read_text(encoding="utf-8")
    assert "2099-12-31" in text
    path = scanned.inventory.with_name(f"waivers-{tmp_path.name}.yaml")  # beside the CA and the secrets
    path.write_text(text.replace("2099-12-31", until), encoding="utf-8")
    options = ("-i", str(path), "--db", str(scanned.database))
    ended = fleetcheck("report", *options)
    states = {row[0]: row[1] for row in (line.split("\t") for line in ended.out.splitlines())}
    assert states["lyo-mail-02"] == state
    drawn = fleetcheck("report", *options, "--table").out
    assert ("Waived: 1 host" in drawn) == (state == "waived")
    assert ("! " in drawn) == (state != "waived")


def test_an_inventory_that_happens_to_be_broken_is_left_aside(scanned: Scanned) -> None:
    """A ./fleet.yaml with mistakes is remarked; the report does without it. Named by -i it is an error."""
    Path("fleet.yaml").write_text("hosts: [\n", encoding="utf-8")
    ended = fleetcheck("report", "--db", str(scanned.database))
    assert (ended.code, len(ended.out.splitlines())) == (0, 6)
    assert "fleet.yaml has mistakes and is left aside" in ended.err
    assert fleetcheck("report", "-i", "fleet.yaml", "--db", str(scanned.database)).code == 1


@pytest.mark.parametrize("words", [("--max-age", "soon"), ("--by", "colour")])
def test_what_cannot_be_meant_is_a_usage_error(scanned: Scanned, words: tuple[str, ...]) -> None:
    """An age that is none, or a place that is none, is exit code 2."""
    ended = fleetcheck("report", *words, "--db", str(scanned.database))
    assert (ended.code, ended.out) == (2, "")


def test_the_fleet_can_be_a_page(scanned: Scanned) -> None:
    """`--html` writes a page with every host and its scan, and again over it; nothing goes to the output."""
    for _ in range(2):
        ended = fleetcheck("report", "--html", "fleet.html", "--exit-code", "--db", str(scanned.database))
        assert (ended.code, ended.out, ended.err) == (5, "", "written: fleet.html\n")
    text = Path("fleet.html").read_text("utf-8")
    assert all(f'data-label="host">{host}<' in text for host in HOSTS)
    assert "waived: change 4711" in text
    assert '<th scope="row" class="number">1</th>' in text  # the scan
    assert [path.name for path in Path().iterdir()] == ["fleet.html"]


def test_a_page_can_go_to_the_output_and_warnings_beside_it(
    scanned: Scanned, inventory_file: Callable[[str], Path]
) -> None:
    """`--html -` prints it; what is to be said first stands in it and on standard error."""
    text = (
        "hosts: {par-web-01: {address: 10.0.0.1}}\n"
        "defaults: {profile: livevault, auth: kerberos, gateways: {primary: 203.0.113.10, backup: "
        "203.0.113.20}}\nwaivers: [{hosts: par-web-01, verdict: drifted, reason: change 17, until: "
        "2020-01-31}]\n"
    )
    ended = fleetcheck(
        "report", "--html", "-", "-i", str(inventory_file(text)), "--db", str(scanned.database)
    )
    assert ended.code == 0
    assert "The fleet now: 1 host<" in ended.out
    for said in (ended.out, ended.err):
        assert "the waiver for drifted ended on 2020-01-31" in said


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("nowhere/fleet.html",), 2, "there is no folder nowhere"),
        (("theirs.html",), 2, "is there already and is no page of the fleet of fleetcheck's"),
        (("fleet.html", "--json"), 2, "--html goes alone"),
    ],
)
def test_a_page_that_may_not_be_written_is_refused_before_the_database_is_read(
    scanned: Scanned, words: tuple[str, ...], code: int, reason: str
) -> None:
    """Somebody else's file stays as it is, and no time is lost."""
    del scanned
    Path("theirs.html").write_text("<title>Ours</title>", encoding="utf-8")
    ended = fleetcheck("report", "--html", *words, "--db", "no-such-database.db")
    assert (ended.code, ended.out) == (code, "")
    assert reason in ended.err
    assert Path("theirs.html").read_text("utf-8") == "<title>Ours</title>"


def test_what_changed_is_listed_since_a_time(scanned: Scanned) -> None:
    """Of a fleet that was scanned once, everything is new, and what is well is no change."""
    rows = fleetcheck("report", "--since", "7d", "--db", str(scanned.database)).out.splitlines()
    assert "mad-mail-02\t\tblocked" in rows
    assert not any(row.startswith("par-web-01") for row in rows)
    assert fleetcheck("report", "--since", "last", "--db", str(scanned.database)).out.splitlines() == rows
    content = json.loads(fleetcheck("report", "--since", "1d", "--json", "--db", str(scanned.database)).out)
    assert content["fleetcheck"]["document"] == "changes"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "yesterday"), "--since: found 'yesterday'"),
        (("--since", "7d", "--html", "x.html"), "leave --html out"),
        (("--since", "7d", "--exit-code"), "leave --exit-code out"),
    ],
)
def test_what_is_no_time_is_a_usage_error(scanned: Scanned, words: tuple[str, ...], said: str) -> None:
    """What cannot be meant is said before anything is read."""
    ended = fleetcheck("report", *words, "--db", str(scanned.database))
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
