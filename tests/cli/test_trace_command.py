"""`--trace`, `--trace-bodies` and `-v` of a scan and a re-pin: what is told, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.scenes.scenario import demo_hosts
from orchestrator.remote.psrp.speaker import Speaker
from tests.cli.conftest import GATEWAYS, HOSTS, Ended, fleetcheck

WIRES = pytest.mark.parametrize("wire", ["native", "pypsrp"])


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the Authorization headers that are really sent."""
    found: list[str] = []
    request = Speaker._request

    def requested(speaker: Speaker, authorization: str, body: bytes) -> bytes:
        found.append(authorization)
        return request(speaker, authorization, body)

    monkeypatch.setattr(Speaker, "_request", requested)
    return found


def files(folder: Path) -> dict[str, str]:
    """Return the transcript of each host that the index of a trace names."""
    rows = [line.split("\t") for line in (folder / "index.tsv").read_text().splitlines()[1:]]
    assert {name for name, *_ in rows} == {each.name for each in folder.iterdir()} - {"index.tsv"}
    return {host: (folder / name).read_text() for name, host, _ in rows}


def secrets(inventory: Path) -> set[str]:
    """Return the passwords of an inventory, and their Base64."""
    found = {each.read_text().strip() for each in (inventory.parent / "secrets").iterdir()}
    assert found
    return found | {base64.b64encode(secret.encode()).decode() for secret in found}


def leaked(texts: Sequence[str], proofs: Sequence[str], inventory: Path) -> list[str]:
    """Return the secrets of an inventory and the tokens really sent that stand in one of these texts."""
    tokens = {proof.partition(" ")[2] for proof in proofs if proof}
    assert tokens
    return [secret for secret in tokens | secrets(inventory) for text in texts if secret in text]


@WIRES
@pytest.mark.parametrize("bodies", [(), ("--trace-bodies",)])
def test_a_scan_leaves_a_transcript_of_every_host(
    simulated: Path, tmp_path: Path, wire: str, bodies: tuple[str, ...], proofs: list[str]
) -> None:
    """Six hosts, well and failing: each ends with how it ended; no password and no token is in any file."""
    ended = fleetcheck(
        "scan", "-i", str(simulated), "--trace", "trace", "--transport", wire, "--quiet", *bodies
    )
    assert ended.code == 5
    found = files(tmp_path / "trace")
    assert set(found) == set(HOSTS)
    assert {host for host, text in found.items() if "ended: the script has answered" in text} == {
        *("par-web-01", "mad-mail-02", "lyo-mail-02", "mad-db-01")
    }
    assert "ended: failed at auth, logon-failed" in found["lyo-web-01"]
    assert "ended: failed at open, access-denied" in found["ber-file-03"]
    assert all(("<s:Envelope" in text) == bool(bodies) for text in found.values())
    assert leaked([*found.values(), ended.out, ended.err], proofs, simulated) == []


def test_a_trace_is_for_the_user_alone_and_says_where_it_is(simulated: Path, tmp_path: Path) -> None:
    """0700, 0600, and one remark."""
    ended = fleetcheck("scan", "-i", str(simulated), "--trace", "trace")
    assert "remark: trace: 6 hosts in trace; index.tsv says which file is whose\n" in ended.err
    modes = {stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "trace").iterdir()}
    assert (stat.S_IMODE((tmp_path / "trace").stat().st_mode), modes) == (0o700, {0o600})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("--trace", "full"),
            "--trace full: is not empty, there is notes; name a folder that is not there yet",
        ),
        (("--trace", "fleet.txt"), "--trace fleet.txt: is no folder"),
        (("--trace", "a/b"), "--trace a/b: there is no folder a"),
        (("--trace-bodies",), "--trace-bodies needs --trace DIR"),
        (("-v", "-q"), "--verbose says each phase and --quiet says nothing: leave one of them out"),
        (("--list-hosts", "--trace", "new"), "--list-hosts asks no host: leave --trace out"),
    ],
)
def test_what_cannot_be_traced_is_refused_before_the_first_host(
    simulated: Path, tmp_path: Path, words: tuple[str, ...], expected: str
) -> None:
    """Exit 2, no scan is stored, nothing is made."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes").touch()
    (tmp_path / "fleet.txt").touch()
    ended = fleetcheck("scan", "-i", str(simulated), *words)
    assert ended.code == 2
    assert ended.err.startswith(f"fleetcheck: {expected}")
    assert not (tmp_path / "default.db").exists()
    assert not (tmp_path / "new").exists()


def test_a_full_disk_ends_the_trace_and_not_the_scan(
    simulated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results are those of a scan without a trace, and a warning says what happened."""
    written = os.write
    count = 0

    def filling(descriptor: int, data: bytes) -> int:
        nonlocal count
        count += 1
        if count > 20:
            raise OSError(28, "No space left on device")
        return written(descriptor, data)

    monkeypatch.setattr("orchestrator.remote.trace.folder.os.write", filling)
    ended = fleetcheck("scan", "-i", str(simulated), "--trace", "trace")
    assert ended.code == 5
    assert len(ended.out.splitlines()) == 6
    assert re.search(
        r"warning: the trace ended early, the run did not: trace/\S+: No space left on device", ended.err
    )


@WIRES
def test_verbose_says_each_phase_as_it_happens(simulated: Path, wire: str) -> None:
    """On standard error, in the order of things, and how each host ended."""
    ended = fleetcheck("scan", "par-web-01", "lyo-web-01", "-i", str(simulated), "-v", "--transport", wire)
    said = [line.partition(": ")[2] for line in ended.err.splitlines() if line.startswith("par-web-01: ")]
    phases = [line.partition(", after ")[0] for line in said]
    assert phases[:-1] == ["resolve", "connect", "tls", "auth", "open", "run", "decode"]
    assert re.fullmatch(r"ok; \d+\.\d s in all", said[-1])
    assert "lyo-web-01: failed at auth, logon-failed; " in ended.err


def test_without_them_nobody_watches(simulated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan as it was: no module of the trace is loaded, no phase is told."""
    import sys

    for name in [name for name in sys.modules if name.startswith("orchestrator.remote.trace")]:
        monkeypatch.delitem(sys.modules, name)
    ended = fleetcheck("scan", "par-web-01", "-i", str(simulated))
    assert ended.code == 0
    assert not [name for name in sys.modules if name.startswith("orchestrator.remote.trace")]
    assert "resolve" not in ended.err


@pytest.fixture
def repinnable(net: str, tmp_path: Path) -> Iterator[Path]:
    """Serve one host whose pin is not the desired one; its inventory."""
    known = {host.name: host for host in demo_hosts()}
    hosts: list[SimulatedHost] = [known["lyo-mail-02"]]
    fleet = SimulatedFleet(
        hosts,
        address=f"{net}.36",
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": 2147, "timeout": 30},
    )
    with serve_in_thread(fleet):
        yield fleet.inventory(tmp_path)


@WIRES
def test_a_re_pin_leaves_a_transcript_of_its_three_sessions(
    repinnable: Path, tmp_path: Path, wire: str, proofs: list[str]
) -> None:
    """Read, written, read again: one file, each session with its script; `-v` says phases and states."""
    where = ("-i", str(repinnable))
    assert fleetcheck("scan", *where, "--quiet").code == 3
    assert fleetcheck("repin", "plan", "-o", "plan.json", *where).code == 0
    options = ("--yes", "--trace", "trace", "--trace-bodies", "-v", "--transport", wire)
    ended = fleetcheck("repin", "apply", "plan.json", *where, *options)
    assert ended.code == 0, ended
    (text,) = files(tmp_path / "trace").values()
    assert re.findall(r"(?m)^== \S+ (\w+): lyo-mail-02,", text) == ["probe", "repin", "probe"]
    assert leaked([text, ended.out, ended.err], proofs, repinnable) == []
    said = [line.partition(": ")[2] for line in ended.err.splitlines() if line.startswith("lyo-mail-02: ")]
    assert [each for each in said if "after" not in each][:2] == ["intent", "sent"]
    assert said[-1].startswith("ended, verified")


def test_a_resumed_run_is_traced_too(
    repinnable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ended before its first host is gone on with, traced."""
    where = ("-i", str(repinnable))
    fleetcheck("scan", *where, "--quiet")
    fleetcheck("repin", "plan", "-o", "plan.json", *where)
    ended = stopped(monkeypatch, *where)
    assert ended.code == 130, ended
    ended = fleetcheck("repin", "resume", "1", *where, "--yes", "--trace", "trace", "-v")
    assert ended.code == 0, ended
    assert set(files(tmp_path / "trace")) == {"lyo-mail-02"}


def stopped(monkeypatch: pytest.MonkeyPatch, *where: str) -> Ended:
    """Apply the plan, and press Ctrl-C before its first host."""
    from orchestrator.fleet.repin import protocol

    with monkeypatch.context() as patched:

        async def stop(*_: object, **__: object) -> None:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0.05)  # the loop hears of it

        patched.setattr(protocol.WaveWriter, "write", stop)
        return fleetcheck("repin", "apply", "plan.json", *where, "--yes")


def test_the_scans_document_is_the_same_with_a_trace(simulated: Path) -> None:
    """Nothing that watches is in the results."""

    def verdicts(*options: str) -> dict[str, str]:
        ended = fleetcheck("scan", "-i", str(simulated), "--json", "--quiet", *options)
        return {host["host"]: host["verdict"] for host in json.loads(ended.out)["hosts"]}

    assert verdicts() == verdicts("--trace", "trace", "--trace-bodies")
