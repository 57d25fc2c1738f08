"""The firewall rules that bring hosts back: on the screen, as plain rows, as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.firewall.unblock import Apart, HostsAt, Rule, Unblocking
from orchestrator.report.document import envelope, plain
from orchestrator.report.parts import INDENT, heading, hosts_named, next_section
from orchestrator.report.words import NAMES_SHOWN, folded, listed, shown

RULES_SHOWN = 50  # the best; the others are a count and a command
FEW_PLACES, NAMES_OF_MANY = 5, 3  # of a rule with more places than a few, so many hosts of each are named


def unblock_screen(found: Unblocking, target: float, command: str) -> RenderableType:
    """Draw the rules, the one that helps most first; fits 80 columns. `command` names every host."""
    share = "" if target == 1 else f" (target {target:.0%})"
    return Group(
        Text("Firewall rules to ask for", style="bold").append(
            f"  {plural(len(found.rules), 'rule')} {'brings' if len(found.rules) == 1 else 'bring'} back "
            f"{found.back:,} of {plural(found.blocked, 'blocked host')}{share}",
            style="",
        ),
        *_rules(found),
        *_left(found),
        *_apart(found.apart),
        *_next(found, command),
    )


def _rules(found: Unblocking) -> Iterator[RenderableType]:
    told: dict[tuple[str, ...], int] = {}
    for number, rule in enumerate(found.rules[:RULES_SHOWN], 1):
        yield Text()
        yield _title(number, rule)
        same = told.setdefault(rule.hosts, number)
        if same == number or len(rule.hosts) <= NAMES_OF_MANY:
            yield from (_place(at, _names_shown(rule)) for at in rule.places)
        else:
            yield Padding(Text(f"the same hosts as {same}."), INDENT)
    if rest := found.rules[RULES_SHOWN:]:
        yield Text(f"and {plural(len(rest), 'more rule')}, see --json")


def _names_shown(rule: Rule) -> int:
    """Say how many hosts of a place are named: fewer where there are many places."""
    return NAMES_SHOWN if len(rule.places) <= FEW_PLACES else NAMES_OF_MANY


def _place(at: HostsAt, limit: int) -> RenderableType:
    where = f"{at.site or '(no site)'}{' ' if at.subnet else ''}{at.subnet}"
    names = listed(at.hosts, limit=limit)
    return Padding(shown(f"{where}, {plural(len(at.hosts), 'host')}: {names}"), INDENT)


def _next(found: Unblocking, command: str) -> Iterator[RenderableType]:
    """Offer the whole list where this screen folded some of it."""
    lists = [(at.hosts, _names_shown(rule)) for rule in found.rules for at in rule.places]
    lists += [(names, NAMES_SHOWN) for names in (found.left, *(item.hosts for item in found.apart))]
    if len(found.rules) > RULES_SHOWN or any(folded(names, limit=limit)[1] for names, limit in lists):
        yield from next_section([(command, "see every rule and every host by name")])


def _title(number: int, rule: Rule) -> Text:
    label = f" ({rule.label})" if rule.label else ""
    title = shown(f"{number}. permit TCP {rule.port}{label} to {', '.join(rule.gateway)}", "bold")
    return title.append(
        f"\n  helps {plural(len(rule.hosts), 'host')}; {rule.back:,} back after this rule", style=""
    )


def _left(found: Unblocking) -> Iterator[RenderableType]:
    if found.left:
        yield Text()
        yield from hosts_named(Text("Left, beyond the target", style="bold underline"), found.left)


def _apart(apart: tuple[Apart, ...]) -> Iterator[RenderableType]:
    if not apart:
        return
    yield from heading(f"No rule brings these back: {plural(sum(len(item.hosts) for item in apart), 'host')}")
    for item in apart:
        yield from hosts_named(shown(item.reason), item.hosts)


UNBLOCK_COLUMNS = ("record", "port", "gateways", "site", "hosts", "names", "subnet")


def unblock_rows(found: Unblocking) -> Iterator[tuple[object, ...]]:
    """Yield a row per rule and place (rule, port, gateway, site, hosts, names, subnet),
    then per reason of those apart.
    """
    for rule in found.rules:
        for at in rule.places:
            hosts = len(at.hosts), ",".join(at.hosts)
            yield "rule", rule.port, ",".join(rule.gateway), at.site, *hosts, at.subnet
    for item in found.apart:
        yield "apart", item.reason, len(item.hosts), ",".join(item.hosts)


def unblock_document(found: Unblocking, target: float) -> dict[str, Any]:
    """Say the whole choice."""
    content: dict[str, Any] = plain(found)
    return envelope("unblock", target=target, **content)
