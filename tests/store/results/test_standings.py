"""What results came to, read for many hosts at once: the fleet now, two scans side by side,
one host over time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Probed
from orchestrator.domain.reading import Connection, Interface, Kind, Source, Target, Value, View, ViewState
from orchestrator.domain.record import HostRecord
from orchestrator.domain.standing import HostNow, Network, Tunnel
from orchestrator.store.database import engine, migrating, schema
from orchestrator.store.place import parse
from orchestrator.store.reader import Reader
from orchestrator.store.results import standing_reader, standings
from orchestrator.store.tables import document
from orchestrator.store.writer import Writer
from tests.store.conftest import MORNING, MakeRecord, MakeScan

DAY = timedelta(days=1)


@pytest.fixture
def stored(
    url: str, writer: Writer, put: Callable[..., None], make_scan: MakeScan, make_record: MakeRecord
) -> str:
    """Store four daily scans: web1 changes, db7 fails at last, old1 is in the first only,
    dead1 never answered.
    """

    def scan(day: int, **results: Verdict | None) -> None:
        at = MORNING + day * DAY
        number = asyncio.run(writer.begin_scan(make_scan(*results, started=at)))
        put(
            writer,
            number,
            [
                make_record(name, started=at, cause=Cause.NO_ANSWER)
                if verdict is None
                else make_record(name, started=at, verdict=verdict)
                for name, verdict in results.items()
            ],
        )

    scan(0, web1=Verdict.OK, old1=Verdict.DRIFTED, dead1=None)
    scan(1, web1=Verdict.BLOCKED, db7=Verdict.OK)
    scan(2, web1=Verdict.DRIFTED, db7=Verdict.STALE, dead1=None)
    scan(3, web1=Verdict.OK, db7=None)
    return url


def test_each_host_has_its_latest_result_and_its_last_readings(stored: str) -> None:
    """The fleet now is the latest result per host, its last reading, and the reading before that."""
    with Reader.open(stored) as reader:
        found = {
            now.latest.host: [each and each.scan for each in (now.latest, now.known, now.before)]
            for now in reader.fleet_now()
        }
    assert found == {
        "db7": [4, 3, 2],
        "dead1": [3, None, None],
        "old1": [1, 1, None],
        "web1": [4, 4, 3],
    }


def test_hosts_can_be_named(stored: str) -> None:
    """Only the hosts that were asked for come; one that never had a result is left out."""
    with Reader.open(stored) as reader:
        assert [now.latest.host for now in reader.fleet_now({"web1", "nobody"})] == ["web1"]


def test_one_document_may_be_two_things(
    url: str,
    writer: Writer,
    put: Callable[..., None],
    make_scan: MakeScan,
    make_record: MakeRecord,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Settings that say nothing and a reading that knows no gateway are the same `{}`: read as the one first,
    it is still read as the other where hosts come in several chunks.
    """
    bare = replace(make_record("a1"), groups=(), desired={}, gateways={})
    outcome = make_record("b1").outcome
    assert isinstance(outcome, Probed)
    lost = replace(make_record("b1"), outcome=replace(outcome, reading=replace(outcome.reading, targets=())))
    put(writer, asyncio.run(writer.begin_scan(make_scan("a1", "b1"))), [bare, lost])
    monkeypatch.setattr(standing_reader, "CHUNK", 1)
    with Reader.open(url) as reader:
        found = {now.latest.host: now.latest for now in reader.fleet_now()}
    assert (found["a1"].groups, found["b1"].gateways) == ((), {})


def test_two_scans_stand_side_by_side(stored: str) -> None:
    """Every host of either scan comes once, with nothing where one of them has no result."""
    with Reader.open(stored) as reader:
        found = [
            tuple(each and (each.host, str(each.judgement.verdict), each.cause) for each in pair)
            for pair in reader.side_by_side(1, 3)
        ]
    assert found == [
        (None, ("db7", "stale", "")),
        (("dead1", "unknown", "auth: no-answer"), ("dead1", "unknown", "auth: no-answer")),
        (("old1", "drifted", ""), None),
        (("web1", "ok", ""), ("web1", "drifted", "")),
    ]


def test_a_hosts_history_is_newest_first(stored: str) -> None:
    """All results of one host come, failed ones too, and no more than asked for."""
    with Reader.open(stored) as reader:
        assert [each.scan for each in reader.history("db7")] == [4, 3, 2]
        assert [each.scan for each in reader.history("web1", 2)] == [4, 3]


def test_a_standing_is_what_the_record_says(stored: str) -> None:
    """Judgement (but for its sentences), profile, site, groups,
    gateways and time are those of the whole record.
    """
    with Reader.open(stored) as reader:
        (standing,) = reader.history("web1", 1)
        latest = reader.latest("web1")
    assert latest is not None
    record = latest[1]
    roles = tuple(replace(role, evidence=()) for role in record.judgement.roles)
    assert (standing.judgement, standing.profile, standing.address) == (
        replace(record.judgement, roles=roles, evidence=(), remarks=()),
        record.profile,
        record.address,
    )
    assert (standing.site, standing.groups, standing.at) == ("paris", ("paris",), record.outcome.trace.ended)
    assert standing.repin == record.repin
    assert dict(standing.gateways) == {"primary": ("203.0.113.10",)}


def _on_the_network(record: HostRecord) -> HostRecord:
    """Return a host with a registry gateway, a tunnel to the inventory's, and connections that are none."""
    outcome = record.outcome
    assert isinstance(outcome, Probed)
    registry = Target(
        role="primary", source=Source.REGISTRY, name="gw.old", addresses=("203.0.113.99",), decides=True
    )
    inventory = Target(
        role="primary", source=Source.INVENTORY, name="GW.example", addresses=("203.0.113.10",)
    )
    rows = [("::ffff:203.0.113.10", "Established"), ("203.0.113.99", "SynSent"), ("10.9.9.9", "Established")]
    reading = replace(
        outcome.reading,
        targets=(registry, inventory),
        identity=replace(
            outcome.reading.identity, interfaces=(Interface(name="lan", addresses=("10.1.1.1",)),)
        ),
        connections=tuple(
            Connection(
                local_address="10.1.1.1", local_port=5000, remote_address=to, remote_port=443, state=how
            )
            for to, how in rows
        ),
    )
    trace = replace(outcome.trace, dialled="10.1.1.1")
    return replace(record, outcome=replace(outcome, reading=reading, trace=trace))


def test_what_a_host_says_of_its_network_comes_where_it_is_asked_for(
    url: str, writer: Writer, put: Callable[..., None], make_scan: MakeScan, make_record: MakeRecord
) -> None:
    """Its addresses, where it answered, what names came to,
    and the live connection with the address that it goes to.
    """
    put(writer, asyncio.run(writer.begin_scan(make_scan("web1"))), [_on_the_network(make_record("web1"))])
    with Reader.open(url) as reader:
        (host,) = reader.fleet_now(sources=True)
        (plain,) = reader.fleet_now()
    assert (host.standing.sources, host.standing.network) == (
        ("10.1.1.1",),
        Network(
            dialled="10.1.1.1",
            tunnels=(Tunnel(role="primary", address="203.0.113.10", port=443),),
            resolved={"gw.example": ("203.0.113.10",)},
        ),
    )
    assert (host.standing.named, host.standing.desired) == ({"primary": "203.0.113.10"}, {"primary": 443})
    assert (plain.standing.sources, plain.standing.network, plain.readable) == ((), Network(), None)


def test_the_last_reading_of_the_key_is_known_while_the_key_is_locked(
    url: str, writer: Writer, put: Callable[..., None], make_scan: MakeScan, make_record: MakeRecord
) -> None:
    """A host that is unreadable now has its earlier reading beside it,
    and the reading that says what it found since.
    """
    for day, verdict in enumerate((Verdict.STALE, Verdict.OK, Verdict.UNREADABLE)):
        number = asyncio.run(writer.begin_scan(make_scan("web1", started=MORNING + day * DAY)))
        said = make_record("web1", verdict=verdict, started=MORNING + day * DAY)
        locked = verdict is Verdict.UNREADABLE
        put(writer, number, [_holding(said, View(view=64, state=ViewState.DENIED)) if locked else said])
    with Reader.open(url) as reader:
        (host,) = reader.fleet_now(sources=True, before=False)
    assert host.known is host.latest
    assert (host.before, host.readable and host.readable.scan) == (None, 2)
    reading = host.latest.network.reading
    assert reading is not None
    assert len(reading.attempts) == 12


@pytest.mark.parametrize(("second", "tries"), [(80, 0), (0, 12)], ids=["two ports", "no port"])
def test_what_a_split_host_tried_is_read_where_a_pin_is_no_port(
    url: str,
    writer: Writer,
    put: Callable[..., None],
    make_scan: MakeScan,
    make_record: MakeRecord,
    second: int,
    tries: int,
) -> None:
    """Two valid pins say what it may need; else that hangs on what it tried. The views come in any case."""
    views = [
        View(view=bits, state=ViewState.PRESENT, path="SOFTWARE\\Agent", values=(_pin(port),))
        for bits, port in ((64, 2147), (32, second))
    ]
    said = _holding(make_record("web1", verdict=Verdict.SPLIT), *views)
    put(writer, asyncio.run(writer.begin_scan(make_scan("web1"))), [said])
    with Reader.open(url) as reader:
        (host,) = reader.fleet_now(sources=True)
    reading = host.standing.network.reading
    assert reading is not None
    assert (reading.views, len(reading.attempts), reading.connections) == (tuple(views), tries, ())


def _holding(record: HostRecord, *views: View) -> HostRecord:
    """Return a record of a host whose registry is so; its conclusion says nothing by role."""
    assert isinstance(record.outcome, Probed)
    outcome = replace(record.outcome, reading=replace(record.outcome.reading, views=views))
    return replace(record, outcome=outcome, judgement=replace(record.judgement, roles=()))


def _pin(port: int) -> Value:
    return Value(name="PrimaryTunnelPort", kind=Kind.DWORD, data=port)


def test_what_was_stored_before_there_were_gists_reads_the_same(stored: str, writer: Writer) -> None:
    """The step makes the gists that a writer would have made: no document more,
    and every result as it was.
    """

    def read() -> tuple[list[HostNow], dict[int, str]]:
        with Reader.open(stored) as reader, reader._snapshot() as using:
            texts = {row.digest: row.text for row in using.execute(select(document))}
        with Reader.open(stored) as reader:
            return list(reader.fleet_now(sources=True)), texts

    writer.close()
    before = read()
    with migrating.disposing(engine.writing(parse(stored))) as source, source.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(schema.scripts()))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    assert read() == before


def test_a_conclusion_is_read_once_for_all_hosts_that_share_it(
    url: str, writer: Writer, put: Callable[..., None], make_scan: MakeScan, make_record: MakeRecord
) -> None:
    """Hosts whose sentences differ say the same otherwise: reports compare them by identity."""
    records = [make_record(f"web{n}") for n in range(3)]
    said = [
        replace(r, judgement=replace(r.judgement, evidence=(f"took {n} ms",))) for n, r in enumerate(records)
    ]
    put(writer, asyncio.run(writer.begin_scan(make_scan("web0"))), said)
    with Reader.open(url) as reader:
        assert len({id(host.standing.judgement) for host in reader.fleet_now()}) == 1


def test_the_fleet_now_goes_along_the_index(sqlite_url: str) -> None:
    """No scan of the table of results: what is read grows with the hosts, not with the scans kept."""
    Writer.open(sqlite_url, command="test", user="ann").close()
    with Reader.open(sqlite_url) as reader, reader._snapshot() as using:
        query = standings.now().compile(using.engine, compile_kwargs={"literal_binds": True})
        plan = [row.detail for row in using.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    reads = [line for line in plan if "host_result" in line]
    assert reads
    assert [line for line in reads if "USING" not in line or "ix_host_result_host_started" not in line] == []
