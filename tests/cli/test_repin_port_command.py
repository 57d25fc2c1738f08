"""`repin plan --port PORT HOST`, with and without `--ask`, on a simulated fleet."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.app.events import HostEntered
from orchestrator.app.scan import asking
from orchestrator.app.scan.run import run_on
from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.scenes.scenario import demo_hosts
from orchestrator.domain.outcome import Phase, Probed
from orchestrator.domain.repin.planfile import loads
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from tests.cli.conftest import GATEWAYS, Ended, fleetcheck

MOVED = "the inventory wants primary 2147: the next plan by desired moves it back: change `pin:`"
HOST = "mad-mail-02"  # pinned to 2147, which is blocked; 443 and 80 connect


@pytest.fixture
def fleet(net: str, tmp_path: Path) -> Iterator[SimulatedFleet]:
    """Serve three hosts afresh, with their inventory as ./fleet.yaml."""
    known = {host.name: host for host in demo_hosts()}
    served = SimulatedFleet(
        [known[name] for name in ("par-web-01", HOST, "lyo-mail-02")],
        address=f"{net}.37",
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": 2147, "timeout": 30},
    )
    with serve_in_thread(served):
        served.inventory(tmp_path)
        yield served


def plan(*words: str, code: int = 0) -> Ended:
    """Type a plan for the host."""
    ended = fleetcheck("repin", "plan", HOST, *words)
    assert ended.code == code, ended
    return ended


def known(host: str = HOST) -> dict[str, Any]:
    """Return what `show HOST --json` says."""
    ended = fleetcheck("show", host, "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.mark.usefixtures("fleet")
def test_a_port_that_a_scan_tried_is_planned_and_the_ticket_says_who_moves_it_back(tmp_path: Path) -> None:
    """Nobody is asked; both roles, or the one that is named."""
    fleetcheck("scan", "-q")
    plan("--port", "443", "-o", "plan.json")
    (planned,) = loads((tmp_path / "plan.json").read_bytes(), "plan.json").hosts
    assert [(role.role, role.old, role.new) for role in planned.roles] == [
        ("primary", 2147, 443),
        ("backup", 2147, 443),
    ]
    assert "policy port:443" in fleetcheck("repin", "show", "plan.json", "--table").out
    said = " ".join(fleetcheck("repin", "show", "plan.json", "--table").out.split())
    assert MOVED in said
    fleetcheck("repin", "show", "plan.json", "--html", "ticket.html")
    assert "the next plan by desired moves it back" in (tmp_path / "ticket.html").read_text()
    plan("--port", "primary=443", "-o", "one.json")
    (planned,) = loads((tmp_path / "one.json").read_bytes(), "one.json").hosts
    assert [role.role for role in planned.roles] == ["primary"]
    assert [target.value for target in planned.targets] == ["PrimaryTunnelPort"]
    assert len(json.loads(fleetcheck("scans", "--json").out)["scans"]) == 1


@pytest.mark.usefixtures("fleet")
def test_a_host_that_no_scan_has_seen_is_asked_with_ask(tmp_path: Path) -> None:
    """A scan of mode `ports` is the plan's evidence; no report has a result of the host."""
    ended = plan("--port", "443", "--ask", "-o", "plan.json")
    assert "remark: scan 1 asked 1 host for the plan's ports alone" in ended.err
    (planned,) = loads((tmp_path / "plan.json").read_bytes(), "plan.json").hosts
    assert [each.scan for each in planned.evidence] == [1]
    assert [scan["mode"] for scan in json.loads(fleetcheck("scans", "--json").out)["scans"]] == ["ports"]
    assert f"has no host '{HOST}'" in fleetcheck("show", HOST).err
    assert fleetcheck("report").out == ""
    assert fleetcheck("export", "--format", "csv").code == 1


@pytest.mark.usefixtures("fleet")
def test_a_plan_whose_asking_was_interrupted_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C with the last host in flight: a script does not go on to apply, though the host answers."""

    def interrupted(*args: Any, on_event: Callable[[Any], None], **options: Any) -> Any:
        def listen(event: Any) -> None:
            if isinstance(event, HostEntered) and event.phase is Phase.RUN:
                signal.raise_signal(signal.SIGINT)
            on_event(event)

        return run_on(*args, on_event=listen, **options)

    monkeypatch.setattr(asking, "run_on", interrupted)
    ended = plan("--port", "443", "--ask", "-v", "-o", "plan.json", code=130)
    assert "hosts in flight finished" not in ended.err
    assert ended.err.endswith("fleetcheck: interrupted: no plan was made\n")
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.usefixtures("fleet")
def test_what_ask_brought_never_replaces_the_latest_verdict() -> None:
    """Not in show, report, diff, export or a plan by desired; the ports alone were tried."""
    fleetcheck("scan", "-q")
    fleetcheck("scan", "-q")
    before = (
        known(),
        fleetcheck("report").out,
        fleetcheck("diff").out,
        fleetcheck("export", "--format", "csv").out,
    )
    desired = fleetcheck("repin", "plan").out
    plan("--port", "8443", "--ask")
    assert (known(), fleetcheck("report").out, fleetcheck("diff").out) == before[:3]
    assert fleetcheck("export", "--format", "csv").out == before[3]
    assert fleetcheck("repin", "plan").out == desired
    with Reader.open(database_url(None, os.environ)) as reader:
        (record,) = reader.records(3)
    assert isinstance(record.outcome, Probed)
    assert not record.outcome.reading.whole_list
    assert {attempt.port for attempt in record.outcome.reading.attempts} == {2147, 8443}


@pytest.mark.usefixtures("fleet")
def test_what_is_asked_can_be_traced(tmp_path: Path) -> None:
    """As a scan: each phase on the screen, and a transcript."""
    ended = plan("--port", "443", "--ask", "-v", "--trace", "trace")
    assert f"{HOST}: auth, after" in ended.err
    assert "ended: the script has answered" in (tmp_path / "trace" / "00001.txt").read_text()


@pytest.mark.usefixtures("fleet")
def test_what_ask_brought_is_evidence_until_the_next_scan() -> None:
    """A port that no scan tries is known from it, and has to be asked for again after a scan."""
    fleetcheck("scan", "-q")
    untried = "the primary new port 8443 was not tried: scan again, or add --ask"
    assert untried in plan("--port", "8443").out
    plan("--port", "8443", "--ask")
    assert "primary 8443 is not open: a firewall rule first" in plan("--port", "8443").out
    fleetcheck("scan", "-q")
    assert untried in plan("--port", "8443").out


@pytest.mark.usefixtures("fleet")
def test_a_waiver_binds_a_plan_that_asked(tmp_path: Path) -> None:
    """The verdict is judged afresh, and the latest one counts as well."""
    text = (tmp_path / "fleet.yaml").read_text()
    waiver = f'{{hosts: {HOST}, verdict: blocked, reason: change 4711, until: "2099-12-31"}}'
    (tmp_path / "fleet.yaml").write_text(f"{text}waivers: [{waiver}]\n")
    assert "waived, blocked" in plan("--port", "443", "--ask").out
    assert "planned" in plan("--port", "443", "--ask", "--include-waived", "on purpose").out


def test_a_plan_that_asked_is_applied_and_then_moved_back_by_desired(fleet: SimulatedFleet) -> None:
    """The sentence of the ticket comes true as soon as the desired pin connects."""
    machine = fleet.host(HOST).machine
    plan("--port", "443", "--ask", "-o", "plan.json")
    ended = fleetcheck("repin", "apply", "plan.json", "--yes", "-q")
    assert ended.code == 0, ended
    values = [entry for key in machine.registry.keys(64) for entry in key.values.values()]
    assert {str(entry.data) for entry in values if entry.name.endswith("TunnelPort")} == {"443"}
    machine.network.open(GATEWAYS.values(), [2147])
    fleetcheck("scan", HOST, "-q")
    plan("-o", "back.json")
    (planned,) = loads(Path("back.json").read_bytes(), "back.json").hosts
    assert {(role.old, role.new) for role in planned.roles} == {(443, 2147)}


@pytest.mark.usefixtures("fleet")
def test_a_scan_that_a_plan_asked_for_is_not_gone_on_with() -> None:
    """`--resume` says what asks anew."""
    plan("--port", "443", "--ask")
    ended = fleetcheck("scan", "--resume", "1")
    assert ended.code == 2
    assert "--resume" not in fleetcheck("show", "--scan", "1", "--table").out
    assert "scan 1 tried a plan's ports alone: `fleetcheck repin plan --ask` asks its hosts anew" in ended.err


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--ask",), "--ask tries the ports that --port names, and there is no --port"),
        (("--ask", "--policy", "vendor-order"), "--ask tries the ports that --port names"),
        (
            ("--port", "443", "--policy", "desired"),
            "--port 443 is a policy of its own: leave --policy desired out",
        ),
        (
            ("--port", "443", "--ask", "--scan", "1"),
            "--ask makes a scan of its own for the plan: leave --scan out",
        ),
        (
            ("--port", "443", "--ask", "--agree", "2"),
            "--ask makes a scan of its own for the plan: leave --agree out",
        ),
        (
            ("--port", "443", "--ask-pass"),
            "--ask-pass is for hosts that are asked: add --ask, or leave it out",
        ),
        (
            ("--port", "primry=443"),
            "--port primry=443: no such role; did you mean `primary`?; there are primary and",
        ),
        (("--port", "443", "--trace", "trace"), "--trace is for hosts that are asked: add --ask"),
        (("--port", "443", "--trace-bodies"), "--trace-bodies is for hosts that are asked: add --ask"),
        (("--port", "443", "-v"), "--verbose is for hosts that are asked: add --ask"),
        (("--port", "0"), "--port: found '0', expected ports from 1 to 65535, such as 443"),
        (("--port", "443", "--limit", "all"), f"hosts are named twice, as {HOST!r} and by --limit 'all'"),
    ],
)
def test_what_does_not_go_together_is_refused(words: tuple[str, ...], expected: str) -> None:
    """Before a host is asked, with what to leave out."""
    ended = plan(*words, code=2)
    assert ended.err.startswith(f"fleetcheck: {expected}")
    assert fleetcheck("scans").out == ""
