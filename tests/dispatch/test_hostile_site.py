"""A site whose key signs anything at all: what it says costs its own results, and nobody else's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from orchestrator.dispatch.broker import Broker
from orchestrator.dispatch.errors import SealError
from orchestrator.dispatch.hub import CeleryDispatcher, HubSettings
from orchestrator.dispatch.listen import last_word
from orchestrator.dispatch.seal import MOST, Kind, seal, unwrapped
from orchestrator.dispatch.wire import hello_text, read_hello, read_report
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase, Probed, Trace
from orchestrator.domain.primitives.codec import encode
from orchestrator.domain.sites.unit import PROTOCOL, Batch, Hello, Report, UnitDone
from orchestrator.fleet.dispatch.port import Refused
from orchestrator.store.results.rows import take_apart
from tests.fleet.dispatch.sites import Network, report_of, scan_sites, transports
from tests.fleet.dispatch.test_sites_run import at
from tests.fleet.fakes import answers
from tests.fleet.travel import NEW_YEAR
from tests.report.samples import READING

NAIVE = "2026-01-01T00:00:00"
WRONG: tuple[Any, ...] = (
    None,
    True,
    5,
    -1,
    10**30,
    1e308,
    "x",
    NAIVE,
    "0001-01-01T00:00:00+14:00",
    [],
    [5],
    {},
    {"a": []},
)
TRACE = Trace(started=NEW_YEAR, ended=NEW_YEAR)


def wronged(whole: Any) -> Iterator[Any]:
    """Yield the JSON again and again, each time with another value wrong, however deep it stands."""
    if isinstance(whole, dict):
        for name, cell in whole.items():
            yield from ({**whole, name: each} for each in (*WRONG, *wronged(cell)))
            yield {key: each for key, each in whole.items() if key != name}
    elif isinstance(whole, list) and whole:
        yield from ([each, *whole[1:]] for each in (*WRONG, *wronged(whole[0])))


def readable(read: Callable[[str], Any], whole: Any) -> Iterator[Any]:
    """Read every wrong form, and yield those that are taken for a message."""
    for wrong in wronged(whole):
        try:
            yield read(json.dumps(wrong))
        except SealError:
            continue


def _report_json(batch: Batch, outcome: Failed | Probed) -> Any:
    kind = "probed" if isinstance(outcome, Probed) else "failed"
    unit = {"host": outcome.host, "digest": "d", "ticket": "t", kind: encode(outcome), "proof": "accepted"}
    return {
        "v": PROTOCOL,
        "report": encode(report_of(batch, ended=True), without=frozenset({"units"})),
        "units": [unit],
    }


def test_no_field_of_a_site_s_messages_ends_the_scan() -> None:
    """Each field of a hello, a report and an outcome wrong in turn: the other site's hosts are all stored."""
    sent: list[Any] = []

    def lie(batch: Batch, network: Network) -> bool:
        if batch.site != "berlin" or sent:
            return False
        name = batch.hosts[0].name
        failed = Failed(host=name, phase=Phase.RUN, cause=Cause.ABORTED, detail="d", advice="a", trace=TRACE)
        probed = Probed(host=name, reading=READING, trace=replace(TRACE, timings={"a": 1}, remarks=("r",)))
        hello = Hello(
            site="berlin",
            worker="w",
            version="0",
            protocol=PROTOCOL,
            sent=NEW_YEAR,
            started=NEW_YEAR,
            width=1,
            slots=1,
            in_flight=0,
            machine="m",
        )
        sent.extend(readable(read_hello, json.loads(hello_text(hello))))
        for outcome in (failed, probed):
            whole = _report_json(batch, outcome)
            sent.extend(readable(lambda text: read_report(text, lambda *_: True), whole))
        for each in sent:
            network.put(each)
        return False

    network = Network(transports({}, answers(), "berlin", "paris"), on_batch=lie)
    found = scan_sites(network, [*at("berlin", 3), *at("paris", 5)])
    records = found.scanned.writer.records
    assert {record.host for record in records} >= {f"paris-h{number}" for number in range(1, 6)}
    assert len(sent) > 100
    assert not found.scanned.summary.trouble
    for record in records:
        take_apart(record)
    for each in sent:
        if isinstance(each, Report):
            for unit in each.units:
                assert isinstance(unit, UnitDone)
                encode(unit.outcome)


SITE, HUB = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def _sealed(kind: Kind, whole: object) -> str:
    return json.dumps(seal(kind, json.dumps(whole), SITE))


@pytest.mark.parametrize(
    "change", [{"site": 5}, {"batch": []}, {"epoch": "1"}, {"ended": 1}, {"run": None}, {"site": "paris"}]
)
def test_the_hub_s_link_outlives_a_site_s_report(change: dict[str, Any]) -> None:
    """A report of wrong types is refused and settled: it does not come back, and other sites are heard."""
    whole = {"site": "berlin", "run": "r", "epoch": 1, "batch": "b"} | change
    arrival, settled = _taken({"v": PROTOCOL, "report": whole, "units": []})
    assert isinstance(arrival, Refused)
    assert (arrival.site, settled) == ("berlin", [7])


def test_what_nobody_foresaw_in_a_report_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of our own in reading a result names itself; the message is settled all the same."""

    def broken(*_: object) -> Report:
        raise ArithmeticError

    monkeypatch.setattr("orchestrator.dispatch.hub.read_report", broken)
    arrival, settled = _taken({})
    assert arrival == Refused(site="berlin", why="a result that cannot be read (ArithmeticError)")
    assert settled == [7]


def _taken(whole: object) -> tuple[Any, list[int]]:
    """Let the hub take in a report; return what it tells, and the tags that it settles."""

    async def main() -> tuple[Any, list[int]]:
        broker = Broker(host="x", port=1, vhost="v", user="u", tls=False)
        settings = HubSettings(name="h", key=HUB, broker=broker, sites={"berlin": SITE.public_key()})
        hub = CeleryDispatcher(settings, ("berlin",))
        body = _sealed(Kind.REPORT, whole)
        hub._for_site("berlin")(SimpleNamespace(body=body, delivery_tag=7))
        delivery = await asyncio.wait_for(anext(hub.events()), 5)
        delivery.settle()
        tags: list[int] = []
        hub._taking._calls.popleft()(SimpleNamespace(basic_ack=tags.append))
        return delivery.arrival, tags

    return asyncio.run(main())


class _Channel(nullcontext[Any]):
    """Holds one hello, as a queue does; connection, channel and message in one."""

    def __init__(self, body: str) -> None:
        super().__init__(self)
        self.body = body

    def channel(self) -> _Channel:
        """Open it."""
        return self

    def basic_get(self, _queue: str) -> _Channel:
        """Return it."""
        return self


@pytest.mark.parametrize(
    "change",
    [{"site": 5}, {"sent": NAIVE}, {"protocol": "x"}, {"width": "9"}, {"slots": "2"}, {"worker": [1]}],
)
def test_a_hello_of_wrong_types_is_refused_where_it_is_read(change: dict[str, Any]) -> None:
    """A hello is read by a scan and by `hub status`: neither is ended by one."""
    now = datetime.now(UTC).isoformat()
    whole = {"site": "berlin", "worker": "w", "version": "0", "protocol": 1, "sent": now, "started": now}
    whole |= {"width": 1, "slots": 1, "in_flight": 0} | change
    channel = _Channel(_sealed(Kind.HELLO, {"v": PROTOCOL, "hello": whole}))
    with pytest.raises(SealError):
        last_word(channel, "berlin", SITE.public_key())


def test_what_is_too_long_is_not_parsed() -> None:
    """The size is looked at before JSON is: a long one costs no memory."""
    with pytest.raises(SealError, match="too long"):
        unwrapped("[" * (2 * MOST + 1_000))
    assert unwrapped(json.dumps(seal(Kind.REPORT, '"' * 1_000, SITE)))


def test_a_refusal_takes_little_room_in_the_audit() -> None:
    """Megabytes in a refused message come to a line of the audit, whatever field they stand in."""
    long = "A" * 3_000_000

    def flood(batch: Batch, network: Network) -> bool:
        network.put(replace(report_of(batch), run=long))
        network.put(Refused(site=batch.site, why=long))
        return False

    network = Network(transports({}, answers(), "berlin"), on_batch=flood)
    found = scan_sites(network, at("berlin", 1))
    assert [len(each.why.encode()) <= 210 for each in found.refused] == [True, True]
    for spoken in (long, [long], 10**30):
        with pytest.raises(SealError) as caught:
            read_report(json.dumps({"v": spoken, "report": {}, "units": []}), lambda *_: True)
        assert len(str(caught.value).encode()) < 210


def test_more_results_than_a_batch_has_are_refused() -> None:
    """Three hundred results in one message would wait for each other's room: they are refused at once."""
    seen: list[str] = []

    def heap(batch: Batch, network: Network) -> bool:
        seen.extend(host.name for host in batch.hosts)
        if batch.site == "paris":
            return False
        units = tuple(
            UnitDone(
                host=batch.hosts[0].name,
                outcome=Failed(
                    host=batch.hosts[0].name,
                    phase=Phase.RUN,
                    cause=Cause.BUG,
                    detail="",
                    advice="",
                    trace=TRACE,
                ),
            )
            for _ in range(300)
        )
        network.put(report_of(batch, units=units))
        return False

    network = Network(transports({}, answers(), "berlin", "paris"), on_batch=heap)
    found = scan_sites(network, [*at("berlin", 5), *at("paris", 5)])
    assert found.refused[0].why == "a result for 300 hosts; no batch has more than 50"
    assert len(found.scanned.writer.records) == 10
