"""What is about to be written, in counts and by host, before somebody says yes to it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from orchestrator.domain.approval.signatures import NONE
from orchestrator.domain.primitives.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.app.repin.stored import UnfinishedRun
    from orchestrator.domain.approval.signatures import Approvals
    from orchestrator.domain.repin.plan import Plan, PlannedHost
    from orchestrator.fleet.repin.options import RepinOptions

_WAVES_SHOWN = 6
_LONGEST = 200  # characters of a plan's own words in a line
_STILL = {
    "there": "it is still running: going on here has to wait for that process",
    "pausing": "it is in the pause between two waves: going on here takes it over from that process",
}


def statement(plan: Plan, wanted: RepinOptions, approvals: Approvals = NONE, file: str = "") -> str:
    """Say what is about to be written, on which hosts, and what stops it. `file` is the plan's."""
    from inventory.words import plural
    from orchestrator.report.repin.ticket import ticket

    values = ticket(plan).values
    return "\n".join(
        (
            f"{_what(plan)}: {plural(values, 'registry value')} on {_hosts(len(plan.hosts))}{_forced(plan)}",
            *changes(plan.hosts, file),
            *_signed(approvals),
            *_waived(plan, wanted),
            *_how(len(plan.hosts), wanted),
        )
    )


def to_resume(found: UnfinishedRun, wanted: RepinOptions, unapproved: str = "") -> str:
    """Say in counts what is left of a run, and who else may be at it."""
    first = (
        f"run {found.run.id}: {_hosts(len(found.open))} to read first, {_hosts(len(found.left))} not begun"
    )
    still = _STILL.get(found.process.value)
    going = [] if still is None else [still + (f" ({found.who})" if found.who else "")]
    unproven = [] if found.unproven is None else [found.unproven]
    if not found.left or unapproved:
        return "\n".join((first, *unproven, *going, *filter(None, [unapproved])))
    left = frozenset(found.left)
    named = changes([each for each in found.plan.hosts if each.host in left])
    return "\n".join((first, *named, *unproven, *going, *_how(len(found.left), wanted)))


def changes(hosts: Sequence[PlannedHost], file: str = "") -> Iterator[str]:
    """Yield a line each for the first hosts, `web1  primary 2147 -> 443`, and how many more there are.

    `file` is the plan's, where it has all of them.
    """
    from orchestrator.report.repin.ticket import role_words
    from orchestrator.report.words import NAMES_SHOWN

    shown = hosts if len(hosts) <= NAMES_SHOWN + 1 else hosts[:NAMES_SHOWN]
    for each in shown:
        yield f"  {in_a_line(each.host)}  {in_a_line(role_words(each.roles))}"
    if more := len(hosts) - len(shown):
        listed = f": fleetcheck repin show {shlex.quote(file)} | cat" if file else ""
        yield f"  and {more:,} more{listed}"


def in_a_line(text: str) -> str:
    """Return a plan's own words cleaned, and no longer than a line or two.

    Who is asked, or signs, looks at a plan of somebody else's: nothing in it makes a line of its own, or
    pushes the others off the screen.
    """
    return clean(text, limit=_LONGEST)


def _what(plan: Plan) -> str:
    return f"undo of run {in_a_line(plan.undoes)}" if plan.undoes is not None else "re-pin"


def _signed(approvals: Approvals) -> Iterator[str]:
    if approvals.counted:
        of = f" of {approvals.demanded} demanded" if approvals.demanded else ""
        yield f"signed by {', '.join(each.who for each in approvals.counted)} ({approvals.people}{of})"


def _waived(plan: Plan, wanted: RepinOptions) -> Iterator[str]:
    if plan.include_waived is not None and plan.waived:
        reason = in_a_line(plan.include_waived)
        yield f"{len(plan.waived):,} of them waived, and taken in all the same ({reason})"
    if wanted.waived:
        yield f"{len(wanted.waived):,} of them waived since it was planned: refused, not written"
    if wanted.credential is not None:
        yield f"logs on everywhere with credential {in_a_line(wanted.credential)}"


def _forced(plan: Plan) -> str:
    return (
        "" if plan.force_closed is None else f", also where a port is closed ({in_a_line(plan.force_closed)})"
    )


def _how(hosts: int, wanted: RepinOptions) -> Iterator[str]:
    """Yield how so many hosts are gone over: waves, limits, what is watched."""
    from orchestrator.domain.repin.waves import waves
    from orchestrator.report.words import duration

    sizes = [len(wave) for wave in waves(hosts, wanted.batch)]
    shown = ", ".join(f"{size:,}" for size in sizes[:_WAVES_SHOWN])
    more = ", ..." if len(sizes) > _WAVES_SHOWN else ""
    pause = f", {duration(wanted.pause)} between them" if wanted.pause else ""
    yield f"in {len(sizes):,} waves of {shown}{more} hosts{pause}" if len(sizes) > 1 else "in one wave"
    limits = wanted.limits
    if hosts > 1:  # with one, there is nothing left to stop
        yield f"stops at {limits.max_failed} failed, or {limits.max_conflicts} that changed since the plan"
    if wanted.wait_live is not None:
        back = ", and writes back where one does not" if wanted.revert_if_not_live else ""
        yield f"watches {duration(wanted.wait_live)} whether each agent takes its new port up{back}"


def _hosts(count: int) -> str:
    from inventory.words import plural

    return plural(count, "host")
