"""One write on one host: sent once, read or told as a fault; over a session made up here,
and over the real one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.apply import apply, never_sent, repin_script
from orchestrator.remote.ask import endpoint
from orchestrator.remote.contract.repin_answer import RepinAnswer, RepinResult
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.session import ErrorRecord, Logon, Parameter, Reply, Script
from tests import winhosts as kit
from tests.remote.repin_host import machine, outside
from tests.remote.repins import AHEAD, OPERATION, as_seen, both, pins, planned
from tests.remote.scenarios import KEY
from tests.remote.wired import PROFILE, run, transport

GOLDEN = Path(__file__).parent / "golden" / "repin" / "dword.json"
CHANGE = planned(both(), computer="computer", machine_id="machine_id")
HOST = Host(name="web1", address="127.0.0.1", port=5985, profile=PROFILE)


class OneSession:
    """Gives one reply, or fails in one phase; remembers what it was asked to run."""

    def __init__(self, answer: Reply | Fault) -> None:
        self.answer = answer
        self.ran: list[tuple[Script, Mapping[str, Parameter]]] = []
        self.phase = answer.phase if isinstance(answer, Fault) else Phase.DECODE

    async def run(self, script: Script, parameters: Mapping[str, Parameter]) -> Reply:
        """Return the answer."""
        self.ran.append((script, parameters))
        if isinstance(self.answer, Fault):
            raise self.answer
        return self.answer

    async def close(self) -> tuple[str, ...]:
        """Do nothing."""
        return ()


def applied(session: OneSession) -> RepinAnswer | Fault:
    """Write over a session; return what came of it."""

    async def main() -> RepinAnswer | Fault:
        try:
            return await apply(session, HOST, CHANGE, operation=OPERATION, deadline=AHEAD)
        except Fault as fault:
            return fault

    result: RepinAnswer | Fault = run(main())
    return result


def test_answer_is_read() -> None:
    """What the write script answers comes back as a value, and it ran once."""
    document = json.loads(GOLDEN.read_text("ascii"))["answer"] | {"clock": "2026-11-22T23:09:02Z"}
    session = OneSession(Reply(text=json.dumps(document)))
    answer = applied(session)
    assert isinstance(answer, RepinAnswer)
    assert answer.result is RepinResult.WRITTEN
    assert [script for script, _ in session.ran] == [repin_script()]


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (Reply(text=""), Cause.GARBLED),
        (Reply(text="", beside=("Welcome",)), Cause.GARBLED),
        (Reply(text="Welcome"), Cause.GARBLED),
        (Reply(text="{}"), Cause.GARBLED),
        (Reply(text="", errors=(ErrorRecord("ScriptsNotAllowed", "no"),)), Cause.NO_LANGUAGE),
        (
            Reply(text="{}", errors=(ErrorRecord("ScriptContainedMaliciousContent", ""),)),
            Cause.SCRIPT_BLOCKED,
        ),
    ],
    ids=["nothing", "two texts", "a text", "something else", "an error", "something else and an error"],
)
def test_reply_without_an_answer_is_a_fault(reply: Reply, cause: Cause) -> None:
    """A reply that does not say what was written is a fault, it is not sent again,
    and a reading has to tell.
    """
    session = OneSession(reply)
    fault = applied(session)
    assert isinstance(fault, Fault)
    assert (fault.cause, len(session.ran), never_sent(session)) == (cause, 1, False)


def test_a_whole_answer_with_a_greeting_beside_it_is_no_answer() -> None:
    """Whatever is written beside the answer, a reading has to tell what was written to the registry."""
    document = json.loads(GOLDEN.read_text("ascii"))["answer"] | {"clock": "2026-11-22T23:09:02Z"}
    fault = applied(OneSession(Reply(text=json.dumps(document), beside=("Welcome to SRV01",))))
    assert isinstance(fault, Fault)
    assert (fault.cause, fault.phase) == (Cause.GARBLED, Phase.DECODE)
    assert fault.detail.endswith('the host printed "Welcome to SRV01" beside the answer')
    assert fault.advice.startswith("Nobody knows yet whether it wrote: `fleetcheck repin resume`")


@pytest.mark.parametrize("phase", Phase)
def test_only_what_came_before_the_script_is_surely_not_written(phase: Phase) -> None:
    """A session that failed before the script left wrote nothing; from then on nobody knows."""
    session = OneSession(Fault(phase=phase, cause=Cause.SESSION_LOST, detail="gone"))
    assert isinstance(applied(session), Fault)
    assert never_sent(session) is (phase not in (Phase.RUN, Phase.DECODE))


def test_real_transport_writes_on_a_real_host(winhosts: list[kit.Winhost]) -> None:
    """A plan goes over the real transport to a real host,
    and the registry seen from outside is as planned.
    """
    host = winhosts[0]
    host.clear()
    host.arrange(64, KEY, (*pins(), ("other", "SZ", "stays")))
    me = machine(host)
    change = planned(both(), computer=me.computer, machine_id=me.machine_id)
    where = Host(
        name="web1", address=host.address, port=host.port, profile=PROFILE, transport="http", auth="ntlm"
    )

    async def main() -> RepinAnswer:
        async with transport() as made:
            session = made.session(
                endpoint(where), Logon(username=kit.USER, password=kit.PASSWORD), deadline=30
            )
            try:
                return await apply(session, where, change, operation=OPERATION, deadline=AHEAD)
            finally:
                await session.close()

    answer: RepinAnswer = run(main())
    assert answer.result is RepinResult.WRITTEN
    assert outside(host) == as_seen((*pins(primary=443, backup=443), ("other", "SZ", "stays")))
