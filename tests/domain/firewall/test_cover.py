"""Which permits bring hosts back: the fewest for all of them, beside every other choice there is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.firewall.cover import Need, Permit, choose
from orchestrator.domain.firewall.vertex_cover import TooHardError, fewest
from tests.domain.build import BACKUP, PRIMARY

GATEWAYS = ((PRIMARY,), (BACKUP,))
PORTS = (2147, 443, 80, 25)
PLACES = {port: place for place, port in enumerate(PORTS)}


@st.composite
def blocked(draw: st.DrawFn) -> list[Need]:
    """Make up hosts, each closed at one or both gateways, with one or two ports that help."""
    needs = []
    for number in range(draw(st.integers(1, 7))):
        for role in draw(st.sampled_from([(0,), (1,), (0, 1)])):
            ports = draw(st.lists(st.sampled_from(PORTS), min_size=1, max_size=2, unique=True))
            permits = tuple((port, GATEWAYS[role]) for port in ports)
            needs.append(Need(f"h{number}", f"r{role}", permits))
    return needs


def hosts(needs: Sequence[Need]) -> set[str]:
    """Return the hosts' names."""
    return {need.host for need in needs}


def back(needs: Sequence[Need], chosen: set[Permit]) -> set[str]:
    """Return the hosts of which every need is met."""
    return hosts(needs) - {need.host for need in needs if not chosen.intersection(need.permits)}


def least(needs: Sequence[Need], wanted: int) -> int:
    """Find the true least number of permits by trying all sets of them, the smallest first."""
    every = list(itertools.product(PORTS, GATEWAYS))
    return next(
        size
        for size in range(len(every) + 1)
        for chosen in itertools.combinations(every, size)
        if len(back(needs, set(chosen))) >= wanted
    )


@given(blocked())
def test_all_hosts_come_back_with_the_fewest(needs: list[Need]) -> None:
    """No other set of permits that brings everybody back is smaller,
    and the choice says that this is proved.
    """
    choice = choose(needs, len(hosts(needs)), PLACES)
    assert len(choice.chosen) == least(needs, len(hosts(needs)))
    assert (choice.back, choice.fewest) == (hosts(needs), True)


@given(blocked(), st.data())
def test_a_share_takes_no_more_than_all_and_nothing_that_could_go(
    needs: list[Need], data: st.DataObject
) -> None:
    """Enough hosts are back, with no more permits than all hosts need at least,
    and each of them is needed for that.
    """
    wanted = data.draw(st.integers(1, len(hosts(needs))))
    choice = choose(needs, wanted, PLACES)
    permits = {each.permit for each in choice.chosen}
    assert choice.back == back(needs, permits)
    assert len(choice.back) >= wanted
    assert len(permits) <= least(needs, len(hosts(needs)))
    assert [each for each in permits if len(back(needs, permits - {each})) >= wanted] == []
    if choice.fewest:
        assert len(permits) == least(needs, wanted)


@given(blocked())
def test_what_was_given_up_is_greedy_and_says_so(needs: list[Need]) -> None:
    """Where the search is cut short, all are back within 1 + ln(n) times the fewest,
    and nothing is promised.
    """
    everybody = len(hosts(needs))
    choice = choose(needs, everybody, PLACES, steps=0)
    assert choice.back == hosts(needs)
    most = max(len([need for need in needs if each.permit in need.permits]) for each in choice.chosen)
    assert len(choice.chosen) <= (1 + math.log(most)) * least(needs, everybody)


@given(blocked())
def test_each_permit_helps_somebody_and_the_count_of_hosts_grows(needs: list[Need]) -> None:
    """What helps most comes first, and no permit stands there for nothing."""
    choice = choose(needs, len(hosts(needs)), PLACES)
    counts = [each.back for each in choice.chosen]
    assert counts == sorted(counts)
    assert all(each.helped for each in choice.chosen)


def test_greedy_is_not_enough() -> None:
    """The port that helps most hosts is not among the fewest here: what is greedy takes one permit more."""
    pairs = [(1, 2), (1, 3), (1, 4), (2, 5), (3, 6), (4, 7)]
    assert fewest(pairs, [1, 2, 3, 4, 5, 6, 7]) == {2, 3, 4}


def graphs() -> st.SearchStrategy[list[tuple[int, int]]]:
    """Make up graphs of up to nine vertices, loops among them."""
    vertex = st.integers(1, 9)
    return st.lists(st.tuples(vertex, vertex), max_size=16)


@given(graphs(), st.permutations(range(1, 10)))
def test_a_smallest_cover_with_the_earliest_vertices(edges: list[tuple[int, int]], order: list[int]) -> None:
    """Of all covers by brute force it is one of the smallest,
    and of these the one whose vertices come first.
    """

    def covers() -> Iterator[tuple[list[int], set[int]]]:
        for size in range(10):
            found = [set(each) for each in itertools.combinations(range(1, 10), size)]
            found = [each for each in found if all(each & {one, other} for one, other in edges)]
            if found:
                loops = {one for one, other in edges if one == other}
                yield from ((sorted(map(order.index, each - loops)), each) for each in found)
                return

    assert fewest(edges, order) == min(covers(), key=lambda each: each[0])[1]


def test_a_search_that_takes_too_long_is_given_up() -> None:
    """A graph that needs more steps than allowed says so, and no answer is made up."""
    pairs = [(one, other) for one in range(6) for other in range(one)]
    try:
        fewest(pairs, range(6), steps=10)
    except TooHardError:
        return
    raise AssertionError("it answered")


def test_ten_thousand_hosts_behind_sixteen_ports_take_few_steps() -> None:
    """The steps hang on the ports, not on the hosts:
    a fleet as large as it gets stays far below the limit.
    """
    needs = [
        Need(f"h{n}", "r0", ((n % 16 + 1, GATEWAYS[0]), (n * 7 % 15 + 1, GATEWAYS[0]))) for n in range(10_000)
    ]
    assert choose(needs, 10_000, {}, steps=20_000).fewest
