"""What a scan ends with on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.outcome import Failed, Phase
from orchestrator.domain.record import HostRecord
from orchestrator.domain.views.summary import summarise
from orchestrator.report.hints import Hints
from orchestrator.report.parts import group_actions
from orchestrator.report.results import result_table
from orchestrator.report.summary import GROUPS_SHOWN, ScanReport, next_commands, scan_report
from tests.report import samples
from tests.report.conftest import render

WIDTHS = [80, 120]
OK = Judgement(verdict=Verdict.OK, any_live=True)


def fleet() -> Iterator[HostRecord]:
    """Make a scan with every kind of end: ok, attention, waived, failed."""
    for number in range(40):
        yield samples.probed(f"ok{number:02}", OK)
    for number in range(14):
        yield samples.probed(f"berlin-db{number}")
    yield samples.probed("paris-web1", replace(samples.BLOCKED, any_live=False))
    yield samples.probed("lyon-1", replace(samples.BLOCKED, verdict=Verdict.DRIFTED), waived="change 4711")
    yield samples.failed("db7")
    yield samples.failed("db8", Cause.ACCESS_DENIED)


def big(**changes: object) -> ScanReport:
    """Make the report of `fleet()` with two hosts not started."""
    report = ScanReport(
        scan=samples.scan(),
        summary=summarise(fleet(), selected=60),
        not_started=("late1", "late2"),
        code=5,
        place="/home/ops/.local/state/fleetcheck/fleetcheck.db",
        warnings=("a waiver ended on 2026-02-28 and counts no more: fleet.yaml:40",),
    )
    return replace(report, **changes)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_scan_is_summed_up_as_agreed(golden: Callable[..., None], width: int) -> None:
    """The summary counts, groups, folds names after ten, and says what to type next; it fits."""
    golden("scan", scan_report(big()), width)


def test_a_quiet_scan_is_short() -> None:
    """Where all is well there is a count, the next command, the database and the exit code;
    no empty headings.
    """
    report = big(
        summary=summarise((samples.probed(f"ok{number}", OK) for number in range(3)), selected=3),
        not_started=(),
        code=0,
        warnings=(),
    )
    text = render(scan_report(report), 80)
    assert "3 ok, 0 need attention, 0 not probed, 0 waived, 0 not started" in text
    assert "the scan's exit code is 0: nothing needs attention" in text
    assert [word for word in ("Need attention:", "Waived:", "Not started:") if word in text] == []


def test_a_hint_on_tunnels_comes_before_the_groups() -> None:
    """Where most healthy hosts show no tunnel, the line that names the key to change is read before they are
    listed.
    """
    quiet = Judgement(verdict=Verdict.DISCONNECTED, view=64, action="is the service stopped?")
    records = [samples.probed(f"h{number}", quiet) for number in range(5)]
    text = render(scan_report(big(summary=summarise(records, selected=5), not_started=(), warnings=())), 80)
    assert text.count("tunnel: on-demand") == 1
    assert text.index("tunnel: on-demand") < text.index("Need attention")


def test_suggested_commands_can_be_pasted() -> None:
    """The commands to type next carry the database and inventory that this scan used."""
    report = big(hints=Hints(database=" --db demo.db", inventory=" -i demo/fleet.yaml"))
    assert [command for command, _ in next_commands(report)] == [
        "fleetcheck scan --resume 12 -i demo/fleet.yaml --db demo.db",
        "fleetcheck show paris-web1 --db demo.db",
        "fleetcheck doctor db8 -i demo/fleet.yaml",
        "fleetcheck scan --from 12 --only failed -i demo/fleet.yaml --db demo.db",
        "fleetcheck show --scan 12 --db demo.db",
    ]


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("fleetcheck scan --via-sites", " --via-sites"),
        ("fleetcheck scan --hub '/srv/my hub' --via-sites", " --via-sites --hub '/srv/my hub'"),
        ("fleetcheck scan --via-sites --hub=/srv/hub", " --via-sites --hub /srv/hub"),
    ],
)
def test_hosts_of_sites_are_not_asked_from_here_by_what_is_suggested(typed: str, again: str) -> None:
    """After a scan over sites the next one goes over sites too, and doctor, which cannot, is not named."""
    report = big(scan=samples.scan(command=typed))
    assert [command for command, _ in next_commands(report)] == [
        f"fleetcheck scan --resume 12{again}",
        "fleetcheck show paris-web1",
        f"fleetcheck scan --from 12 --only failed{again}",
        "fleetcheck show --scan 12",
    ]


def test_a_host_that_refused_the_logon_is_examined_last() -> None:
    """Each try may count toward a lock-out: another one that failed is named where there is one."""
    refused, away = samples.failed("a"), samples.failed("z", Cause.CONNECTION_REFUSED)
    assert isinstance(away.outcome, Failed)
    away = replace(away, outcome=replace(away.outcome, phase=Phase.CONNECT))
    for records, host in (([refused, away], "z"), ([refused], "a")):
        report = big(summary=summarise(records, selected=len(records)), not_started=())
        assert f"fleetcheck doctor {host}" in [command for command, _ in next_commands(report)]


def test_many_groups_are_folded() -> None:
    """A fleet in which every host is a case of its own fills no more than the groups that fit,
    and says where the rest is.
    """
    records = [
        samples.probed(f"h{number:03}", replace(samples.BLOCKED, roles=_pins(number)))
        for number in range(GROUPS_SHOWN + 5)
    ]
    text = render(scan_report(big(summary=summarise(records, selected=len(records)), not_started=())), 200)
    assert "and 5 more groups with 5 hosts:\n    fleetcheck show --scan 12 --only attention\n" in text


def _pins(number: int) -> tuple[samples.RoleJudgement, ...]:
    role = samples.BLOCKED.roles[0]
    return (replace(role, pin=replace(role.pin, port=5000 + number)),)


def test_a_hosts_words_in_a_summary_are_cleaned() -> None:
    """A failure's advice or an action that quotes a host cannot send escape sequences."""
    evil = replace(samples.BLOCKED, action="mend \x1b[2J\u202e")
    text = render(scan_report(big(summary=summarise([samples.probed("web1", evil)], selected=1))), 80)
    assert {character for character in text if not character.isprintable()} == {"\n"}


def test_hosts_of_one_group_behind_several_gateways_are_told_every_rule() -> None:
    """Two sites that are cut off from gateways of their own share a group; the rule for either is told,
    not one for both.
    """
    actions = tuple(f"ask for a firewall rule: to 203.0.113.{n}" for n in range(6))
    few = group_actions(samples.Verdict.CUT_OFF, actions[:2])
    assert few == [f"{action} (some of them)" for action in actions[:2]]
    assert (
        group_actions(samples.Verdict.CUT_OFF, actions)[-1]
        == "and 2 more, for others of them: fleetcheck unblock"
    )
    assert group_actions(samples.Verdict.CUT_OFF, actions[:1]) == [actions[0]]
    (other,) = group_actions(samples.Verdict.SUSPECT, actions)
    assert other.startswith(f"{actions[0]} (as for the first of them")


def test_a_choice_that_takes_no_host_says_of_which_scan() -> None:
    """The scan and how many hosts it had stand there: nobody takes it for an empty scan."""
    scan = samples.scan()
    said = " ".join(render(result_table((), (), scan), 80).split())
    assert said.startswith(f"no host: scan {scan.id} had {len(scan.hosts)} host")
    assert said.endswith(", and --only takes none of them")
