"""The words that speak for a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.domain.judgement import Belief, Judgement
from orchestrator.domain.outcome import Trace
from orchestrator.domain.reading import (
    Canary,
    Kind,
    Reading,
    Result,
    Source,
    Target,
    Value,
    ViewState,
)
from orchestrator.domain.verdict import judge
from tests.domain.build import (
    BACKUP,
    GATEWAYS,
    PRIMARY,
    attempt,
    believed,
    dword,
    live,
    profile,
    reading,
    target,
    view,
)

OPEN, CLOSED, UNTRIED = Belief.OPEN, Belief.CLOSED, Belief.UNTRIED
PIN = dword("PrimaryTunnelPort", 2147)
HOME = target("primary")


def judged(found: Reading, desired: int | None = None, *roles: str, trace: Trace | None = None) -> Judgement:
    """Judge a host with one role, unless more are named."""
    names = roles or ("primary",)
    wanted = {} if desired is None else dict.fromkeys(names, desired)
    return judge(found, profile=profile(*names), desired=wanted, gateways=GATEWAYS, trace=trace)


def both(pin: Belief, *connections: tuple[str, int], **changes: object) -> str:
    """Return the first line of evidence of a host with both roles pinned to 2147."""
    beliefs = {role: {2147: pin, 443: OPEN, 80: CLOSED} for role in ("primary", "backup")}
    rows = [live(address, port) for address, port in connections]
    found = believed(beliefs, {"primary": 2147, "backup": 2147}, rows, **changes)
    return judged(found, None, "primary", "backup").evidence[0]


def test_the_first_line_says_on_which_port_the_tunnel_is_up() -> None:
    """A healthy tunnel is named by role and port."""
    assert both(OPEN, (PRIMARY, 2147), (BACKUP, 443)) == "tunnel up on primary 2147, backup 443"


def test_the_first_line_says_that_a_tunnel_over_a_closed_pin_will_break() -> None:
    """A tunnel that is still up though the pin is closed is not called well."""
    assert both(CLOSED, (PRIMARY, 443)) == "tunnel still up on primary 443, breaks at the next reconnect"


def test_the_first_line_says_that_no_tunnel_is_up() -> None:
    """No connection at all is said plainly."""
    assert both(CLOSED) == "no tunnel is up"


def test_the_first_line_says_that_connections_were_not_looked_at() -> None:
    """Not having looked is never told as "no tunnel"."""
    assert both(OPEN, connections_complete=False) == "connections not looked at"


def test_the_first_line_of_a_host_without_known_gateways_promises_little() -> None:
    """Without the gateways' addresses nobody can say that no tunnel is up."""
    found = reading([view(64, PIN)])

    assert judged(found).evidence[0] == "no tunnel is up to the gateway addresses that are known"


def test_the_first_line_of_an_agent_on_demand_says_so() -> None:
    """An agent that connects on demand is not blamed for having no tunnel."""
    found = believed({"primary": {2147: OPEN}}, {"primary": 2147})

    judgement = judge(found, profile=profile("primary", tunnel="on-demand"), desired={}, gateways=GATEWAYS)

    assert judgement.evidence[0] == "no tunnel is up: it is made on demand"


def timed_out_twice(*more: tuple[int, Result]) -> Reading:
    """Make a host whose pin timed out twice, and more attempts."""
    twice = [attempt(HOME, 2147, Result.TIMED_OUT), attempt(HOME, 2147, Result.TIMED_OUT, number=2)]
    return reading(
        [view(64, PIN)],
        targets=[HOME],
        attempts=[*twice, *(attempt(HOME, port, result) for port, result in more)],
    )


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ([], "primary 2147: timed out after 3.0 s, twice; 2 other ports not tried"),
        ([(443, Result.REFUSED)], "primary 2147: timed out after 3.0 s, twice; 1 other port not tried"),
        ([(443, Result.CONNECTED)], "primary 2147: timed out after 3.0 s, twice; 443 open"),
        (
            [(443, Result.CONNECTED), (80, Result.CONNECTED)],
            "primary 2147: timed out after 3.0 s, twice; 443 and 80 open",
        ),
        (
            [(443, Result.REFUSED), (80, Result.RESET)],
            "primary 2147: timed out after 3.0 s, twice; 2 other ports tried, none open",
        ),
    ],
)
def test_a_role_s_line_says_how_the_pin_ended_and_what_else_is_open(
    more: list[tuple[int, Result]], line: str
) -> None:
    """Result, time and number of tries of the pin, then the other listed ports."""
    assert judged(timed_out_twice(*more)).evidence == ("no tunnel is up", line)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (Result.CONNECTED, "connects in 12 ms"),
        (Result.REFUSED, "refused after 12 ms; 2 other ports not tried"),
        (Result.TIMED_OUT, "timed out after 3.0 s; 2 other ports not tried"),
        (Result.UNREACHABLE, "unreachable after 12 ms; 2 other ports not tried"),
        (Result.RESET, "reset after 12 ms; 2 other ports not tried"),
        (Result.BLOCKED_LOCALLY, "blocked by the host itself after 12 ms; 2 other ports not tried"),
        (Result.NAME_ERROR, "name not resolved; 2 other ports not tried"),
        (Result.ERROR, "could not be tried after 12 ms (NoBufferSpaceAvailable); 2 other ports not tried"),
    ],
)
def test_each_result_has_words(result: Result, words: str) -> None:
    """Every way an attempt can end is told in words."""
    ended = replace(
        attempt(HOME, 2147, result), error=None if result is not Result.ERROR else "NoBufferSpaceAvailable"
    )

    found = reading([view(64, PIN)], targets=[HOME], attempts=[ended])

    assert judged(found).evidence[1] == f"primary 2147: {words}"


def test_several_addresses_are_told_one_by_one() -> None:
    """Where a gateway's name has two addresses, each one's result is told."""
    pair = Target(
        role="primary",
        source=Source.INVENTORY,
        name="lvig",
        addresses=("192.0.2.1", "192.0.2.2"),
        decides=True,
    )
    found = reading(
        [view(64, PIN)],
        targets=[pair],
        attempts=[
            attempt(pair, 2147, Result.REFUSED, address="192.0.2.1"),
            attempt(pair, 2147, Result.CONNECTED, address="192.0.2.2"),
        ],
    )

    assert (
        judged(found).evidence[1]
        == "primary 2147: refused after 12 ms at 192.0.2.1, connects in 12 ms at 192.0.2.2"
    )


def test_an_intercepted_pin_is_told_as_such() -> None:
    """The evidence for something in the gateway's place is the canary."""
    hit = Canary(kind="port", address=PRIMARY, port=9, result=Result.CONNECTED, milliseconds=1)
    found = reading(
        [view(64, PIN)], targets=[HOME], attempts=[attempt(HOME, 2147, Result.CONNECTED)], canaries=[hit]
    )

    assert judged(found).evidence[1] == (
        "primary 2147: connects in 12 ms, but a canary connects too, so something else answers; "
        "2 other ports not tried"
    )


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], "primary: PrimaryTunnelPort is missing"),
        (
            [Value(name="PrimaryTunnelPort", kind=Kind.SZ, data=" 443")],
            'primary: PrimaryTunnelPort is SZ " 443", not a port',
        ),
    ],
)
def test_a_bad_pin_is_shown_as_it_is(values: list[Value], line: str) -> None:
    """A value that is no port is told with its kind and its data."""
    assert judged(reading([view(64, *values)])).evidence[1] == line


def test_the_desired_pin_has_a_line_of_its_own() -> None:
    """Where another port is desired, its result is told."""
    found = reading(
        [view(64, PIN)],
        targets=[HOME],
        attempts=[attempt(HOME, 2147, Result.CONNECTED), attempt(HOME, 443, Result.REFUSED)],
    )

    assert judged(found, 443).evidence[1:] == (
        "primary 2147: connects in 12 ms",
        "primary 443, the desired pin: refused after 12 ms",
    )


def test_attempts_at_the_inventory_s_gateway_are_evidence() -> None:
    """Where the registry's gateway decides, the result at the inventory's is told beside it."""
    first = target("primary", "192.0.2.1", source=Source.REGISTRY)
    second = target("primary", decides=False)
    found = reading(
        [view(64, PIN)],
        targets=[first, second],
        attempts=[attempt(first, 2147, Result.CONNECTED), attempt(second, 2147, Result.REFUSED)],
    )

    judgement = judged(found)

    assert judgement.evidence[-1] == f"primary 2147 at {PRIMARY} (inventory): refused after 12 ms"
    assert judgement.remarks == (f"primary: the registry's gateway is 192.0.2.1, the inventory's {PRIMARY}",)


def test_a_connection_in_the_making_is_evidence() -> None:
    """SynSent is no tunnel, and is told."""
    found = reading([view(64, PIN)], targets=[HOME], connections=[live(PRIMARY, 2147, "SynSent")])

    assert judged(found).evidence[-1] == "primary: a process on the host is trying to connect to 2147"


def test_the_evidence_lists_every_role() -> None:
    """The host's evidence has the tunnel first, then the lines of all roles."""
    found = believed(
        {"primary": {2147: OPEN, 443: OPEN, 80: OPEN}, "backup": {2147: OPEN, 443: OPEN, 80: OPEN}},
        {"primary": 2147, "backup": 2147},
    )

    judgement = judged(found, None, "primary", "backup")

    assert judgement.evidence == (
        "no tunnel is up",
        *(line for role in judgement.roles for line in role.evidence),
    )


def test_a_split_shows_what_each_view_holds() -> None:
    """Both views' kinds and data stand side by side."""
    found = reading([view(64, PIN), view(32)])

    assert judged(found).evidence == (
        "no tunnel is up to the gateway addresses that are known",
        'PrimaryTunnelPort: 64-bit DWORD "2147", 32-bit missing',
    )


def test_a_host_without_the_key_says_how_each_view_ended() -> None:
    """No agent and unreadable rest on what each view said."""
    views = [view(64, state=ViewState.ABSENT), view(32, state=ViewState.DENIED)]

    assert judged(reading(views)).evidence[1] == "the key in the registry: 64-bit absent, 32-bit denied"
    assert judged(reading()).evidence[1] == "the key in the registry: not looked at"
