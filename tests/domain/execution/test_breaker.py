"""A stale password locks nobody out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orchestrator.domain.execution.breaker import (
    MOVES,
    Account,
    Breaker,
    Event,
    IllegalBreakerMoveError,
    State,
    account,
)


def run(breaker: Breaker, *moves: str) -> Breaker:
    """Play moves such as "start a", "accept a"."""
    for move in moves:
        name, host = move.split()
        breaker = getattr(breaker, name)(host)
    return breaker


def test_one_logon_goes_first() -> None:
    """Until the first logon is answered no other one may start."""
    breaker = run(Breaker(), "start a")

    assert (breaker.state, breaker.may_start) == (State.FIRST, False)


def test_the_gate_opens_at_the_first_accepted_logon() -> None:
    """After one accepted logon any number may start."""
    breaker = run(Breaker(), "start a", "accept a", "start b", "start c")

    assert (breaker.state, breaker.may_start) == (State.OPEN, True)


def test_a_dead_first_host_passes_the_role_on() -> None:
    """A host that dies before its logon is answered neither opens nor closes the gate."""
    breaker = run(Breaker(), "start a", "dead a")

    assert (breaker.state, breaker.may_start, breaker.rejected) == (State.FIRST, True, ())


def test_after_a_rejection_one_logon_at_a_time() -> None:
    """A rejected logon makes all the others wait for each other."""
    breaker = run(Breaker(), "start a", "accept a", "start b", "start c", "reject b")

    assert (breaker.state, breaker.may_start) == (State.DOUBTED, False)
    assert run(breaker, "accept c").may_start


def test_two_rejected_in_a_row_on_different_hosts_trip_it() -> None:
    """Nothing more is tried, and the hosts that rejected are known."""
    breaker = run(Breaker(), "start a", "reject a", "start b", "reject b")

    assert (breaker.tripped, breaker.may_start, breaker.rejected) == (True, False, ("a", "b"))


def test_two_rejected_by_one_host_are_one() -> None:
    """One host that rejects twice says nothing about the password elsewhere."""
    breaker = run(Breaker(), "start a", "reject a", "start a", "reject a")

    assert (breaker.tripped, breaker.rejected) == (False, ("a",))


def test_an_accepted_logon_resets_the_count() -> None:
    """Two rejected logons with an accepted one between are not in a row."""
    breaker = run(Breaker(), "start a", "reject a", "start b", "accept b", "start c", "reject c")

    assert (breaker.state, breaker.rejected) == (State.DOUBTED, ("c",))


def test_a_dead_host_does_not_reset_the_count() -> None:
    """Rejected, dead, rejected is two in a row."""
    assert run(Breaker(), "start a", "reject a", "start b", "dead b", "start c", "reject c").tripped


def test_what_was_under_way_when_it_tripped_still_ends() -> None:
    """Late answers are taken, and change nothing."""
    breaker = run(
        Breaker(), "start a", "accept a", "start b", "start c", "start d", "start e", "reject b", "reject c"
    )

    late = run(breaker, "accept d", "reject e")

    assert (late.tripped, late.rejected, late.under_way) == (True, ("b", "c"), frozenset())


def test_a_rejection_after_success_is_suspect() -> None:
    """The breaker remembers that the same password worked before."""
    assert not run(Breaker(), "start a", "reject a").worked
    assert run(Breaker(), "start a", "accept a", "start b", "reject b").worked


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_the_limit_can_be_set(limit: int) -> None:
    """It trips at the rejection that reaches the limit, not before."""
    breaker = Breaker(limit=limit)
    for number in range(limit):
        assert not breaker.tripped
        breaker = run(breaker, f"start h{number}", f"reject h{number}")
    assert breaker.tripped


@pytest.mark.parametrize(
    "moves",
    [
        ["start a", "start b"],
        ["accept a"],
        ["reject a"],
        ["dead a"],
        ["start a", "accept a", "accept a"],
        ["start a", "accept a", "start b", "start b"],
        ["start a", "reject a", "start b", "reject b", "start c"],
    ],
)
def test_a_move_that_is_not_allowed_is_refused(moves: list[str]) -> None:
    """A caller that breaks the rules hears it at once."""
    with pytest.raises(IllegalBreakerMoveError):
        run(Breaker(), *moves)


def test_every_event_has_a_move_but_a_start_after_the_trip() -> None:
    """The table is complete: only starting with a tripped breaker has no entry."""
    pairs = {(state, event) for state in State for event in Event}

    assert pairs - set(MOVES) == {(State.TRIPPED, Event.START)}


@pytest.mark.parametrize(
    ("username", "key"),
    [
        (r"CORP\svc", Account(credential="ops", name=r"corp\svc", host=None)),
        (r"corp\SVC", Account(credential="ops", name=r"corp\svc", host=None)),
        ("svc@corp.example", Account(credential="ops", name="svc@corp.example", host=None)),
        ("svc", Account(credential="ops", name="svc", host=None)),
        (r".\svc", Account(credential="ops", name=r".\svc", host="web1")),
        (r"WEB1\svc", Account(credential="ops", name=r"web1\svc", host="web1")),
        (r"10.0.0.5\svc", Account(credential="ops", name=r"10.0.0.5\svc", host="web1")),
        (r"srv7\svc", Account(credential="ops", name=r"srv7\svc", host="web1")),
        (r"WEB2\svc", Account(credential="ops", name=r"web2\svc", host=None)),
        ("", Account(credential="ops", name="", host=None)),
    ],
)
def test_only_what_is_surely_local_counts_per_host(username: str, key: Account) -> None:
    """A local account has a breaker per host; whatever could be the domain's counts over the fleet."""
    address = "srv7.corp.example" if username.startswith("srv7") else "10.0.0.5"

    assert account("ops", username, host="web1", address=address) == key


@pytest.mark.parametrize("width", [1, 8, 64])
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_a_stale_password_is_tried_as_often_as_the_limit_and_no_more(width: int, limit: int) -> None:
    """However many workers there are, hosts that all reject see exactly `limit` logons."""
    breaker, waiting, logons = Breaker(limit=limit), [f"h{number}" for number in range(200)], 0
    chance = random.Random(width)  # noqa: S311 - which worker is answered first
    while not breaker.tripped:
        while waiting and breaker.may_start and len(breaker.under_way) < width:
            breaker = breaker.start(waiting.pop())
            logons += 1
        breaker = breaker.reject(chance.choice(sorted(breaker.under_way)))
    assert logons == limit


class Workers(RuleBasedStateMachine):
    """Many workers and one password, in any order of answers."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        super().__init__()
        self.breaker = Breaker()
        self.number = 0
        self.since_accepted: set[str] = set()

    @precondition(lambda self: self.breaker.may_start)
    @rule()
    def start(self) -> None:
        """Begin a logon on a new host."""
        self.number += 1
        self.breaker = self.breaker.start(f"h{self.number}")

    @precondition(lambda self: self.breaker.under_way)
    @rule(answer=st.sampled_from(("accept", "reject", "dead")), data=st.data())
    def answer(self, answer: str, data: st.DataObject) -> None:
        """End one of the logons that are under way."""
        host = data.draw(st.sampled_from(sorted(self.breaker.under_way)))
        tripped = self.breaker.tripped
        self.breaker = getattr(self.breaker, answer)(host)
        if answer == "accept" and not tripped:
            self.since_accepted = set()
        elif answer == "reject" and not tripped:
            self.since_accepted.add(host)

    @precondition(lambda self: not self.breaker.may_start)
    @rule()
    def start_too_early(self) -> None:
        """Ask out of turn, which is refused and changes nothing."""
        before = self.breaker
        with pytest.raises(IllegalBreakerMoveError):
            self.breaker.start("impatient")
        assert self.breaker == before

    @invariant()
    def rejected_hosts_are_those_since_the_last_accepted(self) -> None:
        """Count what was seen; reaching the limit is the trip."""
        assert set(self.breaker.rejected) == self.since_accepted
        assert self.breaker.tripped == (len(self.since_accepted) >= self.breaker.limit)

    @invariant()
    def only_an_open_gate_lets_several_through(self) -> None:
        """Where the password is not known to work, a start needs that none is under way."""
        if self.breaker.state is not State.OPEN and self.breaker.under_way:
            assert not self.breaker.may_start

    @invariant()
    def nobody_waits_for_ever(self) -> None:
        """Let somebody start, unless it has tripped or a logon is under way whose answer will tell."""
        assert self.breaker.may_start or self.breaker.tripped or self.breaker.under_way


def test_a_domain_s_refusal_trips_at_once() -> None:
    """What a domain controller refused no host will take: nothing more is tried,
    whatever was known before.
    """
    for before in ("dead x", "accept x", "reject x"):
        breaker = run(Breaker(limit=9), "start x", before, "start a", "refuse a")
        assert (breaker.tripped, breaker.refused) == (True, "a")


def test_a_late_refusal_after_the_trip_changes_nothing() -> None:
    """Who tripped it stays named."""
    breaker = run(Breaker(), "start x", "accept x", "start a", "start b", "refuse a", "refuse b")
    assert (breaker.tripped, breaker.refused) == (True, "a")


def test_a_kerberos_logon_is_never_the_host_s_own_account() -> None:
    """A domain is asked whatever the name looks like: with one breaker a host,
    each host would cost a wrong password.
    """
    found = {account("ops", r".\admin", host=name, of_domain=True) for name in ("web1", "web2")}
    assert found == {Account(credential="ops", name=r".\admin", host=None)}


TestWorkers = Workers.TestCase
TestWorkers.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@given(st.lists(st.sampled_from(("accept", "reject", "dead")), max_size=30))
def test_one_worker_never_meets_more_than_the_limit_in_a_row(answers: list[str]) -> None:
    """With one logon after the other, no run of rejections is longer than the limit."""
    breaker, row = Breaker(), 0
    for number, answer in enumerate(answers):
        if not breaker.may_start:
            break
        breaker = run(breaker, f"start h{number}", f"{answer} h{number}")
        row = {"accept": 0, "reject": row + 1, "dead": row}[answer]
    assert row <= breaker.limit
    assert breaker.tripped == (row == breaker.limit)


def test_an_account_that_worked_nowhere_can_have_a_limit_of_its_own() -> None:
    """One refusal gives it up before it has worked; afterwards the usual limit holds."""
    unproved = Breaker(limit=2, unproved=1)
    assert run(unproved, "start a", "reject a").tripped
    worked = run(unproved, "start a", "accept a", "start b", "reject b")
    assert not worked.tripped
    assert run(worked, "start c", "reject c").tripped
