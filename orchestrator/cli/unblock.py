"""`fleetcheck unblock`: the fewest rules that bring blocked hosts back, and what if firewalls changed; asks
no host.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import inventory_at_hand, invocation
from orchestrator.cli.console import document, draw, draws, lines, say, say_note
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, InventoryOption, JsonOption, TableOption

if TYPE_CHECKING:
    from inventory.sources.source import Sources
    from orchestrator.app.invocation import Invocation

_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%?\Z")
_ALL = 100


AssumeClosedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--assume-closed",
        metavar="PORT@ADDRESS",
        help="What if a port to a gateway were closed, such as 443@203.0.113.10: who would lose the backup, "
        "and what saves them first. May be repeated; nothing of it is stored.",
    ),
]
AssumeOpenOption = Annotated[
    list[str] | None,
    typer.Option("--assume-open", metavar="PORT@ADDRESS", help="The same for a port that would be opened."),
]


@handled
def unblock(
    *,
    target: Annotated[
        str, typer.Option(metavar="PERCENT", help="Stop when so many of the hosts are back, such as 95%.")
    ] = "100%",
    assume_closed: AssumeClosedOption = None,
    assume_open: AssumeOpenOption = None,
    step: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="With --assume-...: print the hosts of this step alone, one a line, to write into a file "
            "for --limit @FILE. The numbers are of this moment: each step that is taken changes them.",
        ),
    ] = None,
    inventory: InventoryOption = None,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Rank the firewall rules that bring blocked hosts back.

    By what was last known of each host. With --assume-closed or --assume-open: who would lose the backup at
    the next reconnect if that were so, and what to do first: fleetcheck unblock --assume-closed
    443@203.0.113.10
    """
    asked, path = invocation(db, inventory), inventory_at_hand(inventory)
    share = _share(target)
    if step is not None and (as_json or table):
        shape = "--json" if as_json else "--table"
        raise UsageError(f"--step prints the hosts of one step, a line each: leave {shape} out")
    if assume_closed or assume_open:
        if share != 1:
            raise UsageError(
                "--target chooses among rules for what is blocked today: leave it out with --assume-..."
            )
        _what_if(
            asked, path, (assume_closed or (), assume_open or ()), step=step, as_json=as_json, table=table
        )
    elif step is not None:
        raise UsageError("--step names a step of --assume-closed or --assume-open: say one of these, too")
    else:
        _rules(asked, path, share, target, as_json=as_json, table=table)


def _rules(
    asked: Invocation, inventory: Sources, share: float, target: str, *, as_json: bool, table: bool
) -> None:
    """Print the rules for what is blocked today."""
    from orchestrator.app.firewall import unblock as choose
    from orchestrator.report.views.unblock import (
        UNBLOCK_COLUMNS,
        unblock_document,
        unblock_rows,
        unblock_screen,
    )

    found = choose(asked, inventory, share, on_event=say_note)
    if as_json:
        document(unblock_document(found, share))
    elif draws(table=table):
        options = (
            f"{'' if share == 1 else f' --target {target}'}{asked.hints.inventory}{asked.hints.database}"
        )
        draw(unblock_screen(found, share, f"fleetcheck unblock --json{options}"))
    else:
        lines(unblock_rows(found), UNBLOCK_COLUMNS)


def _what_if(
    asked: Invocation,
    inventory: Sources,
    texts: tuple[Sequence[str], Sequence[str]],
    *,
    step: int | None,
    as_json: bool,
    table: bool,
) -> None:
    """Print what would be if ports were closed (the first of `texts`) and open (the second)."""
    from inventory.words import plural
    from orchestrator.app.firewall import what_if
    from orchestrator.domain.judgement import Belief
    from orchestrator.domain.whatif.assumption import Assumptions, parse
    from orchestrator.report.views.what_if import (
        WHAT_IF_COLUMNS,
        step_words,
        what_if_document,
        what_if_rows,
        what_if_screen,
    )

    closed, opened = texts
    assumed = Assumptions((*parse(closed, Belief.CLOSED), *parse(opened, Belief.OPEN)))
    found = what_if(asked, inventory, assumed, on_event=say_note)
    if step is not None:
        if not 1 <= step <= len(found.steps):
            raise UsageError(f"--step {step}: only {plural(len(found.steps), 'step is', 'steps are')} there")
        say(f"remark: assumed, not measured: {', '.join(map(str, found.assumptions))}")
        say(f"remark: step {step} at this moment: {step_words(found, step)}")
        lines(((name,) for name in found.steps[step - 1].hosts), ("host",))
    elif as_json:
        document(what_if_document(found))
    elif draws(table=table):
        draw(what_if_screen(found, asked.hints))
    else:
        lines(what_if_rows(found), WHAT_IF_COLUMNS)


def _share(text: str) -> float:
    """Read a percentage over 0 and up to 100. Raises UsageError."""
    match = _SHARE.match(text.strip())
    percent = float(match[1]) if match else 0.0
    if not 0 < percent <= _ALL:
        raise UsageError(f"--target: found {text!r}, expected more than 0% and up to 100%, such as 95%")
    return percent / _ALL
