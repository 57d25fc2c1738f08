"""Which results the hub believes: a site's own, for hosts that it handed to that site; without a broker."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from orchestrator.dispatch.broker import Broker
from orchestrator.dispatch.errors import SealError
from orchestrator.dispatch.hub import CeleryDispatcher, HubSettings
from orchestrator.dispatch.keys import ticket_secret
from orchestrator.dispatch.seal import Kind, seal, ticket
from orchestrator.dispatch.wire import SentBatch, batch_text, read_batch, report_text
from orchestrator.domain.sites.unit import Report, UnitHeld, Why
from tests.fleet.dispatch.sites import batch_of, report_of
from tests.fleet.fakes import hosts
from tests.fleet.travel import travel

HUB, SITE = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def sent(hub: Ed25519PrivateKey = HUB) -> SentBatch:
    """Return a batch as the worker of `berlin` reads it, with the tickets of this hub."""

    async def made() -> SentBatch:
        batch = batch_of([replace(one, site="berlin") for one in hosts(2)])

        def proof(host: str, facts: str) -> str:
            return ticket(ticket_secret(hub), "berlin", batch.run, batch.epoch, host, facts)

        return read_batch(batch_text(batch, hub="hub", ticket=proof), Path)

    return travel(made())


def taken(queue: str, report: Report, batch: SentBatch) -> Report:
    """Let the hub read a report that lies in the queue of a site; both sites have one and the same key."""

    async def read() -> Report:
        broker = Broker(host="127.0.0.1", port=1, vhost="/", user="hub", password="none", tls=False)
        sites = {"berlin": SITE.public_key(), "rome": SITE.public_key()}
        settings = HubSettings(name="hub", key=HUB, broker=broker, sites=sites)
        dispatcher = CeleryDispatcher(settings, tuple(sites))
        return dispatcher._report(queue, json.dumps(seal(Kind.REPORT, report_text(report, batch), SITE)))

    return asyncio.run(read())


def held(batch: SentBatch) -> Report:
    """Say of the first host that it was not begun."""
    return report_of(batch.batch, units=(UnitHeld(host="h1", why=Why.ACCOUNT),))


def test_a_result_for_a_host_that_was_handed_out_is_believed() -> None:
    """The site's seal, the hub's ticket for the host, and the site's own queue: all three are right."""
    batch = sent()
    assert taken("berlin", held(batch), batch) == held(batch)


def test_a_result_without_this_hub_s_ticket_is_not_believed() -> None:
    """Sealed by the site, but for a host that another hub, or nobody, asked it for."""
    batch = sent(Ed25519PrivateKey.generate())
    with pytest.raises(SealError, match="was not asked for"):
        taken("berlin", held(batch), batch)


def test_a_result_of_another_run_or_attempt_is_not_believed() -> None:
    """A ticket is for one run and one attempt: that of an older one proves nothing."""
    batch = sent()
    for changed in ({"run": "scan of yesterday"}, {"epoch": 2}):
        with pytest.raises(SealError, match="was not asked for"):
            taken("berlin", replace(held(batch), **changed), batch)


def test_a_result_in_another_site_s_queue_is_not_believed() -> None:
    """A report that says `berlin` and lies in the queue of `rome` is nobody's, whatever it says."""
    batch = sent()
    with pytest.raises(SealError, match="in the name of 'berlin'"):
        taken("rome", report_of(batch.batch), batch)
