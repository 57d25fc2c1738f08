"""A scan in the formats of other programs, read back as these read it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from prometheus_client.parser import text_string_to_metric_families

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.record import HostRecord, ScanState
from orchestrator.domain.views.brief import brief_of
from orchestrator.domain.views.summary import summarise
from orchestrator.report.document import host_line
from orchestrator.report.exports.csv import COLUMNS, safe
from orchestrator.report.exports.export import exported
from orchestrator.report.exports.formats import Format
from orchestrator.report.exports.nagios import nagios_check, nagios_trouble
from orchestrator.report.exports.prometheus import METRICS
from orchestrator.report.summary import ScanReport
from tests.report import samples

PAGE = Path(__file__).parents[3] / "docs" / "exports.md"
OK = Judgement(verdict=Verdict.OK, evidence=("tunnel up",), any_live=True)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "a;=1",
    "\uff1d1",
    'quote" comma, line\nend',
    "]]></error><x a='1'>&amp;<!-- -->",
    '"} 1\nfleetcheck_hosts{state="ok"} 99\\',
    "| ok=99\n\x1b[2J\u202etxt\x00\ud800\ufffe",
)
"""What a host, or a name, could say to be more than text somewhere."""


def report(records: Sequence[HostRecord], *missing: str, code: int = 5, **changes: object) -> ScanReport:
    """Make the report of a scan of these records and of hosts that were not started."""
    return ScanReport(
        scan=replace(samples.scan(), **changes),
        summary=summarise(records, selected=len(records) + len(missing)),
        not_started=missing,
        code=code,
        place="fleet.db",
    )


def text(wanted: Format, records: Sequence[HostRecord], *missing: str, **changes: object) -> str:
    """Write an export as a whole."""
    of_scan = report(records, *missing, **changes)
    briefs = map(brief_of, records)
    return "".join(exported(wanted, of_scan, briefs, summed=lambda: of_scan, now=samples.NOW))


def four() -> list[HostRecord]:
    """Return a host of every state that a result can have: ok, attention, waived, failed."""
    return [
        samples.probed("web1", OK, site="paris"),
        samples.probed("web2", site="lyon"),
        samples.probed("web3", site="paris", waived="change 4711"),
        samples.failed("db7"),
    ]


def hostile() -> list[HostRecord]:
    """Return hosts that say bad things in every field that comes from a host or an inventory."""
    records = []
    for words in HOSTILE:
        failed = samples.failed(words)
        outcome = replace(failed.outcome, detail=words, advice=words)
        judgement = replace(failed.judgement, evidence=(words,), action=words)
        fields = {"site": words, "groups": (words,), "tags": (words,), "address": words}
        records.append(replace(failed, outcome=outcome, judgement=judgement, **fields))
        records.append(
            samples.probed(words, replace(samples.BLOCKED, evidence=(words,), action=words), **fields)
        )
        records.append(samples.probed(words, waived=words, **fields))
    return records


def test_json_is_what_a_scan_prints() -> None:
    """The document has its envelope, the counts, and a line per host."""
    content = json.loads(text(Format.JSON, four(), "late1"))
    assert content["fleetcheck"]["document"] == "scan"
    assert content["hosts"] == json.loads(json.dumps([host_line(brief_of(record)) for record in four()]))


def test_a_json_line_holds_what_the_document_says_of_a_host() -> None:
    """Each line is an object of its own: scan, state, and the host's entry;
    hosts without a result come last.
    """
    lines = [json.loads(line) for line in text(Format.JSONL, four(), "late1").splitlines()]
    assert [(line["host"], line["state"]) for line in lines] == [
        ("web1", "ok"),
        ("web2", "attention"),
        ("web3", "waived"),
        ("db7", "failed"),
        ("late1", "not-started"),
    ]
    assert lines[1] == json.loads(
        json.dumps({"scan": 12, "state": "attention", **host_line(brief_of(four()[1]))})
    )
    assert lines[4] == {"scan": 12, "state": "not-started", "host": "late1"}


def test_json_lines_keep_what_was_said() -> None:
    """Whatever a host says, there is a line per host, in ASCII, and nothing is lost."""
    lines = text(Format.JSONL, hostile())
    assert lines.isascii()
    assert [json.loads(line)["host"] for line in lines.splitlines()] == [record.host for record in hostile()]


def test_csv_has_a_row_per_host() -> None:
    """A csv reader finds the columns and every host, failed and not started ones too."""
    rows = list(csv.DictReader(io.StringIO(text(Format.CSV, four(), "late1"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["host"], row["state"], row["verdict"]) for row in rows] == [
        ("web1", "ok", "ok"),
        ("web2", "attention", "cut-off"),
        ("web3", "waived", "cut-off"),
        ("db7", "failed", "unknown"),
        ("late1", "not-started", ""),
    ]
    assert (rows[1]["primary_pin"], rows[1]["primary_desired"], rows[1]["primary_open"]) == (
        "2147",
        "443",
        "443",
    )
    assert rows[3]["cause"] == str(four()[3].outcome.cause)


def test_no_cell_of_a_csv_is_a_formula() -> None:
    """Whatever a host or a name says, no cell begins as a spreadsheet's formulas do,
    by any country's separator.
    """
    rows = list(csv.reader(io.StringIO(text(Format.CSV, hostile()), newline="")))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == 1 + len(hostile())
    for cell in (cell for row in rows[1:] for whole in row for cell in re.split(r"[;|\t]", whole)):
        assert not re.match(r"\s*[=+\-@\uff1d]", cell), cell


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1", "'=1"),
        ("-1", "'-1"),
        ("plain - words", "plain - words"),
        ("\t=1", "\\x09=1"),
        (None, ""),
        (443, "443"),
    ],
)
def test_a_cell_is_changed_only_where_it_must_be(cell: object, expected: str) -> None:
    """A quote before what would be computed, controls made visible, everything else as it is."""
    assert safe(cell) == expected


def test_junit_tells_the_states_apart() -> None:
    """A JUnit parser sees failures, errors and skipped hosts, with counts that add up."""
    suite = next(iter(JUnitXml.fromstring(text(Format.JUNIT, four(), "late1").encode())))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 1, 2, 1)
    found = {case.name: [type(result) for result in case.result] for case in suite}
    assert found == {"web1": [], "web2": [Failure], "web3": [Skipped], "db7": [Error], "late1": [Error]}
    assert {case.name: case.classname for case in suite}["web2"] == "fleetcheck.lyon"


_RESULT = frozenset({"type", "message"})
JUNIT_ATTRIBUTES = {
    # jenkinsci/xunit-plugin, src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd at
    # 031e285: the plug-in refuses a file with any other attribute
    "jenkins": {
        "testsuites": frozenset({"name", "time", "tests", "failures", "errors"}),
        "testsuite": frozenset(
            {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package",  # noqa: E501
             "file", "log", "url"}
        ),
        "properties": frozenset(),
        "property": frozenset({"name", "value"}),
        "testcase": frozenset({"name", "time", "classname", "group"}),
        "skipped": _RESULT,
        "failure": _RESULT,
        "error": _RESULT,
    },
    # apache/maven-surefire, maven-surefire-plugin/src/site/resources/xsd/surefire-test-report.xsd at 15475f2,
    # which knows no `testsuites` around a suite
    "surefire": {
        "testsuite": frozenset({"name", "time", "tests", "errors", "skipped", "failures", "group"}),
        "properties": frozenset(),
        "property": frozenset({"name", "value"}),
        "testcase": frozenset({"name", "classname", "group", "time"}),
        "skipped": frozenset({"message"}),
        "failure": _RESULT,
        "error": _RESULT,
    },
}  # fmt: skip
"""The attributes that public schemas of JUnit XML allow, by element."""


@pytest.mark.parametrize(
    ("schema", "beyond"),
    [("jenkins", {}), ("surefire", {"testsuites": {"name", "time", "tests", "failures", "errors"}, "testsuite": {"timestamp"}})],  # noqa: E501
)  # fmt: skip
def test_junit_has_the_attributes_that_schemas_allow(schema: str, beyond: dict[str, set[str]]) -> None:
    """Nothing is written that Jenkins' schema refuses; of Surefire's it is known what goes beyond it."""
    tree = ET.fromstring(text(Format.JUNIT, [*four(), *hostile()], "late1"))  # noqa: S314 -- our own
    allowed = JUNIT_ATTRIBUTES[schema]
    found: dict[str, set[str]] = {}
    for element in tree.iter():
        found.setdefault(element.tag, set()).update(
            element.attrib.keys() - allowed.get(element.tag, frozenset())
        )
    assert {tag: names for tag, names in found.items() if names} == beyond
    assert {each.attrib["skipped"] for each in tree} == {str(1 + len(HOSTILE))}


def test_junit_holds_hostile_words_as_text() -> None:
    """Markup and controls in names and evidence make no element, and the document stays well-formed."""
    suite = next(iter(JUnitXml.fromstring(text(Format.JUNIT, hostile()).encode())))
    assert len(list(suite)) == len(hostile())
    said = next(case for case in suite if case.name == HOSTILE[10])
    assert next(iter(said.result)).message == HOSTILE[10]
    assert {len(case.result) for case in suite} == {1}


def samples_of(exposition: str) -> dict[tuple[str, ...], float]:
    """Read metrics as Prometheus does: name and labels' values to value."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


def test_prometheus_counts_hosts() -> None:
    """Counts by state, verdict, site and cause, and when the scan was."""
    found = samples_of(text(Format.PROMETHEUS, four(), "late1"))
    assert {key[1]: value for key, value in found.items() if key[0] == "fleetcheck_hosts"} == {
        "ok": 1, "waived": 1, "attention": 1, "failed": 1, "not-started": 1,
    }  # fmt: skip
    assert found["fleetcheck_hosts_by_verdict", "cut-off"] == 2
    assert found["fleetcheck_hosts_by_verdict", "stale"] == 0
    assert found["fleetcheck_hosts_by_site", "paris", "cut-off"] == 1
    assert found["fleetcheck_hosts_by_site", "", "unknown"] == 1
    assert found["fleetcheck_failures", "auth", str(four()[3].outcome.cause)] == 1
    assert found["fleetcheck_scan_start_timestamp_seconds",] == samples.NOON.timestamp()
    assert found["fleetcheck_scan_complete",] == 1


def test_prometheus_is_told_that_a_scan_did_not_end() -> None:
    """A scan that was killed has no end, and is not complete."""
    found = samples_of(text(Format.PROMETHEUS, four(), ended=None, state=ScanState.RUNNING))
    assert found["fleetcheck_scan_complete",] == 0
    assert ("fleetcheck_scan_end_timestamp_seconds",) not in found


def test_prometheus_takes_hostile_words_as_label_values() -> None:
    """A site's name can neither end its label nor add a sample."""
    found = samples_of(text(Format.PROMETHEUS, hostile(), inventory=HOSTILE[11]))
    assert found["fleetcheck_hosts", "ok"] == 0
    assert found["fleetcheck_hosts_by_site", HOSTILE[0], "cut-off"] == 2
    assert {key[0] for key in found} == set(METRICS)


def series(exposition: str) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """Read the series that Prometheus would keep apart: name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items()))
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


def test_prometheus_series_of_two_fleets_differ() -> None:
    """With a fleet's name, or labels, every series has them; two fleets have none in common."""
    first, second = (series(text(Format.PROMETHEUS, four(), fleet=name)) for name in ("emea", 'ap"ac\n'))
    assert (first & second, {dict(labels)["fleet"] for _, labels in first}) == (set(), {"emea"})
    labels = {"part": "a", "fleet": "other"}
    emea = report(four(), fleet="emea")
    briefs = map(brief_of, four())
    pieces = exported(Format.PROMETHEUS, emea, briefs, summed=lambda: emea, now=samples.NOW, labels=labels)
    found = "".join(pieces)
    assert {(dict(each)["fleet"], dict(each)["part"]) for _, each in series(found)} == {("other", "a")}


def test_prometheus_series_without_a_name_stay_what_they_were() -> None:
    """Nobody who names no fleet gets new series."""
    lines = text(Format.PROMETHEUS, four()).splitlines()
    assert 'fleetcheck_hosts{state="ok"} 1' in lines
    assert "fleetcheck_scan_complete 1" in lines
    assert 'fleetcheck_scan_info{scan="12",mode=' in "".join(lines)


def test_the_alerts_of_the_pages_see_each_fleet() -> None:
    """No rule that a page gives adds fleets up."""
    pages = "".join(page.read_text("utf-8") for page in PAGE.parent.glob("*.md"))
    rules = re.findall(r"^(?:time|sum|max|min|count)\b.*fleetcheck_.*$", pages, re.MULTILINE)
    assert len(rules) == 2
    assert all(re.match(r"time\(\) - fleetcheck_\w+ >|\w+ by \(instance, fleet\) \(", rule) for rule in rules)


def ended(*records: HostRecord, missing: Sequence[str] = (), **changes: object) -> int:
    """Return the plug-in's exit code for a scan."""
    return nagios_check(report(records, *missing, **changes), now=samples.NOW).state.value


def test_nagios_states_follow_from_the_verdicts() -> None:
    """0 all well or waived, 1 attention or not probed, 2 no backup, 3 nothing known."""
    ok, cut_off, waived, failed = four()
    drifted = samples.probed("web5", Judgement(verdict=Verdict.DRIFTED, action="re-pin"))
    assert [ended(ok, waived), ended(ok, drifted), ended(ok, failed), ended(ok, drifted, cut_off)] == [
        0,
        1,
        1,
        2,
    ]
    assert [ended(ok, missing=["late1"]), ended(ok, state=ScanState.INTERRUPTED)] == [1, 1]
    assert [ended(failed), ended(missing=["late1"])] == [3, 3]


def test_nagios_gets_one_line_with_performance_data() -> None:
    """The line says what is wrong and where, and the figures behind the bar can be drawn."""
    line = text(Format.NAGIOS, four(), "late1")
    assert line == (
        "FLEETCHECK CRITICAL - scan 12 of 5 min ago, 1 of 5 hosts ok, 1 need attention (1 cut-off; "
        "cut-off: web2), 1 not probed, 1 not started, 1 waived | ok=1;;;0;5 attention=1;;;0;5 "
        "unknown=1;;;0;5 not_started=1;;;0;5 waived=1;;;0;5 age=300s;;;0\n"
    )


def test_nagios_gets_one_line_whatever_hosts_are_called() -> None:
    """No name can add a line, a figure, or a control sequence."""
    for words in HOSTILE:
        line = text(Format.NAGIOS, [samples.probed(words)])
        assert (line.count("\n"), line.count("|"), line[:-1].isprintable()) == (1, 1, True)
    trouble = nagios_trouble("one\ntwo | three\x1b")
    assert (trouble.state, trouble.line) == (3, "FLEETCHECK UNKNOWN - one two / three\\x1b\n")


def test_nagios_is_told_that_a_scan_is_too_old() -> None:
    """With a greatest age, a green scan from before it is UNKNOWN."""
    green = report(four()[:1], code=0)
    young = nagios_check(green, now=samples.NOW, max_age=timedelta(minutes=5))
    old = nagios_check(green, now=samples.NOW, max_age=timedelta(minutes=4))
    assert (young.state, old.state) == (0, 3)
    assert "too old" in old.line


@pytest.mark.parametrize("wanted", Format)
def test_an_export_is_known_by_its_head(wanted: Format) -> None:
    """Every export carries its mark near the beginning, so that it may be replaced by the next one."""
    assert wanted.marker in text(wanted, four())[:4096]


def test_the_page_names_every_column_and_metric() -> None:
    """What `docs/exports.md` lists is what is written."""
    page = PAGE.read_text("utf-8")
    parts = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert tuple(parts) == tuple(Format)

    def listed(part: str) -> list[str]:
        heads = [line.split(": ")[0] for line in parts[part].splitlines() if line.startswith("- ")]
        return [name for head in heads for name in re.findall(r"`([^`]+)`", head)]

    assert listed("csv") == list(COLUMNS)
    assert listed("prometheus") == list(METRICS)
    assert listed("jsonl") == ["scan", "state", *host_line(brief_of(four()[0]))]
