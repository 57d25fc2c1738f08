"""Results in short say what whole ones say, and no more is read than asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.domain.record import HostRecord
from orchestrator.domain.views.brief import Brief, brief_of
from orchestrator.domain.views.summary import summarise
from orchestrator.report.exports.export import exported
from orchestrator.report.exports.formats import Format
from orchestrator.report.results import result_rows
from orchestrator.report.summary import ScanReport
from orchestrator.store.errors import DatabaseError, UnknownScanError
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.bench.bench_store import store
from tests.bench.random_fleets import SHARED, random_fleet


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[HostRecord]:
    """Make results of every kind; no test changes them."""
    folder = tmp_path_factory.mktemp("fleets")
    (folder / "shared.yaml").write_text(SHARED, encoding="utf-8")
    now = datetime.now(UTC)
    return [each for seed in range(40) for each in random_fleet(seed, folder, now).scans[-1]]


def plain(found: Brief) -> Brief:
    """Leave out what is read on demand alone."""
    return replace(found, judgement=replace(found.judgement, evidence=(), remarks=(), roles=()), evidence=())


@pytest.mark.parametrize("sentences", [False, True])
@pytest.mark.parametrize("logons", [False, True])
def test_a_result_in_short_is_the_whole_one_in_short(
    url: str, records: list[HostRecord], *, sentences: bool, logons: bool
) -> None:
    """Failed, judged by role and not, in the scan's order; sentences and logons where they are asked for."""
    with Writer.open(url, command="test", user="test") as writer:
        store(writer, records)
    with Reader.open(url) as reader:
        found = list(reader.briefs(1, sentences=sentences, logons=logons))
    assert [each.host for each in found] == [each.host for each in records]
    for brief, record in zip(found, records, strict=True):
        whole = brief_of(record)
        if not logons:
            whole = replace(whole, auth=None, no_kerberos=None)
        assert plain(brief) == plain(whole)
        unjudged = whole.failure is None and not whole.judgement.roles
        assert brief.evidence == (whole.evidence if sentences or unjudged else ())
        roles = tuple(replace(role, evidence=()) for role in whole.judgement.roles)
        assert brief.judgement.roles == roles


def test_verdicts_are_counted_without_reading_results(url: str, records: list[HostRecord]) -> None:
    """Each host's last try, with its verdict and whether it is waived."""
    records = [replace(each, waived="change 4711" if n % 3 else None) for n, each in enumerate(records)]
    with Writer.open(url, command="test", user="test") as writer:
        store(writer, records)
    with Reader.open(url) as reader:
        found = sorted(reader.verdicts(1))
    assert found == sorted((each.host, each.judgement.verdict, each.waived is not None) for each in records)


def test_a_scan_that_is_not_there_is_said(url: str, records: list[HostRecord]) -> None:
    """Its number is in the message."""
    with Writer.open(url, command="test", user="test") as writer:
        store(writer, records[:1])
    with Reader.open(url) as reader, pytest.raises(UnknownScanError):
        list(reader.briefs(7))


@pytest.mark.parametrize("wanted", [each for each in Format if each is not Format.NAGIOS])
def test_an_export_of_results_in_short_is_that_of_whole_ones(
    url: str, records: list[HostRecord], wanted: Format
) -> None:
    """Byte for byte, whatever the format; a host without a result too."""
    with Writer.open(url, command="test", user="test") as writer:
        store(writer, records)
    with Reader.open(url) as reader:
        scan = reader.scan(1)
        report = ScanReport(
            scan=scan,
            summary=summarise(records, selected=len(records) + 1),
            not_started=("late",),
            code=0,
            place="own.db",
        )
        short = reader.briefs(1, sentences=wanted.sentences, logons=wanted.logons)
        whole = map(brief_of, reader.records(1))
        now = datetime.now(UTC)
        texts = [
            "".join(exported(wanted, report, each, summed=lambda: report, now=now)) for each in (short, whole)
        ]
    assert texts[0] == texts[1]
    assert "late" in texts[0] or wanted is Format.PROMETHEUS


def test_rows_of_results_in_short_are_those_of_whole_ones(url: str, records: list[HostRecord]) -> None:
    """What `show` prints down a pipe, with what was seen where nothing is judged by role."""
    with Writer.open(url, command="test", user="test") as writer:
        store(writer, records)
    with Reader.open(url) as reader:
        short, whole = (list(result_rows(each)) for each in (reader.briefs(1), map(brief_of, records)))
    assert short == whole


def test_a_conclusion_that_cannot_be_read_is_told_with_its_host(url: str, records: list[HostRecord]) -> None:
    """What somebody has edited by hand gives words, also where only the sentences of few are looked at."""
    with Writer.open(url, command="test", user="test") as writer:
        store(writer, records)
        writer._thread.call(lambda into: into.connection.exec_driver_sql("UPDATE document SET text = '[]'"))
    with (
        Reader.open(url) as reader,
        pytest.raises(DatabaseError, match=r"the result of .* in scan 1 does not hang together"),
    ):
        list(reader.briefs(1))
