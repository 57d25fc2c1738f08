"""A plan made from the inventory and the database; nobody is asked, nothing is written."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.logons import check_credential
from orchestrator.app.select import NoMatch, limited
from orchestrator.domain.repin.policy import PORT
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.app.events import NoteListener
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.record import HostRecord
    from orchestrator.domain.repin.operation import Operation
    from orchestrator.domain.repin.plan import LeftOut, Plan
    from orchestrator.domain.repin.planner import Candidate, Draft, Rules
    from orchestrator.domain.repin.policy import Policy
    from orchestrator.store.reader import Reader


Records = tuple[tuple[int, "HostRecord"], ...]
"""A host's results with their scans' ids, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What is asked of a plan.

    `max_age`: how old the evidence may be; `agree`: how many latest scans of a host have to agree; `scan`:
    the id of the one that counts, None: each host's latest; `good_for`: how long the plan may be applied.
    """

    inventory: Path
    limit: tuple[str, ...]
    no_match: NoMatch = NoMatch.ERROR
    policy: Policy
    max_age: timedelta
    agree: int
    force_closed: str | None
    include_waived: str | None
    credential: str | None
    scan: int | None
    good_for: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the database says of the hosts.

    Their results, newest first, and the journal's rows that speak of each. `asked`: hosts whose newest result
    is of a scan that a plan asked for.
    """

    records: Mapping[str, tuple[tuple[int, HostRecord], ...]]
    rows: Mapping[str, Sequence[Operation]]
    asked: frozenset[str] = frozenset()


def make_plan(invocation: Invocation, request: PlanRequest, *, on_event: NoteListener) -> Plan:
    """Plan the selected hosts. Raises InventoryError, UsageError, SelectionError, StoreError."""
    fleet, hosts = selected(invocation, request, on_event=on_event)
    return plan_of(invocation, request, fleet, hosts)


def selected(
    invocation: Invocation, request: PlanRequest, *, on_event: NoteListener
) -> tuple[Fleet, tuple[Host, ...]]:
    """Return the inventory and the hosts that the plan is about. Raises as `make_plan`."""
    from inventory.load import load

    fleet = load(request.inventory)
    _rules(request, fleet, datetime.now(UTC))
    if request.credential is not None:
        check_credential(fleet, request.credential)
    hosts = limited(fleet, request.limit, request.no_match, stdin=invocation.stdin, on_event=on_event)
    _check_roles(request.policy, hosts)
    return fleet, hosts


def plan_of(invocation: Invocation, request: PlanRequest, fleet: Fleet, hosts: Sequence[Host]) -> Plan:
    """Plan these hosts by what the database holds now. Raises StoreError."""
    rules = _rules(request, fleet, datetime.now(UTC))
    with invocation.reader() as reader:
        evidence = _evidence(request, hosts, reader)
    return decide(invocation, request, fleet, hosts, evidence, rules)


def _check_roles(policy: Policy, hosts: Sequence[Host]) -> None:
    """Raise UsageError for a role of `--port` that none of the hosts' profiles has."""
    from inventory.words import did_you_mean

    known = dict.fromkeys(role for host in hosts for role in host.profile.role_names)
    for role, port in policy.by_role:
        if role not in known:
            near, roles = did_you_mean(role, known), " and ".join(known)
            raise UsageError(f"--port {role}={port}: no such role{near}; there are {roles}")


def decide(
    invocation: Invocation,
    request: PlanRequest,
    fleet: Fleet,
    hosts: Sequence[Host],
    evidence: Evidence,
    rules: Rules,
) -> Plan:
    """Decide host by host what is planned and what is left out. Pure, but for the plan's new id."""
    from orchestrator.domain.repin.planner import Candidate, draft

    candidates = [
        Candidate(
            host=host,
            records=evidence.records.get(host.name, ()),
            asked=host.name in evidence.asked,
        )
        for host in hosts
    ]
    left = dict(_left_before(request, candidates, evidence, rules.now))
    drafted = draft([each for each in candidates if each.host.name not in left], rules)
    left_out = _in_order((*drafted.left_out, *left.values()), hosts)
    return _plan_of(invocation, request, fleet, rules, drafted, left_out=left_out)


def _plan_of(
    invocation: Invocation,
    request: PlanRequest,
    fleet: Fleet,
    rules: Rules,
    drafted: Draft,
    *,
    left_out: tuple[LeftOut, ...],
) -> Plan:
    """Give what was drafted its id and its head."""
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.remote.apply import repin_script

    return Plan(
        id=str(uuid.uuid4()),
        created=rules.now,
        expires=rules.now + request.good_for,
        policy=str(rules.policy),
        selection=",".join(request.limit),
        inventory=str(fleet.path),
        inventory_digest=fleet.digest,
        script=repin_script().sha256,
        version=VERSION,
        user=invocation.user,
        hosts=drafted.hosts,
        left_out=left_out,
        force_closed=rules.force_closed,
        include_waived=rules.include_waived,
        waived=drafted.waived,
        credential=request.credential,
    )


def _rules(request: PlanRequest, fleet: Fleet, now: datetime) -> Rules:
    from orchestrator.domain.repin.planner import Rules
    from orchestrator.domain.waiver import in_force

    if request.scan is not None and request.agree > 1:
        raise UsageError("--agree looks at several scans and --scan names one: leave one of them out")
    return Rules(
        policy=request.policy,
        now=now,
        max_age=request.max_age,
        agree=request.agree,
        force_closed=request.force_closed,
        waivers=in_force(fleet.waivers, now.date()),
        include_waived=request.include_waived,
    )


def _evidence(request: PlanRequest, hosts: Sequence[Host], reader: Reader) -> Evidence:
    from orchestrator.domain.repin.touched import SPEAKING

    names = [host.name for host in hosts]
    known: Mapping[str, Records]
    asked: Mapping[str, Records] = {}
    if request.scan is None:
        known = reader.latest_records(names, limit=request.agree)
        if request.policy.word == PORT and request.agree == 1:
            asked = _newer(reader.latest_records(names, asked=True), known)
    else:
        known = {found.host: ((request.scan, found),) for found in reader.records(request.scan, names)}
    rows: dict[str, list[Operation]] = {}
    for row in reader.in_states(*SPEAKING, hosts=names):
        rows.setdefault(row.host, []).append(row)
    return Evidence(records={**known, **asked}, rows=rows, asked=frozenset(asked))


def _newer(asked: Mapping[str, Records], known: Mapping[str, Records]) -> dict[str, Records]:
    """Return what a plan asked hosts for since their latest scan, before that scan's results."""
    found = {}
    for host, (newest, *_) in asked.items():
        before = known.get(host, ())[:1]
        if not before or newest[1].outcome.trace.started > before[0][1].outcome.trace.started:
            found[host] = (newest, *before)
    return found


def _left_before(
    request: PlanRequest, candidates: Sequence[Candidate], evidence: Evidence, now: datetime
) -> Iterator[tuple[str, LeftOut]]:
    """Leave out what the scan of `--scan` has no result of, and what the journal speaks against."""
    from orchestrator.domain.repin.plan import LeftOut
    from orchestrator.domain.repin.touched import against

    for each in candidates:
        name = each.host.name
        read = each.records[0][1].outcome.trace.started if each.records else None
        reason = against(evidence.rows.get(name, ()), read=read, now=now)
        if reason is None and request.scan is not None and read is None:
            reason = f"scan {request.scan} has no result of it"
        if reason is not None:
            yield name, LeftOut(host=name, reason=reason)


def _in_order(left: Iterable[LeftOut], hosts: Sequence[Host]) -> tuple[LeftOut, ...]:
    places = {host.name: number for number, host in enumerate(hosts)}
    return tuple(sorted(left, key=lambda each: places[each.host]))


def read_plan(path: Path) -> Plan:
    """Read a plan's file. Raises PlanError, CommandError where it cannot be read or is another kind."""
    from inventory.files.kinds import HEAD, PLAN, kind_of
    from orchestrator.domain.repin.planfile import MAX_BYTES, loads

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(
            f"{path}: {error.strerror or error}. `fleetcheck repin plan -o {path}` writes a plan"
        ) from None
    if len(data) > MAX_BYTES:
        raise CommandError(f"{path}: too large for a plan, more than {MAX_BYTES:,} bytes")
    other = kind_of(data[:HEAD])
    if other not in (None, PLAN):
        raise CommandError(f"{path}: this is {other}. `fleetcheck repin plan -o FILE` writes a plan")
    return loads(data, str(path))
