"""`fleetcheck repin export` and `repin import`: hosts that WinRM cannot reach."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.repin.plan import Plan, PlannedHost
from orchestrator.domain.repin.planfile import digest, loads
from orchestrator.remote.standalone import operation_of
from tests.cli.conftest import Ended, Scanned, fleetcheck

HOST = "lyo-mail-02"


@pytest.fixture
def plan_file(scanned: Scanned, tmp_path: Path) -> Path:
    """Plan the scanned fleet into a file: one host of six."""
    path = tmp_path / "plan.json"
    words = ("--limit", "all", "--include-waived", "planned on purpose")
    assert fleetcheck("repin", "plan", *scanned.options, *words, "-o", str(path)).code == 0
    return path


def moves(subject: str = HOST) -> list[str]:
    """Return where the rows of a host went, by the audit."""
    lines = [json.loads(line) for line in fleetcheck("audit", "export").out.splitlines()]
    return [line["details"]["to"] for line in lines if line["subject"] == subject]


def exported(scanned: Scanned, plan_file: Path, *words: str) -> Ended:
    """Export the plan, journaled in a database of this test's own."""
    return fleetcheck("repin", "export", str(plan_file), "--script", "-i", str(scanned.inventory), *words)


def result(plan: Plan, answer: str = "written") -> dict[str, Any]:
    """Make what the exported script writes on the planned host."""
    host = plan.hosts[0]
    return {
        "fleetcheck": {"document": "repin-result", "v": 1},
        "plan": plan.id,
        "sha256": digest(plan),
        "computer": host.computer,
        "machine_id": host.machine_id,
        "answers": [{"host": host.host, "answer": _answer(plan, host, answer)}],
    }


def _answer(plan: Plan, host: PlannedHost, result_: str) -> dict[str, Any]:
    written = result_ == "written"
    held = [({"k": t.kind, "d": t.expected}, {"k": t.kind, "d": t.new}) for t in host.targets]
    return {
        "v": 1,
        "script": "repin",
        "language": "FullLanguage",
        "operation": operation_of(plan, 0),
        "result": result_,
        "error": None,
        "abandoned": False,
        "clock": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
        "computer": host.computer,
        "machine_id": host.machine_id,
        "window_us": 12 if written else None,
        "targets": [
            {"before": old, "after": new if written else None, "wrote": written} for old, new in held
        ],
    }


def taken(tmp_path: Path, document: dict[str, Any], *words: str) -> Ended:
    """Write a result's file and import it."""
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document), "utf-8")
    return fleetcheck("repin", "import", str(path), *words)


def test_a_plan_is_given_away_as_a_script(scanned: Scanned, plan_file: Path, tmp_path: Path) -> None:
    """The script goes to a file, the host is journaled as handed out, and the words say how to go on."""
    path = tmp_path / "repin-paris.ps1"
    ended = exported(scanned, plan_file, "-o", str(path))
    assert (ended.code, ended.out) == (0, ""), ended.err
    assert path.read_text("ascii").startswith("#requires -Version 3.0")
    assert "fleetcheck repin import RESULT.json" in ended.err
    assert moves() == ["handed-out"]


def test_a_handed_out_host_is_left_alone(scanned: Scanned, plan_file: Path, tmp_path: Path) -> None:
    """`apply` of the same plan is refused until the script has expired, and says what to do: exit code 6."""
    exported(scanned, plan_file, "-o", str(tmp_path / "x.ps1"))
    ended = fleetcheck("repin", "apply", str(plan_file), "-i", str(scanned.inventory), "--yes", "--quiet")
    assert (ended.code, ended.out) == (6, "")
    assert "given away as a stand-alone script, which may write until" in ended.err
    assert "fleetcheck repin import RESULT.json" in ended.err
    assert fleetcheck("repin", "status").out == ""


def test_exporting_twice_gives_the_same_script_and_one_row(
    scanned: Scanned, plan_file: Path, tmp_path: Path
) -> None:
    """A lost script can be had again; the journal does not say that it was given away twice."""
    first, second = tmp_path / "a.ps1", tmp_path / "b.ps1"
    for path in (first, second):
        assert exported(scanned, plan_file, "-o", str(path)).code == 0
    assert first.read_bytes() == second.read_bytes()
    assert moves() == ["handed-out"]


def test_an_answer_is_taken_in_once(scanned: Scanned, plan_file: Path, tmp_path: Path) -> None:
    """A result makes its host `reported`; the same file again changes nothing and says so."""
    exported(scanned, plan_file, "-o", str(tmp_path / "x.ps1"))
    plan = loads(plan_file.read_bytes(), "plan.json")
    ended = taken(tmp_path, result(plan))
    assert ended.code == 0, ended.err
    assert ended.out.rstrip("\n").split("\t")[0::3] == [HOST, "reported"]
    again = taken(tmp_path, result(plan), "--json")
    assert [(each["result"], each["new"]) for each in json.loads(again.out)["answers"]] == [
        ("written", False)
    ]
    assert moves() == ["handed-out", "reported"]


def test_a_scan_proves_what_was_reported(scanned: Scanned, plan_file: Path, tmp_path: Path) -> None:
    """The host still holds its old values: the scan's reading ends the row, whatever the script had said."""
    exported(scanned, plan_file, "-o", str(tmp_path / "x.ps1"))
    taken(tmp_path, result(loads(plan_file.read_bytes(), "plan.json")))
    ended = fleetcheck("scan", "-i", str(scanned.inventory), "-l", HOST)
    assert f"remark: {HOST}: what a stand-alone script reported is not-written now" in ended.err
    assert moves() == ["handed-out", "reported", "not-written"]
    assert "remark" not in fleetcheck("scan", "-i", str(scanned.inventory), "-l", HOST).err


def test_an_answer_that_is_no_success_is_exit_code_3(
    scanned: Scanned, plan_file: Path, tmp_path: Path
) -> None:
    """A conflict on the host is taken in, drawn with the command that proves it, and needs attention."""
    exported(scanned, plan_file, "-o", str(tmp_path / "x.ps1"))
    plan = loads(plan_file.read_bytes(), "plan.json")
    document = result(plan, "conflict")
    document["answers"][0]["answer"]["targets"][0]["before"] = {"k": "DWORD", "d": "80"}
    ended = taken(tmp_path, document, "--table")
    assert ended.code == 3, ended.err
    assert "1 answer taken in, 0 with the new values there" in ended.out
    assert f"fleetcheck scan --limit {HOST}" in ended.out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"plan": "another"}, "no plan another"),
        ({"sha256": "00" * 32}, "a result of another plan"),
        ({"answers": []}, "the script ran on a machine that is not in the plan"),
        ({"fleetcheck": {}}, "no result of an exported re-pin script"),
        ({"answers": [{"host": "elsewhere", "answer": {}}]}, "an answer for a host that is not in the plan"),
    ],
)
def test_a_result_that_cannot_be_is_refused(
    scanned: Scanned, plan_file: Path, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    """Another plan's result, another machine's, or no result at all: nothing is journaled."""
    exported(scanned, plan_file, "-o", str(tmp_path / "x.ps1"))
    ended = taken(tmp_path, result(loads(plan_file.read_bytes(), "plan.json")) | changes)
    assert ended.code in {1, 2}
    assert said in ended.err
    assert moves() == ["handed-out"]


def test_a_file_that_is_no_json_is_said(scanned: Scanned, plan_file: Path, tmp_path: Path) -> None:
    """Bytes that are no document are named with their file."""
    exported(scanned, plan_file, "-o", str(tmp_path / "x.ps1"))
    path = tmp_path / "result.json"
    path.write_bytes(b"\x00\xff not JSON")
    ended = fleetcheck("repin", "import", str(path))
    assert ended.code == 1
    assert "result.json: no result of an exported re-pin script" in ended.err


def test_a_plan_is_not_written_over_by_its_script(scanned: Scanned, plan_file: Path) -> None:
    """`-o` that names the plan itself is refused before anything is journaled away."""
    before = plan_file.read_bytes()
    ended = exported(scanned, plan_file, "-o", str(plan_file))
    assert (ended.code, plan_file.read_bytes()) == (2, before)
