"""What `doctor` shows: a host's way stage by stage, hosts that share a reason together,
this machine's checks.
"""

from __future__ import annotations

from rich.console import RenderableType

from orchestrator.report.doctor.screen import DoctorReport, doctor_rows, doctor_screen, summary_line
from tests.report import doctors
from tests.report.conftest import render


def drawn(drawing: RenderableType) -> str:
    """Draw on a terminal of 80 columns."""
    return render(drawing, 80)


SCREEN = """\
db7  failed at logon
db7.corp.example:5986 over https, auth negotiate, as CORP\\ops

  resolve  passed           3 ms  db7.corp.example is 10.1.2.7
  TCP      passed           1 ms  connected with 10.1.2.7, port 5986
  TLS      passed       1,205 ms  TLSv1.3, subject CN=db7
  offers   passed           2 ms  Negotiate
                                  Server: \\x1b[31mred
  logon    failed          44 ms  the logon was refused: HTTP 401
  rights   not reached
  shell    not reached
  script   not reached

What to do
  - logon: Wrong password, locked, expired and blocked look the same from here.
  - TLS: The certificate ends in 5 days.
"""


def test_a_host_that_fails_shows_its_whole_way() -> None:
    """Time and sight of each stage up to the failing one; its advice comes before any other."""
    assert render(doctor_screen(DoctorReport(hosts=(doctors.refused(),))), 80) == SCREEN


def test_hosts_that_passed_take_a_line_each_where_there_are_several() -> None:
    """A line for each with its time, and the count of all at the end."""
    lines = drawn(doctor_screen(DoctorReport(hosts=(doctors.well("web1"), doctors.well("web2"))))).split("\n")
    assert [line.rstrip() for line in lines if line] == [
        "web1  passed all stages  16 ms",
        "web2  passed all stages  16 ms",
        "2 hosts: 2 passed all stages",
    ]


def test_hosts_whose_logon_was_not_tried_are_told_together() -> None:
    """One paragraph names them all, why, and what comes first."""
    report = DoctorReport(hosts=(doctors.refused(), *(doctors.held(f"web{n}") for n in range(14))))
    text = drawn(doctor_screen(report))
    assert "14 hosts: logon not tried" in text
    assert "and 4 more" in text
    assert text.count("was refused by db7") == 1
    assert text.rstrip().endswith("15 hosts: 0 passed all stages, 1 logon failed, 14 logon not tried")


def test_what_is_known_of_the_account_stands_below_the_stages() -> None:
    """Quotas, the shells that stand open, and what could not be read."""
    text = drawn(doctor_screen(DoctorReport(hosts=(doctors.well(account=doctors.ACCOUNT),))))
    assert "MaxShellsPerUser: 30" in text
    assert "ABCD, from 10.0.0.9, idle PT34S" in text
    assert "a remark" in text


def test_this_machines_checks_are_a_table_with_what_to_do_below() -> None:
    """Each check with its health; the advice of those that have one."""
    text = drawn(doctor_screen(DoctorReport(checks=doctors.CHECKS, code=3)))
    assert "clock      warning" in text
    assert "- clock: Set it by NTP." in text


def test_hosts_that_an_interruption_came_before_are_named() -> None:
    """They have no stages, and are counted."""
    report = DoctorReport(hosts=(doctors.well(),), not_started=("late1", "late2"))
    assert "late1, late2" in drawn(doctor_screen(report))
    assert summary_line(report) == "3 hosts: 1 passed all stages, 2 not started"


def test_plain_lines_have_one_for_each_stage_and_each_check() -> None:
    """The same number of fields in each, so that a script can count on them."""
    rows = list(doctor_rows(doctors.report()))
    assert {len(row) for row in rows} == {6}
    assert [row[1] for row in rows if row[0] == "db7"] == [
        *("resolve", "TCP", "TLS", "offers", "logon", "rights", "shell", "script")
    ]
