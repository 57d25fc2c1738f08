"""Which hosts of a scan go to sites, and what hands them out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.model import Fleet, Host
from inventory.words import folded, plural
from orchestrator.app.sites.place import HubFolder, hub_file, hub_settings
from orchestrator.domain.execution.breaker import Account, account
from orchestrator.domain.record import ScanRecord

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.sites.unit import UnitOptions
    from orchestrator.fleet.dispatch.port import Refused
    from orchestrator.fleet.dispatch.remote import Remote
    from orchestrator.store.writer import Writer


def of_sites(hub: HubFolder, hosts: Sequence[Host]) -> tuple[tuple[Host, ...], tuple[Host, ...]]:
    """Part the hosts: those to be asked from here, and those of a site with a worker.

    A host behind a `via` is reached from here: what stands before it is this machine's affair. Raises
    InventoryError, CommandError where there is no hub.
    """
    hub_file(hub)
    known = set(hub.sites())
    there = tuple(host for host in hosts if host.site in known and host.via is None)
    names = {host.name for host in there}
    return tuple(host for host in hosts if host.name not in names), there


def unserved_words(here: Sequence[Host], there: Sequence[Host]) -> Iterator[str]:
    """Say which sites' hosts are asked from here although sites are to be asked."""
    if not there:
        yield "--via-sites: none of the selected hosts is at a site with a worker: all are asked from here"
        return
    sites = sorted({host.site for host in here if host.site is not None and host.via is None})
    hosts = sum(host.site in sites and host.via is None for host in here)
    if sites:
        asked = plural(hosts, f"host of {folded(sites)} is", f"hosts of {folded(sites)} are")
        yield f"{asked} asked from here: no worker of these sites is known"


def site_account(fleet: Fleet, host: Host) -> Account | None:
    """Return the account that a host's credential stands for at the sites.

    It has the name that it has here; what it means is the site's. What is a ticket, a certificate or a host's
    own account here may be an account of the domain there, so each is taken for one that can be locked over
    the fleet.
    """
    credential = fleet.credentials.get(host.credential or "")
    if credential is None:
        return None
    return account(credential.name, credential.username, host=host.name, of_domain=True)


@asynccontextmanager
async def remote(
    invocation: Invocation,
    hub: HubFolder,
    fleet: Fleet,
    record: ScanRecord,
    hosts: Sequence[Host],
    options: UnitOptions,
    writer: Writer,
) -> AsyncIterator[Remote]:
    """Reach the broker for the block, and yield what a scan hands its sites' hosts out with.

    Raises InventoryError, SecretError, KeyFileError, BrokerError.
    """
    from orchestrator.dispatch.authorities import read_authorities
    from orchestrator.dispatch.hub import CeleryDispatcher
    from orchestrator.fleet.dispatch.accounts import SITES
    from orchestrator.fleet.dispatch.remote import Remote

    settings = hub_settings(hub, invocation.ask)
    limit = hub_file(hub).sites_per_account
    sites = tuple(sorted({host.site for host in hosts if host.site is not None}))
    authorities = await asyncio.to_thread(read_authorities, hosts)
    dispatcher = await CeleryDispatcher.open(settings, sites, authorities)
    try:
        yield Remote(
            dispatcher=dispatcher,
            hosts=hosts,
            account_of=lambda host: site_account(fleet, host),
            refused=_audited(writer),
            run=run_name(record),
            epoch=time.time_ns() // 1_000_000,
            script=record.script,
            options=options,
            sites=SITES if limit is None else limit,
        )
    finally:
        await dispatcher.close()


def run_name(record: ScanRecord) -> str:
    """Return what a scan is called at its sites: the same one when it is gone on with, another one never."""
    return f"scan of {record.started.astimezone(UTC).isoformat(timespec='microseconds')}"


def _audited(writer: Writer) -> Callable[[Refused], Awaitable[None]]:
    """Tell the audit of what is not believed."""
    from orchestrator.store.errors import StoreError
    from orchestrator.store.journal.journal import Journal

    journal = Journal(writer)

    async def refused(found: Refused) -> None:
        subject = f"site {found.site}" if found.site else "sites"
        try:
            await journal.audit(
                writer.user, "message refused", subject, {"why": found.why}, datetime.now(UTC)
            )
        except StoreError:
            await asyncio.sleep(0)  # the scan itself meets it, and says so

    return refused
