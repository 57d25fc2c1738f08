"""`fleetcheck export`, and `fleetcheck scan --report`."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from junitparser import JUnitXml

from orchestrator.domain.views.brief import Brief
from orchestrator.report.exports.formats import Format
from orchestrator.store.errors import DatabaseError, StoreTrouble
from orchestrator.store.scan_reader import ScanReader
from tests.cli.conftest import HOSTS, Ended, Scanned, fleetcheck


def export(scanned: Scanned, wanted: str, *words: str) -> Ended:
    """Export from the scanned database."""
    return fleetcheck("export", "--format", wanted, "--db", str(scanned.database), *words)


@pytest.mark.parametrize("wanted", [item for item in Format if item is not Format.NAGIOS])
def test_an_export_ends_well_whatever_the_hosts_are_like(scanned: Scanned, wanted: Format) -> None:
    """Every format goes to standard output, and the exit code says that it worked."""
    ended = export(scanned, wanted)
    assert (ended.code, ended.err) == (0, "")
    assert wanted.marker in ended.out
    assert all(host in ended.out for host in HOSTS) or wanted is Format.PROMETHEUS


def test_json_is_the_document_of_show(scanned: Scanned) -> None:
    """`--format json` is byte for byte what `show --json` prints."""
    assert export(scanned, "json").out == fleetcheck("show", "--json", "--db", str(scanned.database)).out


def test_the_scans_exit_code_is_given_when_asked(scanned: Scanned) -> None:
    """`--exit-code` ends as the scan did, with the export written all the same."""
    ended = export(scanned, "jsonl", "--exit-code")
    assert (ended.code, len(ended.out.splitlines())) == (5, len(HOSTS))


def test_a_file_is_replaced_by_the_next_export_and_nothing_else_is(scanned: Scanned, tmp_path: Path) -> None:
    """`-o` writes anew what it wrote before, leaves a file of another kind alone,
    and leaves nothing beside it.
    """
    place, other = tmp_path / "fleet.csv", tmp_path / "notes.txt"
    other.write_text("mine")
    assert [export(scanned, "csv", "-o", str(place)).code for _ in range(2)] == [0, 0]
    with place.open(encoding="utf-8", newline="") as file:
        assert [row["host"] for row in csv.DictReader(file)] == list(HOSTS)
    ended = export(scanned, "csv", "-o", str(other))
    assert (ended.code, other.read_text()) == (2, "mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fleet.csv", "notes.txt"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scan", "9"), "no scan 9"),
        (("--scan", "last"), "expected a scan's id"),
        (("--max-age", "soon"), "--max-age"),
        (("--bogus",), "--bogus"),
        (("--scan",), "--scan"),
        (("--db", "nowhere.db"), "nothing is stored there yet"),
        (("-o", "no/such/folder"), "cannot be written"),
    ],
)
def test_a_nagios_check_that_fails_says_so_in_its_own_way(
    scanned: Scanned, words: tuple[str, ...], said: str
) -> None:
    """Whatever is wrong with the check itself is one line on standard output, and exit code 3."""
    ended = export(scanned, "nagios", *words)
    assert (ended.code, ended.err, ended.out.count("\n")) == (3, "", 1)
    assert ended.out.startswith("FLEETCHECK UNKNOWN - ")
    assert said in ended.out


def test_a_nagios_check_is_critical_where_a_backup_is_blocked(scanned: Scanned) -> None:
    """The line names the host, and the exit code is 2."""
    ended = export(scanned, "nagios")
    assert (ended.code, ended.err) == (2, "")
    assert "blocked: mad-mail-02" in ended.out


@pytest.mark.parametrize("words", [("--scan", "last"), ("--scan", "9"), ("--max-age", "2d")])
def test_other_formats_take_mistakes_as_usage(scanned: Scanned, words: tuple[str, ...]) -> None:
    """A bad id, and an option that only Nagios has a use for, are exit code 2 with nothing written."""
    ended = export(scanned, "csv", *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("fleetcheck: ")


def test_a_scan_writes_its_reports(own: Scanned, tmp_path: Path) -> None:
    """`--report` may be repeated; the files hold this scan, and the screen shows what it always does."""
    junit, lines = tmp_path / "fleet.xml", tmp_path / "fleet.jsonl"
    ended = fleetcheck(
        "scan",
        *own.options,
        "-q",
        "-l",
        "par-web-01",
        "--report",
        f"junit:{junit}",
        "--report",
        f"jsonl:{lines}",
    )
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("par-web-01\tok\t")
    assert [case.name for suite in JUnitXml.fromfile(str(junit)) for case in suite] == ["par-web-01"]
    assert [(line["scan"], line["host"]) for line in map(json.loads, lines.read_text().splitlines())] == [
        (2, "par-web-01")
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("csv", "expected FORMAT:FILE"),
        ("xls:fleet.xls", "formats are json, jsonl"),
        ("csv:-", "fleetcheck export"),
        ("csv:no/such/fleet.csv", "no folder"),
        ("csv:notes.txt", "is no csv export"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_before_the_scan(
    own: Scanned, tmp_path: Path, given: str, said: str
) -> None:
    """No host is asked for a report that would be lost."""
    (tmp_path / "notes.txt").write_text("mine")
    ended = fleetcheck("scan", *own.options, "--report", given)
    assert (ended.code, ended.out, said in ended.err) == (2, "", True)
    assert len(fleetcheck("scans", "--db", str(own.database)).out.splitlines()) == 1


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="/proc is Linux's: not even root may write there")
def test_a_report_where_nobody_may_write_is_refused_before_the_scan(own: Scanned) -> None:
    """A folder without the right to write in it is found out before a host is asked."""
    ended = fleetcheck("scan", *own.options, "--report", "csv:/proc/fleet.csv")
    assert (ended.code, ended.out, "cannot be written" in ended.err) == (1, "", True)


def test_an_export_that_fails_on_the_way_leaves_what_was_there(
    scanned: Scanned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that fails in the middle costs neither the earlier file nor leaves half of a new one."""
    place = tmp_path / "fleet.jsonl"
    export(scanned, "jsonl", "-o", str(place))
    before = place.read_bytes()
    briefs = ScanReader.briefs

    def fails(reader: ScanReader, scan_id: int, **more: bool) -> Iterator[Brief]:
        found = briefs(reader, scan_id, **more)
        yield from (next(found), next(found))
        raise DatabaseError("own.db", StoreTrouble.DISK, "gone")

    monkeypatch.setattr(ScanReader, "briefs", fails)
    ended = export(scanned, "jsonl", "-o", str(place))
    assert (ended.code, "the disk reports an error" in ended.err) == (1, True)
    assert place.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["fleet.jsonl"]


def test_a_list_of_hosts_has_nothing_to_report(own: Scanned) -> None:
    """`--list-hosts` asks nobody, so a report with it is a mistake."""
    ended = fleetcheck("scan", *own.options, "--list-hosts", "--report", "csv:fleet.csv")
    assert (ended.code, ended.out, "--list-hosts" in ended.err) == (2, "", True)


def test_a_report_that_fails_after_the_scan_costs_nothing_else(
    own: Scanned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is shown, the other report is written, and the exit code is 1."""
    from orchestrator.app import files

    write = files.write

    def full(path: Path, *words: object, **more: object) -> None:
        if path.suffix == ".csv":
            raise OSError(28, "No space left on device", str(path))
        write(path, *words, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(files, "write", full)
    ended = fleetcheck(
        "scan",
        *own.options,
        "-q",
        "-l",
        "par-web-01",
        "--report",
        "csv:fleet.csv",
        "--report",
        "nagios:state",
    )
    assert (ended.code, ended.out.split("\t")[0]) == (1, "par-web-01")
    assert "--report csv:fleet.csv was not written: fleet.csv: No space left on device" in ended.err
    assert (tmp_path / "state").read_text().startswith("FLEETCHECK OK - scan 2 ")


def test_two_fleets_in_one_folder_are_told_apart(own: Scanned, tmp_path: Path) -> None:
    """Two files with the same series are a remark; with a label for each there is none."""
    paris, lyon = tmp_path / "paris.prom", tmp_path / "lyon.prom"
    assert export(own, "prometheus", "-o", str(paris)).err == ""
    ended = export(own, "prometheus", "-o", str(lyon))
    assert ended.code == 0
    assert re.fullmatch(
        rf"remark: {lyon} and {paris} hold \d+ of the same series, .* --label fleet=NAME\n", ended.err
    )
    ended = export(own, "prometheus", "-o", str(lyon), "--label", "fleet=lyon", "--label", "dc=1")
    assert (ended.code, ended.err) == (0, "")
    assert 'fleetcheck_hosts{dc="1",fleet="lyon",state="ok"}' in lyon.read_text()


def test_a_metric_that_another_file_describes_in_other_words_is_a_remark(
    own: Scanned, tmp_path: Path
) -> None:
    """node_exporter drops the samples of one of the files, whatever their labels."""
    paris, lyon = tmp_path / "paris.prom", tmp_path / "lyon.prom"
    export(own, "prometheus", "-o", str(paris), "--label", "fleet=paris")
    text = paris.read_text()
    assert "# HELP fleetcheck_hosts_by_verdict Hosts by verdict, " in text
    paris.write_text(text.replace("Hosts by verdict, ", "Hosts counted by verdict, "))
    ended = export(own, "prometheus", "-o", str(lyon), "--label", "fleet=lyon")
    assert ended.code == 0
    assert ended.err.startswith(
        f"remark: {lyon} and {paris} describe fleetcheck_hosts_by_verdict in other words "
    )


def test_a_fleets_name_is_kept_with_the_scan(own: Scanned, tmp_path: Path) -> None:
    """`fleet:` of the inventory is a label in the scan's report and in a later export;
    a clash is a warning.
    """
    inventory = own.inventory.with_name(f"named-{tmp_path.name}.yaml")  # beside the CA and the secrets
    inventory.write_text("fleet: emea\n" + own.inventory.read_text())
    first, second = tmp_path / "first.prom", tmp_path / "second.prom"
    words = ("-q", "-l", "par-web-01", "-i", str(inventory), "--db", str(own.database))
    for path in (first, second):
        ended = fleetcheck("scan", *words, "--report", f"prometheus:{path}")
    assert (ended.code, f"{second} and {first} hold" in ended.err) == (0, True)
    assert 'fleetcheck_hosts{fleet="emea",state="ok"} 1' in second.read_text()
    assert 'fleetcheck_hosts{fleet="emea",state="ok"} 1' in export(own, "prometheus").out
    assert json.loads(export(own, "json").out)["scan"]["fleet"] == "emea"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("fleet", "expected NAME=VALUE"),
        ("1=a", "expected NAME=VALUE"),
        ("a-b=c", "expected NAME=VALUE"),
        ("__name__=x", "expected NAME=VALUE"),
        ("fleet=", "expected a value"),
        ("fleet=a\nb", "expected a value"),
        ("state=ok", "a label `state` of their own"),
    ],
)
def test_a_label_that_is_none_is_refused(own: Scanned, tmp_path: Path, label: str, said: str) -> None:
    """Before anything is written, and before a host is asked; the message names the label."""
    place = tmp_path / "fleet.prom"
    ended = export(own, "prometheus", "-o", str(place), "--label", label)
    assert (ended.code, said in ended.err, place.exists()) == (2, True, False)
    ended = fleetcheck("scan", *own.options, "--report", f"prometheus:{place}", "--label", label)
    assert (ended.code, said in ended.err, place.exists()) == (2, True, False)


def test_a_label_goes_with_prometheus_alone(own: Scanned) -> None:
    """Elsewhere it would be lost: exit code 2, and 3 for a Nagios check."""
    assert export(own, "csv", "--label", "a=b").code == 2
    assert fleetcheck("scan", *own.options, "--report", "csv:fleet.csv", "--label", "a=b").code == 2
    ended = export(own, "nagios", "--label", "a=b")
    assert (ended.code, ended.out.startswith("FLEETCHECK UNKNOWN - --label goes with")) == (3, True)
    twice = export(own, "prometheus", "--label", "a=b", "--label", "a=c")
    assert (twice.code, "another --label gives `a` already" in twice.err) == (2, True)


def test_the_help_of_a_scan_names_every_format() -> None:
    """`--report` takes what `export` writes; its help is a text, since a scan imports no format for it."""
    assert Format.words() in " ".join(fleetcheck("scan", "--help").out.split())
