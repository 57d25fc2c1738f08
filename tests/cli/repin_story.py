"""A whole re-pin as an administrator types it, with a kill -9 in the middle, held against the registries each
time.

    scan -> repin plan -> show -> apply (killed) -> status -> resume -> status -> undo -> apply -> audit
    verify

The fleet may be simulated or real; what is written is looked at from outside, behind the command's back.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.domain.repin.journal import UNRESOLVED, State
from orchestrator.domain.repin.plan import Plan, PlannedHost
from orchestrator.domain.repin.planfile import loads
from orchestrator.store.journal.errors import UnknownRunError
from orchestrator.store.reader import Reader
from tests.cli.conftest import Ended, fleetcheck
from tests.eventually import eventually

ROOT = Path(__file__).parents[2]
WINDOW = 5.0  # seconds: `resume` waits for a killed write's deadline, and a test for `resume`
# The command as it is installed, but for that one default.
_FLEETCHECK = (
    "from orchestrator.fleet.repin.options import RepinOptions;"
    f"RepinOptions.__init__.__kwdefaults__['window'] = {WINDOW};"
    "from orchestrator.cli.main import main; main()"
)
_AS_NEW = {State.VERIFIED, State.CONFIRMED, State.ALREADY}
_EITHER = UNRESOLVED - {State.CONFIRMED}

Look = Callable[[str, int, str], Mapping[str, tuple[str, str]]]
"""Gives the values of a host's key in a view, from outside: name to kind and data."""


@dataclass(kw_only=True)
class Story:
    """One re-pin from its scan to its undo. Each step asserts how its command ended;
    `disagreements` must stay empty.
    """

    inventory: Path
    folder: Path
    look: Look
    exit_of_scan: int = 3
    disagreements: list[str] = field(default_factory=list)
    killed_at: Counter[str] = field(default_factory=Counter)

    @property
    def database(self) -> Path:
        """Where the scans and the journal are."""
        return self.folder / "story.db"

    def run(self, *words: str, code: int = 0) -> Ended:
        """Run a command, which has to end with this code."""
        where = () if words[1] == "show" else ("--db", str(self.database))
        needs = words[0] == "scan" or words[1] in {"plan", "apply", "resume", "undo"}
        ended = fleetcheck(*words, *(("-i", str(self.inventory)) if needs else ()), *where)
        assert ended.code == code, (words, ended)
        return ended

    def plan(self) -> Plan:
        """Scan the fleet, plan what drifted, and read the plan as a ticket."""
        self.run("scan", "--quiet", "--probe", "full", code=self.exit_of_scan)
        path = self.folder / "plan.json"
        self.run("repin", "plan", "-o", str(path))
        planned = loads(path.read_bytes(), str(path))
        assert (
            f"Plan  {len(planned.hosts)} hosts to re-pin"
            in self.run("repin", "show", str(path), "--table").out
        )
        return planned

    def apply_and_kill(self, planned: Plan, *, batch: str, done: int) -> None:
        """Apply it in waves; kill -9 when `done` hosts are written and at least one write is on its way."""
        words = ("repin", "apply", str(self.folder / "plan.json"), "-i", str(self.inventory))
        with subprocess.Popen(
            [
                sys.executable,
                "-c",
                _FLEETCHECK,
                *words,
                "--db",
                str(self.database),
                "--yes",
                "--batch",
                batch,
            ],
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            self._await(process, lambda states: states[State.VERIFIED] >= done and states[State.SENT] > 0)
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.killed_at = Counter(str(state) for state in self.states().values())
        # A script that was under way on a host comes to its end without its controller.
        eventually(lambda: not any(self._held(host).startswith("neither") for host in planned.hosts))
        self._agree(planned, self.states())

    def resume(self, planned: Plan) -> None:
        """See that the run was killed, go on with it, and see every host as wanted."""
        listed = json.loads(self.run("repin", "status", "--json").out)["runs"]
        assert [run["state"] for run in listed] == ["killed"]
        shown = self.run("repin", "status", "1", "--table").out
        assert f"fleetcheck repin resume 1 --db {self.database}" in shown
        self.run("repin", "resume", "1", "--yes", "--quiet")
        states = self.states()
        assert set(states.values()) == {State.VERIFIED}, states
        assert len(states) == len(planned.hosts)
        self._agree(planned, states)
        document = json.loads(self.run("repin", "status", "1", "--json", "--exit-code").out)
        assert document["run"]["state"] == "finished"
        assert {host["host"]: host["state"] for host in document["hosts"]} == states

    def undo(self, planned: Plan) -> None:
        """Take it back; then every host that was written is as it was, kinds and all."""
        path = self.folder / "undo.json"
        self.run("repin", "undo", "1", "-o", str(path))
        back = loads(path.read_bytes(), str(path))
        assert {host.host for host in back.hosts} == {host.host for host in planned.hosts}
        self.run("repin", "apply", str(path), "--yes", "--quiet")
        assert set(self.states(2).values()) == {State.VERIFIED}
        self._agree(planned, {})
        assert json.loads(self.run("audit", "verify", "--json").out)["whole"]

    def states(self, run: int = 1) -> dict[str, State]:
        """Return each host's state by the journal; none for those that have no row."""
        with Reader.open(f"sqlite:///{self.database}") as reader:
            return {row.host: row.state for row in reader.operations(run)}

    def _await(self, process: subprocess.Popen[str], due: Callable[[Counter[State]], bool]) -> None:
        with Reader.open(f"sqlite:///{self.database}") as reader:
            while process.poll() is None:
                with contextlib.suppress(UnknownRunError):
                    if due(Counter(row.state for row in reader.operations(1))):
                        return
                time.sleep(0.005)
        assert process.stdout is not None
        raise AssertionError(f"it ended before it could be killed: {process.stdout.read()}")

    def _agree(self, planned: Plan, states: Mapping[str, State]) -> None:
        """Hold every host against its row; one without a row holds what the plan expects."""
        for host in planned.hosts:
            found, state = self._held(host), states.get(host.host)
            good = {"old", "new"} if state in _EITHER else {"new" if state in _AS_NEW else "old"}
            if found not in good:
                self.disagreements.append(f"{host.host} is {found}, its row says {state}")

    def _held(self, host: PlannedHost) -> str:
        seen = {view: self.look(host.host, view, host.key) for view in {each.view for each in host.targets}}
        held = [seen[each.view].get(each.value) for each in host.targets]
        if held == [(each.kind, each.new) for each in host.targets]:
            return "new"
        return "old" if held == [(each.kind, each.expected) for each in host.targets] else f"neither: {held}"


def simulated_look(fleet: SimulatedFleet, name: str, view: int, key: str) -> dict[str, tuple[str, str]]:
    """Look into a simulated host's registry."""
    found = fleet.host(name).machine.registry.key(view, key)
    return {} if found is None else {e.name: (str(e.kind), str(e.data)) for e in found.values.values()}


def tell(story: Story, planned: Plan, *, batch: str, done: int) -> Story:
    """Go through all of it."""
    story.apply_and_kill(planned, batch=batch, done=done)
    story.resume(planned)
    story.undo(planned)
    return story
