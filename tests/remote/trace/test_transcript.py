"""What a transcript tells of a session, over both transports, with hosts that repeat what they hear too."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.reading import Reading
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.net.http import Answer
from orchestrator.remote.psrp.speaker import Speaker
from orchestrator.remote.session import Endpoint, Reply
from orchestrator.remote.trace.folder import TraceFolder
from orchestrator.remote.trace.tracer import Tracer
from orchestrator.remote.transports import transport as made_by
from tests.remote.wired import (
    LOGON,
    WIRE,
    ask,
    fleet_of,
    no_dns,
    plain,
    raw_server,
    read_request,
    run,
    script,
    simulated,
)

BOTH_WIRES = True


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what the transports really prove themselves with, and are challenged with."""
    found: list[str] = []
    request, hear = Speaker._request, Speaker._hear

    def requested(speaker: Speaker, authorization: str, body: bytes) -> bytes:
        found.append(authorization)
        return request(speaker, authorization, body)

    def heard(speaker: Speaker, answer: Answer) -> None:
        found.extend(answer.challenges)
        hear(speaker, answer)

    monkeypatch.setattr(Speaker, "_request", requested)
    monkeypatch.setattr(Speaker, "_hear", heard)
    return found


def leaked(proofs: list[str], text: str) -> list[str]:
    """Return the tokens of these headers that a text holds, whole or in half. There has to be one."""
    tokens = [token for proof in proofs if re.fullmatch(r"[\w+/=]{16,}", token := proof.partition(" ")[2])]
    assert tokens
    return [token for token in tokens if token in text or token[: len(token) // 2] in text]


def traced(folder: Path, go: Callable[[Tracer], object], *, bodies: bool) -> str:
    """Run something that is traced; return the first host's transcript."""
    made = TraceFolder.open(folder)
    go(Tracer(made, bodies=bodies))
    made.close()
    return (folder / "00001.txt").read_text()


async def probed(tmp_path: Path, tracer: Tracer, **spec: object) -> tuple[Reading, Reply] | Fault:
    """Probe a simulated host that works."""
    async with fleet_of(tmp_path, simulated("web1", **spec)) as (_, (host,)):
        made = made_by(WIRE.get(), jobs=1, resolver=no_dns, watch=tracer.watch)
        try:
            return await ask(made, host)
        finally:
            await made.aclose()


async def asked(endpoint: Endpoint, tracer: Tracer) -> Fault | Reply:
    """Run a script at an endpoint; a fault comes back as a value."""
    made = made_by(WIRE.get(), jobs=1, resolver=no_dns, watch=tracer.watch)
    session = made.session(endpoint, LOGON, deadline=5.0)
    try:
        return await session.run(script(), {})
    except Fault as fault:
        return fault
    finally:
        await session.close()
        await made.aclose()


@pytest.mark.parametrize(
    ("transport", "auth"), [("https", "negotiate"), ("https", "basic"), ("http", "ntlm")]
)
def test_a_session_is_told_from_its_name_to_its_end(
    tmp_path: Path, transport: str, auth: str, proofs: list[str]
) -> None:
    """Phases, actions, sizes and times; no token, no password, no body."""
    text = traced(
        tmp_path / "trace",
        lambda tracer: run(probed(tmp_path, tracer, transport=transport, auth=auth)),
        bodies=False,
    )
    phases = re.findall(r"(?m)^ +\d+ ms (resolve|connect|tls|auth|open|run|decode)\b", text)
    assert phases == [
        *("resolve", "connect"),
        *(["tls"] if transport == "https" else []),
        *("auth", "open", "run", "decode"),
    ]
    actions = re.findall(r"> POST /wsman HTTP/1.1, .*/(\w+)$", text, re.MULTILINE)
    assert actions[0] == "Create"
    assert actions[-1] == "Delete"
    assert "the host took the logon, by " in text
    assert "ended: the script has answered" in text
    assert f"Authorization: {'Basic' if auth == 'basic' else 'Negotiate'}, " in text
    assert (" sealed" in text) == (transport == "http")
    assert "<s:" not in text
    assert leaked(proofs, text) == []
    assert LOGON.password is not None
    assert LOGON.password not in text


@pytest.mark.parametrize(("transport", "auth"), [("https", "basic"), ("http", "ntlm")])
def test_bodies_are_told_where_they_are_asked_for(
    tmp_path: Path, transport: str, auth: str, proofs: list[str]
) -> None:
    """Decrypted, in both directions; what proves who we are is in none of them."""
    text = traced(
        tmp_path / "trace",
        lambda tracer: run(probed(tmp_path, tracer, transport=transport, auth=auth)),
        bodies=True,
    )
    assert "|   <rsp:CommandLine" in text
    assert re.search(r"\|   <\w+:CommandResponse", text)
    assert leaked(proofs, text) == []
    assert LOGON.password is not None
    assert LOGON.password not in text
    assert base64.b64encode(LOGON.password.encode()).decode() not in text


def echoing(status: str) -> Callable[[socket.socket], None]:
    """Make a host that repeats what it is sent: in headers, in a challenge, and in its page."""

    def behave(sock: socket.socket) -> None:
        request = read_request(sock)
        proof = re.search(rb"Authorization: (\w+) (\S+)", request)
        assert proof is not None
        said = proof[2] + b" " + (base64.b64decode(proof[2]) if proof[1] == b"Basic" else b"")
        half = proof[2][: len(proof[2]) // 2]
        sock.sendall(
            b"HTTP/1.1 %s\r\nServer: %s\r\nVia: xx%s\r\nWWW-Authenticate: %s\r\nX-Echo: %s\r\n"
            b"Content-Type: text/html\r\nContent-Length: %d\r\n\r\n%s"
            % (status.encode(), said, half, proof[2], said, len(said), said)
        )

    return behave


@pytest.mark.parametrize("status", ["401 No", "500 Oh", "200 OK"])
@pytest.mark.parametrize("auth", ["negotiate", "basic"])
def test_a_host_that_repeats_a_secret_does_not_get_it_into_the_trace(
    tmp_path: Path, status: str, auth: str, proofs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from a header, nor from a scheme's place, nor from a page, nor from the fault that quotes it."""
    # Basic is refused over http: the rule is lifted here alone, so that what it would send can be repeated.
    monkeypatch.setattr("orchestrator.remote.try_progress.TryProgress.refuse", lambda *_: None)
    with raw_server(echoing(status)) as port:
        endpoint = replace(plain(port), auth=auth)
        text = traced(tmp_path / "trace", lambda tracer: run(asked(endpoint, tracer)), bodies=True)
    assert leaked(proofs, text) == []
    assert LOGON.password is not None
    assert LOGON.password not in text
    assert "[withheld]" in text


def test_a_try_that_fails_says_where_and_why(tmp_path: Path) -> None:
    """Nobody listens: the last line is the fault, with its advice."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    text = traced(tmp_path / "trace", lambda tracer: run(asked(plain(port), tracer)), bodies=False)
    assert re.search(r"(?m)^ +\d+ ms ended: failed at connect, connection-refused: ", text)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (asyncio.CancelledError(), "cut here, its time was up or the run was ended"),
        (RuntimeError("held"), "put aside before anything was asked; its turn comes again"),
    ],
)
def test_what_ends_a_try_from_outside_is_said(tmp_path: Path, error: BaseException, expected: str) -> None:
    """A deadline of the host's, or another host whose logon goes first."""

    async def raised() -> None:
        raise error

    async def go(tracer: Tracer) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            made = made_by(WIRE.get(), jobs=1, resolver=no_dns, watch=tracer.watch)
            endpoint = plain(listener.getsockname()[1])
            session = made.session(endpoint, LOGON, deadline=5.0, before_logon=raised)
            with pytest.raises(type(error)):
                await session.run(script(), {})
            await session.close()
            await made.aclose()

    text = traced(tmp_path / "trace", lambda tracer: run(go(tracer)), bodies=False)
    assert text.splitlines()[-1].endswith(f"ms ended: {expected}")


def test_a_request_without_an_answer_is_the_last_that_was_said(tmp_path: Path) -> None:
    """The host takes it and hangs up: what was asked stands before how it ended."""

    def behave(sock: socket.socket) -> None:
        read_request(sock)
        sock.shutdown(socket.SHUT_RDWR)

    with raw_server(behave) as port:
        text = traced(tmp_path / "trace", lambda tracer: run(asked(plain(port), tracer)), bodies=False)
    assert [line[13:14] for line in text.splitlines()[-8:]].count(">") >= 5
    assert "ended: failed at auth, session-lost" in text.splitlines()[-1]
