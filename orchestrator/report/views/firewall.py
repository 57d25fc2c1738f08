"""Firewall rows: on the screen, as plain rows, as CSV, as a document, as Aerleon's YAML."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from inventory.words import folded, plural
from orchestrator.domain.firewall.collapsed import CollapsedRows
from orchestrator.domain.firewall.firewall import Action, Firewall, FirewallRow
from orchestrator.domain.judgement import Belief
from orchestrator.report.document import envelope, plain
from orchestrator.report.exports.csv import safe
from orchestrator.report.parts import INDENT, heading, next_section
from orchestrator.report.views.firewall_aside import aside, aside_document, counts
from orchestrator.report.words import shown

if TYPE_CHECKING:
    from rich.console import RenderableType

COLUMNS = ("source", "destination", "service", "action", "found", "why", "host", "site")


def firewall_screen(found: Firewall, command: str, now: datetime | None = None) -> RenderableType:
    """Draw the rows, those of a site, destination and port as one line; fits 80 columns. `command` lists
    every row.

    What is left out stands below them; the readings of hosts that may need it are told by their age `now`.
    """
    from rich.console import Group
    from rich.text import Text

    needed = [row for row in found.rows if row.action is Action.PERMIT]
    return Group(
        Text("Firewall", style="bold").append(
            f"  {plural(len(needed), 'row')} needed, {len(found.rows) - len(needed):,} that no host "
            f"needs{counts(found)}",
            style="",
        ),
        *_section("Needed", needed),
        *_section(
            "Open, and needed by no host of the site", [r for r in found.rows if r.action is Action.REMOVE]
        ),
        *aside(found, now),
        *next_section([(command, "list every row, with its source and its host")]),
    )


def _section(title: str, rows: list[FirewallRow]) -> Iterator[RenderableType]:
    from rich import box
    from rich.padding import Padding
    from rich.table import Table

    if not rows:
        return
    folded: dict[tuple[str, str, int, str], list[FirewallRow]] = {}
    for row in rows:
        folded.setdefault((row.site, row.destination, row.port, row.why or "-"), []).append(row)
    yield from heading(title)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column in ("site", "to", "TCP", "why"):
        table.add_column(column, overflow="fold")
    for column in ("sources", "open", "closed", "not known"):
        table.add_column(column, justify="right", no_wrap=True)
    for (site, destination, port, why), same in sorted(folded.items()):
        opened = sum(row.found is Belief.OPEN for row in same)
        untried = sum(row.found is Belief.UNTRIED for row in same)
        counts = (len(same), opened, len(same) - opened - untried, untried)
        table.add_row(
            shown(site or "(none)"),
            shown(destination),
            str(port),
            why,
            *(f"{n:,}" if n else "-" for n in counts),
        )
    yield Padding(table, INDENT)


def firewall_rows(found: Firewall) -> Iterator[tuple[str, ...]]:
    """Yield a row per source, destination and port in the columns of COLUMNS."""
    for row in found.rows:
        yield (
            row.source,
            row.destination,
            f"tcp/{row.port}",
            row.action,
            row.found,
            row.why or "",
            row.host,
            row.site,
        )


def rows_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write rows as CSV with a heading, every cell quoted, none a formula to a spreadsheet."""
    quoted = _Quoted().__getitem__
    return "".join(",".join(map(quoted, row)) + "\n" for row in (columns, *rows))


class _Quoted(dict[str, str]):
    """Cells as CSV has them, each written once: most stand in many rows."""

    def __missing__(self, cell: str) -> str:
        self[cell] = '"' + safe(cell).replace('"', '""') + '"'
        return self[cell]


def firewall_document(found: Firewall) -> dict[str, Any]:
    """Say all rows, and what is left out of them."""
    return envelope("firewall", rows=plain(found.rows), **aside_document(found))


def firewall_aerleon(rows: Iterable[FirewallRow | CollapsedRows]) -> str:
    """Write what is needed for Aerleon: networks and services to be defined, and a policy's terms that use
    them.

    One mapping that is a definitions file and a policy file both; JSON, which YAML readers take. Names are
    left out, see `without_address`: Aerleon wants addresses.
    """
    needed: dict[tuple[str, int], dict[str, None]] = {}
    for row in rows:
        if row.action is Action.PERMIT and not _named(row):
            needed.setdefault((row.destination, row.port), {})[row.source] = None
    order = sorted(needed)
    networks: dict[str, Any] = {_gateway(address): _network([address]) for address, _ in order}
    networks |= {_clients(address, port): _network(needed[address, port]) for address, port in order}
    services = {f"FC_TCP_{port}": [{"protocol": "tcp", "port": port}] for _, port in order}
    terms = [
        {
            "name": f"fc-{number}",
            "source-address": _clients(address, port),
            "destination-address": _gateway(address),
            "destination-port": f"FC_TCP_{port}",
            "protocol": "tcp",
            "action": "accept",
        }
        for number, (address, port) in enumerate(order, 1)
    ]
    target = f"fleetcheck {_filter_type(needed)}"
    header = {"comment": "made by fleetcheck", "targets": {"cisco": target}}
    filters = [{"header": header, "terms": terms}]
    made = {"filename": "fleetcheck", "networks": networks, "services": services, "filters": filters}
    return json.dumps(made, indent=2) + "\n"


def without_address(rows: Iterable[FirewallRow | CollapsedRows]) -> str | None:
    """Say which needed rows Aerleon's policy does not have; None where it has all."""
    left = [name for row in rows if row.action is Action.PERMIT and (name := _named(row))]
    if not left:
        return None
    rows_are = plural(len(left), "needed row is", "needed rows are")
    names = folded(list(dict.fromkeys(left)))
    return f"{rows_are} not in Aerleon's policy, which takes addresses and no names: {names}"


def _named(row: FirewallRow | CollapsedRows) -> str | None:
    """Return the name that a row has in the place of an address."""
    return next((text for text in (row.source, row.destination) if not _is_network(text)), None)


def _filter_type(needed: Mapping[tuple[str, int], Iterable[str]]) -> str:
    """Return the kind of list that Aerleon's Cisco target renders every row in:
    `extended` leaves IPv6 terms out.
    """
    addresses = {
        *(address for address, _ in needed),
        *(each for sources in needed.values() for each in sources),
    }
    return "mixed" if any(":" in address for address in addresses) else "extended"


def _network(addresses: Iterable[str]) -> dict[str, Any]:
    return {"values": [{"address": str(ipaddress.ip_network(each))} for each in sorted(addresses)]}


def _gateway(address: str) -> str:
    return f"FC_GATEWAY_{_word(address)}"


def _clients(address: str, port: int) -> str:
    return f"FC_TO_{_word(address)}_{port}"


def _word(address: str) -> str:
    return address.replace(".", "_").replace(":", "_")


def _is_network(text: str) -> bool:
    """Tell an address or a subnet from a name, and from an address with a zone, which is of one machine."""
    if "%" in text:
        return False
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
