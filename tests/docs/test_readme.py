"""Everything that the README shows: its commands run, its screens are what they print."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.scenario import demo_hosts

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^<!-- (?P<about>[^>]+) -->\n```\w*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = {match["about"]: match["text"] for match in BLOCK.finditer(README)}
VARIES = (
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "TIME"),
    (re.compile(r"TIME, .* ago; took [\d.]+ m?s"), "TIME"),
    (re.compile(r"TIME after \d+ s"), "TIME"),
    (re.compile(r"(just now|\d+ s ago|1 d from now|23 h 59 min from now)"), "AGO"),
    (re.compile(r" by \w+, AGO"), " by WHO, AGO"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the README as a user does, 80 columns wide, in an empty folder."""
    words = shlex.split(command, comments=True)
    assert words[0] == "fleetcheck"
    return subprocess.run(
        [sys.executable, "-c", "from orchestrator.cli.main import main; main()", *words[1:]],
        cwd=folder,
        env=dict(
            os.environ,
            PYTHONPATH=str(ROOT),
            COLUMNS="80",
            NO_COLOR="1",
            FC_PASSWORD="Passw0rd!",
            FLEETCHECK_DB=str(folder / "fleet.db"),
        ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=100,
    )


def steady(screen: str) -> str:
    """Leave out of a screen what changes from run to run."""
    for pattern, word in VARIES:
        screen = re.sub(pattern, word, screen)
    return "\n".join(line.rstrip() for line in screen.splitlines())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the demo once; its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("readme")
    done = run("fleetcheck demo --folder demo", folder)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    return folder, done.stdout


def test_the_demo_screen_is_what_the_demo_prints(demo: tuple[Path, str]) -> None:
    """The README's summary is the beginning of the demo's own."""
    assert steady(BLOCKS["screen: demo"]) in steady(demo[1])


def test_the_host_screen_is_what_show_prints(demo: tuple[Path, str]) -> None:
    """The README's host report is the beginning of the real one."""
    done = run("fleetcheck show ber-file-02 --table --db demo/demo.db", demo[0])
    assert steady(done.stdout).startswith(steady(BLOCKS["screen: show ber-file-02"]))


def test_two_commands_set_up_everything() -> None:
    """One line runs the main job and one the tests, both from a bare Python."""
    install = "python3 -m venv .venv && .venv/bin/pip install -q "
    assert BLOCKS["demo command"] == f"{install}. && .venv/bin/fleetcheck demo\n"
    assert BLOCKS["test command"] == f"{install}-e '.[test]' && .venv/bin/python -m pytest -q\n"


def fleet(folder: Path, served: SimulatedFleet) -> None:
    """Write the README's inventory with the addresses of simulated hosts in the real ones' place."""
    text = BLOCKS["inventory"]
    for name, host in served.hosts.items():
        where = f"address: {host.address}, port: {host.port}"
        text, count = re.subn(rf"address: {name}\.corp\.example", where, text)
        assert count == 1
    (folder / "fleet.yaml").write_text(text, "utf-8")
    (folder / "corp-ca.pem").write_text(served.authority.pem, "ascii")


def test_the_first_real_scan_runs_as_written(net: str, tmp_path: Path) -> None:
    """Every command of that section does what it is there for, in order, on the README's own inventory."""
    machines = [host.machine for host in demo_hosts() if host.name in {"par-web-01", "par-db-01"}]
    hosts = [
        SimulatedHost(name=name, machine=machine)
        for name, machine in zip(("web1", "db7"), machines, strict=True)
    ]
    commands = BLOCKS["commands: first scan"].splitlines()
    with serve_in_thread(SimulatedFleet(hosts, address=f"{net}.1")) as served:
        fleet(tmp_path, served)
        ended = [run(command, tmp_path) for command in commands]
    assert [done.stderr for done in ended if "Traceback" in done.stderr] == []
    # db7 is wanted on 443 and pinned to 2147, so both scans have something to say (3).
    assert [done.returncode for done in ended] == [0, 0, 3, 3, 0, 0], [done.stdout for done in ended]
    assert served.host("web1").counters.shells_opened == 1
    assert served.host("db7").counters.shells_opened == 2


def pins(host: SimulatedHost) -> set[str]:
    """Look into a host's registry from outside."""
    values = [entry for key in host.machine.registry.keys(64) for entry in key.values.values()]
    return {str(entry.data) for entry in values if entry.name.endswith("TunnelPort")}


def test_the_first_re_pin_runs_as_written(net: str, tmp_path: Path) -> None:
    """The section's commands re-pin db7 for real and take it back; the plan's screen is the one shown."""
    machines = [host.machine for host in demo_hosts() if host.name in {"par-web-01", "par-db-01"}]
    hosts = [
        SimulatedHost(name=name, machine=machine)
        for name, machine in zip(("web1", "db7"), machines, strict=True)
    ]
    commands = BLOCKS["commands: first re-pin"].splitlines()
    seen = []
    with serve_in_thread(SimulatedFleet(hosts, address=f"{net}.2")) as served:
        fleet(tmp_path, served)
        assert run("fleetcheck scan", tmp_path).returncode == 3
        ended = []
        for command in commands:
            ended.append(run(command, tmp_path))
            seen.append(pins(served.host("db7")))
        screen = run("fleetcheck repin show plan.json --table", tmp_path).stdout
    assert [done.stderr for done in ended if "Traceback" in done.stderr] == []
    assert [done.returncode for done in ended] == [0] * len(commands), [
        done.stdout + done.stderr for done in ended
    ]
    assert seen == [*[{"2147"}] * 3, *[{"443"}] * 3, *[{"2147"}] * 2]
    assert steady(screen).startswith(steady(BLOCKS["screen: repin show"]))


def test_every_command_of_the_readme_is_in_a_block_that_is_run() -> None:
    """No block stands in the README that no test looks at."""
    fences = len(re.findall(r"^```\w*\n.*?^```$", README, re.MULTILINE | re.DOTALL))
    assert fences == len(BLOCKS)


def test_every_link_leads_somewhere() -> None:
    """A file that the README names is there."""
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []
