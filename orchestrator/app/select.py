"""The hosts that a selection takes, and what becomes of a pattern in it that takes none."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from orchestrator.app.errors import UsageError

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from inventory.selection.universe import Universe
    from orchestrator.app.events import NoteListener
    from orchestrator.domain.standing import HostNow


class NoMatch(enum.StrEnum):
    """What a pattern that takes no host is: right, worth a warning, or a mistake."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"


def limited(
    fleet: Fleet,
    limit: Sequence[str],
    no_match: NoMatch,
    *,
    stdin: TextIO | None,
    on_event: NoteListener,
) -> tuple[Host, ...]:
    """Choose the hosts of `--limit`.

    Raises SelectionError, and UsageError for patterns that take nothing where `no_match` makes them a
    mistake.
    """
    from inventory.selection.select import select
    from orchestrator.app.events import Warned

    nothing: list[str] = []
    hosts = select(fleet, limit, stdin=stdin, unmatched=nothing.append)
    if nothing and no_match is NoMatch.ERROR:
        allow = "where that is meant: --no-match ok"
        raise UsageError("\n".join([*nothing, allow]))
    if no_match is NoMatch.WARN:
        for sentence in nothing:
            on_event(Warned(words=sentence))
    return hosts


def set_aside(
    patterns: Sequence[str],
    fleet: Fleet | None,
    hosts: Iterable[HostNow],
    *,
    stdin: TextIO | None,
    on_event: NoteListener,
) -> frozenset[str]:
    """Return the names that `--set-aside` stands for: of the inventory, else of the stored results `hosts`.

    None for no pattern. Raises SelectionError.
    """
    if not patterns:
        return frozenset()
    from inventory.errors import SelectionError
    from inventory.selection.patterns import Patterns
    from inventory.selection.select import Universe, chosen
    from orchestrator.app.events import Warned

    universe = _of_results(hosts) if fleet is None else Universe(fleet.hosts, fleet.groups, fleet.counted)
    found, nothing = chosen(universe, patterns, patterns=Patterns(), stdin=stdin)
    if not found:
        raise SelectionError(*nothing, "--set-aside takes no host")
    for sentence in nothing:
        on_event(Warned(words=f"--set-aside: {sentence}"))
    return frozenset(host.name for host in found)


def _of_results(hosts: Iterable[HostNow]) -> Universe:
    """Make of results what a selection chooses from.

    Names, groups and sites as they were when the hosts were asked.
    """
    from inventory.model import Host
    from inventory.selection.universe import Universe

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
