"""What is loaded is what was saved, whatever a host or an inventory says."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from inventory.model import ListedPort, Profile, RoleValues, Rule
from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, Judgement, Pin, RoleJudgement
from orchestrator.domain.outcome import Failed, Phase, Probed, Trace
from orchestrator.domain.reading import (
    Attempt,
    Canary,
    Connection,
    Identity,
    Interface,
    Kind,
    Part,
    Reading,
    Result,
    Source,
    Target,
    Value,
    View,
    ViewState,
)
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.store import writer as writing
from orchestrator.store.reader import Reader
from orchestrator.store.tables import attempt, connection
from orchestrator.store.writer import Writer


def _as_json_gives_it(text: str) -> bool:
    """Two surrogates side by side never come out of a JSON decoder:
    it joins them to the character that they mean.
    """
    return bool(json.loads(json.dumps(text)) == text)


# NUL, ESC, quotes, backslashes, bidi marks, lone surrogates: everything that a database might refuse or
# change.
TEXT = st.text(st.characters(exclude_categories=()), max_size=12).filter(_as_json_gives_it) | st.sampled_from(
    ["", "\0", "\ud800", 'it\'s "so"\\', "\x1b[31m", "%s ? :a", "\u202eabc", "😀", "a\r\nb\t"]
)
PORT = st.integers(1, 65535)
MS = st.integers(0, 2**31 - 1)
MAYBE_TEXT = st.none() | TEXT
TIME = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone


def several(each: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    """Make tuples of up to `most`."""
    return st.lists(each, max_size=most).map(tuple)


VALUE = st.one_of(
    st.builds(Value, name=TEXT, kind=st.just(Kind.DWORD), data=st.integers(0, 2**32 - 1), cut=st.booleans()),
    st.builds(Value, name=TEXT, kind=st.just(Kind.QWORD), data=st.integers(0, 2**64 - 1), cut=st.booleans()),
    st.builds(Value, name=TEXT, kind=st.sampled_from(Kind), data=TEXT, cut=st.booleans()),
    st.builds(Value, name=TEXT, kind=st.just(Kind.MULTI_SZ), data=several(TEXT), cut=st.booleans()),
)
VIEW = st.builds(
    View,
    view=st.sampled_from([64, 32]),
    state=st.sampled_from(ViewState),
    path=TEXT,
    values=several(VALUE),
    error=MAYBE_TEXT,
    dropped=st.integers(0, 99),
)
ATTEMPT = st.builds(
    Attempt,
    role=TEXT,
    source=st.sampled_from(Source),
    target=TEXT,
    address=MAYBE_TEXT,
    port=PORT,
    result=st.sampled_from(Result),
    milliseconds=st.none() | MS,
    number=st.integers(1, 9),
    error=MAYBE_TEXT,
)
CONNECTION = st.builds(
    Connection, local_address=TEXT, local_port=PORT, remote_address=TEXT, remote_port=PORT, state=TEXT
)
CANARY = st.builds(
    Canary, kind=TEXT, address=TEXT, port=PORT, result=st.sampled_from(Result), milliseconds=st.none() | MS
)
TARGET = st.builds(
    Target,
    role=TEXT,
    source=st.sampled_from(Source),
    name=TEXT,
    addresses=several(TEXT),
    decides=st.booleans(),
    value=MAYBE_TEXT,
)
IDENTITY = st.builds(
    Identity,
    **dict.fromkeys(
        (
            "computer",
            "fqdn",
            "machine_id",
            "os_name",
            "os_version",
            "powershell",
            "edition",
            "clr",
            "language",
            "time_zone",
        ),
        MAYBE_TEXT,
    ),
    clock=st.none() | TIME,
    utc_offset=st.none() | st.integers(-900, 900),
    elevated=st.none() | st.booleans(),
    bits=st.sampled_from([None, 32, 64]),
    interfaces=several(st.builds(Interface, name=TEXT, addresses=several(TEXT))),
)
READING = st.builds(
    Reading,
    mode=TEXT,
    identity=IDENTITY,
    views=several(VIEW, 2),
    targets=several(TARGET),
    attempts=several(ATTEMPT, 5),
    canaries=several(CANARY),
    connections=several(CONNECTION),
    connections_complete=st.booleans(),
    parts=several(st.builds(Part, name=TEXT, milliseconds=MS, error=MAYBE_TEXT)),
    whole_list=st.booleans(),
    deadline_hit=st.booleans(),
    cut_values=st.integers(0, 500),
)
TRACE = st.builds(
    Trace,
    started=TIME,
    ended=TIME,
    tries=st.integers(1, 20),
    auth=MAYBE_TEXT,
    certificate=MAYBE_TEXT,
    script=MAYBE_TEXT,
    timings=st.dictionaries(TEXT, MS, max_size=3),
    received=st.integers(0, 2**40),
    dialled=MAYBE_TEXT,
    remarks=several(TEXT),
)
PROBED = st.builds(Probed, host=TEXT, reading=READING, trace=TRACE)
FAILED = st.builds(
    Failed, host=TEXT, phase=st.sampled_from(Phase), cause=TEXT, detail=TEXT, advice=TEXT, trace=TRACE
)
ROLE = st.builds(
    RoleJudgement,
    role=TEXT | st.sampled_from(["primary", "backup"]),
    verdict=st.sampled_from(Verdict),
    pin=st.builds(Pin, port=st.none() | PORT, kind=MAYBE_TEXT, shown=MAYBE_TEXT),
    desired=st.none() | PORT,
    beliefs=st.dictionaries(PORT, st.sampled_from(Belief), max_size=4),
    live=several(PORT),
    evidence=several(TEXT),
    action=TEXT,
    refused=st.booleans(),
)
JUDGEMENT = st.builds(
    Judgement,
    verdict=st.sampled_from(Verdict),
    role=MAYBE_TEXT,
    roles=several(ROLE, 2),
    view=st.sampled_from([None, 32, 64]),
    any_live=st.booleans(),
    evidence=several(TEXT),
    action=TEXT,
    remarks=several(TEXT),
)
PROFILE = st.builds(
    Profile,
    name=TEXT,
    title=TEXT,
    key=TEXT,
    views=several(st.sampled_from([64, 32]), 2),
    roles=several(st.builds(RoleValues, role=TEXT, port_value=TEXT, address_value=MAYBE_TEXT), 2),
    ports=several(st.builds(ListedPort, number=PORT, label=TEXT)),
    rule=st.sampled_from(Rule),
    tunnel=st.sampled_from(["permanent", "on-demand"]),
    connect_timeout=st.floats(0.1, 60),
    canary_address=MAYBE_TEXT,
    canary_port=st.none() | PORT,
    source=TEXT,
)
RECORD = st.builds(
    HostRecord,
    host=TEXT,
    address=TEXT,
    port=PORT,
    profile=PROFILE,
    outcome=PROBED | FAILED,
    judgement=JUDGEMENT,
    site=MAYBE_TEXT,
    groups=several(TEXT),
    tags=several(TEXT),
    desired=st.dictionaries(TEXT, PORT, max_size=2),
    gateways=st.dictionaries(TEXT, TEXT, max_size=2),
    repin=st.sampled_from(["allow", "forbid"]),
    via=st.sampled_from([None, "ssh://ops@jump:22"]),
    waived=MAYBE_TEXT,
)
SCAN = st.builds(
    ScanRecord,
    id=st.none(),
    started=TIME,
    mode=TEXT,
    inventory=TEXT,
    inventory_digest=TEXT,
    selection=TEXT,
    hosts=several(TEXT),
    command=TEXT,
    user=TEXT,
    version=TEXT,
    script=TEXT,
    state=st.sampled_from(ScanState),
    ended=st.none() | TIME,
    fleet=st.none() | TEXT,
)
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.parametrize(
    "made",
    [
        (HostRecord, RECORD),
        (Reading, READING),
        (Attempt, ATTEMPT),
        (Connection, CONNECTION),
        (Identity, IDENTITY),
        (Trace, TRACE),
        (Judgement, JUDGEMENT),
        (RoleJudgement, ROLE),
        (Profile, PROFILE),
        (ScanRecord, SCAN),
        (View, VIEW),
        (Target, TARGET),
        (Canary, CANARY),
    ],
    ids=lambda made: made[0].__name__,
)
def test_no_field_is_left_to_its_default_in_these_tests(made: tuple[type, Any]) -> None:
    """A field that somebody adds to a stored class is tried here too, or this test says so."""
    kind, strategy = made
    given_fields = set(strategy.wrapped_strategy.kwargs)
    assert {field.name for field in fields(kind)} == given_fields


@pytest.mark.parametrize(("kind", "table"), [(Attempt, attempt), (Connection, connection)])
def test_every_field_of_a_row_has_its_column(kind: type, table: Table) -> None:
    """Rows of attempts and connections hold every field, in order."""
    columns = [column.name for column in table.columns]
    assert ["result_id", "position", *(field.name for field in fields(kind))] == columns


def test_a_result_comes_back_as_it_was_stored(
    writer: Writer, url: str, make_scan: Callable[..., ScanRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    """NUL, surrogates, control characters, 64-bit numbers: nothing is lost and nothing is changed."""
    monkeypatch.setattr(writing, "LINGER", 0)  # one at a time: no others to wait for
    scan_id = asyncio.run(writer.begin_scan(make_scan()))
    numbers = itertools.count(1)

    with Reader.open(url) as reader, asyncio.Runner() as loop:

        @settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
        @given(RECORD)
        def check(record: HostRecord) -> None:
            named = replace(record, host=f"{next(numbers)} {record.host}")
            loop.run(writer.put(scan_id, named))
            assert [named] == list(reader.records(scan_id, [named.host]))

        check()


def test_a_scan_comes_back_as_it_was_stored(writer: Writer, url: str) -> None:
    """Paths, commands and names of any characters are kept."""
    with Reader.open(url) as reader:

        @settings(max_examples=30, deadline=None, suppress_health_check=QUIET)
        @given(SCAN)
        def check(scan: ScanRecord) -> None:
            scan_id = asyncio.run(writer.begin_scan(scan))
            assert replace(scan, id=scan_id) == reader.scan(scan_id)

        check()


def test_times_come_back_aware(writer: Writer, url: str, make_scan: Callable[..., ScanRecord]) -> None:
    """A time keeps its zone: it is UTC, and says so."""
    scan_id = asyncio.run(writer.begin_scan(make_scan()))
    with Reader.open(url) as reader:
        assert reader.scan(scan_id).started.tzinfo is UTC
