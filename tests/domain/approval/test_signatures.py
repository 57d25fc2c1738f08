"""How many people have signed: by name and key together, and never more than there surely are."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.approval.signatures import Approval, Approvals, is_name, people


def signed(who: str, key: str, *also: str) -> Approval:
    """Return a signature that holds."""
    return Approval(who=who, kind="ED25519", key=key, text="", also=frozenset(also))


@pytest.mark.parametrize(
    ("approvals", "count"),
    [
        ((), 0),
        ((signed("ann", "k1"),), 1),
        ((signed("ann", "k1"), signed("bob", "k2")), 2),
        ((signed("ann", "k1"), signed("ann", "k2")), 1),
        ((signed("ann", "k1"), signed("bob", "k1")), 1),
        ((signed("ann", "k2"), signed("bob", "k1", "ann")), 1),
        ((signed("ann", "k1"), signed("bob", "k2"), signed("ann", "k2")), 1),
        ((signed("ann", "k1"), signed("bob", "k2"), signed("carl", "k3", "bob")), 2),
    ],
)
def test_a_person_is_a_name_and_a_key_of_their_own(approvals: tuple[Approval, ...], count: int) -> None:
    """Two keys of one name, one key of two names, and whoever could have signed for another count once."""
    assert [people(each) for each in permutations(approvals)] == [count] * len([*permutations(approvals)])


NAMES = st.sampled_from(["ann", "bob", "carl", "dora"])
SIGNATURES = st.lists(st.builds(signed, NAMES, st.sampled_from(["k1", "k2", "k3", "k4"]), NAMES), max_size=6)


@given(SIGNATURES)
def test_there_are_never_more_people_than_names_or_keys(approvals: list[Approval]) -> None:
    """Whatever is signed by whom: no more than there are different names, nor different keys."""
    counted = people(approvals)
    assert counted <= len({each.who for each in approvals})
    assert counted <= len({each.key for each in approvals})
    assert (counted == 0) == (not approvals)


def test_what_is_missing_is_what_is_demanded_and_not_there() -> None:
    """More signatures than are demanded leave nothing missing."""
    counted = (signed("ann", "k1"), signed("bob", "k2"))
    assert [Approvals(demanded=n, counted=counted).missing for n in (0, 1, 2, 3)] == [0, 0, 0, 1]


@pytest.mark.parametrize("name", ["ann", "ann@corp.example", "a.b-c_d+e", "7"])
def test_a_signers_name_can_be_a_part_of_a_files_name(name: str) -> None:
    """Names of people and mail addresses."""
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", "*", "ann*", "../ann", "a/b", ".ann", "-ann", "a,b", "a b", "ä", "a\n", "a" * 101]
)
def test_a_pattern_or_a_path_is_no_name(name: str) -> None:
    """ssh-keygen would take `*@corp.example` for somebody, and a file would go elsewhere."""
    assert not is_name(name)
