"""Many hosts, examined side by side, through the gate that keeps a stale password from locking its
account.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from inventory.model import Host
from orchestrator.domain.execution.examination import Examination
from orchestrator.fleet.admission.accounts import Accounts
from orchestrator.fleet.admission.pace import Pace
from orchestrator.fleet.admission.queue import HostQueue
from orchestrator.fleet.admission.ramp import Ramp
from orchestrator.fleet.admission.room import make_room
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest, run_until_abandoned
from orchestrator.fleet.examine.host import HostExaminer
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Execution
from orchestrator.fleet.runner import Done, Listed, fan_out
from orchestrator.remote.look import Looker
from orchestrator.remote.session import Logon, Transport

ONE_PROOF = 1  # refusals after which a password that has worked nowhere yet is not tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamineServices:
    """What an examination works with; none of it is closed by it.

    `logons` gives a credential's logon by its name.
    """

    transport: Transport
    looker: Looker
    logons: Callable[[str | None], Logon]
    clock: Clock


async def examine(
    hosts: Sequence[Host],
    *,
    options: ScanOptions,
    services: ExamineServices,
    stop: StopRequest,
    account: bool = False,
    on_end: Callable[[Examination], None] = lambda _: None,
) -> tuple[Examination, ...]:
    """Examine hosts, `options.jobs` at a time; return their results in the order of `hosts`. Never raises
    for a host.

    `account`: ask for its quotas and shells as well. Whoever is not begun when the end is asked for has no
    result. Raises what `services.logons` raises.
    """
    accounts = Accounts(hosts, services.logons, options.rejections, lambda _: None, unproved=ONE_PROOF)
    run = _execution(options, accounts, services, stop)
    found: dict[str, Examination] = {}

    def keep(result: Examination) -> None:
        found[result.host] = result
        on_end(result)

    def examiner(host: Host) -> HostExaminer:
        return HostExaminer(
            host=host, account=accounts.of(host), run=run, looker=services.looker, asks_account=account
        )

    async def work(host: Host) -> Examination:
        return await examiner(host).result()

    async def consume() -> None:
        width = max(1, min(make_room(options.jobs).jobs, len(hosts)))
        asking = fan_out(Listed(hosts), work, jobs=width, stopped=lambda: stop.requested)
        async with aclosing(asking) as landed:
            async for item in landed:
                keep(item.value if isinstance(item, Done) else examiner(item.item).broke(item.error))

    await run_until_abandoned(consume(), stop, lambda _: None)
    return tuple(found[host.name] for host in hosts if host.name in found)


def _execution(
    options: ScanOptions, accounts: Accounts, services: ExamineServices, stop: StopRequest
) -> Execution:
    """Put together what the hosts share.

    Nobody waits in its queue: who waits for another's logon has a worker.
    """
    ramp = Ramp(0, services.clock)
    return Execution(
        options=options,
        transport=services.transport,
        secrets=accounts.secrets,
        gate=accounts.gate,
        queue=HostQueue((), accounts.of, accounts.gate, stop, per_site=0, ramp=ramp),
        pace=Pace(options.pace, services.clock),
        clock=services.clock,
        chance=random.Random(),  # noqa: S311  # spreads retries, of which there are none here
        stop=stop,
        emit=lambda _: None,
    )
