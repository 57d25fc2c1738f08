"""One secret for each host: asked for when its turn comes, kept,
asked anew once where the host refuses it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.wire.auth import Account
from tests.cli.conftest import fleetcheck
from tests.fleet.wire import Served, served

HELPER = """
import pathlib, sys
folder, host = pathlib.Path(sys.argv[1]), sys.argv[2]
asked = folder / f"{host}.asked"
number = len(asked.read_text().split()) if asked.exists() else 0
with asked.open("a") as stream:
    stream.write("x\\n")
answers = (folder / f"{host}.answers").read_text().splitlines()
answer = answers[min(number, len(answers) - 1)]
sys.exit(3) if answer == "fail" else print(answer)
"""  # gives a host's answers one after the other, the last one again and again


@dataclass(frozen=True, slots=True)
class Place:
    """A fleet whose hosts have an administrator of their own; each one's password is `right-NAME`."""

    served: Served
    folder: Path

    def scan(self, answers: Mapping[str, str], **settings: object) -> dict[str, str]:
        """Scan with a helper that answers so (lines); return each host's cause, "" where it was read."""
        (self.folder / "helper.py").write_text(HELPER)
        for host, text in answers.items():
            (self.folder / f"{host}.answers").write_text(text)
        argv = [sys.executable, "helper.py", ".", "{host}"]
        inventory = {
            "credentials": {
                "laps": {"username": ".\\Administrator", "password": {"from": "command", "argv": argv}}
            },
            "defaults": {"credential": "laps", "transport": "http", "auth": "ntlm", **settings},
            "hosts": {
                name: {"address": running.address, "port": running.port}
                for name, running in self.served.fleet.hosts.items()
                if name in answers
            },
        }
        path = self.folder / "own.yaml"
        path.write_text(json.dumps(inventory))
        path.chmod(0o600)
        ended = fleetcheck("scan", "-i", str(path), "--db", str(self.folder / "own.db"), "--json", "-q")
        assert ended.code is not None, ended.err
        return {
            host["host"]: (host.get("failure") or {}).get("cause", "")
            for host in json.loads(ended.out)["hosts"]
        }

    def asked(self, host: str) -> int:
        """Count how often the helper was asked for a host."""
        path = self.folder / f"{host}.asked"
        return len(path.read_text().split()) if path.exists() else 0

    def rejected(self, host: str) -> int:
        """Count the passwords that a host refused."""
        return self.served.fleet.hosts[host].counters.rejected.total()


@pytest.fixture
def place(tmp_path: Path, net: str) -> Iterator[Place]:
    """Serve three hosts."""
    hosts = [
        SimulatedHost(
            name=f"h{number}",
            machine=Machine(computer=f"H{number}", machine_id=f"machine-{number}"),
            account=Account(".\\Administrator", f"right-h{number}"),
            credential=f"own{number}",
            transport="http",
            auth="ntlm",
        )
        for number in (1, 2, 3)
    ]
    with served(hosts, tmp_path, f"{net}.32") as fleet:
        yield Place(fleet, tmp_path)


def test_each_host_is_logged_on_to_with_its_own_secret(place: Place) -> None:
    """The helper is asked once for each host, and for no host that is not scanned."""
    causes = place.scan({"h1": "right-h1", "h2": "right-h2"})
    assert (causes, [place.asked(host) for host in ("h1", "h2", "h3")]) == ({"h1": "", "h2": ""}, [1, 1, 0])


def test_a_helper_that_fails_is_its_host_s_cause(place: Place) -> None:
    """The other hosts are read, and the host without a secret is told nothing."""
    causes = place.scan({"h1": "fail", "h2": "right-h2"})
    assert (causes, place.rejected("h1")) == ({"h1": "no-secret", "h2": ""}, 0)


def test_a_secret_that_has_changed_meanwhile_is_asked_for_anew(place: Place) -> None:
    """A host refuses what the source gave first: it is asked once more, and what differs is tried."""
    causes = place.scan({"h1": "old\nright-h1"})
    assert (causes, place.asked("h1"), place.rejected("h1")) == ({"h1": ""}, 2, 1)


def test_the_same_secret_is_not_tried_twice(place: Place) -> None:
    """Where the source gives the refused secret again, the host is not sent it again: each refusal counts."""
    causes = place.scan({"h1": "old\nold\nright-h1"})
    assert (causes, place.asked("h1"), place.rejected("h1")) == ({"h1": "logon-failed"}, 2, 1)


def test_a_third_secret_is_never_asked_for(place: Place) -> None:
    """Two refusals are the most that one run costs a host's account."""
    causes = place.scan({"h1": "old\nolder\nright-h1"})
    assert (causes, place.asked("h1"), place.rejected("h1")) == ({"h1": "logon-failed"}, 2, 2)


def test_one_host_s_refusals_stop_no_other(place: Place) -> None:
    """Each host's account has a breaker of its own."""
    causes = place.scan({"h1": "old", "h2": "old", "h3": "right-h3"})
    assert causes == {"h1": "logon-failed", "h2": "logon-failed", "h3": ""}
