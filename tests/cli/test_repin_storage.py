"""The database fails in the middle of a re-pin, for real: full, read-only, locked by another program."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.fleet.repin.options import RepinOptions
from tests.cli.conftest import Ended, fleetcheck
from tests.cli.drifted import Drifted, states
from tests.cli.storage_trouble import SAID, trouble


@pytest.fixture(autouse=True)
def _short_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a killed write's deadline come soon: `resume` waits for it."""
    monkeypatch.setitem(RepinOptions.__init__.__kwdefaults__, "window", 2.0)


def applied(fleet: Drifted, kind: str, at: int, *words: str) -> Ended:
    """Apply the plan while the database fails."""
    with trouble(kind, at) as found:
        ended = fleet.apply("--yes", "--quiet", "--batch", "1,100%", *words)
    assert found.begun >= at, "the run was over before the trouble came"
    return ended


@pytest.mark.parametrize(
    ("kind", "at"), [("full", 4), ("full", 9), ("full", 15), ("read-only", 9), ("locked", 9)]
)
def test_trouble_in_the_middle_writes_nowhere_without_an_intent(fleet: Drifted, kind: str, at: int) -> None:
    """Exit code 1 with what to do; each host is told; what was written has its row,
    and `resume` brings the rest.
    """
    ended = applied(fleet, kind, at)
    assert ended.code == 1, ended
    assert f"stopped: database {Path('default.db').absolute()}: {SAID[kind]}" in ended.err
    told = {line.split("\t")[0]: line.split("\t") for line in ended.out.splitlines()}
    assert list(told) == list(fleet.served.hosts)
    journal = states(fleetcheck("repin", "status", "1"))
    assert {name: row[1] for name, row in told.items()} == journal
    for name, row in told.items():
        wrote = bool(fleet.served.host(name).machine.log.ours)
        assert not wrote or row[1] in {"sent", "confirmed", "verified"}, row
        assert row[1] == "verified" or "fleetcheck repin resume 1" in row[5], row
    assert fleetcheck("repin", "status").out.split("\t")[2] == "killed"

    gone = fleetcheck("repin", "resume", "1", "-i", str(fleet.inventory), "--yes", "--quiet")
    assert (gone.code, set(states(gone).values())) == (0, {"verified"}), gone
    assert set(map(frozenset, fleet.pins().values())) == {frozenset({"2147"})}
    assert fleetcheck("audit", "verify").code == 0


@pytest.mark.parametrize("kind", SAID)
def test_a_run_that_cannot_be_journaled_does_not_begin(fleet: Drifted, kind: str) -> None:
    """No host is asked anything: exit code 1, and the words say what the database refused for and what to
    do.
    """
    before = {name: host.counters.shells_opened for name, host in fleet.served.hosts.items()}
    ended = applied(fleet, kind, 2)
    assert (ended.code, ended.out) == (1, "")
    assert SAID[kind] in ended.err
    assert {name: host.counters.shells_opened for name, host in fleet.served.hosts.items()} == before
