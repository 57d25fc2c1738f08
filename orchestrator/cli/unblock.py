"""`fleetcheck unblock`: the fewest firewall rules that bring blocked hosts back; no host is asked."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import inventory_at_hand, invocation
from orchestrator.cli.console import document, draw, draws, lines, say_note
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, InventoryOption, JsonOption, TableOption

_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%?\Z")
_ALL = 100


@handled
def unblock(
    *,
    target: Annotated[
        str, typer.Option(metavar="PERCENT", help="Stop when so many of the hosts are back, such as 95%.")
    ] = "100%",
    inventory: InventoryOption = None,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Rank the firewall rules that bring blocked hosts back.

    By what was last known of each host.
    """
    from orchestrator.app.firewall import unblock as choose
    from orchestrator.report.views.unblock import (
        UNBLOCK_COLUMNS,
        unblock_document,
        unblock_rows,
        unblock_screen,
    )

    share = _share(target)
    asked = invocation(db, inventory)
    found = choose(asked, inventory_at_hand(inventory), share, on_event=say_note)
    if as_json:
        document(unblock_document(found, share))
    elif draws(table=table):
        options = (
            f"{'' if share == 1 else f' --target {target}'}{asked.hints.inventory}{asked.hints.database}"
        )
        draw(unblock_screen(found, share, f"fleetcheck unblock --json{options}"))
    else:
        lines(unblock_rows(found), UNBLOCK_COLUMNS)


def _share(text: str) -> float:
    """Read a percentage over 0 and up to 100. Raises UsageError."""
    match = _SHARE.match(text.strip())
    percent = float(match[1]) if match else 0.0
    if not 0 < percent <= _ALL:
        raise UsageError(f"--target: found {text!r}, expected more than 0% and up to 100%, such as 95%")
    return percent / _ALL
