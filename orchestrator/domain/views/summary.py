"""A whole scan in one pass over its records: counts, groups,
and what is worth a line about the fleet as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inventory.schema.via import network
from inventory.verdicts import Verdict
from inventory.words import plural
from orchestrator.domain.cause import fallback_cause
from orchestrator.domain.execution.tally import Counts, Tally
from orchestrator.domain.group import Group, Groups
from orchestrator.domain.outcome import Probed
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.reading import Reading
from orchestrator.domain.record import HostRecord

_FEW = 3  # hosts: fewer say nothing about what most hosts are like
_NAMED = 10  # hosts named in a remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A scan's result. `remarks` are sentences that quote hosts uncleaned; `same_machine` lists names of one
    machine.

    `ntlm` counts the hosts where NTLM was used. `tunnel_hint` is the remark that has to be read before the
    groups, empty where there is none.
    """

    counts: Counts
    groups: tuple[Group, ...]
    remarks: tuple[str, ...]
    same_machine: tuple[tuple[str, ...], ...]
    ntlm: int
    tunnel_hint: str = ""


class Summariser:
    """Takes records one by one and keeps only what the summary needs,
    so that 10,000 readings need not stay.
    """

    def __init__(self, *, selected: int) -> None:
        self._tally = Tally(selected)
        self._groups = Groups()
        self._machines: dict[str, str] = {}  # machine id -> the first host that told it
        self._twins: dict[str, list[str]] = {}  # ... and all of them, where it is not the only one
        self._ways: dict[
            str, str
        ] = {}  # host -> the network that it was reached in, where it is not this machine's
        self._gateways: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        self._ntlm: Counter[str | None] = Counter()  # hosts logged on by NTLM, by why it was not Kerberos
        self._quiet = 0  # disconnected: the pins are open, all could be looked at, and no tunnel is up
        self._live = 0  # some tunnel is up

    def add(self, record: HostRecord) -> None:
        """Take one record into account."""
        self._tally.add(record.judgement.verdict, waived=record.waived is not None)
        self._groups.add(record)
        if record.outcome.trace.auth == "ntlm":
            self._ntlm[fallback_cause(record.outcome.trace.remarks)] += 1
        if isinstance(record.outcome, Probed):
            self._probed(record, record.outcome.reading)

    def summary(self) -> Summary:
        """Return the summary of what came so far."""
        twins = tuple(tuple(sorted(self._twins[each])) for each in self._machines if each in self._twins)
        return Summary(
            counts=self._tally.counts(),
            groups=self._groups.sorted(),
            remarks=(
                *self._tunnel_hint(),
                *_same_machine(twins, self._ways),
                *self._lonely(),
                *self._ntlm_remark(),
            ),
            same_machine=twins,
            ntlm=self._ntlm.total(),
            tunnel_hint=next(iter(self._tunnel_hint()), ""),
        )

    def _probed(self, record: HostRecord, reading: Reading) -> None:
        if reading.identity.machine_id:
            machine = reading.identity.machine_id.lower()
            if record.via is not None:
                self._ways[record.host] = network(record.via)
            first = self._machines.setdefault(machine, record.host)
            if first != record.host:
                self._twins.setdefault(machine, [first]).append(record.host)
        if record.judgement.view is None:
            return
        for target in reading.targets:
            if target.decides:
                where = tuple(sorted(map(canonical, target.addresses))) or (canonical(target.name),)
                self._gateways.setdefault((target.role, where), []).append(record.host)
        self._live += record.judgement.any_live
        self._quiet += record.judgement.verdict is Verdict.DISCONNECTED

    def _tunnel_hint(self) -> Iterable[str]:
        if self._quiet >= _FEW and self._quiet > self._live:
            yield (
                f"{self._quiet} otherwise healthy hosts show no tunnel, only "
                f"{plural(self._live, 'shows', 'show')} one: if this product connects on "
                "demand, say `tunnel: on-demand` in its profile"
            )

    def _lonely(self) -> Iterable[str]:
        """Name each gateway that one host alone uses where several hosts share another one."""
        shared = {role for (role, _), hosts in self._gateways.items() if len(hosts) >= _FEW}
        for (role, gateway), hosts in sorted(self._gateways.items()):
            if role in shared and len(hosts) == 1:
                yield f"{hosts[0]} alone uses the {role} gateway {', '.join(gateway)}"

    def _ntlm_remark(self) -> Iterable[str]:
        for cause, number in sorted(self._ntlm.items(), key=lambda item: (-item[1], item[0] or "")):
            hosts = f"{plural(number, 'host')} logged on by NTLM"
            yield (
                f"{hosts}, not Kerberos"
                if cause is None
                else f"{hosts}, since Kerberos did not serve: {cause}"
            )


def summarise(records: Iterable[HostRecord], *, selected: int) -> Summary:
    """Summarise records; reads them once. `selected` is how many hosts the scan was to probe."""
    summariser = Summariser(selected=selected)
    for record in records:
        summariser.add(record)
    return summariser.summary()


def _same_machine(twins: Iterable[tuple[str, ...]], ways: Mapping[str, str]) -> Iterable[str]:
    """Name hosts that told one machine id; in different networks they are two addresses,
    and more likely clones.
    """
    for hosts in twins:
        named = ", ".join(hosts[:_NAMED])
        more = f" and {len(hosts) - _NAMED} more" if len(hosts) > _NAMED else ""
        networks = {ways.get(host, "") for host in hosts}
        if len(networks) == 1:
            why = "(a clone, or two names for one server?)"
            yield f"{named}{more} are one machine: the same machine id answered {why}"
        else:
            by = ", ".join(sorted(each or "directly" for each in networks))
            why = f"by {len(networks)} ways ({by}): clones, or one server that is reached twice?"
            yield f"{named}{more} told the same machine id, {why}"
