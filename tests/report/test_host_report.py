"""What `show HOST` draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.outcome import Probed
from orchestrator.domain.reading import Canary, Connection, Identity, Result, Source, Target, View, ViewState
from orchestrator.report.grid import rows
from orchestrator.report.hints import Hints
from orchestrator.report.host import Sighting, host_report
from orchestrator.report.host_lines import host_rows
from tests.report import samples
from tests.report.conftest import render

WIDTHS = [80, 120]


def report(record: samples.HostRecord, **changes: object) -> str:
    """Draw one host at 80 columns."""
    return render(host_report(Sighting(scan=samples.scan(), record=record, **changes), samples.NOW), 80)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_probed_host_is_drawn_as_agreed(golden: Callable[..., None], width: int) -> None:
    """A host that answered shows verdict, pins, ports, registry, connections and machine, and fits."""
    golden(
        "host-probed", host_report(Sighting(scan=samples.scan(), record=samples.probed()), samples.NOW), width
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_a_failed_host_is_drawn_as_agreed(golden: Callable[..., None], width: int) -> None:
    """A host that failed shows where and why, what to do, and what was last known of it."""
    sighting = Sighting(
        scan=samples.scan(), record=samples.failed(), last=(samples.scan(9), samples.probed("db7"))
    )
    golden("host-failed", host_report(sighting, samples.NOW), width)


@pytest.mark.parametrize(("site", "named"), [("berlin", False), (None, True)])
def test_doctor_is_named_where_it_reaches_the_host(site: str | None, named: bool) -> None:
    """In a scan over sites a host of a site was asked by its worker; doctor would ask it from here."""
    sighting = Sighting(
        scan=samples.scan(command="fleetcheck scan --via-sites"), record=samples.failed(site=site)
    )
    assert ("fleetcheck doctor db7" in render(host_report(sighting, samples.NOW), 80)) is named


def test_a_host_never_read_says_so() -> None:
    """Where no scan has a reading of a failed host, the report says that and invents nothing."""
    assert "no scan in this database has a reading of this host" in report(samples.failed())


def test_a_hosts_text_cannot_command_the_terminal() -> None:
    """Escape sequences and bidirectional marks of a registry value are shown as text; markup is no markup."""
    text = report(samples.probed())
    assert r"\x1b[31m[bold]red\u202e" in text
    assert "\x1b" not in text


def test_every_text_of_a_host_is_cleaned() -> None:
    """Whatever field a hostile host fills, no control character and no bidirectional mark reaches the
    screen.
    """
    evil = "\x1b]0;own\x07\u202e\x9b"
    reading = replace(
        samples.READING,
        identity=Identity(computer=evil, fqdn=evil, os_name=evil, powershell=evil, time_zone=evil),
        views=(View(view=64, state=ViewState.FAILED, path=evil, error=evil),),
        targets=(
            *samples.READING.targets,
            Target(role="primary", source=Source.GUESS, name=evil),
        ),
        connections=(
            Connection(local_address=evil, local_port=1, remote_address=evil, remote_port=2, state=evil),
        ),
        canaries=(Canary(kind="port", address=evil, port=9, result=Result.CONNECTED, milliseconds=1),),
    )
    record = samples.probed()
    judgement = replace(record.judgement, evidence=(evil,), action=evil, remarks=(evil,))
    outcome = Probed(host="web1", reading=reading, trace=replace(samples.TRACE, remarks=(evil,), auth="ntlm"))
    text = report(replace(record, outcome=outcome, judgement=judgement, waived=evil))
    assert {character for character in text if not character.isprintable()} == {"\n"}


def test_ports_that_were_not_tried_are_counted_not_listed() -> None:
    """A host whose pins connect shows these, and how many listed ports were left alone and why."""
    attempts = tuple(item for item in samples.READING.attempts if item.port == 2147)
    reading = replace(samples.READING, attempts=attempts, whole_list=False)
    record = samples.probed(outcome=Probed(host="web1", reading=reading, trace=samples.TRACE), desired={})
    assert [row.port for row in rows(record, reading)] == [2147]
    assert "15 more listed ports not tried: mode auto had no need to" in report(record)


def test_attempts_at_an_address_that_decides_nothing_stand_apart() -> None:
    """Where registry and inventory name different gateways,
    the second one's attempts are a line below the grid.
    """
    other = Target(role="backup", source=Source.INVENTORY, name="198.51.100.7", addresses=("198.51.100.7",))
    extra = replace(
        samples.READING.attempts[0], role="backup", target="198.51.100.7", port=443, result=Result.CONNECTED
    )
    reading = replace(
        samples.READING,
        targets=(*samples.READING.targets, other),
        attempts=(*samples.READING.attempts, extra),
    )
    record = samples.probed(outcome=Probed(host="web1", reading=reading, trace=samples.TRACE))
    assert "also backup 198.51.100.7 (inventory): 443 connected" in report(record)


def test_a_host_verdict_without_roles_still_shows_what_connected() -> None:
    """A split host has no role verdicts; its attempts are drawn all the same, as they ended."""
    judgement = Judgement(
        verdict=Verdict.SPLIT, view=None, evidence=("the views differ",), action="mend one by hand"
    )
    cells = {row.port: row.cells[0] for row in rows(samples.probed(judgement=judgement), samples.READING)}
    assert cells[443].word == "connected"
    assert cells[443].belief is None


def test_a_result_older_than_a_re_pin_advises_a_scan_alone() -> None:
    """It may advise the re-pin that was done: the scan stands in its place, on the screen and down a pipe."""
    since, hints = "run 3 was at work there since it was read: scan again", Hints(database=" --db demo.db")
    record = samples.probed()
    scan = f"fleetcheck scan --limit {record.host} --db demo.db"
    text = report(record, since=since, hints=hints)
    to_do = text[text.index("What to do") :].splitlines()
    assert to_do[1:4] == ["  - what stands here is older than the last re-pin:", f"    {scan}", ""]
    rows = host_rows(Sighting(scan=samples.scan(), record=record, since=since, hints=hints))
    (action,) = [row[1] for row in rows if row[0] == "action"]
    assert action == f"what stands here is older than the last re-pin: {scan}"
