"""People who may sign a plan, and how they do, for tests of approvals."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.app.approval import rules
from tests.cli.conftest import Ended, fleetcheck
from tests.cli.drifted import Drifted
from tests.signers import Signers, make_signers

OLD, NEW = {"443"}, {"2147"}


@pytest.fixture
def signers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signers:
    """Let this machine demand two signatures; ann and bob may sign, eve may not."""
    folder = tmp_path / "people"
    folder.mkdir()
    made = make_signers(folder)
    made.demand("signatures = 2\n")
    made.allow("ann", "bob")
    monkeypatch.setattr(rules, "SYSTEM", made.rules)
    return made


def approve(plan: Path, signers: Signers, name: str, *words: str) -> Ended:
    """Run `repin approve` as somebody."""
    return fleetcheck("repin", "approve", str(plan), "--key", str(signers.key(name)), "--yes", *words)


def untouched(fleet: Drifted, ended: Ended, code: int = 6) -> bool:
    """Whether a refusal has written nothing: no pin, no run."""
    return (ended.code, ended.out, every_pin(fleet), fleetcheck("repin", "status").out) == (code, "", OLD, "")


def every_pin(fleet: Drifted) -> set[str]:
    """Return the pins of all hosts, each once."""
    return set().union(*fleet.pins().values())
