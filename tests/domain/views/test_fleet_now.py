"""What a fleet comes to: counts, groups, ports, changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from inventory.verdicts import Verdict
from orchestrator.domain.standing import HostNow
from orchestrator.domain.views.fleet_now import FleetNow, fleet_now
from tests.report.samples import NOW
from tests.report.standings import blocked, hosts_now, now, role, standing, unprobed


def summed(*hosts: HostNow, by: str = "site") -> FleetNow:
    """Sum up some hosts; what is older than a week is old."""
    return fleet_now(hosts, now=NOW, max_age=timedelta(days=7), by=by)


def test_every_host_counts_once() -> None:
    """Ok, waived, attention and never read add up to all hosts, in total and in each place."""
    fleet = summed(*hosts_now())
    places = (fleet.total, *fleet.places)
    assert [place.ok + place.waived + place.attention + place.unknown for place in places] == [
        place.hosts for place in places
    ]
    assert (fleet.total.hosts, fleet.total.unprobed, fleet.total.old) == (58, 2, 2)
    assert [(place.name, place.hosts) for place in fleet.places] == [("", 1), ("berlin", 15), ("paris", 42)]


def test_a_host_that_failed_keeps_its_last_verdict() -> None:
    """Its last reading counts, and its group says why there is no newer one."""
    fleet = summed(HostNow(latest=unprobed("web1"), known=standing("web1", blocked(), blocked("backup"))))
    (group,) = fleet.groups
    assert (group.key.verdict, group.key.cause, group.hosts) == (
        Verdict.BLOCKED,
        "auth: logon-failed",
        ("web1",),
    )
    assert (fleet.total.attention, fleet.total.unprobed) == (1, 1)


def test_hosts_that_were_re_pinned_since_stand_apart() -> None:
    """What their readings advised is done: they are a group of their own, after those that still need it."""
    drifted = role(verdict=Verdict.DRIFTED, pin=443)
    again = "re-pinned since it was read (run 1), scan it again: fleetcheck scan"
    since = [replace(now(standing(name, drifted)), since=again) for name in ("a", "b")]
    fleet = summed(*since, now(standing("c", drifted)))
    assert [(group.hosts, group.since) for group in fleet.groups] == [(("c",), ""), (("a", "b"), again)]
    assert fleet.groups[1].actions == (again,)


def test_old_readings_are_counted_where_they_are() -> None:
    """A group says how many of its readings are old, and when the oldest came."""
    old = NOW - timedelta(days=8)
    fleet = summed(now(standing("a")), now(standing("b", at=old)))
    (group,) = fleet.groups
    assert (group.hosts, group.old, group.oldest) == (("a", "b"), 1, old)
    assert fleet.oldest == old


def test_places_can_be_groups() -> None:
    """A host counts in its nearest group, once."""
    fleet = summed(now(standing("a", groups=("dmz", "paris"))), now(standing("b", groups=())), by="group")
    assert [(place.name, place.hosts) for place in fleet.places] == [("", 1), ("dmz", 1)]


def test_ports_are_counted_by_role_in_the_profiles_order() -> None:
    """Pinned, live, open and closed hosts are counted for each port and role;
    a port outside the list comes last.
    """
    fleet = summed(now(standing("a")), now(standing("b", role(), role("backup", Verdict.DRIFTED, pin=8443))))
    assert [use.port for use in fleet.ports][:2] == [2147, 554]
    assert fleet.ports[-1].port == 8443
    tunnel = fleet.ports[0]
    assert (tunnel.pinned, tunnel.live) == ({"primary": 2, "backup": 1}, {"primary": 2, "backup": 1})
    assert (tunnel.opened, tunnel.closed) == ({"primary": 2, "backup": 2}, {})
    assert fleet.ports[1].closed == {"primary": 2, "backup": 2}


def test_changes_are_against_the_reading_before() -> None:
    """A host whose last two readings differ is told; one with a single reading is not."""
    fleet = summed(now(standing("a", blocked(), role("backup")), standing("a")), now(standing("b")))
    assert [group.hosts for group in fleet.changes] == [("a",)]


def test_an_empty_fleet_is_no_error() -> None:
    """Without a host all counts are 0."""
    fleet = summed()
    assert (fleet.total.hosts, fleet.groups, fleet.oldest) == (0, (), None)


def test_a_reading_as_old_as_asked_for_is_not_old() -> None:
    """Seven days are asked for: what is exactly seven days old still counts."""
    at = NOW - timedelta(days=7)
    assert summed(now(standing("a", at=at))).total.old == 0
    assert summed(now(standing("a", at=at - timedelta(seconds=1)))).total.old == 1


def test_a_place_is_as_bad_as_its_worst_host() -> None:
    """Whichever host comes first; the fleet is as bad as its worst place."""
    bad = now(standing("bad", blocked(), role("backup")))
    fine = now(standing("fine"))
    elsewhere = now(standing("there", role(verdict=Verdict.DRIFTED, pin=443), role("backup"), site="berlin"))
    for hosts in ((bad, fine, elsewhere), (elsewhere, fine, bad)):
        fleet = summed(*hosts)
        assert fleet.total.worst is Verdict.BLOCKED
        assert {place.name: place.worst for place in fleet.places} == {
            "berlin": Verdict.DRIFTED,
            "paris": Verdict.BLOCKED,
        }
    assert summed(fine).total.worst is Verdict.OK


def test_a_waived_group_gives_its_reasons_and_any_other_none() -> None:
    """Each reason once, in the order of the hosts; waived hosts stand apart, after the others."""
    drifted = role(verdict=Verdict.DRIFTED, pin=443)
    hosts = [now(standing(name, drifted, waived=why)) for name, why in (("a", "x"), ("b", "y"), ("c", "x"))]
    fleet = summed(*hosts, now(standing("d", drifted)))
    assert [(group.hosts, group.reasons) for group in fleet.groups] == [
        (("d",), ()),
        (("a", "b", "c"), ("x", "y")),
    ]


def test_a_group_s_action_is_that_of_its_first_host() -> None:
    """Where the actions differ all are kept, in the order of the hosts."""
    judgement = standing("a", blocked(), role("backup")).judgement
    hosts = [
        now(standing(name, judgement=replace(judgement, action=action)))
        for name, action in (("a", "ask"), ("b", "write"))
    ]
    (group,) = summed(*hosts).groups
    assert (group.action, group.actions) == ("ask", ("ask", "write"))


def test_a_host_without_a_last_reading_has_no_change() -> None:
    """A reading before, and none now: nothing is compared, and nothing is told as new or gone."""
    fleet = summed(HostNow(latest=unprobed("a"), known=None, before=standing("a")))
    assert fleet.changes == ()
