"""`fleetcheck unblock`: the fewest firewall rules that bring blocked hosts back; no host is asked."""

from __future__ import annotations

import os
import re
from typing import Annotated

import typer

from orchestrator.cli.console import document, draw, draws, lines
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    TableOption,
    one_inventory,
)

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
    from orchestrator.cli.at_hand import at_hand
    from orchestrator.cli.command import hints
    from orchestrator.domain.firewall.unblock import unblock as choose
    from orchestrator.report.views.unblock import (
        UNBLOCK_COLUMNS,
        unblock_document,
        unblock_rows,
        unblock_screen,
    )
    from orchestrator.store.place import database_url
    from orchestrator.store.results.standing_reader import StandingReader

    share = _share(target)
    known = at_hand(inventory)
    with StandingReader.open(database_url(db, os.environ)) as reader:
        hosts = reader.fleet_now(known.hosts, before=False, sources=bool(known.subnets))
        found = choose((host.standing for host in known.counted(hosts)), target=share, subnets=known.subnets)
    if as_json:
        document(unblock_document(found, share))
    elif draws(table=table):
        given = hints(database=db, inventory=one_inventory(inventory))
        options = f"{'' if share == 1 else f' --target {target}'}{given.inventory}{given.database}"
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
