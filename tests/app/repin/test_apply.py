"""Of two that found a plan unused, one writes: the other is told as if it had looked later."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from inventory.sources.source import files
from orchestrator.app.approval import ssh_keygen
from orchestrator.app.approval.errors import NoSshKeygenError
from orchestrator.app.approval.rules import Place
from orchestrator.app.invocation import Invocation
from orchestrator.app.repin import apply as use_case
from orchestrator.app.repin.apply import ApplyRequest, ResumeRequest
from orchestrator.app.repin.request import RepinRequest
from orchestrator.app.repin.run import RepinJob, RunListener
from orchestrator.app.repin.used import UsedError
from orchestrator.domain.approval.signatures import Approval
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunState
from orchestrator.store.journal.journal import Journal
from tests.domain.repin.builders import NOW, whole_plan
from tests.signers import make_signers
from tests.store.repin_rows import begun, brought, run_record

FLEET = """credentials: {ops: {username: u, password: {from: env, name: FC_TEST}}}
defaults: {credential: ops, gateways: {primary: 127.9.0.1, backup: 127.9.0.2}}
hosts: {web1: {address: 127.9.1.1}}
"""


def test_who_comes_second_at_the_last_moment_is_told_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction that begins a run lets one of them in; the other learns how that run stands."""
    asked = Invocation(command="fleetcheck repin apply", user="ann", database=str(tmp_path / "a.db"))
    plan = whole_plan()
    (tmp_path / "fleet.yaml").write_text(FLEET, "utf-8")

    async def other(journal: Journal) -> None:
        run = await begun(journal, plan.id)
        await brought(journal, run, State.VERIFIED)
        await journal.end_run(run, RunState.FINISHED, "", NOW)

    with asked.writer() as writer, closing(Journal(writer)) as journal:
        asyncio.run(other(journal))

    def as_before(_invocation: Invocation, job: RepinJob, _on_event: RunListener) -> RepinJob:
        return job

    monkeypatch.setenv("FC_TEST", "secret")
    monkeypatch.setattr(use_case, "may_begin", as_before)
    monkeypatch.setattr("orchestrator.fleet.repin.protocol.refusals", lambda *_: iter(()))
    request = ApplyRequest(
        plan=plan,
        file=tmp_path / "plan.json",
        inventory=files(tmp_path / "fleet.yaml"),
        options=RepinRequest(),
        rules=Place(tmp_path / "etc", 0),
    )
    with pytest.raises(UsedError, match=r"run 1 of it ended .*: 1 verified\."):
        use_case.apply(asked, request, confirm=lambda _statement: None, on_event=lambda _event: None)


def test_nothing_is_written_without_a_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `confirm` raises comes out, and no run has begun."""
    asked = Invocation(command="fleetcheck repin apply", user="ann", database=str(tmp_path / "a.db"))
    (tmp_path / "fleet.yaml").write_text(FLEET, "utf-8")
    monkeypatch.setattr(use_case, "may_begin", lambda _invocation, job, _on_event: job)
    stated: list[str] = []

    def no(statement: str) -> None:
        stated.append(statement)
        raise KeyboardInterrupt

    request = ApplyRequest(
        plan=whole_plan(),
        file=tmp_path / "plan.json",
        inventory=files(tmp_path / "fleet.yaml"),
        options=RepinRequest(),
        rules=Place(tmp_path / "etc", 0),
    )
    with pytest.raises(KeyboardInterrupt):
        use_case.apply(asked, request, confirm=no, on_event=lambda _event: None)
    assert stated[0].startswith("re-pin: 2 registry values on 1 host")
    assert not (tmp_path / "a.db").exists()


@pytest.mark.parametrize(("state", "read"), [(State.SENT, True), (State.NOT_STARTED, False)])
def test_without_ssh_keygen_a_run_is_read_and_nothing_is_begun(
    state: State, *, read: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it was taken off the machine since the run began, nobody can tell whether the approval holds: a
    row that is open is read, so that it can end, and where there is none `resume` ends with the package's
    name.
    """
    signers = make_signers(tmp_path)
    signers.demand("signatures = 1\n")
    signers.allow("ann")
    asked = Invocation(command="fleetcheck repin resume", user="ann", database=str(tmp_path / "a.db"))
    (tmp_path / "fleet.yaml").write_text(FLEET, "utf-8")
    plan = whole_plan()
    signature = Approval(who="ann", kind="ED25519", key="SHA256:a", text="a signature")

    async def stopped(journal: Journal) -> None:
        run = (await journal.begin_run(run_record(plan=plan.id), plan, [signature])).id
        await brought(journal, run, state)

    with asked.writer() as writer, closing(Journal(writer)) as journal:
        asyncio.run(stopped(journal))
    monkeypatch.setattr(ssh_keygen, "PLACES", ("/nowhere",))
    stated: list[str] = []

    def no(statement: str) -> None:
        stated.append(statement)
        raise KeyboardInterrupt

    request = ResumeRequest(
        run=1, inventory=files(tmp_path / "fleet.yaml"), options=RepinRequest(), rules=signers.rules
    )
    with pytest.raises(KeyboardInterrupt if read else NoSshKeygenError):
        use_case.resume(asked, request, confirm=no, on_event=lambda _event: None)
    assert [("there is no ssh-keygen in /nowhere" in said) for said in stated] == ([True] if read else [])
