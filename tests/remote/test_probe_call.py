"""One call of the probe over a session that a test writes: what becomes of answers,
errors and both together.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.probe import endpoint, probe, probe_script
from orchestrator.remote.session import ErrorRecord, Parameter, Reply, Script
from tests.fleet.fakes import NO_AGENT, PROFILE
from tests.remote.wired import run

HOST = Host(name="web1", address="10.0.0.1", port=5986, profile=PROFILE, auth="ntlm", configuration="Special")


class OneReply:
    """A session that has one reply."""

    phase = Phase.DECODE

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.ran: Script | None = None

    async def run(self, script: Script, _parameters: Mapping[str, Parameter]) -> Reply:
        """Return it."""
        self.ran = script
        return self.reply

    async def close(self) -> tuple[str, ...]:
        """Have nothing to close."""
        return ()


def probed(reply: Reply) -> Reply:
    """Probe over a session with this reply; return what comes back beside the reading."""
    session = OneReply(reply)
    _, back = run(probe(session, HOST, mode="auto", canaries=True, deadline_ms=1000, width=8))
    assert session.ran is probe_script()
    return back


def test_a_good_answer_comes_back_as_it_was() -> None:
    """The reply is handed on unchanged."""
    reply = Reply(text=NO_AGENT, auth="ntlm")
    assert probed(reply) == reply


def test_errors_beside_a_good_answer_are_remarks() -> None:
    """What the error stream held is kept, cleaned, and takes the reading away from nobody."""
    back = probed(Reply(text=NO_AGENT, errors=(ErrorRecord("Odd", "a\x1b[2Jb"),), remarks=("before",)))
    assert back.remarks == ("before", r"the script also reported: Odd: a\x1b[2Jb")


@pytest.mark.parametrize(
    ("text", "errors", "cause", "phase"),
    [
        ("", (), Cause.GARBLED, Phase.DECODE),
        (" \n", (ErrorRecord("ScriptsNotAllowed", "no"),), Cause.NO_LANGUAGE, Phase.RUN),
        ("not JSON", (), Cause.GARBLED, Phase.DECODE),
        (
            "not JSON",
            (ErrorRecord("ScriptContainedMaliciousContent", "no"),),
            Cause.SCRIPT_BLOCKED,
            Phase.RUN,
        ),
    ],
)
def test_no_answer_is_told_by_its_errors(
    text: str, errors: tuple[ErrorRecord, ...], cause: Cause, phase: Phase
) -> None:
    """Where nothing can be read, the error records say why; without any, the answer is garbled."""
    with pytest.raises(Fault) as raised:
        probed(Reply(text=text, errors=errors))
    assert (raised.value.cause, raised.value.phase) == (cause, phase)


def test_an_endpoint_is_what_the_inventory_says() -> None:
    """Name, address, port, trust and configuration are the host's."""
    where = endpoint(HOST)
    assert (where.host, where.address, where.port, where.transport, where.auth, where.configuration) == (
        *("web1", "10.0.0.1", 5986, "https", "ntlm"),
        "Special",
    )
