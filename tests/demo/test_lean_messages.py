"""What a lean host makes of messages as no client of ours writes them: real ones, changed."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.demo.engine import utc_now
from orchestrator.demo.fleet import serve_in_thread
from orchestrator.demo.lean.connection import Pending
from orchestrator.demo.lean.fleet import LeanFleet
from orchestrator.demo.lean.host import LeanHost
from orchestrator.demo.lean.hosts import healthy_hosts
from orchestrator.demo.wire.auth import ConnectionAuth
from orchestrator.demo.wire.httpd import Request, Response
from tests.demo.hosts import run_script


class Session(list[Request]):
    """A session's requests, without their 60 KB in a test's complaint."""

    def __repr__(self) -> str:
        """Say how many."""
        return f"<{len(self)} requests>"


@pytest.fixture(scope="module")
def session(net: str, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Listen in on a session of pypsrp: its requests in order, over TLS by Basic."""
    heard = Session()
    ca: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    with pytest.MonkeyPatch.context() as patch:
        answer = LeanHost.answer

        def listen(
            self: LeanHost, guard: ConnectionAuth, request: Request, *, tls: bool
        ) -> Response | Pending:
            heard.append(request)
            return answer(self, guard, request, tls=tls)

        patch.setattr(LeanHost, "answer", listen)
        with serve_in_thread(LeanFleet(healthy_hosts(1, ("https-basic",)), address=f"{net}.36")) as fleet:
            ca.write_text(fleet.authority.pem)
            run_script(fleet.hosts["h00000"], ca)  # type: ignore[arg-type]  # address, port and spec are there
    return Session(request for request in heard if request.body)


def fresh() -> LeanHost:
    """Make a host that serves nobody else."""
    (spec,) = healthy_hosts(1, ("https-basic",))
    return LeanHost(spec, "127.0.0.1", port=5986, binding=None, clock=utc_now, delay=0)


async def replay(session: Session, bodies: list[bytes]) -> list[int]:
    """Send a session's requests to a fresh host with these bodies; return the statuses."""
    host, statuses = fresh(), []
    guard = host.opened()
    assert guard is not None
    for request, body in zip(session, bodies, strict=True):
        made = host.answer(guard, Request("POST", "/wsman", request.headers, body), tls=True)
        statuses.append(202 if isinstance(made, Pending) else made.status)
    return statuses


def test_a_session_may_be_replayed_as_it_was(session: Session) -> None:
    """Create, Receive, Command, Receive, Delete, and whatever else pypsrp sends: all are answered."""
    assert asyncio.run(replay(session, [request.body for request in session])) == [200] * len(session)


def rewritten(body: bytes) -> bytes:
    """Write a message with other prefixes, its headers the other way round, blanks around what they say."""
    body = re.sub(rb"(</?|\s)(?!xml)([a-z]+)(?=:)", rb"\1other-\2", body)
    body = re.sub(rb"(\sxmlns:)([a-z]+)(?==)", rb"\1other-\2", body)
    head, inside, tail = re.split(rb"(?<=Header>)(.*)(?=</[\w-]+:Header>)", body, maxsplit=1, flags=re.DOTALL)
    elements = re.findall(rb"<(other-[\w:-]+)([^>]*)>(.*?)</\1>", inside, re.DOTALL)
    assert len(elements) > 5
    return head + b"\n".join(b"<%b%b>\n %b\n </%b>" % (*one, one[0]) for one in reversed(elements)) + tail


def test_prefixes_and_order_are_the_client_s_own_affair(session: Session) -> None:
    """The answers are the same, however the messages are written."""
    bodies = [rewritten(request.body) for request in session]
    assert b"<other-s:Envelope" in bodies[0]
    assert asyncio.run(replay(session, bodies)) == [200] * len(session)


CHANGE = st.tuples(st.integers(0, 4), st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12))


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(CHANGE, min_size=1, max_size=3))
def test_no_message_upsets_a_host(session: Session, changes: list[tuple[int, float, int, bytes]]) -> None:
    """A session with a few bytes exchanged, left out or put in gets answers or faults, never an exception."""
    bodies = [bytearray(request.body) for request in session]
    for number, where, size, put in changes:
        body = bodies[number % len(bodies)]
        at = int(where * len(body))
        body[at : at + size] = put
    statuses = asyncio.run(replay(session, [bytes(body) for body in bodies]))
    assert set(statuses) <= {200, 202, 500}
