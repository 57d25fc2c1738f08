"""A plan made from the inventory and the database; nobody is asked, nothing is written."""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.sources.source import Sources
from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.files import read
from orchestrator.app.logons import check_credential
from orchestrator.app.repin.evidence import Evidence, evidence_of, value_names
from orchestrator.app.select import NoMatch, limited
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.app.events import NoteListener
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.conclusion import Machine
    from orchestrator.domain.repin.plan import LeftOut, Plan
    from orchestrator.domain.repin.planner import Candidate, Draft, Rules, Sifted
    from orchestrator.domain.repin.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What is asked of a plan.

    `max_age`: how old the evidence may be; `agree`: how many latest scans of a host have to agree; `scan`:
    the id of the one that counts, None: each host's latest; `good_for`: how long the plan may be applied.
    """

    inventory: Sources
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
class Sifting:
    """Who may be planned, and who is left out before: for what the journal says, or for want of a result.

    `hosts` are the selected names, in their order.
    """

    hosts: tuple[str, ...]
    sifted: Sifted
    left: tuple[LeftOut, ...]


def make_plan(invocation: Invocation, request: PlanRequest, *, on_event: NoteListener) -> Plan:
    """Plan the selected hosts. Raises InventoryError, UsageError, SelectionError, StoreError."""
    fleet, hosts = selected(invocation, request, on_event=on_event)
    return plan_of(invocation, request, fleet, hosts)


def selected(
    invocation: Invocation, request: PlanRequest, *, on_event: NoteListener
) -> tuple[Fleet, tuple[Host, ...]]:
    """Return the inventory and the hosts that the plan is about. Raises as `make_plan`."""
    from inventory.sources.load import load_all

    fleet = load_all(request.inventory)
    _rules(request, fleet, datetime.now(UTC))
    if request.credential is not None:
        check_credential(fleet, request.credential)
    hosts = limited(fleet, request.limit, request.no_match, stdin=invocation.stdin, on_event=on_event)
    if (words := _written_from_here(hosts)) is not None:
        from orchestrator.app.events import Remark

        on_event(Remark(words=words))
    _check_roles(request.policy, hosts)
    return fleet, hosts


def plan_of(invocation: Invocation, request: PlanRequest, fleet: Fleet, hosts: Sequence[Host]) -> Plan:
    """Plan these hosts by what the database holds now. Raises StoreError."""
    from inventory.collection import no_collection

    rules = _rules(request, fleet, datetime.now(UTC))
    with no_collection(), invocation.reader() as reader:
        evidence = evidence_of(hosts, reader, policy=request.policy, agree=request.agree, scan=request.scan)
        sifting = sift_hosts(request, hosts, evidence, rules)
        machines = reader.machines(sifting.sifted.results, value_names(hosts))
    return decide(invocation, request, fleet, sifting, machines, rules)


def _written_from_here(hosts: Sequence[Host]) -> str | None:
    """Say that hosts which a site's worker scans are not written by it; None where there are none."""
    from inventory.words import folded
    from orchestrator.app.sites.place import folder

    known = set(folder(None).sites())
    sites = sorted({host.site for host in hosts if host.site and host.site in known and host.via is None})
    if not sites:
        return None
    return (
        f"the workers of {folded(sites)} scan their hosts and write none: a re-pin is written from this "
        "machine alone. A host that only its site reaches ends as `unreachable`, with nothing written; for "
        "those `fleetcheck repin export PLAN` makes a script that is run on the host itself"
    )


def sift_hosts(request: PlanRequest, hosts: Sequence[Host], evidence: Evidence, rules: Rules) -> Sifting:
    """Decide host by host who may be planned. Pure."""
    from orchestrator.domain.repin.planner import Candidate, sift

    candidates = [
        Candidate(
            host=host,
            conclusions=evidence.conclusions.get(host.name, ()),
            asked=host.name in evidence.asked,
        )
        for host in hosts
    ]
    left = dict(_left_before(request, candidates, evidence, rules.now))
    sifted = sift([each for each in candidates if each.host.name not in left], rules)
    return Sifting(hosts=tuple(host.name for host in hosts), sifted=sifted, left=tuple(left.values()))


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
    sifting: Sifting,
    machines: Mapping[int, Machine],
    rules: Rules,
) -> Plan:
    """Decide what is planned of who may be; `machines` has those that it asks for.

    Pure, but for the plan's new id.
    """
    from orchestrator.domain.repin.planner import draft

    drafted = draft(sifting.sifted, machines, rules)
    left_out = _in_order((*drafted.left_out, *sifting.left), sifting.hosts)
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
    """Return what was drafted, with its id and its head."""
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.remote.apply import repin_script

    return Plan(
        id=str(uuid.uuid4()),
        created=rules.now,
        expires=rules.now + request.good_for,
        policy=str(rules.policy),
        selection=",".join(request.limit),
        inventory=fleet.named,
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


def _left_before(
    request: PlanRequest, candidates: Sequence[Candidate], evidence: Evidence, now: datetime
) -> Iterator[tuple[str, LeftOut]]:
    """Leave out what the scan of `--scan` has no result of, and what the journal speaks against."""
    from orchestrator.domain.repin.plan import LeftOut
    from orchestrator.domain.repin.touched import against

    for each in candidates:
        name = each.host.name
        read = each.conclusions[0].read if each.conclusions else None
        reason = against(evidence.rows.get(name, ()), read=read, now=now, at_work=evidence.at_work)
        if reason is None and request.scan is not None and read is None:
            reason = f"scan {request.scan} has no result of it"
        if reason is not None:
            yield name, LeftOut(host=name, reason=reason)


def _in_order(left: Iterable[LeftOut], hosts: Iterable[str]) -> tuple[LeftOut, ...]:
    places = {host: number for number, host in enumerate(hosts)}
    return tuple(sorted(left, key=lambda each: places[each.host]))


def read_plan(path: Path) -> Plan:
    """Read a plan's file. Raises PlanError, CommandError where it cannot be read or is another kind."""
    from inventory.files.kinds import HEAD, PLAN, kind_of
    from orchestrator.domain.repin.planfile import MAX_BYTES, loads

    name = "FILE" if path.is_dir() else shlex.quote(str(path))
    hint = _near(path) or f". `fleetcheck repin plan -o {name}` writes a plan"
    data = read(path, MAX_BYTES, what="a plan's file", next_=hint)
    if len(data) > MAX_BYTES:
        raise CommandError(f"{path}: too large for a plan, more than {MAX_BYTES:,} bytes")
    other = kind_of(data[:HEAD])
    if other not in (None, PLAN):
        raise CommandError(f"{path}: this is {other}. `fleetcheck repin plan -o FILE` writes a plan")
    return loads(data, str(path))


def _near(path: Path) -> str:
    """Suggest the file of a similar name in that folder, for one that is not there."""
    from inventory.words import did_you_mean

    if path.exists() or not path.parent.is_dir():
        return ""
    try:
        there = [each.name for each in path.parent.glob("*.json")]
    except OSError:
        return ""
    return did_you_mean(path.name, there)
