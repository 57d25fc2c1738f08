"""What a plan rests on: what results come to by settings of today, and what the journal says of hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orchestrator.domain.repin.policy import PORT
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from inventory.model import Host
    from orchestrator.domain.repin.conclusion import Conclusion
    from orchestrator.domain.repin.operation import Operation
    from orchestrator.domain.repin.policy import Policy
    from orchestrator.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the database says of the hosts.

    What their results came to, newest first, and the journal's rows that speak of each. `asked`: hosts whose
    newest result is of a scan that a plan asked for. `at_work`: runs that have left a host of
    these open, and whose process is alive.
    """

    conclusions: Mapping[str, tuple[Conclusion, ...]]
    rows: Mapping[str, Sequence[Operation]]
    asked: frozenset[str] = frozenset()
    at_work: frozenset[int] = frozenset()


def evidence_of(
    hosts: Sequence[Host], reader: Reader, *, policy: Policy, agree: int, scan: int | None
) -> Evidence:
    """Read what a plan by `policy` rests on: the `agree` latest results of each host, or those of `scan`.

    Raises StoreError.
    """
    from orchestrator.domain.repin.touched import SPEAKING

    names = [host.name for host in hosts]
    asked: Mapping[str, tuple[Conclusion, ...]] = {}
    if scan is None:
        stored = reader.latest_conclusions(names, limit=agree)
        if policy.word == PORT and agree == 1:
            asked = _newer(reader.latest_conclusions(names, asked=True), stored)
    else:
        reader.scan(scan)
        stored = reader.conclusions_of(scan, names)
    known = _of_today({**stored, **asked}, _listing(hosts, policy), reader)
    rows: dict[str, list[Operation]] = {}
    spoken = reader.in_states(*SPEAKING, hosts=names)
    for row in spoken:
        rows.setdefault(row.host, []).append(row)
    at_work = reader.at_work(spoken)
    return Evidence(conclusions=known, rows=rows, asked=frozenset(asked), at_work=at_work)


def _newer(
    asked: Mapping[str, tuple[Conclusion, ...]], known: Mapping[str, tuple[Conclusion, ...]]
) -> dict[str, tuple[Conclusion, ...]]:
    """Return what a plan asked hosts for since their latest scan, before that scan's results."""
    found = {}
    for host, (newest, *_) in asked.items():
        before = known.get(host, ())[:1]
        if not before or newest.read > before[0].read:
            found[host] = (newest, *before)
    return found


def _listing(hosts: Sequence[Host], policy: Policy) -> Sequence[Host]:
    """Return the hosts as they are judged for a plan: with the ports that it names among those listed."""
    from inventory.model import ListedPort

    if policy.word != PORT:
        return hosts
    found = []
    for host in hosts:
        profile = host.profile
        named = dict.fromkeys(policy.named(profile.role_names).values())
        more = [ListedPort(number=port) for port in named if port not in profile.port_numbers]
        listed = replace(profile, ports=(*profile.ports, *more)) if more else profile
        found.append(replace(host, profile=listed) if more else host)
    return found


def _of_today(
    stored: Mapping[str, tuple[Conclusion, ...]], hosts: Sequence[Host], reader: Reader
) -> Mapping[str, tuple[Conclusion, ...]]:
    """Conclude anew, from whole readings, where settings or the program are others than at the scan."""
    from orchestrator.domain.repin.conclusion import judged_anew

    concerned = {
        each.result: (host, each)
        for host in hosts
        for each in stored.get(host.name, ())
        if not each.holds(host, VERSION)
    }
    names = value_names(hosts)
    anew = {
        number: judged_anew(concerned[number][1], reading, concerned[number][0], VERSION)
        for number, reading in reader.readings(concerned, names)
    }
    return {name: tuple(anew.get(each.result, each) for each in found) for name, found in stored.items()}


def value_names(hosts: Iterable[Host]) -> frozenset[str]:
    """Name the registry values that say something to a plan, of all products."""
    roles = {id(host.profile): host.profile.roles for host in hosts}
    names = {
        name for each in roles.values() for role in each for name in (role.port_value, role.address_value)
    }
    return frozenset(name for name in names if name is not None)
