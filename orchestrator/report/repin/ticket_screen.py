"""A plan on the screen, read like a change ticket: what, where, why, what could go wrong, who is left out,
what next.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.approval.signatures import Approvals
from orchestrator.domain.primitives.inventories import in_words
from orchestrator.domain.repin.plan import NEWEST
from orchestrator.report.advice import NAMED, completed
from orchestrator.report.parts import INDENT, bullets, heading, hosts_named, next_section, unbroken, warned
from orchestrator.report.repin.run import in_waves
from orchestrator.report.repin.ticket import Named, Ticket, expiry, role_words
from orchestrator.report.words import age, duration, moment, shown

GROUPS_SHOWN = (
    30  # of changes, and of reasons: the others are a count; a pipe, --json and --html have them all
)
_PLACES_SHOWN = 8
_SCAN = "fleetcheck scan"
_SITES_SHOWN = 8


def ticket_screen(ticket: Ticket, now: datetime) -> RenderableType:
    """Draw a plan. `now` is aware. Fits 80 columns."""
    return Group(
        *_head(ticket, now),
        *warned(warnings(ticket, now)),
        *_signatures(ticket.approvals),
        *_changes(ticket),
        *_named(f"Waived, and planned all the same: {ticket.plan.include_waived}", "yellow", ticket.waived),
        *_named("Risks", "yellow", ticket.risks),
        *_named(f"Left out: {plural(len(ticket.plan.left_out), 'host')}", "cyan", _left_out(ticket)),
        *_places(ticket),
        *_evidence(ticket, now),
        *next_section(next_commands(ticket, now)),
        Text(),
        unbroken(Text(f"sha256 {ticket.digest}", style="dim")),
    )


TICKET_COLUMNS = ("host", "state", "change", "why")


def ticket_rows(ticket: Ticket) -> Iterator[tuple[str, ...]]:
    """Yield a plain row per host: name, `planned` or `left-out`, what changes,
    why (and what could go wrong).
    """
    waived = {name: f"waived, {group.words}" for group in ticket.waived for name in group.hosts}
    for host in ticket.plan.hosts:
        said = (host.why, *host.risks, *([waived[host.host]] if host.host in waived else []))
        yield host.host, "planned", role_words(host.roles), "; ".join(said)
    for left in ticket.plan.left_out:
        yield left.host, "left-out", "", completed(left.reason, ticket.hints)


def warnings(ticket: Ticket, now: datetime) -> Iterator[str]:
    """Say what should keep a reader from applying the plan as it is."""
    plan = ticket.plan
    if expiry(plan, now) <= timedelta(0):
        yield f"expired {age(plan.expires, now)}: apply refuses it, make a new plan"
    if plan.force_closed is not None:
        yield f"ports that are not open are written too, by --force-closed: {plan.force_closed}"
    if plan.include_waived is not None and plan.waived:
        yield (
            f"{plural(len(plan.waived), 'waived host')} planned too, by --include-waived: "
            f"{plan.include_waived}"
        )
    if plan.file_version < NEWEST:
        yield "made by 0.1: apply refuses it, plan again"
    if not plan.hosts:
        yield "no host is planned: there is nothing to apply"
    if ticket.approvals.trouble:
        yield f"nobody can say who has signed it: {ticket.approvals.trouble}"


def next_commands(ticket: Ticket, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield commands worth typing next, each with what it does."""
    plan, where = ticket.plan, f"{ticket.hints.inventory}{ticket.hints.database}"
    if not plan.hosts:
        yield from _next_without_hosts(ticket)
        return
    if ticket.file is None:
        yield _to_keep(ticket), "nothing was written: name a file to keep the plan in"
        return
    file = shlex.quote(ticket.file)
    if expiry(plan, now) > timedelta(0) and plan.file_version == NEWEST:
        if ticket.approvals.missing:
            more = plural(ticket.approvals.missing, "person", "people")
            yield f"fleetcheck repin approve {file} --key ~/.ssh/id_ed25519", f"sign it, {more} missing"
        yield (
            f"fleetcheck repin apply {file} --dry-run{where}",
            "read every host afresh, and write nothing",
        )
        waves, does = in_waves(ticket.hints)
        yield f"fleetcheck repin apply {file}{waves}{where}", does
    yield f"fleetcheck repin show {file} --html ticket.html", "attach it to a change ticket"
    yield f"fleetcheck repin show {file} | cat", "list every host, a line each"


def _to_keep(ticket: Ticket) -> str:
    """Write the command that makes the plan again, into a file."""
    undoes, where = ticket.plan.undoes, f"{ticket.hints.inventory}{ticket.hints.database}"
    if undoes is not None:
        return f"{ticket.typed or f'fleetcheck repin undo {undoes}{where}'} -o undo-{undoes}.json"
    return f"{ticket.typed or f'fleetcheck repin plan{where}'} -o plan.json"


def _next_without_hosts(ticket: Ticket) -> Iterator[tuple[str, str]]:
    """Yield what helps where nothing is planned: the run that an undo found nothing of, or another scan."""
    plan, hints = ticket.plan, ticket.hints
    where = f"{hints.inventory}{hints.database}"
    if plan.undoes is not None:
        yield f"fleetcheck repin status {plan.undoes}{hints.database}", "see what became of that run's hosts"
        return
    if stale := [left.host for left in plan.left_out if "scan again" in left.reason or _SCAN in left.reason]:
        typed = f"{_SCAN}{_limit(stale, plan.selection)}{where}"
        yield typed, "scan those whose evidence is missing or old, then plan anew"
    yield f"fleetcheck report{where}", "see the fleet as it is known now"


def _limit(hosts: Sequence[str], selection: str) -> str:
    """Write the `--limit` that means these hosts where they are few, else all that were selected."""
    if len(hosts) <= NAMED:
        return f" --limit {shlex.quote(','.join(hosts))}"
    if "-" in selection.split(","):  # was read from standard input
        return " --limit HOST,..."
    return f" --limit {shlex.quote(selection)}" if selection else ""


def signature_rows(approvals: Approvals) -> Iterator[tuple[str, str]]:
    """Yield a row per signature: whose it is, and its key, or why it does not count."""
    for each in approvals.counted:
        yield each.who, f"{each.kind} {each.key}"
    for refused in approvals.not_counted:
        yield refused.who, f"not counted: {refused.why}"


def signature_title(approvals: Approvals) -> str:
    """Say how many people have signed, and how many have to; "" where nobody did and nobody has to."""
    if not (approvals.demanded or approvals.counted or approvals.not_counted):
        return ""
    of = f" of {approvals.demanded} demanded ({approvals.origin})" if approvals.demanded else ""
    return f"Signatures: {approvals.people}{of}"


def _signatures(approvals: Approvals) -> Iterator[RenderableType]:
    if not (title := signature_title(approvals)):
        return
    yield from heading(title)
    for who, what in signature_rows(approvals):
        yield Padding(shown(f"{who}  {what}"), INDENT)


def _head(ticket: Ticket, now: datetime) -> Iterator[Text]:
    plan = ticket.plan
    what = "to undo" if plan.undoes is not None else "to re-pin"
    title = Text("Plan", style="bold")
    title.append(f"  {plural(len(plan.hosts), 'host')} {what}, {plural(ticket.values, 'registry value')}, ")
    yield title.append(f"{len(plan.left_out):,} left out", style="" if plan.left_out else "dim")
    origin = f"takes back run {plan.undoes}" if plan.undoes is not None else f"policy {plan.policy}"
    yield shown(f"  {origin} | {_selection(plan.selection)} | inventory {in_words(plan.inventory)}")
    yield shown(f"  made {moment(plan.created)} by {plan.user}, {age(plan.created, now)}")
    left = expiry(plan, now)
    if left > timedelta(0):
        yield Text(f"  good until {moment(plan.expires)}, {duration(left.total_seconds())} from now")
    if plan.credential is not None:
        yield shown(f"  to be written with credential {plan.credential}")
    if any(site for site, _ in ticket.sites):
        yield shown("  sites " + _sites(ticket))
    yield unbroken(shown(f"  id {plan.id}", "dim"))


def _selection(selection: str) -> str:
    return f"selection {selection}" if selection else "all hosts"


def _sites(ticket: Ticket) -> str:
    words = [f"{site or 'none'} {count:,}" for site, count in ticket.sites[:_SITES_SHOWN]]
    more = len(ticket.sites) - _SITES_SHOWN
    return ", ".join(words) + (f" and {more:,} more" if more > 0 else "")


def _changes(ticket: Ticket) -> Iterator[RenderableType]:
    if not ticket.changes:
        return
    yield from heading("Changes")
    for change in ticket.changes[:GROUPS_SHOWN]:
        yield from hosts_named(shown(role_words(change.roles), "green"), change.hosts)
        yield Padding(bullets([change.why], mark=">") or Text(), INDENT)
    if rest := ticket.changes[GROUPS_SHOWN:]:
        hosts = sum(len(change.hosts) for change in rest)
        yield Text(f"and {plural(len(rest), 'more change')} on {plural(hosts, 'host')}")


def _left_out(ticket: Ticket) -> Iterator[Named]:
    """Yield the reasons to leave hosts out, their commands complete."""
    for group in ticket.left_out:
        yield Named(words=completed(group.words, ticket.hints), hosts=group.hosts)


def _named(title: str, style: str, groups: Iterable[Named]) -> Iterator[RenderableType]:
    found = list(groups)
    if not found:
        return
    yield from heading(title)
    for group in found[:GROUPS_SHOWN]:
        yield from hosts_named(shown(group.words, style), group.hosts)
    if rest := found[GROUPS_SHOWN:]:
        yield Text(
            f"and {plural(len(rest), 'more', 'more')} about "
            f"{plural(sum(len(group.hosts) for group in rest), 'host')}"
        )


def _places(ticket: Ticket) -> Iterator[RenderableType]:
    if not ticket.places:
        return
    yield from heading("Registry values that are written, and nothing else")
    yield Padding(bullets(ticket.places[:_PLACES_SHOWN]) or Text(), INDENT)
    if (more := len(ticket.places) - _PLACES_SHOWN) > 0:
        yield Text(f"  and {more:,} more")


def _evidence(ticket: Ticket, now: datetime) -> Iterator[RenderableType]:
    if not ticket.evidence:
        return
    yield from heading("Evidence")
    for rest in ticket.evidence:
        first, last = age(rest.oldest, now), age(rest.newest, now)
        ages = first if first == last else f"{first} to {last}"
        yield Text(f"  scan {rest.scan}: {plural(rest.hosts, 'host')}, read {ages}")
