"""`fleetcheck doctor`: its exit codes, its output, and what it does not do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Scanned, fleetcheck


def test_a_host_that_passes_all_stages_ends_with_0_and_stores_nothing(
    simulated: Path, tmp_path: Path
) -> None:
    """The screen says so; no database is made."""
    ended = fleetcheck("doctor", "par-web-01", "-i", str(simulated), "--table")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("par-web-01  passed all stages in ")
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_fails_ends_with_4_and_names_its_stage(simulated: Path) -> None:
    """The document says at which stage, and what to do."""
    ended = fleetcheck("doctor", "ber-file-03", "-i", str(simulated), "--json")
    content = json.loads(ended.out)
    (host,) = content["hosts"]
    assert (ended.code, content["exit_code"], host["stopped_at"]) == (4, 4, "rights")
    at = {stage["stage"]: stage for stage in host["stages"]}["rights"]
    assert (at["state"], at["cause"]) == ("failed", "access-denied")
    assert "Remote Management Users" in at["advice"]


def test_down_a_pipe_goes_a_line_for_each_stage(simulated: Path) -> None:
    """Host, stage, state, milliseconds, what was seen, what to do."""
    ended = fleetcheck("doctor", "lyo-web-01", "-i", str(simulated))
    rows = [line.split("\t") for line in ended.out.splitlines()]
    assert {len(row) for row in rows} == {6}
    assert [(row[1], row[2]) for row in rows][4:6] == [("logon", "failed"), ("rights", "not reached")]


def test_it_runs_beside_a_scan(scanned: Scanned) -> None:
    """A database that a writer holds is no hindrance, for hosts and for this machine."""
    from orchestrator.store.writer import Writer

    with Writer.open(f"sqlite:///{scanned.database}", command="a scan", user="x"):
        asked = fleetcheck("doctor", "par-web-01", *scanned.options)
        alone = fleetcheck("doctor", *scanned.options, "--json")
    checks = {check["name"]: check for check in json.loads(alone.out)["controller"]}
    assert asked.code == 0
    assert checks["database"]["health"] == "ok"


def test_this_machine_is_looked_at_without_a_host(scanned: Scanned) -> None:
    """Every check has its line; the hosts' clock is this one's."""
    ended = fleetcheck("doctor", *scanned.options)
    rows = {row[1]: row[2:] for row in (line.split("\t") for line in ended.out.splitlines())}
    assert set(rows) == {
        "configuration",
        "inventory",
        "open files",
        "clock",
        "Kerberos",
        "database",
        "SQLite",
        "approvals",
        "proxies",
    }
    assert rows["clock"][:1] == ["ok"]
    assert ended.code == 0


def test_a_configuration_that_others_can_write_is_a_warning(scanned: Scanned, tmp_path: Path) -> None:
    """The check says which file, why, and how to see what holds."""
    (tmp_path / "fleetcheck.toml").write_text("jobs = 3")
    assert _configuration(scanned)["seen"] == "fleetcheck.toml"
    (tmp_path / "fleetcheck.toml").chmod(0o666)
    found = _configuration(scanned)
    assert found["health"] == "warning"
    assert found["seen"].startswith("fleetcheck.toml is left aside: others can write it (mode 0666)")
    assert "config show --origin" in found["advice"]


def _configuration(scanned: Scanned) -> dict[str, str]:
    content = json.loads(fleetcheck("doctor", *scanned.options, "--json").out)
    return next(check for check in content["controller"] if check["name"] == "configuration")


def test_an_inventory_with_mistakes_and_a_strange_database_are_warnings(
    inventory_file: Callable[[str], Path], tmp_path: Path
) -> None:
    """Each is a check with its words; the command ends with 3 and changes neither."""
    strange = tmp_path / "strange.db"
    strange.write_text("not a database, though it has words in it\n" * 40)
    ended = fleetcheck("doctor", "-i", str(inventory_file("hots: {}\n")), "--db", str(strange), "--json")
    checks = {check["name"]: check for check in json.loads(ended.out)["controller"]}
    assert ended.code == 3
    assert checks["inventory"]["health"] == checks["database"]["health"] == "warning"
    assert "fleetcheck inventory check" in checks["inventory"]["advice"]
    assert strange.read_text().startswith("not a database")


def test_nothing_at_all_is_no_traceback() -> None:
    """Without inventory and database, this machine is looked at all the same."""
    ended = fleetcheck("doctor", "--table")
    assert (ended.code, ended.err) == (0, "")
    assert "fleetcheck inventory init" in ended.out


def test_a_proxy_in_the_environment_is_named_as_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wonders why a proxy is not asked finds it here."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    ended = fleetcheck("doctor")
    assert "HTTPS_PROXY set, and not used" in ended.out
    assert "proxy.example" not in ended.out  # it may hold a password


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("par-web-1",), "did you mean `par-web-01`?"),
        (("par-web-01", "nobody*"), "`nobody*` takes no host"),
        (("--account",), "--account needs a host: name one"),
        (("par-web-01", "--timeout", "0"), "--timeout"),
    ],
)
def test_what_does_not_fit_is_a_usage_error(simulated: Path, words: tuple[str, ...], message: str) -> None:
    """A host that nobody has names the nearest; nothing is asked."""
    ended = fleetcheck("doctor", *words, "-i", str(simulated))
    assert ended.code == 2
    assert message in ended.err
