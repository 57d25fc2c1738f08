"""Who is re-pinned, from which port to which: conclusions in, hosts planned or left out with reasons out.

In two steps, so that only who may be planned has its registry read: `sift`, then `draft`. Of a judgement
the pins and beliefs are read, and its verdict for waivers and for what came of the registry key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from inventory.model import Host
from inventory.words import plural
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.repin.conclusion import Conclusion, Machine
from orchestrator.domain.repin.decision import Decision, NotPlannedError, decide
from orchestrator.domain.repin.plan import Evidence, LeftOut, PlannedHost, WaivedHost
from orchestrator.domain.repin.planned_host import planned_host
from orchestrator.domain.repin.policy import Policy, common_port
from orchestrator.domain.repin.waived import waived_host, waived_words
from orchestrator.domain.verdict import HOST_TABLE
from orchestrator.domain.waiver import Waivers

_WITHOUT_ROLES = frozenset(verdict for verdict, _ in HOST_TABLE.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A selected host and what its latest results came to by its settings of today, newest first.

    `asked`: the newest is of a scan that tried a plan's ports alone; the one after it, where there is one, is
    what reports take for the latest.
    """

    host: Host
    conclusions: tuple[Conclusion, ...]
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the planner is told. `agree`: so many scans have to give the same answer. `force_closed`: a
    reason.

    `waivers` are those in force; a host that one covers is planned only where `include_waived` gives a
    reason.
    """

    policy: Policy
    now: datetime
    max_age: timedelta = timedelta(hours=24)
    agree: int = 1
    force_closed: str | None = None
    waivers: Waivers = field(default_factory=lambda: MappingProxyType({}))
    include_waived: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A host that is planned where its registry does not speak against it.

    `decisions` are those on its newest conclusions, one each; `but` is why it is left out after them all
    the same.
    """

    candidate: Candidate
    verdict: str
    waiver: WaivedHost | None
    decisions: tuple[Decision, ...]
    but: str | None = None


@dataclass(frozen=True, slots=True)
class Sifted:
    """The candidates in their order: chosen, or left out for what was concluded alone."""

    hosts: tuple[Chosen | LeftOut, ...]

    @property
    def results(self) -> Iterator[int]:
        """Yield the ids of the results whose machines `draft` looks at."""
        for each in self.hosts:
            if isinstance(each, Chosen):
                known = each.candidate.conclusions
                yield from (known[place].result for place in range(len(each.decisions)))


@dataclass(frozen=True, slots=True)
class Draft:
    """What the planner concluded, in the order of the candidates.

    `waived`: the planned hosts that a waiver covers.
    """

    hosts: tuple[PlannedHost, ...]
    left_out: tuple[LeftOut, ...]
    waived: tuple[WaivedHost, ...] = ()


def draft(sifted: Sifted, machines: Mapping[int, Machine], rules: Rules) -> Draft:
    """Plan every chosen host, or leave it out with a reason. Never raises for a host.

    `machines` has those of `sifted.results`; a host without is one whose results were deleted meanwhile.
    """
    planned: list[PlannedHost] = []
    left: list[LeftOut] = []
    waived: list[WaivedHost] = []
    for each in sifted.hosts:
        if isinstance(each, LeftOut):
            left.append(each)
            continue
        try:
            planned.append(_planned(each, machines, rules))
        except NotPlannedError as reason:
            left.append(LeftOut(host=each.candidate.host.name, reason=str(reason)))
        else:
            waived += [] if each.waiver is None else [each.waiver]
    return Draft(tuple(planned), tuple(left), tuple(waived))


def sift(candidates: Sequence[Candidate], rules: Rules) -> Sifted:
    """Choose who may be planned, and leave the others out, each with a reason. Never raises for a host."""
    sifter = _Sifter(_with_common_port(candidates, rules))
    return Sifted(tuple(map(sifter.sift, candidates)))


def _with_common_port(candidates: Sequence[Candidate], rules: Rules) -> Rules:
    if rules.policy.word != "fleet-common":
        return rules
    held = [
        judgement.roles
        for candidate in candidates
        for newest in candidate.conclusions[:1]
        if (judgement := newest.judgement) is not None and not _too_old(newest, rules)
        if judgement.verdict not in _WITHOUT_ROLES
    ]
    order = dict.fromkeys(port for candidate in candidates for port in candidate.host.profile.port_numbers)
    port = common_port(held, tuple(order))
    return replace(rules, policy=Policy("fleet-common", () if port is None else (port,)))


class _Sifter:
    """Decides host by host; what hosts share is decided once."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._decided: dict[tuple[int, int], Decision | str] = {}  # by identity: the store shares judgements

    def sift(self, candidate: Candidate) -> Chosen | LeftOut:
        """Choose a host, or leave it out."""
        try:
            return self._chosen(candidate)
        except NotPlannedError as reason:
            return LeftOut(host=candidate.host.name, reason=str(reason))

    def _chosen(self, candidate: Candidate) -> Chosen:
        host, known, rules = candidate.host, candidate.conclusions, self._rules
        if host.repin == "forbid":
            raise NotPlannedError("the inventory says `repin: forbid`")
        if not known:
            raise NotPlannedError(f"never scanned: fleetcheck scan --limit {host.name}")
        if len(known) < rules.agree:
            raise NotPlannedError(f"{len(known)} of the {plural(rules.agree, 'scan')} that --agree asks for")
        newest = known[0]
        # The age counts for the newest alone: three nightly scans never lie within one day.
        if newest.judgement is not None and _too_old(newest, rules):
            raise NotPlannedError(f"its evidence, scan {newest.scan}, is older than --max-age: scan again")
        verdict = None if newest.judgement is None else str(newest.judgement.verdict)
        waiver = _waiver(host, verdict, rules)
        if waiver is None and candidate.asked:
            latest = (each.judgement for each in known[1:2] if not _too_old(each, rules))
            for judgement in filter(None, latest):
                waiver = _waiver(host, str(judgement.verdict), rules)
        decisions, but = self._decisions(host, known[: rules.agree])
        if verdict is None or not decisions:
            raise NotPlannedError(but)
        return Chosen(candidate, verdict, waiver, decisions, but)

    def _decisions(self, host: Host, known: Iterable[Conclusion]) -> tuple[tuple[Decision, ...], str | None]:
        """Decide on one conclusion after the other, up to the first that gives a reason against it."""
        decisions: list[Decision] = []
        for each in known:
            decided = self._decision(host, each)
            if isinstance(decided, str):
                return tuple(decisions), decided
            decisions.append(decided)
        return tuple(decisions), None

    def _decision(self, host: Host, conclusion: Conclusion) -> Decision | str:
        judgement = conclusion.judgement
        if judgement is None:
            return f"no reading in scan {conclusion.scan} ({conclusion.cause})"
        key = id(judgement), id(host.profile)
        found = self._decided.get(key)
        if found is None:
            found = self._decided[key] = self._made(judgement, host)
        return found

    def _made(self, judgement: Judgement, host: Host) -> Decision | str:
        forced = self._rules.force_closed is not None
        try:
            return decide(judgement, host.profile, self._rules.policy, forced=forced)
        except NotPlannedError as reason:
            return str(reason)


def _waiver(host: Host, verdict: str | None, rules: Rules) -> WaivedHost | None:
    """Return the waiver that covers a host which is planned all the same; leave it out where none may be."""
    waiver = None if verdict is None else rules.waivers.get((host.name, verdict))
    if waiver is None or verdict is None:
        return None
    waived = waived_host(host.name, verdict, waiver)
    if rules.include_waived is None:
        raise NotPlannedError(f"waived, {waived_words(waived)} (--include-waived REASON plans it)")
    return waived


def _planned(chosen: Chosen, machines: Mapping[int, Machine], rules: Rules) -> PlannedHost:
    host, known = chosen.candidate.host, chosen.candidate.conclusions
    planned = []
    for decision, each in zip(chosen.decisions, known, strict=False):
        machine = machines.get(each.result)
        if machine is None:
            raise NotPlannedError(f"its result in scan {each.scan} was deleted just now: scan again")
        evidence = Evidence(scan=each.scan, read=each.read)
        planned.append(planned_host(host, machine, decision, evidence, chosen.verdict))
    if chosen.but is not None:
        raise NotPlannedError(chosen.but)
    newest = planned[0]
    if len(planned) == 1:
        return newest
    for other in planned[1:]:
        if (other.targets, other.roles) != (newest.targets, newest.roles):
            scans = f"{newest.evidence[0].scan} and {other.evidence[0].scan}"
            raise NotPlannedError(f"scans {scans} do not agree (--agree {rules.agree})")
    return replace(newest, evidence=tuple(each.evidence[0] for each in planned))


def _too_old(conclusion: Conclusion, rules: Rules) -> bool:
    return rules.now - conclusion.read > rules.max_age
