"""Judging never fails, whatever a host says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.model import ListedPort, Profile, RoleValues
from inventory.verdicts import Verdict
from orchestrator.domain.execution.effort import MODES, actual_attempts
from orchestrator.domain.facts import KeyState, facts
from orchestrator.domain.judgement import Belief, Judgement
from orchestrator.domain.outcome import Failed, Phase, Probed, Trace
from orchestrator.domain.reading import (
    Attempt,
    Canary,
    Connection,
    Identity,
    Kind,
    Part,
    Reading,
    Result,
    Source,
    Target,
    Value,
    View,
    ViewState,
)
from orchestrator.domain.record import HostRecord
from orchestrator.domain.verdict import HOST_TABLE, judge, judge_outcome
from orchestrator.domain.views.summary import summarise

ROLES = ("primary", "backup")
TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=6)
ADDRESS = st.sampled_from(
    ("203.0.113.10", "203.0.113.20", "::ffff:203.0.113.10", "fe80::1%3", "no address", "")
)
PORT = st.sampled_from((2147, 443, 80, 9, 9999))
NAME = st.sampled_from(("PrimaryTunnelPort", "BACKUPTUNNELPORT", "PrimaryGateway", "Other")) | TEXT
MOMENT = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive, what comes out is aware
DATA = st.sampled_from((2147, 443, 0, 2**64 - 1, "443", "4_43", "", ("443",), ())) | TEXT
ROLE = st.sampled_from((*ROLES, "third"))
MILLISECONDS = st.none() | st.integers(min_value=0, max_value=10**6)

values = st.builds(Value, name=NAME, kind=st.sampled_from(Kind), data=DATA, cut=st.booleans())
views = st.builds(
    View,
    view=st.sampled_from((64, 32)),
    state=st.sampled_from(ViewState),
    values=st.lists(values, max_size=4).map(tuple),
    error=st.none() | TEXT,
)
targets = st.builds(
    Target,
    role=ROLE,
    source=st.sampled_from(Source),
    name=ADDRESS,
    addresses=st.lists(ADDRESS, max_size=3).map(tuple),
    decides=st.booleans(),
)
attempts = st.builds(
    Attempt,
    role=ROLE,
    source=st.sampled_from(Source),
    target=ADDRESS,
    address=st.none() | ADDRESS,
    port=PORT,
    result=st.sampled_from(Result),
    milliseconds=MILLISECONDS,
    number=st.integers(min_value=1, max_value=2),
    error=st.none() | TEXT,
)
canaries = st.builds(
    Canary,
    kind=st.sampled_from(("address", "port")),
    address=ADDRESS,
    port=PORT,
    result=st.sampled_from(Result),
    milliseconds=MILLISECONDS,
)
connections = st.builds(
    Connection,
    local_address=ADDRESS,
    local_port=PORT,
    remote_address=ADDRESS,
    remote_port=PORT,
    state=st.sampled_from(("Established", "SynSent", "CloseWait")) | TEXT,
)
readings = st.builds(
    Reading,
    mode=st.sampled_from(MODES),
    identity=st.builds(Identity, clock=st.none() | MOMENT, machine_id=st.none() | TEXT),
    views=st.lists(views, max_size=3).map(tuple),
    targets=st.lists(targets, max_size=5).map(tuple),
    attempts=st.lists(attempts, max_size=8).map(tuple),
    canaries=st.lists(canaries, max_size=3).map(tuple),
    connections=st.lists(connections, max_size=3).map(tuple),
    connections_complete=st.booleans(),
    parts=st.lists(
        st.builds(
            Part,
            name=st.sampled_from(("registry", "attempts")),
            milliseconds=st.just(1),
            error=st.none() | TEXT,
        ),
        max_size=2,
    ).map(tuple),
    deadline_hit=st.booleans(),
    cut_values=st.integers(min_value=0, max_value=3),
)
role_values = st.sampled_from(
    (
        RoleValues(role="primary", port_value="PrimaryTunnelPort", address_value="PrimaryGateway"),
        RoleValues(role="primary", port_value="PrimaryTunnelPort"),
        RoleValues(role="backup", port_value="BackupTunnelPort"),
    )
)
profiles = st.builds(
    Profile,
    name=st.just("p"),
    title=st.just("P"),
    key=st.just("K"),
    roles=st.lists(role_values, max_size=2, unique_by=lambda role: role.role).map(tuple),
    ports=st.lists(PORT, max_size=4, unique=True).map(
        lambda ports: tuple(ListedPort(number=port) for port in ports)
    ),
    tunnel=st.sampled_from(("permanent", "on-demand")),
)
wishes = st.dictionaries(st.sampled_from(ROLES), PORT)
gateways = st.dictionaries(st.sampled_from(ROLES), ADDRESS)
traces = st.builds(Trace, started=MOMENT, ended=MOMENT, auth=st.sampled_from((None, "ntlm", "kerberos")))


@settings(max_examples=200, deadline=None)
@given(readings, profiles, wishes, gateways, st.none() | traces)
def test_every_reading_gets_exactly_one_verdict_with_words(
    reading: Reading, profile: Profile, desired: dict[str, int], named: dict[str, str], trace: Trace | None
) -> None:
    """Whatever a host says, there is one verdict; all but `ok` say what to do,
    and evidence begins with the tunnel.
    """
    judgement = judge(reading, profile=profile, desired=desired, gateways=named, trace=trace)
    known = facts(reading, profile=profile, desired=desired, gateways=named)

    assert isinstance(judgement.verdict, Verdict)
    assert bool(judgement.action) == (judgement.verdict is not Verdict.OK)
    assert judgement.evidence[0].startswith(("tunnel ", "no tunnel is up", "connections not looked at"))
    assert judgement.any_live == any(role.live for role in known.roles)
    if known.key is KeyState.HELD:
        assert judgement.verdict.severity == min(
            (role.verdict.severity for role in judgement.roles), default=Verdict.UNTESTED.severity
        )
        assert (judgement.role is None) == (len({role.verdict for role in judgement.roles}) < 2)
    else:
        assert judgement.verdict is HOST_TABLE[known.key][0]
        assert (judgement.roles, judgement.view) == ((), None)


@settings(max_examples=200, deadline=None)
@given(readings, profiles, wishes, gateways)
def test_beliefs_cover_the_listed_ports_and_connected_is_never_closed(
    reading: Reading, profile: Profile, desired: dict[str, int], named: dict[str, str]
) -> None:
    """Each listed port has a belief, and a port that connected at the deciding gateway is open or
    intercepted.
    """
    for role in facts(reading, profile=profile, desired=desired, gateways=named).roles:
        listed = {*profile.port_numbers, role.pin.port, role.desired} - {None}
        assert set(role.beliefs) == listed
        for attempt in reading.attempts:
            decides = role.target and (attempt.role, attempt.source, attempt.target) == (
                role.target.role,
                role.target.source,
                role.target.name,
            )
            if decides and attempt.result is Result.CONNECTED and attempt.port in listed:
                assert role.beliefs[attempt.port] in (Belief.OPEN, Belief.INTERCEPTED)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(readings, profiles, traces, st.booleans()), max_size=5), st.integers(0, 3))
def test_any_scan_can_be_summarised(
    hosts: list[tuple[Reading, Profile, Trace, bool]], not_started: int
) -> None:
    """Groups and counts add up to the hosts that were selected, whatever the hosts said."""
    records = []
    for number, (reading, profile, trace, answered) in enumerate(hosts):
        name = f"h{number}"
        outcome = (
            Probed(host=name, reading=reading, trace=trace)
            if answered
            else Failed(host=name, phase=Phase.RUN, cause="bug", detail="", advice="tell us", trace=trace)
        )
        judgement = judge_outcome(outcome, profile=profile, desired={}, gateways={})
        records.append(
            HostRecord(host=name, address=name, port=1, profile=profile, outcome=outcome, judgement=judgement)
        )

    summary = summarise(records, selected=len(records) + not_started)

    counts = summary.counts
    assert sum(len(group.hosts) for group in summary.groups) == len(records)
    assert (
        counts.ok + counts.waived + counts.attention + counts.unknown + counts.not_started == counts.selected
    )
    assert sum(count for _, count in counts.verdicts) == len(records)


@given(readings, gateways)
def test_the_connects_of_any_reading_can_be_counted(reading: Reading, named: dict[str, str]) -> None:
    """No more connects are charged than attempts and canaries there are."""
    made = actual_attempts(reading, named)

    assert sum(made.values()) <= len(reading.attempts) + len(reading.canaries)


@pytest.mark.parametrize("state", list(KeyState))
def test_every_state_of_the_key_leads_to_a_judgement(state: KeyState) -> None:
    """A key is judged role by role, or has a verdict of its own: none is forgotten."""
    assert (state in HOST_TABLE) == (state is not KeyState.HELD)


def test_a_judgement_without_a_role_is_labelled_by_its_verdict() -> None:
    """A label names a role only where roles differ."""
    assert Judgement(verdict=Verdict.OK).label == "ok"
    assert Judgement(verdict=Verdict.CUT_OFF, role="backup").label == "cut-off (backup)"
