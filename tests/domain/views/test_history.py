"""A host's results laid out in time."""

from __future__ import annotations

from orchestrator.domain.judgement import Belief
from orchestrator.domain.views.history import history
from tests.report.standings import results, role, standing, unprobed


def test_results_that_say_the_same_are_one_stretch() -> None:
    """A stretch has its first and last scan, and ends where verdict,
    pins or the cause of a failure change.
    """
    found = history("web1", results())
    assert [(each.label, each.first_scan, each.last_scan, each.results) for each in found.stretches] == [
        ("ok", 60, 60, 1),
        ("unknown", 59, 59, 1),
        ("blocked (backup)", 56, 58, 3),
        ("ok", 6, 55, 50),
    ]
    assert [dict(each.pins) for each in found.stretches[:2]] == [{"primary": "443", "backup": "443"}, {}]


def test_a_port_is_followed_from_the_oldest_result() -> None:
    """There is a belief for each result, none where the host gave no reading."""
    found = history(
        "a", [standing("a"), unprobed("a"), standing("a", role(tried=()), role("backup", tried=()))]
    )
    tunnel = found.tracks[0]
    assert (tunnel.role, tunnel.port, tunnel.pinned) == ("primary", 2147, True)
    assert tunnel.beliefs == (Belief.UNTRIED, None, Belief.OPEN)


def test_ports_that_nobody_tried_have_no_track() -> None:
    """Where the pin alone was tried, it is the only one of its role."""
    found = history("a", [standing("a", role(tried=(2147,)), role("backup", tried=(2147,)))])
    assert [(track.role, track.port) for track in found.tracks] == [("primary", 2147), ("backup", 2147)]


def test_a_host_that_never_answered_has_no_ports() -> None:
    """Its stretches say why, over all its results."""
    found = history("a", [unprobed("a", scan=2), unprobed("a", scan=1)])
    assert (found.tracks, [each.results for each in found.stretches]) == ((), [2])


def test_a_port_that_was_tried_once_is_followed_for_its_role_alone() -> None:
    """What one role found open the other may have found closed; in the list's order."""
    first = standing("a", role(tried=(2147, 443)), role("backup", tried=(2147, 443), opened=(2147,)), scan=1)
    now = standing("a", role(tried=(2147,)), role("backup", tried=(2147,)), scan=2)
    found = history("a", [now, first])
    assert [(track.role, track.port, track.beliefs) for track in found.tracks] == [
        ("primary", 2147, (Belief.OPEN, Belief.OPEN)),
        ("primary", 443, (Belief.OPEN, Belief.UNTRIED)),
        ("backup", 2147, (Belief.OPEN, Belief.OPEN)),
        ("backup", 443, (Belief.CLOSED, Belief.UNTRIED)),
    ]


def test_a_pin_outside_the_list_is_followed_and_a_missing_one_is_not() -> None:
    """The port that the agent uses is there, whoever tried it; where there is no pin there is no port."""
    found = history("a", [standing("a", role(pin=8443, tried=()), role("backup", pin=None, tried=()))])
    assert [(track.role, track.port, track.label, track.pinned) for track in found.tracks] == [
        ("primary", 8443, "not in the list", True)
    ]
