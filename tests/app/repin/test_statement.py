"""What a person reads before the word that lets a re-pin write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.app.repin.statement import changes, statement, to_resume
from orchestrator.app.repin.stored import UnfinishedRun
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.report.repin.run import Process
from tests.report import plans, runs

HOSTS = plans.plan().hosts
WEB = "primary and backup 2147 -> 443"


def test_each_host_is_named_with_what_is_written() -> None:
    """The host and its ports, old and new, stand below the counts."""
    said = statement(plans.plan(hosts=HOSTS[-2:]), RepinOptions()).splitlines()
    assert said[1:3] == [
        "  paris-db1  primary stays 443, backup 2147 -> 443",
        "  paris-dmz1  primary 2147 -> 443, backup 2147 -> 80",
    ]


@pytest.mark.parametrize(("hosts", "named"), [(10, 10), (11, 11), (12, 10), (26, 10)])
def test_ten_hosts_are_named_and_the_others_counted(hosts: int, named: int) -> None:
    """Where there are more, their number and the command that lists them stand in the last line."""
    said = list(changes(HOSTS[:hosts], "my plan.json"))
    assert said[:named] == [f"  paris-web{number:02}  {WEB}" for number in range(named)]
    rest = [f"  and {hosts - named} more: fleetcheck repin show 'my plan.json' | cat"]
    assert said[named:] == (rest if hosts > named else [])


@pytest.mark.parametrize(("unapproved", "named"), [("", [f"  paris-web03  {WEB}"]), ("nobody signed", [])])
def test_a_run_that_goes_on_names_what_it_will_write(unapproved: str, named: list[str]) -> None:
    """Those not begun are named, those to be read are counted; where nothing will be begun, none is."""
    found = UnfinishedRun(
        run=runs.record(),
        plan=plans.plan(),
        open=["paris-web01"],
        left=["paris-web03"],
        process=Process.GONE,
        who="",
        unproven=None,
    )
    said = to_resume(found, RepinOptions(), unapproved).splitlines()
    assert said[0] == "run 3: 1 host to read first, 1 host not begun"
    assert [line for line in said if line.startswith("  ")] == named


def test_no_word_of_a_plan_makes_a_line_of_its_own() -> None:
    """Who is asked looks at somebody else's plan: a line end in it is shown as what it is, and a long text
    does not push the changes off the screen.
    """
    forged = "x\n  web9  primary 2147 -> 443\n" + "y" * 5000
    host = replace(HOSTS[-1], host="web1\nmade by ann\x1b[2J")
    plan = replace(plans.plan(hosts=(host,)), undoes=forged, force_closed=forged, include_waived=forged)
    honest = statement(plans.plan(hosts=HOSTS[-1:]), RepinOptions(credential="ops")).splitlines()
    said = statement(plan, RepinOptions(credential=forged)).splitlines()
    assert len(said) == len(honest) + len(plan.waived[:1])
    assert max(map(len, said)) < 1000
    assert said[1].startswith(r"  web1\x0amade by ann\x1b[2J  primary ")
