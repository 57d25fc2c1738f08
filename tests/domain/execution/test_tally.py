"""What a run counts, what it exits with, and which hosts are chosen from it later."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from inventory.model import Waiver
from inventory.verdicts import Verdict
from orchestrator.domain.execution.select_hosts import CHOICES, ChoiceError, chosen, parse_only
from orchestrator.domain.execution.tally import Counts, exit_code, tally
from orchestrator.domain.judgement import Belief, Judgement
from orchestrator.domain.waiver import unexpired, waive
from tests.domain.build import believed, failed, live, record

OPEN, CLOSED = Belief.OPEN, Belief.CLOSED
BOTH = {role: {2147: OPEN, 443: OPEN, 80: OPEN} for role in ("primary", "backup")}
PINS = {"primary": 2147, "backup": 2147}
UP = [live("203.0.113.101", 2147)]
FINE = believed(BOTH, PINS, UP)
CUT = believed({role: {2147: CLOSED, 443: CLOSED, 80: CLOSED} for role in BOTH}, PINS)
RECORDS = (
    record("ok1", FINE),
    record("cut1", CUT),
    record("cut2", CUT, waived="change 4711"),
    record("off1", failed(host="off1")),
    record("off2", failed(host="off2"), waived="being rebuilt"),
    record("drift1", FINE, desired={"primary": 443}),
)
HOSTS = ("drift1", "ok1", "cut1", "never1", "cut2", "off1", "off2")


def test_every_host_is_counted_once() -> None:
    """Ok, waived, attention, unknown and not started add up; the verdicts are counted worst first."""
    assert tally(RECORDS, selected=7) == Counts(
        selected=7,
        ok=1,
        waived=2,
        attention=2,
        unknown=1,
        not_started=1,
        verdicts=((Verdict.CUT_OFF, 2), (Verdict.DRIFTED, 1), (Verdict.UNKNOWN, 2), (Verdict.OK, 1)),
    )


def counts(attention: int = 0, unknown: int = 0, not_started: int = 0) -> Counts:
    """Make counts of which only these matter."""
    return Counts(
        selected=9,
        ok=3,
        waived=2,
        attention=attention,
        unknown=unknown,
        not_started=not_started,
        verdicts=(),
    )


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (counts(), 0),
        (counts(attention=1), 3),
        (counts(unknown=1), 4),
        (counts(not_started=1), 4),
        (counts(attention=1, unknown=1), 5),
        (counts(attention=1, not_started=1), 5),
    ],
)
def test_the_exit_code_says_what_was_found(found: Counts, code: int) -> None:
    """Attention is 3, not probed or not started 4, both 5; waived hosts count as nothing."""
    assert exit_code(found) == code


@pytest.mark.parametrize(
    ("interrupted", "failed_itself", "gate"), list(itertools.product((True, False), repeat=3))
)
def test_the_exit_code_s_precedence(interrupted: bool, failed_itself: bool, gate: bool) -> None:
    """Interrupted comes before failed, failed before a safety gate, a gate before what was found."""
    expected = 130 if interrupted else 1 if failed_itself else 6 if gate else 5

    assert exit_code(counts(1, 1), interrupted=interrupted, failed=failed_itself, gate=gate) == expected


@pytest.mark.parametrize(
    ("only", "hosts"),
    [
        ("not-started", ("never1",)),
        ("failed", ("off1", "off2")),
        ("unknown", ("off1", "off2")),
        ("attention", ("drift1", "cut1")),
        ("cut-off", ("cut1", "cut2")),
        ("drifted", ("drift1",)),
        ("ok", ("ok1",)),
        ("stale", ()),
        ("failed,not-started", ("never1", "off1", "off2")),
        ("", HOSTS),
    ],
)
def test_hosts_are_chosen_by_what_became_of_them(only: str, hosts: tuple[str, ...]) -> None:
    """Each word of `--only` takes its hosts, in the scan's order; a verdict's word takes waived ones too."""
    results = [(each.host, each.judgement.verdict, each.waived is not None) for each in RECORDS]
    assert chosen(parse_only([only]), hosts=HOSTS, results=results) == hosts


def test_several_words_join() -> None:
    """A repeated `--only` takes the hosts of each."""
    assert parse_only(["ok , stale", "failed"]) == {"ok", "stale", "failed"}


def test_a_word_that_nobody_knows_is_refused_with_the_nearest() -> None:
    """A slip of the fingers is told, with what there is."""
    with pytest.raises(ChoiceError) as caught:
        parse_only(["drfited"])

    assert str(caught.value) == (
        f"--only drfited: no such state (did you mean drifted?); there are {', '.join(CHOICES)}"
    )


WAIVERS = (
    Waiver(hosts=("db7", "db8"), verdict="drifted", reason="change 4711", until=date(2027, 1, 31)),
    Waiver(hosts=("db7",), verdict="drifted", reason="later", until=date(2028, 1, 31)),
)
DRIFTED = Judgement(verdict=Verdict.DRIFTED, role="backup")


@pytest.mark.parametrize(
    ("host", "judgement", "today", "reason"),
    [
        ("db7", DRIFTED, date(2027, 1, 30), "change 4711"),
        ("db7", DRIFTED, date(2027, 1, 31), "change 4711"),
        ("db7", DRIFTED, date(2027, 2, 1), "later"),
        ("db8", DRIFTED, date(2027, 2, 1), None),
        ("db9", DRIFTED, date(2027, 1, 30), None),
        ("db7", Judgement(verdict=Verdict.CUT_OFF), date(2027, 1, 30), None),
    ],
)
def test_a_waiver_covers_its_hosts_and_verdict_until_its_last_day(
    host: str, judgement: Judgement, today: date, reason: str | None
) -> None:
    """A waiver holds through its last day, in any role, and never for a verdict it does not name."""
    assert waive(host, judgement, unexpired(WAIVERS, today)) == reason
