"""`fleetcheck scan` on a simulated fleet."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.app.invocation import Invocation
from orchestrator.cli.scan import print_report
from orchestrator.domain.execution.tally import Counts
from orchestrator.domain.record import ScanState
from orchestrator.domain.views.summary import Summariser, Summary
from orchestrator.report.summary import ScanReport, last_line
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.cli.conftest import HOSTS, Scanned, command_line, fleetcheck, url
from tests.report import samples


def test_down_a_pipe_goes_one_plain_line_per_host(scanned: Scanned) -> None:
    """Where the output is no terminal there are no tables: host, state, verdict, what was seen,
    what to do.
    """
    rows = [line.split("\t") for line in scanned.ended.out.splitlines()]
    assert [tuple(row[:3]) for row in rows] == [
        ("par-web-01", "ok", "ok"),
        ("mad-mail-02", "attention", "blocked"),
        ("lyo-mail-02", "waived", "drifted"),
        ("ber-file-03", "failed", "unknown"),
        ("lyo-web-01", "failed", "unknown"),
        ("mad-db-01", "attention", "split"),
    ]
    assert rows[3][3] == "open: access-denied"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_database_that_does_not_answer_is_not_asked_for_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    """Who has left a scan for that is told why, and waits for nothing more: it is not even opened."""
    asked = Invocation(command="test", user="ann", database=str(tmp_path / "none.db"))
    report = ScanReport(
        scan=samples.scan(),
        summary=Summariser(selected=2).summary(),
        not_started=("web1", "web2"),
        code=1,
        place="none.db",
        warnings=("stopped: the database does not answer: 2 results were not stored",),
        unanswered=True,
    )
    print_report(asked, report, as_json=as_json, table=False)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"warning: {report.warnings[0]}\n")


def test_the_last_line_says_it_all(own: Scanned) -> None:
    """Beside plain lines and beside a document the scan is said in one line, the last one;
    `--quiet` leaves it out.
    """
    assert scanned_line(own.ended.err) == "scan 1: 1 ok, 2 need attention, 2 not probed, exit 5"
    options = (*own.options, "--limit", "par-web-01")
    assert (
        scanned_line(fleetcheck("scan", *options, "--json").err)
        == "scan 2: 1 ok, 0 need attention, 0 not probed, exit 0"
    )
    assert fleetcheck("scan", *options, "--quiet").err == ""


class Terminal(io.StringIO):
    """An output that a person looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_on_a_terminal_the_last_line_stands_below_the_summary(own: Scanned) -> None:
    """Who looks at a terminal sees it last of all, on standard output, `--quiet` or not."""
    screen = Terminal()
    words = ["scan", *own.options, "--limit", "par-web-01", "--quiet"]
    with contextlib.redirect_stdout(screen), pytest.raises(SystemExit):
        command_line()(words, prog_name="fleetcheck")
    *_, foot, last = screen.getvalue().splitlines()
    assert "exit code is 0" in foot
    assert last == "scan 2: 1 ok, 0 need attention, 0 not probed, exit 0"


def test_hosts_that_were_not_started_stand_in_the_last_line() -> None:
    """Where a scan was stopped, the line says how many hosts are left."""
    counts = Counts(selected=4, ok=1, waived=0, attention=0, unknown=0, not_started=3, verdicts=())
    summary = Summary(counts=counts, groups=(), remarks=(), same_machine=(), ntlm=0)
    report = ScanReport(scan=samples.scan(), summary=summary, not_started=("a", "b", "c"), code=130, place="")
    assert (
        last_line(report)
        == f"scan {samples.scan().id}: 1 ok, 0 need attention, 0 not probed, 3 not started, exit 130"
    )


def scanned_line(said: str) -> str:
    """Return the last line."""
    return said.splitlines()[-1]


def test_the_exit_code_says_that_hosts_need_attention_and_others_were_not_probed(scanned: Scanned) -> None:
    """Hosts that need attention and hosts that failed together are 5."""
    assert scanned.ended.code == 5


def test_a_table_is_drawn_down_a_pipe_when_it_is_asked_for(own: Scanned) -> None:
    """`--table` draws the summary even where the output is no terminal, with what to type next."""
    ended = fleetcheck("scan", *own.options, "--limit", "mad-mail-02", "--table", "--quiet")
    assert "Need attention: 1 host" in ended.out
    assert f"fleetcheck show mad-mail-02 --db {own.database}" in ended.out
    assert (ended.err, ended.code) == ("", 3)


def test_a_scan_is_one_json_document(own: Scanned) -> None:
    """`--json` prints a versioned document: counts, groups, and every host on a line of its own."""
    ended = fleetcheck("scan", *own.options, "--json", "-q")
    content = json.loads(ended.out)
    assert content["fleetcheck"]["document"] == "scan"
    assert content["counts"] == {
        "selected": 6, "ok": 1, "waived": 1, "attention": 2, "unknown": 2, "not_started": 0,
        "verdicts": {"blocked": 1, "split": 1, "drifted": 1, "unknown": 2, "ok": 1},
    }  # fmt: skip
    assert [host["host"] for host in content["hosts"]] == list(HOSTS)
    assert content["exit_code"] == ended.code == 5


def test_selected_hosts_can_be_listed_without_asking_them(scanned: Scanned, tmp_path: Path) -> None:
    """`--list-hosts` prints the names that a selection means, and creates no database."""
    database = tmp_path / "none.db"
    ended = fleetcheck(
        "scan", "-i", str(scanned.inventory), "--db", str(database), "--limit", "madrid:!*db*", "--list-hosts"
    )
    assert (ended.code, ended.out, database.exists()) == (0, "mad-mail-02\n", False)


def test_a_selection_that_matches_nothing_is_an_error(scanned: Scanned) -> None:
    """Nothing matched is exit code 2 with words, never a scan of nothing."""
    ended = fleetcheck("scan", *scanned.options, "--limit", "site=rome")
    assert (ended.code, ended.out) == (2, "")
    assert "rome" in ended.err
    assert "Traceback" not in ended.err


def test_hosts_of_an_earlier_scan_can_be_asked_again(own: Scanned) -> None:
    """`--from 1 --only failed` makes a new scan of those hosts alone that failed in scan 1."""
    ended = fleetcheck("scan", *own.options, "--from", "1", "--only", "failed", "-q")
    assert [line.split("\t")[0] for line in ended.out.splitlines()] == ["ber-file-03", "lyo-web-01"]
    with Reader.open(url(own.database)) as reader:
        assert [(scan.id, len(scan.hosts)) for scan in reader.scans()] == [(2, 2), (1, 6)]


def test_a_failed_host_keeps_its_last_known_verdict(own: Scanned) -> None:
    """A host that fails now shows in the summary what an earlier scan concluded about it."""
    with (
        Writer.open(url(own.database), command="test", user="test") as writer,
        Reader.open(url(own.database)) as reader,
    ):
        scan = reader.scan(1)
        before = replace(scan, id=None, started=scan.started.replace(year=2020), hosts=("lyo-web-01",))
        (good,) = reader.records(1, ["par-web-01"])
        trace = replace(good.outcome.trace, started=before.started, ended=before.started)
        outcome = replace(good.outcome, host="lyo-web-01", trace=trace)
        number = asyncio.run(writer.begin_scan(before))
        asyncio.run(writer.put(number, replace(good, host="lyo-web-01", outcome=outcome)))
        asyncio.run(writer.end_scan(number, ScanState.FINISHED, before.started))
    ended = fleetcheck("show", "--scan", "1", "--table", "--db", str(own.database))
    assert "last known: 1 ok (" in ended.out


def test_a_killed_scan_goes_on_where_it_was(own: Scanned) -> None:
    """`--resume` asks only the hosts without a committed result; failed ones count as having one."""
    with (
        Writer.open(url(own.database), command="test", user="test") as writer,
        Reader.open(url(own.database)) as reader,
    ):
        killed = asyncio.run(
            writer.begin_scan(replace(reader.scan(1), id=None, ended=None, state=ScanState.RUNNING))
        )

        async def put() -> None:
            for record in reader.records(1, HOSTS[:4]):
                await writer.put(killed, record)

        asyncio.run(put())
    ended = fleetcheck("scan", *own.options, "--resume", str(killed), "--json", "-q")
    content = json.loads(ended.out)
    assert (content["scan"]["id"], content["counts"]["selected"], content["counts"]["not_started"]) == (
        killed,
        6,
        0,
    )
    assert [host["host"] for host in content["hosts"]] == list(HOSTS)
    assert ended.code == 5


def test_an_inventory_that_changed_is_said_when_a_scan_goes_on(own: Scanned) -> None:
    """`--resume` says that the inventory changed, and which hosts are gone from it."""
    with (
        Writer.open(url(own.database), command="test", user="test") as writer,
        Reader.open(url(own.database)) as reader,
    ):
        first = reader.scan(1)
        killed = asyncio.run(
            writer.begin_scan(
                replace(first, id=None, hosts=("gone-1", *first.hosts), inventory_digest="0" * 64)
            )
        )
    ended = fleetcheck("scan", *own.options, "--resume", str(killed))
    assert "has changed since scan 2 began" in ended.err
    assert "no longer in the inventory, and not asked: gone-1" in ended.err
    assert ended.out.splitlines()[-1].split("\t")[:2] == ["gone-1", "not-started"]


def test_a_waiver_that_has_ended_is_said_and_counts_no_more(own: Scanned, tmp_path: Path) -> None:
    """The host that it covered needs attention again,
    and the scan says which line of the inventory to look at.
    """
    text = own.inventory.read_text(encoding="utf-8")
    path = own.inventory.with_name(f"ended-{tmp_path.name}.yaml")  # beside the CA and the secrets
    path.write_text(text.replace("2099-12-31", "2020-01-31"), encoding="utf-8")
    options = ("scan", "-i", str(path), "--db", str(own.database), "--limit", "lyo-mail-02")
    ended = fleetcheck(*options)
    assert (ended.code, ended.out.split("\t")[1]) == (3, "attention")
    assert "the waiver for drifted ended on 2020-01-31 and counts no more: change 4711" in ended.err
    assert "ended on 2020-01-31" in json.loads(fleetcheck(*options, "--json").out)["warnings"][0]


@pytest.mark.parametrize(("site", "said"), [(None, True), ("paris", False)])
def test_a_limit_for_sites_that_nobody_has_is_told(
    own: Scanned, monkeypatch: pytest.MonkeyPatch, site: str | None, *, said: bool
) -> None:
    """`--per-site` where no selected host has a `site:` limits nothing, and says so before the scan."""
    monkeypatch.setenv("FC_PASSWORD", "secret")
    plain = own.database.with_name("plain.yaml")
    plain.write_text(
        "credentials: {ops: {username: x, password: {from: env, name: FC_PASSWORD}}}\n"
        f"defaults: {{credential: ops, site: {site or 'null'}}}\n"
        "hosts: {web1: {address: 127.0.0.1, port: 1}}\n",
        encoding="utf-8",
    )
    ended = fleetcheck(
        "scan", "-i", str(plain), "--db", str(own.database), "--per-site", "2", "--timeout", "1"
    )
    assert ("--per-site limits nothing" in ended.err) is said
