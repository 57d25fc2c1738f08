"""A plan as a person reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from orchestrator.domain.repin.plan import LeftOut, WaivedHost
from orchestrator.report.hints import Hints
from orchestrator.report.html.ticket import ticket_html
from orchestrator.report.repin.ticket import ticket
from orchestrator.report.repin.ticket_screen import next_commands, ticket_rows, ticket_screen
from tests.report import plans
from tests.report.conftest import render


@pytest.mark.parametrize("width", [80, 120])
def test_a_plan_reads_like_a_change_ticket(golden: Callable[..., None], width: int) -> None:
    """Counts, groups old -> new with their reason, risks, hosts left out, evidence and its age, what next;
    it fits.
    """
    golden("ticket", ticket_screen(ticket(plans.plan(), file="plan.json"), plans.NOW), width)


def test_an_expired_plan_is_said_first_and_not_offered_for_apply() -> None:
    """A plan past its time says so above its changes, and no command to apply it is suggested."""
    late = plans.NOW + timedelta(days=2)
    found = ticket(plans.plan(), file="plan.json")
    text = render(ticket_screen(found, late), 80)
    assert text.index("! expired 1 d ago") < text.index("Changes")
    assert [line for line, _ in next_commands(found, late) if "apply" in line] == []


def test_a_forced_port_is_said_first_with_its_reason() -> None:
    """`--force-closed` and the reason given stand above everything that is changed."""
    text = render(ticket_screen(ticket(plans.plan(force_closed="change 4711")), plans.NOW), 80)
    assert text.index("by --force-closed: change 4711") < text.index("Changes")


def test_a_waived_host_is_said_first_and_listed_with_its_waiver() -> None:
    """The reason stands above the changes, each host with its waiver;
    a plain line and the page have it too.
    """
    found = ticket(plans.plan(**plans.WAIVED))
    text = render(ticket_screen(found, plans.NOW), 80)
    assert text.index("1 waived host planned too, by --include-waived: change 4712") < text.index("Changes")
    assert "to be written with credential writer" in text
    (row,) = [row for row in ticket_rows(found) if row[0] == "paris-db1"]
    assert row[3].endswith("waived, drifted until 2027-01-31: change 4711")
    page = ticket_html(found, plans.NOW)
    assert "<td>drifted until 2027-01-31: change 4711</td>" in page
    assert "Waived, and planned all the same: change 4712" in page


def test_a_plan_of_0_1_is_read_and_not_offered_for_apply() -> None:
    """It says that it has to be planned again."""
    found = ticket(plans.plan(file_version=1), file="plan.json")
    assert "made by 0.1: apply refuses it, plan again" in render(ticket_screen(found, plans.NOW), 80)
    assert [line for line, _ in next_commands(found, plans.NOW) if "apply" in line] == []


def test_a_plan_without_hosts_says_so() -> None:
    """Where every host is left out, nothing is offered for apply and the reasons stand there."""
    found = ticket(plans.plan(hosts=()), file="plan.json")
    text = render(ticket_screen(found, plans.NOW), 80)
    assert "no host is planned: there is nothing to apply" in text
    assert "repin: forbid" in text
    assert "repin apply" not in text


def test_a_plan_without_hosts_says_which_to_scan() -> None:
    """Hosts without fresh evidence are named to the scan; no page for a ticket, no file to keep."""
    hints = Hints(inventory=" -i fleet.yaml", database=" --db demo.db")
    for file in (None, "plan.json"):
        found = ticket(plans.plan(hosts=()), file=file, hints=hints)
        assert [line for line, _ in next_commands(found, plans.NOW)] == [
            "fleetcheck scan --limit paris-app2,paris-app3 -i fleet.yaml --db demo.db",
            "fleetcheck report -i fleet.yaml --db demo.db",
        ]


@pytest.mark.parametrize(
    ("selection", "limit"),
    [("site=a b", " --limit 'site=a b'"), ("", ""), ("-,web1", " --limit HOST,...")],
)
def test_many_hosts_without_evidence_are_scanned_as_they_were_selected(selection: str, limit: str) -> None:
    """Where they are too many to be named, the selection of the plan stands for them."""
    left = tuple(LeftOut(host=f"h{number}", reason="too old: scan again") for number in range(9))
    found = ticket(plans.plan(hosts=(), left_out=left, selection=selection))
    assert next(next_commands(found, plans.NOW))[0] == f"fleetcheck scan{limit}"


def test_an_undo_that_finds_nothing_shows_the_run() -> None:
    """There is no change to attach to a ticket: what helps is how the run's hosts stand."""
    found = ticket(
        plans.plan(hosts=(), undoes="7"),
        file="undo.json",
        hints=Hints(inventory=" -i f.yaml", database=" --db d"),
    )
    assert [line for line, _ in next_commands(found, plans.NOW)] == ["fleetcheck repin status 7 --db d"]


@pytest.mark.parametrize(
    ("fields", "typed", "line"),
    [
        ({}, "fleetcheck repin plan db7 --agree 2", "fleetcheck repin plan db7 --agree 2 -o plan.json"),
        ({"undoes": "7"}, "fleetcheck repin undo 7", "fleetcheck repin undo 7 -o undo-7.json"),
        ({"undoes": "7"}, "", "fleetcheck repin undo 7 --db d -o undo-7.json"),
    ],
)
def test_a_plan_without_a_file_names_the_command_that_keeps_it(
    fields: dict[str, object], typed: str, line: str
) -> None:
    """It is what was typed, with `-o` behind it: it can be pasted as it stands."""
    found = ticket(plans.plan(**fields), hints=Hints(database=" --db d"), typed=typed)
    assert [each for each, _ in next_commands(found, plans.NOW)] == [line]


def test_a_plan_just_made_is_good_for_a_day() -> None:
    """The part of a second that planning took is not told."""
    made = plans.plan()
    text = render(ticket_screen(ticket(made), made.created + timedelta(seconds=0.8)), 80)
    assert "UTC, 1 d from now" in text


def test_an_undo_says_which_run_it_takes_back() -> None:
    """The plan of an undo names the run."""
    text = render(ticket_screen(ticket(plans.plan(undoes="7")), plans.NOW), 80)
    assert "26 hosts to undo" in text
    assert "takes back run 7" in text


def test_hosts_left_out_alike_stand_together() -> None:
    """Reasons that differ in nothing but the host's name are one line;
    a row of its own still has the name.
    """
    found = ticket(plans.plan())
    assert ("never scanned: fleetcheck scan --limit HOST", ("paris-app2", "paris-app3")) in [
        (group.words, group.hosts) for group in found.left_out
    ]
    assert ("paris-app3", "left-out", "", "never scanned: fleetcheck scan --limit paris-app3") in list(
        ticket_rows(found)
    )


def test_suggested_commands_can_be_pasted() -> None:
    """File names are quoted, and -i and --db repeated where they were given."""
    hints = Hints(inventory=" -i 'my fleet.yaml'", database=" --db demo.db")
    commands = [
        line for line, _ in next_commands(ticket(plans.plan(), file="a b.json", hints=hints), plans.NOW)
    ]
    assert commands[0] == "fleetcheck repin apply 'a b.json' --dry-run -i 'my fleet.yaml' --db demo.db"


def test_a_plan_s_screen_advises_no_waves_that_are_configured() -> None:
    """A file or a variable says them already."""
    found = ticket(plans.plan(), file="p.json", hints=Hints(waves_set=True))
    commands = [line for line, _ in next_commands(found, plans.NOW) if " apply " in line]
    assert commands == ["fleetcheck repin apply p.json --dry-run", "fleetcheck repin apply p.json"]


def test_many_reasons_are_folded() -> None:
    """A plan in which every host is left out for a reason of its own stays readable."""
    left = tuple(LeftOut(host=f"h{number}", reason=f"reason {number}") for number in range(40))
    text = render(ticket_screen(ticket(plans.plan(left_out=left)), plans.NOW), 80)
    assert "and 10 more about 10 hosts" in text


def test_words_that_came_from_a_host_are_cleaned() -> None:
    """A reason or a value's name that quotes a host cannot send escape sequences to the terminal."""
    host = plans.planned("web1", ("primary", 2147, 443), why="desired \x1b[2J\u202e", risks=("\x1b]0;x\x07",))
    host = replace(host, targets=(replace(host.targets[0], value="Port\x1b[31m"),))
    text = render(ticket_screen(ticket(plans.plan(hosts=(host,))), plans.NOW), 80)
    assert {character for character in text if not character.isprintable()} == {"\n"}


def test_no_word_of_a_plan_commands_the_terminal_or_makes_a_line() -> None:
    """Whoever signs looks at somebody else's plan: every text in it is cleaned, in headings too."""
    bad = "x\nFORGED\x1b[2J\u202e"
    last = plans.plan().hosts[-1]
    host = replace(
        last,
        host=bad,
        site=bad,
        key=bad,
        why=bad,
        risks=(bad,),
        roles=tuple(replace(role, role=bad) for role in last.roles),
        targets=tuple(replace(target, value=bad) for target in last.targets),
    )
    words = dict.fromkeys(
        ("id", "user", "policy", "selection", "inventory", "undoes", "credential", "force_closed"), bad
    )
    waived = WaivedHost(host=bad, verdict=bad, reason=bad, until=date(2030, 1, 1))
    plan = plans.plan(
        hosts=(host,), left_out=(LeftOut(host=bad, reason=bad),), waived=(waived,), include_waived=bad
    )
    screen = render(ticket_screen(ticket(replace(plan, **words)), plans.NOW), 200)
    assert not {"\x1b", "\u202e"} & set(screen)
    assert [line for line in screen.splitlines() if line.lstrip().startswith("FORGED")] == []
