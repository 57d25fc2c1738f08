"""What a probe costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.domain.execution.effort import (
    MODES,
    actual_attempts,
    host_deadline,
    script_deadline,
    script_need,
    too_short,
    usual_attempts,
)
from orchestrator.domain.reading import Canary, Result, Source, Target
from tests.domain.build import BACKUP, PRIMARY, attempt, host, profile, reading, target

GUARDED = profile(canary_port=9)


@pytest.mark.parametrize(
    ("mode", "desired", "count"),
    [
        ("connections", {}, None),
        ("pinned", {}, 1),
        ("pinned", {"primary": 443, "backup": 443}, 1),
        ("auto", {"primary": 443, "backup": 443}, 1),
        ("ordered", {}, 2),
        ("ordered", {"primary": 2147, "backup": 2147}, 1),
        ("ordered", {"primary": 443, "backup": 443}, 2),
        ("full", {"primary": 443, "backup": 443}, 4),
        ("full", {"primary": 9999, "backup": 9999}, 5),
    ],
)
def test_the_usual_count_is_what_a_healthy_host_makes(
    mode: str, desired: dict[str, int], count: int | None
) -> None:
    """Each mode has its count of connects per gateway; in `auto` the list is not part of it."""
    expected = {} if count is None else {PRIMARY: count, BACKUP: count}

    assert usual_attempts(host(profile=GUARDED, desired=desired), mode, canaries=True) == expected


def test_without_canaries_one_connect_less() -> None:
    """The canary port counts where it is tried."""
    desired = {"primary": 2147, "backup": 2147}

    assert usual_attempts(host(profile=GUARDED, desired=desired), "full", canaries=False) == {
        PRIMARY: 3,
        BACKUP: 3,
    }


def test_a_gateway_that_nobody_names_is_not_counted_before_the_answer() -> None:
    """What only the host's registry knows is charged afterwards."""
    assert usual_attempts(host(gateways={"primary": PRIMARY}), "auto", canaries=True) == {PRIMARY: 1}


def test_one_machine_for_both_roles_is_one_gateway() -> None:
    """Roles that share a gateway share its count."""
    shared = host(gateways={"primary": PRIMARY, "backup": PRIMARY}, desired={"primary": 2147, "backup": 443})

    assert usual_attempts(shared, "pinned", canaries=True) == {PRIMARY: 2}


def test_what_was_really_tried_is_counted_once_per_connect() -> None:
    """One connect that serves two targets is one, a second try is one more, one that never began is none."""
    first, twin = target("primary"), target("primary", source=Source.REGISTRY, decides=False)
    late = replace(attempt(first, 80, Result.ERROR), milliseconds=None)
    found = reading(
        targets=[first, twin],
        attempts=[
            attempt(first, 2147, Result.TIMED_OUT),
            attempt(twin, 2147, Result.TIMED_OUT),
            attempt(first, 2147, Result.TIMED_OUT, number=2),
            late,
        ],
        canaries=[
            Canary(kind="port", address=PRIMARY, port=9, result=Result.REFUSED, milliseconds=1),
            Canary(kind="address", address="192.0.2.99", port=2147, result=Result.REFUSED, milliseconds=1),
        ],
    )

    assert actual_attempts(found, {"primary": PRIMARY}) == {PRIMARY: 3}


def test_connects_to_a_name_s_addresses_are_charged_to_the_name() -> None:
    """What was charged by the inventory's name before is settled under that name,
    other gateways by address.
    """
    named = Target(
        role="primary",
        source=Source.INVENTORY,
        name="lvig",
        addresses=("192.0.2.1", "192.0.2.2"),
        decides=True,
    )
    other = target("backup", "192.0.2.3", source=Source.REGISTRY)
    found = reading(
        targets=[named, other],
        attempts=[
            attempt(named, 443, Result.REFUSED, address="192.0.2.1"),
            attempt(named, 443, Result.REFUSED, address="192.0.2.2"),
            attempt(other, 443, Result.REFUSED),
        ],
    )

    assert actual_attempts(found, {"primary": "lvig"}) == {"lvig": 2, "192.0.2.3": 1}


def test_a_mode_that_tries_more_may_take_longer() -> None:
    """The time that a script may need grows from mode to mode, and with the connect time-out."""
    needs = [script_need(host(), mode, canaries=True) for mode in ("connections", "full", "auto", "ordered")]
    slow = script_need(host(profile=profile(connect_timeout=6.0)), "full", canaries=True)

    assert needs == sorted(set(needs))
    assert slow - needs[1] == 6


def test_a_narrow_width_takes_more_rounds() -> None:
    """With one connect at a time every one may use up its time-out."""
    assert script_need(host(), "full", canaries=False, width=1) == 10 + (16 + 1) * 3


@pytest.mark.parametrize(("need", "left", "seconds"), [(20, 60, 20), (20, 15, 13), (20, 2, 1), (20, -5, 1)])
def test_the_script_gets_what_it_needs_inside_what_is_left(need: float, left: float, seconds: float) -> None:
    """A script's own deadline ends in time for its answer to come home."""
    assert script_deadline(need, left) == seconds


@pytest.mark.parametrize("mode", MODES)
def test_a_derived_deadline_is_never_too_short(mode: str) -> None:
    """Without a `timeout` of its own, a host has time for the script, the session and the answer."""
    free = host()
    derived = host_deadline(free, mode, canaries=True)

    assert derived > script_need(free, mode, canaries=True)
    assert too_short(free, mode, canaries=True) is None
    assert too_short(host(timeout=derived), mode, canaries=True) is None


def test_a_host_s_own_timeout_counts() -> None:
    """What the inventory says is not stretched."""
    assert host_deadline(host(timeout=7.5), "full", canaries=True) == 7.5


def test_a_timeout_that_is_too_short_is_said() -> None:
    """The warning names the host, the mode, and the number to write."""
    assert too_short(host(timeout=12), "ordered", canaries=False) == (
        "web1: `timeout: 12` is too short for `--probe ordered`, which may take 35 s where nothing answers: "
        "raise it, or leave it out"
    )


def test_the_sample_s_minute_is_enough_for_everyday_modes() -> None:
    """A `timeout` of 60 gives no warning for the modes that look at ports at once."""
    everyday = [too_short(host(timeout=60), mode, canaries=True) for mode in ("auto", "full", "pinned")]

    assert everyday == [None, None, None]
