"""What is drawn from a reading before anything is judged."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orchestrator.domain.beliefs import Beliefs
from orchestrator.domain.facts import Facts, KeyState, facts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.reading import (
    Attempt,
    Canary,
    Connection,
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
from tests.domain.build import GATEWAYS, PRIMARY, attempt, dword, live, profile, reading, target, view

PIN = dword("PrimaryTunnelPort", 2147)
TWO = Target(
    role="primary",
    source=Source.INVENTORY,
    name="lvig.example",
    addresses=("192.0.2.1", "192.0.2.2"),
    decides=True,
)


def draw(found: Reading, *roles: str, **changes: object) -> Facts:
    """Draw the facts of a host that the inventory wants nothing of."""
    return facts(found, profile=profile(*(roles or ("primary",)), **changes), desired={}, gateways={})


def belief(attempts: Sequence[Attempt], canaries: Sequence[Canary] = (), at: Target = TWO) -> Belief:
    """Return what is believed of port 443 after these attempts."""
    found = reading([view(64, PIN)], targets=[at], attempts=attempts, canaries=canaries)
    return draw(found).roles[0].beliefs[443]


def tries(*results: tuple[str, Result]) -> list[Attempt]:
    """Make attempts at port 443 of the gateway with two addresses."""
    return [attempt(TWO, 443, result, address=address) for address, result in results]


BOTH = "192.0.2.1", "192.0.2.2"
CLOSED_WORDS = [Result.REFUSED, Result.TIMED_OUT, Result.UNREACHABLE, Result.RESET, Result.BLOCKED_LOCALLY]


@pytest.mark.parametrize("result", CLOSED_WORDS)
def test_a_port_that_no_address_takes_is_closed(result: Result) -> None:
    """Refused, timed out, unreachable, reset and blocked locally all mean closed."""
    assert belief(tries((BOTH[0], result), (BOTH[1], Result.REFUSED))) is Belief.CLOSED


@pytest.mark.parametrize("result", [*CLOSED_WORDS, Result.ERROR])
def test_a_name_is_open_if_one_of_its_addresses_connects(result: Result) -> None:
    """One address that connects is enough, whatever the other one does."""
    assert belief(tries((BOTH[0], result), (BOTH[1], Result.CONNECTED))) is Belief.OPEN


@pytest.mark.parametrize("result", [Result.ERROR, Result.NAME_ERROR])
def test_an_attempt_that_tells_nothing_leaves_the_port_untried(result: Result) -> None:
    """A port is not closed as long as one address could still be open."""
    assert belief(tries((BOTH[0], Result.REFUSED), (BOTH[1], result))) is Belief.UNTRIED


def test_an_address_that_was_not_asked_leaves_the_port_untried() -> None:
    """Where the deadline kept an address from being asked, nothing is concluded."""
    assert belief(tries((BOTH[0], Result.REFUSED))) is Belief.UNTRIED


def test_a_second_try_that_connects_counts() -> None:
    """Over several tries at one address, connected wins over timed out."""
    one = target("primary")

    found = [attempt(one, 443, Result.TIMED_OUT), attempt(one, 443, Result.CONNECTED, number=2)]

    assert belief(found, at=one) is Belief.OPEN


def test_a_second_try_that_tells_nothing_leaves_the_port_untried() -> None:
    """A lost SYN closes no port: where the second try was cut off, nothing is concluded from the first."""
    one = target("primary")

    found = [attempt(one, 443, Result.TIMED_OUT), attempt(one, 443, Result.ERROR, number=2)]

    assert belief(found, at=one) is Belief.UNTRIED


@pytest.mark.parametrize(
    ("result", "twice", "deadline_hit", "expected"),
    [
        (Result.TIMED_OUT, True, True, Belief.UNTRIED),
        (Result.TIMED_OUT, True, False, Belief.CLOSED),
        (Result.TIMED_OUT, False, True, Belief.CLOSED),
        (Result.REFUSED, True, True, Belief.CLOSED),
    ],
)
def test_a_pin_that_timed_out_once_is_not_closed_where_the_deadline_took_its_second_try(
    result: Result, twice: bool, deadline_hit: bool, expected: Belief
) -> None:
    """A pin or desired pin counts as closed only after it was tried once more;
    other ports and refusals at once.
    """
    one = target("primary")
    found = reading(
        [view(64, PIN)], targets=[one], attempts=[attempt(one, 443, result)], deadline_hit=deadline_hit
    )

    assert Beliefs(found).of("primary", 443, twice=twice) is expected


def test_a_name_that_does_not_resolve_leaves_its_ports_untried() -> None:
    """No address, no belief."""
    nameless = Target(role="primary", source=Source.INVENTORY, name="nowhere", decides=True)
    lost = Attempt(
        role="primary",
        source=Source.INVENTORY,
        target="nowhere",
        address=None,
        port=443,
        result=Result.NAME_ERROR,
        milliseconds=None,
    )

    assert belief([lost], at=nameless) is Belief.UNTRIED


def canary(kind: str, address: str, port: int, result: Result = Result.CONNECTED) -> Canary:
    """Make a canary."""
    return Canary(kind=kind, address=address, port=port, result=result, milliseconds=1)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (canary("address", "192.0.2.99", 443), Belief.INTERCEPTED),
        (canary("address", "192.0.2.99", 80), Belief.OPEN),
        (canary("address", "192.0.2.99", 443, Result.TIMED_OUT), Belief.OPEN),
        (canary("port", "192.0.2.1", 9), Belief.INTERCEPTED),
        (canary("port", "192.0.2.2", 9), Belief.OPEN),
        (canary("port", "192.0.2.1", 9, Result.REFUSED), Belief.OPEN),
    ],
)
def test_a_canary_that_connects_says_that_something_else_answers(found: Canary, expected: Belief) -> None:
    """A hit at the canary address takes its port, a hit at the canary port takes that gateway's address."""
    connected = tries((BOTH[0], Result.CONNECTED), (BOTH[1], Result.REFUSED))

    assert belief(connected, [found]) is expected


def test_a_port_is_open_where_one_address_is_beyond_the_middlebox() -> None:
    """One address that truly connects makes a name open, though something else answers for the other one."""
    connected = tries((BOTH[0], Result.CONNECTED), (BOTH[1], Result.CONNECTED))

    assert belief(connected, [canary("port", BOTH[0], 9)]) is Belief.OPEN


def test_a_closed_port_stays_closed_though_its_canary_connects() -> None:
    """Only what connects can be intercepted."""
    refused = tries((BOTH[0], Result.REFUSED), (BOTH[1], Result.REFUSED))

    assert belief(refused, [canary("address", "192.0.2.99", 443)]) is Belief.CLOSED


def test_attempts_at_a_gateway_that_does_not_decide_are_no_belief() -> None:
    """Where registry and inventory differ, the registry's gateway decides alone."""
    first = target("primary", "192.0.2.1", source=Source.REGISTRY)
    second = target("primary", "192.0.2.2", decides=False)
    found = [attempt(first, 443, Result.REFUSED), attempt(second, 443, Result.CONNECTED)]

    drawn = draw(reading([view(64, PIN)], targets=[first, second], attempts=found))

    assert drawn.roles[0].beliefs[443] is Belief.CLOSED


def test_a_role_without_a_gateway_is_untried_everywhere() -> None:
    """Nothing is believed of a role whose gateway nobody knows."""
    drawn = draw(reading([view(64, PIN)]))

    assert set(drawn.roles[0].beliefs.values()) == {Belief.UNTRIED}
    assert not drawn.gateways_known


def test_pin_and_desired_pin_join_the_listed_ports() -> None:
    """A pin or desired pin outside the profile's list is judged too, after the list."""
    found = reading([view(64, dword("PrimaryTunnelPort", 9999))])

    drawn = facts(found, profile=profile("primary"), desired={"primary": 8888}, gateways={})

    assert list(drawn.roles[0].beliefs) == [2147, 443, 80, 9999, 8888]


PRESENT, ABSENT, DENIED, BROKEN = ViewState.PRESENT, ViewState.ABSENT, ViewState.DENIED, ViewState.FAILED


def some(first: ViewState, second: ViewState) -> list[View]:
    """Make two views, equal where both hold the key."""
    return [
        view(64, *((PIN,) * (first is PRESENT)), state=first),
        view(32, *((PIN,) * (second is PRESENT)), state=second),
    ]


@pytest.mark.parametrize(
    ("first", "second", "key", "judged"),
    [
        (PRESENT, PRESENT, KeyState.HELD, 64),
        (PRESENT, ABSENT, KeyState.HELD, 64),
        (PRESENT, DENIED, KeyState.HELD, 64),
        (PRESENT, BROKEN, KeyState.HELD, 64),
        (ABSENT, PRESENT, KeyState.HELD, 32),
        (DENIED, PRESENT, KeyState.HELD, 32),
        (BROKEN, PRESENT, KeyState.HELD, 32),
        (ABSENT, ABSENT, KeyState.ABSENT, None),
        (ABSENT, DENIED, KeyState.UNREADABLE, None),
        (DENIED, ABSENT, KeyState.UNREADABLE, None),
        (ABSENT, BROKEN, KeyState.UNREADABLE, None),
        (BROKEN, ABSENT, KeyState.UNREADABLE, None),
        (DENIED, DENIED, KeyState.UNREADABLE, None),
        (BROKEN, BROKEN, KeyState.UNREADABLE, None),
        (DENIED, BROKEN, KeyState.UNREADABLE, None),
        (BROKEN, DENIED, KeyState.UNREADABLE, None),
    ],
)
def test_every_pair_of_views_leads_to_one_state(
    first: ViewState, second: ViewState, key: KeyState, judged: int | None
) -> None:
    """The view that is judged is the readable one that holds the key;
    what could not be read is never "absent".
    """
    drawn = draw(reading(some(first, second)))

    assert (drawn.key, drawn.view) == (key, judged)


def test_no_view_at_all_is_unreadable() -> None:
    """A host whose registry could not be looked at is not a host without an agent."""
    assert draw(reading()).key is KeyState.UNREADABLE


def test_a_registry_part_that_broke_off_is_unreadable() -> None:
    """One absent view says nothing where the part failed before it could look at the other."""
    broken = (Part(name="registry", milliseconds=1, error="SecurityException 0x8013150A"),)

    assert draw(reading([view(64, state=ABSENT)], parts=broken)).key is KeyState.UNREADABLE


@pytest.mark.parametrize(
    ("here", "there", "differing"),
    [
        ([PIN], [PIN], ()),
        ([PIN], [dword("primarytunnelport", 2147)], ()),
        ([PIN, dword("Other", 1)], [PIN, dword("Other", 2)], ()),
        ([PIN], [dword("PrimaryTunnelPort", 443)], ("PrimaryTunnelPort",)),
        ([PIN], [], ("PrimaryTunnelPort",)),
        ([PIN], [Value(name="PrimaryTunnelPort", kind=Kind.QWORD, data=2147)], ("PrimaryTunnelPort",)),
        ([PIN], [Value(name="PrimaryTunnelPort", kind=Kind.SZ, data="2147")], ("PrimaryTunnelPort",)),
        ([], [], ()),
    ],
)
def test_views_split_on_presence_kind_or_data(
    here: list[Value], there: list[Value], differing: tuple[str, ...]
) -> None:
    """Two views that hold the key disagree where a port value differs in any way;
    other values do not count.
    """
    drawn = draw(reading([view(64, *here), view(32, *there)]))

    assert drawn.differing == differing
    assert (drawn.key is KeyState.SPLIT) == bool(differing)


def test_views_split_on_a_gateway_value_that_the_profile_names() -> None:
    """A gateway's address that differs between the views counts like a port that differs."""
    named = profile("primary")
    roles = (type(named.roles[0])(role="primary", port_value="PrimaryTunnelPort", address_value="Gateway"),)
    gateways = [Value(name="Gateway", kind=Kind.SZ, data=data) for data in ("192.0.2.1", "192.0.2.2")]

    drawn = draw(reading([view(64, PIN, gateways[0]), view(32, PIN, gateways[1])]), "primary", roles=roles)

    assert drawn.differing == ("Gateway",)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (live(PRIMARY, 443), (443,)),
        (live(f"::ffff:{PRIMARY}", 443), (443,)),
        (live(PRIMARY, 443, "SynSent"), ()),
        (live(PRIMARY, 443, "CloseWait"), ()),
        (live("198.51.100.1", 443), ()),
        (live("203.0.113.20", 443), ()),
    ],
)
def test_a_tunnel_is_live_if_established_to_an_address_of_its_role(
    row: Connection, expected: tuple[int, ...]
) -> None:
    """Only Established counts, and only to a gateway of that very role."""
    found = reading([view(64, PIN)], targets=[target("primary")], connections=[row])

    assert draw(found).roles[0].live == expected


def test_addresses_that_do_not_decide_are_watched_for_tunnels_too() -> None:
    """A tunnel to an address that was only guessed is a tunnel."""
    watched = target("primary", "198.51.100.7", source=Source.GUESS, decides=False)
    found = reading(
        [view(64, PIN)], targets=[target("primary"), watched], connections=[live("198.51.100.7", 80)]
    )

    assert draw(found).roles[0].live == (80,)


def test_the_inventory_s_gateway_is_known_though_the_host_tried_nothing() -> None:
    """A host without the key can still show a tunnel to the gateway that the inventory names."""
    found = reading([view(64, state=ABSENT)], connections=[live(PRIMARY, 443)])

    drawn = facts(found, profile=profile(), desired={}, gateways=GATEWAYS)

    assert [role.live for role in drawn.roles] == [(443,), ()]
    assert drawn.any_live


def test_live_ports_are_listed_once_and_in_order() -> None:
    """Several connections to one port are one live port."""
    rows = [live(PRIMARY, 443), live(PRIMARY, 80), live(PRIMARY, 443), live(PRIMARY, 2147, "SynSent")]

    role = draw(reading([view(64, PIN)], targets=[target("primary")], connections=rows)).roles[0]

    assert (role.live, role.trying) == ((80, 443), (2147,))
