"""A plan made from the inventory and the database; nothing is asked, nothing is written."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.command import user
from orchestrator.cli.errors import UsageError
from orchestrator.cli.logons import check_credential
from orchestrator.cli.selecting import NoMatch, limited
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.domain.operation import Operation
    from orchestrator.domain.plan import LeftOut, Plan
    from orchestrator.domain.planner import Candidate, Draft, Rules
    from orchestrator.domain.record import HostRecord
    from orchestrator.store.reader import Reader

_SOONEST = timedelta(minutes=1)  # a plan that ends sooner is a slip of the hand


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What the options of `fleetcheck repin plan` ask for, as typed."""

    inventory: Path
    database: str | None
    limit: tuple[str, ...]
    no_match: NoMatch = NoMatch.ERROR
    policy: str
    max_age: str
    agree: int
    force_closed: str | None
    include_waived: str | None
    credential: str | None
    scan: int | None
    expires: str


def make_plan(request: PlanRequest, fleet: Fleet) -> Plan:
    """Plan the selected hosts. Raises UsageError, SelectionError, StoreError, PolicyError and SpanError."""
    from orchestrator.domain.planner import draft
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    now = datetime.now(UTC)
    rules, until = _rules(request, fleet, now), now + expiry(request.expires)
    if request.credential is not None:
        check_credential(fleet, request.credential)
    hosts = limited(fleet, request.limit, request.no_match)
    with Reader.open(database_url(request.database, os.environ)) as reader:
        candidates = tuple(_candidates(request, hosts, reader))
        left = dict(_left_before(request, candidates, reader, now))
    drafted = draft([each for each in candidates if each.host.name not in left], rules)
    left_out = _in_order((*drafted.left_out, *left.values()), hosts)
    return _plan_of(request, fleet, rules, drafted, left_out=left_out, until=until)


def _plan_of(
    request: PlanRequest,
    fleet: Fleet,
    rules: Rules,
    drafted: Draft,
    *,
    left_out: tuple[LeftOut, ...],
    until: datetime,
) -> Plan:
    """Give what was drafted its id and its head. `until`: when it may be applied no more."""
    from orchestrator.domain.plan import Plan
    from orchestrator.remote.apply import repin_script

    return Plan(
        id=str(uuid.uuid4()),
        created=rules.now,
        expires=until,
        policy=str(rules.policy),
        selection=",".join(request.limit),
        inventory=str(fleet.path),
        inventory_digest=fleet.digest,
        script=repin_script().sha256,
        version=VERSION,
        user=user(),
        hosts=drafted.hosts,
        left_out=left_out,
        force_closed=rules.force_closed,
        include_waived=rules.include_waived,
        waived=drafted.waived,
        credential=request.credential,
    )


def expiry(text: str) -> timedelta:
    """Read `--expires`. Raises SpanError."""
    from orchestrator.domain.span import parse_span

    return parse_span(text, "--expires", least=_SOONEST)


def reason_given(text: str | None) -> str | None:
    """Check the reason behind `--force-closed`. Raises UsageError for an empty one."""
    if text is not None and not text.strip():
        raise UsageError("--force-closed needs its reason, in words: it goes on record")
    return text


def _waived_reason(request: PlanRequest) -> str | None:
    """Check the reason behind `--include-waived`. Raises UsageError for an empty one, and without a `--limit`."""
    reason = request.include_waived
    if reason is not None and not reason.strip():
        raise UsageError("--include-waived needs its reason, in words: it goes on record")
    if reason is not None and not request.limit:
        raise UsageError("--include-waived goes over waivers: say with --limit which hosts it is for")
    return reason


def _rules(request: PlanRequest, fleet: Fleet, now: datetime) -> Rules:
    from orchestrator.domain.planner import Rules
    from orchestrator.domain.policy import parse_policy
    from orchestrator.domain.span import parse_span
    from orchestrator.domain.waiver import in_force

    if request.scan is not None and request.agree > 1:
        raise UsageError("--agree looks at several scans and --scan names one: leave one of them out")
    return Rules(
        policy=parse_policy(request.policy),
        now=now,
        max_age=parse_span(request.max_age, "--max-age"),
        agree=request.agree,
        force_closed=reason_given(request.force_closed),
        waivers=in_force(fleet.waivers, now.date()),
        include_waived=_waived_reason(request),
    )


def _candidates(request: PlanRequest, hosts: Sequence[Host], reader: Reader) -> Iterator[Candidate]:
    from orchestrator.domain.planner import Candidate

    names = [host.name for host in hosts]
    known: Mapping[str, tuple[tuple[int, HostRecord], ...]]
    if request.scan is None:
        known = reader.latest_records(names, limit=request.agree)
    else:
        known = {found.host: ((request.scan, found),) for found in reader.records(request.scan, names)}
    for host in hosts:
        yield Candidate(host=host, records=known.get(host.name, ()))


def _left_before(
    request: PlanRequest, candidates: Sequence[Candidate], reader: Reader, now: datetime
) -> Iterator[tuple[str, LeftOut]]:
    """Leave out what the scan of `--scan` has no result of, and what the journal speaks against."""
    from orchestrator.domain.plan import LeftOut
    from orchestrator.domain.touched import SPEAKING, against

    rows: dict[str, list[Operation]] = {}
    for row in reader.in_states(*SPEAKING, hosts=[each.host.name for each in candidates]):
        rows.setdefault(row.host, []).append(row)
    for each in candidates:
        name = each.host.name
        read = each.records[0][1].outcome.trace.started if each.records else None
        reason = against(rows.get(name, ()), read=read, now=now)
        if reason is None and request.scan is not None and read is None:
            reason = f"scan {request.scan} has no result of it"
        if reason is not None:
            yield name, LeftOut(host=name, reason=reason)


def _in_order(left: Iterable[LeftOut], hosts: Sequence[Host]) -> tuple[LeftOut, ...]:
    places = {host.name: number for number, host in enumerate(hosts)}
    return tuple(sorted(left, key=lambda each: places[each.host]))
