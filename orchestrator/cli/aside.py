"""The hosts of `--set-aside`: named as `--limit` does, from the inventory at hand, else from the stored results."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from inventory.errors import SelectionError
from inventory.model import Fleet, Host
from inventory.select import Universe, chosen
from inventory.selection.patterns import Patterns
from orchestrator.cli.console import say

if TYPE_CHECKING:
    from orchestrator.domain.standing import HostNow


def set_aside(patterns: Sequence[str], fleet: Fleet | None, hosts: Iterable[HostNow]) -> frozenset[str]:
    """Return the names that the patterns stand for, none for none; one that takes nothing is said. Raises SelectionError."""
    if not patterns:
        return frozenset()
    universe = _of_results(hosts) if fleet is None else Universe(fleet.hosts, fleet.groups, fleet.counted)
    found, nothing = chosen(universe, patterns, patterns=Patterns(), stdin=sys.stdin)
    if not found:
        raise SelectionError(*nothing, "--set-aside takes no host")
    for sentence in nothing:
        say(f"warning: --set-aside: {sentence}")
    return frozenset(host.name for host in found)


def typed(patterns: Sequence[str]) -> str:
    """Write the options again, for a command that is to be typed next."""
    return "".join(f" --set-aside {shlex.quote(pattern)}" for pattern in patterns)


def _of_results(hosts: Iterable[HostNow]) -> Universe:
    """Make of results what a selection chooses from: names, groups and sites as they were when the hosts were asked."""
    found: dict[str, Host] = {}
    groups: dict[str, list[str]] = {}
    for standing in (now.standing for now in hosts):
        found[standing.host] = Host(
            name=standing.host,
            address=standing.address,
            port=0,
            profile=standing.profile,
            site=standing.site,
            groups=standing.groups,
        )
        for group in standing.groups:
            groups.setdefault(group, []).append(standing.host)
    return Universe(found, groups)
