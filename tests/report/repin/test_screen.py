"""A run of a re-pin as a person reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunState
from orchestrator.report.hints import Hints
from orchestrator.report.repin import states
from orchestrator.report.repin.run import Process, counts, result_rows
from orchestrator.report.repin.screen import next_commands, run_rows, run_screen, runs_table
from tests.report import runs
from tests.report.conftest import render
from tests.report.samples import NOW


@pytest.mark.parametrize("width", [80, 120])
def test_a_run_is_shown_as_agreed(golden: Callable[..., None], width: int) -> None:
    """What stopped it comes first, then hosts worst first with what was seen and what to type; it fits."""
    golden("run", run_screen(runs.report()), width)


def test_every_state_has_its_words() -> None:
    """No state of the journal is left without a meaning, and only the two good ends need nothing done."""
    assert set(states.WORDS) == set(State)
    assert {state for state, words in states.WORDS.items() if not words.advice} == {
        State.VERIFIED,
        State.ALREADY,
    }


def test_pieces_of_advice_are_one_sentence() -> None:
    """A host's own advice and what to type stand together without a full stop in the middle."""
    assert states.joined("", "look at it.", "fleetcheck scan") == "look at it; fleetcheck scan"
    assert states.joined("look at it.", "") == "look at it."


def test_a_run_where_all_went_well_is_short() -> None:
    """Only counts, the written hosts, the way back and the exit code are left."""
    report = runs.report(
        run=runs.record(state=RunState.FINISHED, reason="", hosts=1),
        results=(runs.result("web1", State.VERIFIED),),
        code=0,
        warnings=(),
    )
    text = render(run_screen(report), 80)
    assert "Need attention" not in text
    assert "the exit code is 0: every host is as planned" in text
    assert [line for line, _ in next_commands(report)] == [
        "fleetcheck scan --limit web1",
        "fleetcheck repin undo 3 -o undo-3.json",
        "fleetcheck repin status 3",
    ]


def test_hosts_that_were_written_are_to_be_scanned_again() -> None:
    """By name where they are few, else by what `status` lists; what was only verified once is no reading."""
    hints = Hints(inventory=" -i fleet.yaml", database=" --db demo.db")
    many = tuple(runs.result(f"web{n}", State.VERIFIED) for n in range(4))
    report = runs.report(run=runs.record(state=RunState.FINISHED), results=many, hints=hints)
    assert next(next_commands(report))[0] == (
        "fleetcheck repin status 3 --only verified --db demo.db | cut -f1 | "
        "fleetcheck scan --limit - -i fleet.yaml --db demo.db"
    )
    untouched = runs.report(run=runs.record(), results=(runs.result("web1", State.ALREADY),))
    assert not any("scan" in line for line, _ in next_commands(untouched))


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_plan_without_hosts_claims_nothing(dry_run: bool) -> None:
    """Where no host was planned the end says so, and not how hosts stand."""
    ended = runs.record(state=RunState.FINISHED, reason="", hosts=0)
    report = runs.report(run=ended, results=(), code=0, warnings=(), dry_run=dry_run, file="p.json")
    text = render(run_screen(report), 80)
    assert "the exit code is 0: nothing was written: the plan has no host" in text
    assert "every host" not in text
    assert next(next_commands(report))[0] == "fleetcheck repin show p.json"
    assert not any("repin apply" in line for line, _ in next_commands(report))


def test_a_killed_run_is_resumed_first() -> None:
    """Where the process is gone and rows are open, `resume` is the first thing to type."""
    report = runs.report(
        run=runs.record(state=RunState.RUNNING, ended=None, reason=""),
        results=(runs.result("web1", State.SENT), runs.result("web2", State.VERIFIED)),
        hints=Hints(inventory=" -i fleet.yaml", database=" --db demo.db"),
    )
    text = render(run_screen(report), 80)
    assert "killed before its end" in text
    assert next(next_commands(report))[0] == "fleetcheck repin resume 3 -i fleet.yaml --db demo.db"


@pytest.mark.parametrize(
    ("process", "said"),
    [(Process.THERE, "still running"), (Process.PAUSING, "in the pause between two waves")],
)
def test_a_run_that_is_still_going_is_not_to_be_resumed(process: Process, said: str) -> None:
    """While its process lives, at work or in a pause, it is named, and nobody is told to take its place."""
    report = runs.report(
        run=runs.record(state=RunState.RUNNING, ended=None),
        results=(runs.result("web1", State.SENT),),
        process=process,
        who="process 4711 on ops1, since 2026-11-22 23:01 UTC",
    )
    text = render(run_screen(report), 80)
    assert said in text
    assert "process 4711 on ops1" in text
    assert [row[-1] for row in result_rows(report)] == ["nothing yet: the run goes on"]
    assert [line for line, _ in next_commands(report) if "resume" in line] == []


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        (
            "fleetcheck repin apply p.json --dry-run -i f.yaml",
            "fleetcheck repin apply p.json -i f.yaml --batch 1,5%,25% --pause 2m --max-failed 2",
        ),
        (
            "fleetcheck repin apply p.json --jobs 8 --dry-run --yes --max-failed=1",
            "fleetcheck repin apply p.json --jobs 8 --max-failed=1",
        ),
        (
            "fleetcheck repin apply p.json --dry-run --db postgresql://ops:***@db/fleet",
            "fleetcheck repin apply p.json -i f.yaml --batch 1,5%,25% --pause 2m --max-failed 2",
        ),
        (
            "fleetcheck repin apply p.json --batch 5 --dry-run -i f.yaml",
            "fleetcheck repin apply p.json --batch 5 -i f.yaml",
        ),
    ],
)
def test_after_a_dry_run_the_write_is_advised_as_it_was_typed(command: str, typed: str) -> None:
    """With every option of the dry run, and in waves as the plan's screen advises where none were typed."""
    report = runs.report(
        run=runs.record(id=None, state=RunState.FINISHED, command=command),
        results=(runs.result("web1", None),),
        dry_run=True,
        file="p.json",
        hints=Hints(inventory=" -i f.yaml"),
    )
    assert [line for line, _ in next_commands(report)] == [typed]


def test_after_a_dry_run_nothing_is_advised_that_is_configured() -> None:
    """Waves that a file or a variable sets need not be typed."""
    report = runs.report(
        run=runs.record(id=None, state=RunState.FINISHED, command="fleetcheck repin apply p.json --dry-run"),
        results=(runs.result("web1", None),),
        dry_run=True,
        file="p.json",
        hints=Hints(waves_set=True),
    )
    assert list(next_commands(report)) == [
        ("fleetcheck repin apply p.json", "write, in the waves and up to the limit that are configured")
    ]


def test_a_dry_run_says_that_nothing_was_written() -> None:
    """The first words of a dry run's report say so, and hosts that would be written are counted as such."""
    report = runs.report(
        run=runs.record(id=None, state=RunState.FINISHED),
        results=(runs.result("web1", None), runs.result("web2", State.CONFLICT)),
        dry_run=True,
        warnings=(),
    )
    text = render(run_screen(report), 80)
    assert text.startswith("Dry run, nothing was written")
    assert counts(report) == {"conflict": 1, "would-write": 1}
    assert "repin undo" not in text


def test_each_host_is_a_plain_line_with_what_to_type() -> None:
    """A scheduler's log has per host the state, what was seen,
    and the next command with the host's own name.
    """
    rows = {row[0]: row for row in result_rows(runs.report())}
    assert rows["paris-db2"][1:3] == ("conflict", "2")
    assert rows["paris-db2"][5] == (
        "fleetcheck scan --limit paris-db2, then fleetcheck repin plan --limit paris-db2"
    )
    assert rows["paris-app3"][5] == "fleetcheck repin resume 3: it reads the host"
    assert rows["paris-app2"][5].startswith("WinRM is not listening: is the service running?; ")


def test_what_a_host_said_is_cleaned() -> None:
    """A detail with escape sequences cannot reach the terminal."""
    report = runs.report(results=(runs.result("web1", State.CONFLICT, "is SZ '\x1b[2J\u202e'"),))
    text = render(run_screen(report), 80)
    assert {character for character in text if not character.isprintable()} == {"\n"}


def test_runs_are_listed_with_what_running_means() -> None:
    """A run that is `running` without a process was killed; with one it goes on."""
    going = runs.record(state=RunState.RUNNING, ended=None, reason="")
    assert [row[2] for row in run_rows([(going, Process.GONE)])] == ["killed"]
    assert [row[2] for row in run_rows([(going, Process.THERE)])] == ["running"]
    assert "2 failed, --max-failed 2" in render(runs_table([(runs.record(), Process.GONE)], NOW), 120)
    assert "nothing was applied yet" in render(runs_table([], NOW), 80)
