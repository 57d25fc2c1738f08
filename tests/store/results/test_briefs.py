"""Results in short say what whole ones say, and no more is read than asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.domain.record import HostRecord
from orchestrator.domain.views.brief import Brief, brief_of
from orchestrator.store.errors import UnknownScanError
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.bench.bench_store import store
from tests.bench.random_fleets import SHARED, random_fleet


@pytest.fixture
def records(tmp_path: Path) -> list[HostRecord]:
    """Make results of every kind."""
    (tmp_path / "shared.yaml").write_text(SHARED, encoding="utf-8")
    now = datetime.now(UTC)
    return [each for seed in range(40) for each in random_fleet(seed, tmp_path, now).scans[-1]]


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
