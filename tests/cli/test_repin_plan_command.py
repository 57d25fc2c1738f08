"""`fleetcheck repin plan` and `repin show`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.domain.repin.planfile import loads
from tests.cli.conftest import Ended, Scanned, fleetcheck


def planned(scanned: Scanned, *words: str) -> Ended:
    """Run `repin plan` on the scanned fleet."""
    return fleetcheck("repin", "plan", *scanned.options, *words)


GO_OVER = ("--limit", "all", "--include-waived", "planned on purpose")
"""The one host that can be planned is waived (`tests/cli/conftest.py`)."""


@pytest.fixture
def plan_file(scanned: Scanned, tmp_path: Path) -> Path:
    """Plan the scanned fleet into a file."""
    path = tmp_path / "plan.json"
    ended = planned(scanned, *GO_OVER, "-o", str(path))
    assert (ended.code, ended.err) == (
        0,
        f"written: {path}\nwarning: 1 waived host planned too, by --include-waived: planned on purpose\n",
    )
    return path


def test_a_plan_is_a_file_and_a_line_per_host(scanned: Scanned, tmp_path: Path) -> None:
    """Every selected host is planned or left out with its reason; the file holds the same."""
    path = tmp_path / "plan.json"
    rows = [line.split("\t") for line in planned(scanned, *GO_OVER, "-o", str(path)).out.splitlines()]
    assert {row[0]: row[1] for row in rows} == {
        "lyo-mail-02": "planned",
        "par-web-01": "left-out",
        "mad-mail-02": "left-out",
        "ber-file-03": "left-out",
        "lyo-web-01": "left-out",
        "mad-db-01": "left-out",
    }
    kept = loads(path.read_bytes(), "plan.json")
    assert [host.host for host in kept.hosts] == ["lyo-mail-02"]
    assert {left.host: left.reason for left in kept.left_out}["mad-db-01"].startswith(
        "the two registry views"
    )
    assert kept.hosts[0].evidence[0].scan == 1


def test_a_plan_can_be_read_like_a_ticket(plan_file: Path) -> None:
    """`show --table` draws it within 80 columns, with the commands to type next."""
    ended = fleetcheck("repin", "show", str(plan_file), "--table")
    assert ended.code == 0
    assert "Plan  1 host to re-pin, 2 registry values, 5 left out" in ended.out
    assert f"fleetcheck repin apply {plan_file} --dry-run" in ended.out
    assert max(len(line) for line in ended.out.splitlines() if not line.startswith("    ")) <= 80


def test_a_plan_is_one_json_document(plan_file: Path) -> None:
    """`show --json` has the values that would be written."""
    content = json.loads(fleetcheck("repin", "show", str(plan_file), "--json").out)
    assert content["fleetcheck"]["document"] == "repin-plan"
    assert content["counts"] == {"hosts": 1, "values": 2, "left_out": 5}
    assert [(target["expected"], target["new"]) for target in content["hosts"][0]["targets"]] == [
        ("443", "2147"),
        ("443", "2147"),
    ]


def test_a_page_is_written_for_the_ticket(plan_file: Path, tmp_path: Path) -> None:
    """`--html FILE` writes one page with the host and its values, and may write it again."""
    page = tmp_path / "ticket.html"
    for _ in range(2):
        ended = fleetcheck("repin", "show", str(plan_file), "--html", str(page))
        assert (ended.code, ended.out) == (0, "")
    text = page.read_text("utf-8")
    assert "lyo-mail-02" in text
    assert "PrimaryTunnelPort" in text


@pytest.mark.parametrize("other", ["--json", "--table"])
def test_a_page_and_the_output_are_two_commands(plan_file: Path, tmp_path: Path, other: str) -> None:
    """`--html` with `--json` would leave the document out in silence: nothing is written."""
    ended = fleetcheck("repin", "show", str(plan_file), "--html", str(tmp_path / "ticket.html"), other)
    said = "fleetcheck: --html goes alone: --json and --table are for the output\n"
    assert (ended.code, ended.out, ended.err) == (2, "", said)
    assert not (tmp_path / "ticket.html").exists()


def test_without_a_file_nothing_is_kept(scanned: Scanned, tmp_path: Path) -> None:
    """A plan without -o is only looked at."""
    ended = planned(scanned, *GO_OVER, "--table")
    assert ended.code == 0
    assert "nothing was written: name a file to keep the plan in" in ended.out
    assert "-o plan.json\n" in ended.out
    assert list(tmp_path.iterdir()) == []


def test_a_plan_goes_down_a_pipe_whole(scanned: Scanned) -> None:
    """`-o -` prints the plan's file and nothing else."""
    ended = planned(scanned, *GO_OVER, "-o", "-")
    assert [host.host for host in loads(ended.out.encode("ascii"), "-").hosts] == ["lyo-mail-02"]


def test_the_same_plan_may_be_made_again(scanned: Scanned, tmp_path: Path) -> None:
    """What differs in its id and its time alone takes an earlier plan's place, and that is said."""
    path = tmp_path / "plan.json"
    assert planned(scanned, "-o", str(path)).err.startswith(f"written: {path}\n")
    first = path.read_bytes()
    assert planned(scanned, "-o", str(path)).err.startswith(f"written: {path}\n")
    assert path.read_bytes() != first


def test_another_plan_is_replaced_by_force_alone(scanned: Scanned, plan_file: Path) -> None:
    """A plan that somebody may have read stays where it is; the words say whose it is and what to type."""
    before = plan_file.read_bytes()
    ended = planned(scanned, "-o", str(plan_file))
    assert (ended.code, ended.out, plan_file.read_bytes()) == (2, "", before)
    assert f"{plan_file}: is there already, another plan (1 host to re-pin, made 20" in ended.err
    assert "; nothing was written. Name another file with -o, or add --force to replace it\n" in ended.err
    assert planned(scanned, "-o", str(plan_file), "--force").code == 0
    assert loads(plan_file.read_bytes(), "plan.json").hosts == ()


def test_a_signed_plan_is_replaced_by_force_alone(scanned: Scanned, plan_file: Path) -> None:
    """A new plan, though it writes the same, would end the signatures beside the old one."""
    plan_file.with_name("plan.json.ann.sig").write_text("-----BEGIN SSH SIGNATURE-----\n", "ascii")
    ended = planned(scanned, *GO_OVER, "-o", str(plan_file))
    assert (ended.code, "is there already, signed by ann (1 host to re-pin" in ended.err) == (2, True)
    assert planned(scanned, *GO_OVER, "-o", str(plan_file), "--force").code == 0


def test_a_damaged_plan_is_replaced_by_force_alone(scanned: Scanned, plan_file: Path) -> None:
    """Nobody can say what it was."""
    plan_file.write_bytes(plan_file.read_bytes()[:-9])
    ended = planned(scanned, *GO_OVER, "-o", str(plan_file))
    assert (ended.code, "is there already, a plan that was edited or damaged" in ended.err) == (2, True)
    assert planned(scanned, *GO_OVER, "-o", str(plan_file), "--force").code == 0


def test_force_needs_a_file(scanned: Scanned) -> None:
    """Without -o there is nothing to replace."""
    ended = planned(scanned, "--force")
    assert (ended.code, "name its file with -o FILE" in ended.err) == (2, True)


def test_a_file_that_is_no_plan_is_never_replaced(scanned: Scanned, tmp_path: Path) -> None:
    """A file that is something else stays, by force too, and that is a usage error."""
    other = tmp_path / "fleet.yaml"
    other.write_text("hosts: {}\n", "utf-8")
    for force in ((), ("--force",)):
        ended = planned(scanned, "-o", str(other), *force)
        assert (ended.code, other.read_text("utf-8")) == (2, "hosts: {}\n")
        assert "is there already and is no plan of fleetcheck" in ended.err


def test_a_place_that_cannot_be_written_is_said(scanned: Scanned, tmp_path: Path) -> None:
    """A folder that is not there is exit code 1 with its name."""
    ended = planned(scanned, "-o", str(tmp_path / "missing" / "plan.json"))
    assert ended.code == 1
    assert "missing/plan.json: cannot be written: there is no folder /" in ended.err


@pytest.mark.parametrize("policy", ["vendor-order", "keep-if-working", "prefer:443,2147", "fleet-common"])
def test_every_policy_can_be_asked_for(scanned: Scanned, policy: str) -> None:
    """Each policy plans or gives a reason for every host of the selection."""
    ended = planned(scanned, "--policy", policy)
    assert ended.code == 0
    assert len(ended.out.splitlines()) == 6


def test_evidence_can_be_one_scan(scanned: Scanned) -> None:
    """`--scan ID` takes the evidence from that scan alone."""
    rows = [line.split("\t") for line in planned(scanned, *GO_OVER, "--scan", "1").out.splitlines()]
    assert [row[0] for row in rows if row[1] == "planned"] == ["lyo-mail-02"]


def test_a_reason_is_kept_with_forced_ports(scanned: Scanned, tmp_path: Path) -> None:
    """`--force-closed` plans a port that is closed too,
    and its reason stands in the plan and above the hosts.
    """
    path = tmp_path / "plan.json"
    ended = planned(scanned, "--force-closed", "change 4711", "-o", str(path), "-l", "mad-mail-02", "--table")
    kept = loads(path.read_bytes(), "plan.json")
    assert kept.force_closed == "change 4711"
    assert "change 4711" in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--policy", "best"), "--policy: found 'best', expected one of desired, vendor-order"),
        (("--policy", "prefer:0"), "expected ports from 1 to 65535"),
        (("--policy", "prefer:65536"), "expected ports from 1 to 65535"),
        (("--max-age", "soon"), "--max-age: found 'soon'"),
        (("--expires", "0s"), "--expires: 0s is too short, at least 1m"),
        (("--force-closed", " "), "--force-closed needs its reason"),
        (("--scan", "1", "--agree", "2"), "--agree looks at several scans"),
        (("--scan", "99"), "no scan 99"),
        (("--limit", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(scanned: Scanned, words: tuple[str, ...], said: str) -> None:
    """A policy, time, scan or host that nobody knows is exit code 2 with what was found and expected."""
    ended = planned(scanned, *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_an_edited_plan_is_refused(plan_file: Path) -> None:
    """One changed character makes a plan no plan; the words say what to do."""
    plan_file.write_bytes(plan_file.read_bytes().replace(b'"new": "2147"', b'"new": "2148"', 1))
    ended = fleetcheck("repin", "show", str(plan_file))
    assert (ended.code, ended.out) == (1, "")
    assert "its digest does not fit its content" in ended.err
    assert "fleetcheck repin plan" in ended.err


def test_a_plan_that_is_not_there_is_said() -> None:
    """A missing file is exit code 1, with the command that makes one."""
    ended = fleetcheck("repin", "show", "plan.json")
    assert ended.code == 1
    assert (
        "plan.json: No such file or directory. `fleetcheck repin plan -o plan.json` writes a plan"
        in ended.err
    )


def test_a_plan_that_is_misspelt_is_the_one_beside(tmp_path: Path) -> None:
    """Where a plan of a similar name is in that folder, it is suggested, and no new plan."""
    (tmp_path / "plan.json").touch()
    ended = fleetcheck("repin", "show", str(tmp_path / "plann.json"))
    assert ended.code == 1
    assert ended.err.endswith("plann.json: No such file or directory; did you mean `plan.json`?\n")


def test_before_the_first_scan_there_is_nothing_to_plan_from(scanned: Scanned) -> None:
    """Without a database the words say which command makes one."""
    ended = fleetcheck("repin", "plan", "-i", str(scanned.inventory))
    assert ended.code == 1
    assert "fleetcheck scan" in ended.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"# ours\nhosts:\n  web1: {}\n", "this is an inventory; `-i` names it"),
        (b"SQLite format 3\0", "this is an SQLite database; name it with `--db`"),
        (b"\x1f\x8b\x08", "this is a gzip archive; unpack it first"),
        (b'{"fleetcheck": {"version": "1", "document": "repin-plan", "v": 1}}', "(`repin-plan`)"),
    ],
)
@pytest.mark.parametrize("command", ["show", "apply"])
def test_another_kind_of_file_is_no_plan_and_is_named(
    tmp_path: Path, command: str, content: bytes, words: str
) -> None:
    """Whoever mixes up two files is told what the one is, and which command writes a plan."""
    path = tmp_path / "other"
    path.write_bytes(content)
    ended = fleetcheck("repin", command, str(path))
    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
    assert "`fleetcheck repin plan -o FILE` writes a plan" in ended.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("show", "a plan's file. `fleetcheck repin plan -o "),
        ("import", "a result of an exported re-pin script. Take the file as the script wrote it\n"),
    ],
)
def test_a_folder_or_an_empty_file_is_told_as_that(
    scanned: Scanned, tmp_path: Path, words: str, expected: str
) -> None:
    """With what was expected and what to do, where "Is a directory" and "damaged" stood."""
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    database = ("--db", str(scanned.database)) if words == "import" else ()
    for name, found in (("empty", "is empty"), ("folder", "is a folder")):
        ended = fleetcheck("repin", words, str(tmp_path / name), *database)
        assert ended.code == 1
        assert f"{name}: {found}, expected {expected}" in ended.err
