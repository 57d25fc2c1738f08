"""The transport against the real PowerShell engine: every logon, every trust,
scripts that answer and scripts that fail.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.contract.output import like_a_document
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.session import Endpoint, Logon, Parameter, Reply, Script
from tests import winhosts as kit
from tests.remote.wired import run, transport

BOTH_WIRES = True

ECHO = "param([string]$Name, [int[]]$Ports, [string[]]$Empty)\n\"$Name|$($Ports -join ',')|$($Empty.Length)\""
GIVEN: dict[str, Parameter] = {"Name": "é <&> \u4e2d _x0041_ 'q' $x", "Ports": [2147, 443], "Empty": []}
ANSWER = "é <&> \u4e2d _x0041_ 'q' $x|2147,443|0"


@pytest.fixture(scope="module")
def engine(winhost_kit: None, net: str) -> Iterator[kit.Winhost]:  # noqa: ARG001  # it only skips
    """Start one host with the real engine, without Wine: no registry is needed here."""
    with kit.start(net, first=41, engine="linux") as hosts:
        yield hosts[0]


def asked(
    where: Endpoint,
    text: str = ECHO,
    parameters: dict[str, Parameter] | None = None,
    *,
    password: str = kit.PASSWORD,
) -> tuple[Reply | Fault, tuple[str, ...]]:
    """Run a script on the host; return the reply or the fault, and the remarks of closing."""

    async def main() -> tuple[Reply | Fault, tuple[str, ...]]:
        script = Script("test", text, hashlib.sha256(text.encode()).hexdigest())
        async with transport() as made:
            session = made.session(where, Logon(username=kit.USER, password=password), deadline=30)
            found: Reply | Fault
            try:
                found = await session.run(script, parameters or {})
            except Fault as fault:
                found = fault
            return found, await session.close()

    result: tuple[Reply | Fault, tuple[str, ...]] = run(main())
    return result


def http(host: kit.Winhost, **more: object) -> Endpoint:
    """Return the host's http listener."""
    base = Endpoint(host=host.name, address=host.address, port=host.port, transport="http", auth="ntlm")
    return replace(base, **more)  # type: ignore[arg-type]  # what a test wants different


def https(host: kit.Winhost, **more: object) -> Endpoint:
    """Return the host's https listener, with its CA."""
    return http(host, **{"port": host.https_port, "transport": "https", "ca": Path(host.ca), **more})


@pytest.mark.parametrize(
    ("scheme", "auth"),
    [("http", "ntlm"), ("http", "negotiate"), ("https", "ntlm"), ("https", "negotiate"), ("https", "basic")],
)
def test_a_script_runs_whatever_the_logon(engine: kit.Winhost, scheme: str, auth: str) -> None:
    """Text, lists and empty lists arrive as they were given, over every transport and logon."""
    where = http(engine, auth=auth) if scheme == "http" else https(engine, auth=auth)
    reply, remarks = asked(where, parameters=GIVEN)
    assert isinstance(reply, Reply), reply
    assert (reply.text, reply.errors, remarks) == (ANSWER, (), ())
    assert reply.auth == ("basic" if auth == "basic" else "ntlm")


def test_a_pinned_certificate_needs_no_ca(engine: kit.Winhost) -> None:
    """The fingerprint that the fault offers works as the only trust; another one is refused."""
    fault, _ = asked(https(engine, ca=None))
    assert isinstance(fault, Fault)
    pin = re.search(r"sha256:[0-9a-f]{64}", fault.advice)
    assert pin is not None
    reply, _ = asked(https(engine, ca=None, tls_pin=pin[0]), parameters=GIVEN)
    assert isinstance(reply, Reply)
    assert reply.certificate == pin[0]
    wrong, _ = asked(https(engine, ca=None, tls_pin="sha256:" + "0" * 64))
    assert isinstance(wrong, Fault)
    assert (fault.cause, wrong.cause) == (Cause.TLS_UNKNOWN_CA, Cause.TLS_PIN_MISMATCH)


@pytest.mark.parametrize(
    ("scheme", "auth"), [("http", "ntlm"), ("http", "negotiate"), ("https", "negotiate"), ("https", "basic")]
)
def test_a_wrong_password_is_a_failed_logon(engine: kit.Winhost, scheme: str, auth: str) -> None:
    """The real host refuses it, and the user is told so."""
    where = http(engine, auth=auth) if scheme == "http" else https(engine, auth=auth)
    fault, _ = asked(where, password="wrong")
    assert isinstance(fault, Fault)
    assert (fault.cause, fault.phase) == (Cause.LOGON_FAILED, Phase.AUTH)


@pytest.mark.parametrize(
    ("text", "document", "beside"),
    [
        ("$null; 'x'; [string]$null; , @()", "x", ()),
        ("'Welcome'; '{\"script\": \"test\"}'; $null", '{"script": "test"}', ("Welcome",)),
        ("5; 'x'", "", ("<object> 5", "x")),
        ("[Activator]::CreateInstance([Object]); 'x'", "", ("<object> System.Object", "x")),
    ],
)
def test_what_the_engine_writes_beside_the_answer_is_told_apart(
    engine: kit.Winhost, text: str, document: str, beside: tuple[str, ...]
) -> None:
    """Empty objects are passed over as the real engine writes them; the document is told from all else."""
    reply, _ = asked(http(engine), text)
    assert isinstance(reply, Reply)
    assert (reply.text, reply.beside) == (document, beside)


def test_a_session_configuration_that_is_not_there_is_named(engine: kit.Winhost) -> None:
    """The user is told which configuration is missing."""
    fault, _ = asked(http(engine, configuration="Nobody.Has.This"))
    assert isinstance(fault, Fault)
    assert (fault.cause, '"Nobody.Has.This"' in fault.detail) == (Cause.NO_CONFIGURATION, True)


def test_a_script_that_throws_leaves_an_error_record(engine: kit.Winhost) -> None:
    """A terminating error comes back as a record with its id, not as an exception,
    and the shell is closed.
    """
    reply, remarks = asked(http(engine), "throw 'it broke'")
    assert isinstance(reply, Reply)
    assert (reply.text, [error.kind for error in reply.errors], remarks) == ("", ["it broke"], ())
    assert "it broke" in reply.errors[0].message


def test_a_syntax_error_leaves_an_error_record(engine: kit.Winhost) -> None:
    """So does a script that does not parse."""
    reply, _ = asked(http(engine), "if (")
    assert isinstance(reply, Reply)
    assert len(reply.errors) == 1


def test_an_output_that_is_no_text_is_no_document(engine: kit.Winhost) -> None:
    """Objects are never taken for an answer, whatever they say of themselves."""
    for text, said in (("42", "42"), ("[text.StringBuilder]'{}'", "{}")):
        reply, _ = asked(http(engine), text)
        assert isinstance(reply, Reply)
        assert (reply.text, like_a_document(reply.text)) == (f"<object> {said}", False)


def test_a_large_answer_comes_whole(engine: kit.Winhost) -> None:
    """Sixty-four kilobytes arrive, in as many pieces as the host likes."""
    reply, _ = asked(http(engine), "'x' * 65536")
    assert isinstance(reply, Reply)
    assert reply.text == "x" * 65536


def test_an_endless_answer_is_refused(engine: kit.Winhost) -> None:
    """A script that never stops talking is cut off at the cap."""
    fault, _ = asked(http(engine), "while ($true) { 'x' * 100000 }")
    assert isinstance(fault, Fault)
    assert fault.cause == Cause.GARBLED


def test_a_script_that_hangs_ends_at_the_deadline(engine: kit.Winhost) -> None:
    """The real engine is left to its idle time-out; we are back on time.

    A busy machine may take so long to log on that the script has not begun by then: then with more time.
    """

    async def main(deadline: float) -> Fault | None:
        text = "[Threading.Thread]::Sleep(60000)"
        async with transport() as made:
            where = http(engine)
            logon = Logon(username=kit.USER, password=kit.PASSWORD)
            session = made.session(where, logon, deadline=deadline)
            try:
                await session.run(Script("test", text, "0" * 64), {})
            except Fault as fault:
                return fault
            finally:
                await session.close()
        return None

    for deadline in (6, 18, 54):
        fault = run(main(deadline))
        assert fault.cause == Cause.DEADLINE
        if fault.phase is Phase.RUN:
            break
    assert (fault.cause, fault.phase) == (Cause.DEADLINE, Phase.RUN)
