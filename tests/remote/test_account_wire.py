"""What a host says of an account: quotas and shells that were left open, over the connection of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.demo.behaviour import Act, Behaviour, Body, Hang, SoapFault, Status, Step
from orchestrator.domain.execution.examination import AccountFacts
from orchestrator.remote.probe import endpoint, probe
from tests.remote.wired import LOGON, fleet_of, run, simulated, transport

BOTH_WIRES = True


async def asked(folder: Path, *acts: Act, left_open: int = 0, seconds: float = 5.0) -> AccountFacts:
    """Leave shells open on a host, probe it once more, and ask for the account; the host does `acts` then."""
    behaviours = [Behaviour(name="inquire", cause=None, step=Step.INQUIRE, act=act) for act in acts]
    async with fleet_of(folder, simulated("web1", *behaviours)) as (_, (host,)), transport() as made:
        sessions = [
            made.session(endpoint(host), LOGON, deadline=20, accepted=None) for _ in range(left_open + 1)
        ]
        for session in sessions:
            await probe(session, host, mode="pinned", canaries=False, deadline_ms=5000, width=8)
        try:
            return await sessions[-1].account(seconds)
        finally:
            for session in sessions:
                await session.close()


def test_the_quotas_and_the_shells_left_open_are_told(tmp_path: Path) -> None:
    """Two shells of before are there with owner and idle time; the one that asks does not count."""
    facts = run(asked(tmp_path, left_open=2))
    assert facts.quotas is not None
    assert (facts.quotas["MaxShellsPerUser"], facts.remarks) == ("30", ())
    assert facts.shells is not None
    assert [shell.owner for shell in facts.shells] == [LOGON.username] * 2
    assert all(shell.idle.startswith("P0DT") for shell in facts.shells)


@pytest.mark.parametrize(
    "act", [SoapFault(5, "w:AccessDenied"), SoapFault(None, "w:AccessDenied"), Status(401), Status(403)]
)
def test_denied_is_not_allowed_and_no_fault(tmp_path: Path, act: Act) -> None:
    """Who is no administrator is answered so, by a fault or by HTTP: each question has its remark."""
    facts = run(asked(tmp_path, act))
    assert (facts.quotas, facts.shells) == (None, None)
    assert len(facts.remarks) == 2
    assert all("not allowed for this account" in remark for remark in facts.remarks)


@pytest.mark.parametrize("act", [SoapFault(2150858811), Body(b"<not-xml"), Body(b""), Status(500)])
def test_an_answer_that_is_no_use_takes_nothing_away(tmp_path: Path, act: Act) -> None:
    """The host did not say: a remark, and the session closes as it would."""
    facts = run(asked(tmp_path, act))
    assert (facts.quotas, facts.shells) == (None, None)
    assert facts.remarks
    assert not any("not allowed" in remark for remark in facts.remarks)


def test_a_host_that_does_not_answer_is_not_waited_for_long(tmp_path: Path) -> None:
    """The time that was given is the end of it."""
    facts = run(asked(tmp_path, Hang(), seconds=0.3))
    assert facts.remarks[0].startswith("quotas and shells could not be asked for: ")
