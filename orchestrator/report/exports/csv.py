"""A scan as CSV, a row per host, that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from inventory.model import ROLES
from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.views.brief import Brief
from orchestrator.report.results import state
from orchestrator.report.summary import Outline

_HEAD = (
    "scan",
    "host",
    "address",
    "port",
    "site",
    "groups",
    "tags",
    "state",
    "verdict",
    "role",
    "waived",
    "any_live",
)
_OF_A_ROLE = ("verdict", "pin", "desired", "open", "live")
_TAIL = ("phase", "cause", "detail", "action", "ended")
COLUMNS = (*_HEAD, *(f"{role}_{column}" for role in ROLES for column in _OF_A_ROLE), *_TAIL)

# What a spreadsheet takes for a formula, at the start of a cell or behind what another country's Excel parts
# cells at.
_FORMULA = re.compile(r"(^|[;|\t\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r])")


class _Echo:
    """Gives back each row as text: `csv` wants a file."""

    def write(self, text: str) -> str:
        return text


def csv_pieces(report: Outline, records: Iterable[Brief]) -> Iterator[str]:
    """Write a row of COLUMNS per host, hosts without a result last; every cell quoted, several values parted
    by spaces.

    What was said by a host is cleaned, and gets a quote before what a spreadsheet would compute.
    """
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    row = writer.writerow
    yield str(row(COLUMNS))
    for record in records:
        yield str(row([safe(cell) for cell in _cells(report, record)]))
    for host in report.not_started:
        known = {"scan": report.scan.id, "host": host, "state": "not-started"}
        yield str(row([safe(known.get(column)) for column in COLUMNS]))


def safe(cell: object) -> str:
    """Make a cell's text: None is empty, words are cleaned, and nothing in it can begin a formula."""
    if cell is None:
        return ""
    text = clean(str(cell))
    if text[:1].isalnum() and ";" not in text and "|" not in text:
        return text  # most cells, at a tenth of the price
    return _FORMULA.sub(r"\1'", text)


def _cells(report: Outline, record: Brief) -> Iterator[object]:
    judgement, failure = record.judgement, record.failure
    yield from (report.scan.id, record.host, record.address, record.port, record.site)
    yield from (_joined(record.groups), _joined(record.tags), state(record))
    yield from (judgement.verdict, judgement.role, record.waived, "yes" if judgement.any_live else "no")
    by_role = {role.role: role for role in judgement.roles}
    for name in ROLES:
        yield from _role(by_role.get(name))
    if failure is not None:
        yield from (failure.phase, failure.cause, failure.detail)
    else:
        yield from (None, None, "; ".join(record.evidence))
    yield from (judgement.action, record.ended.isoformat())


def _role(role: RoleJudgement | None) -> Sequence[object]:
    if role is None:
        return [None] * len(_OF_A_ROLE)
    open_ports = [port for port, belief in role.beliefs.items() if belief is Belief.OPEN]
    return role.verdict, role.pin.port, role.desired, _joined(open_ports), _joined(role.live)


def _joined(items: Iterable[object]) -> str:
    return " ".join(map(str, items))
