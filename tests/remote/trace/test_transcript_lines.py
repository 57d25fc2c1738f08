"""The lines of a transcript, one by one: what a step adds, and that no word of a host goes past the marks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.domain.outcome import Phase
from orchestrator.remote.auth.sealing import SEALED
from orchestrator.remote.net.http import Answer
from orchestrator.remote.session import TryFacts
from orchestrator.remote.trace.folder import TraceFolder
from orchestrator.remote.trace.tracer import Tracer
from orchestrator.remote.trace.transcript import Transcript
from orchestrator.remote.trace.withheld import Withheld
from tests.remote.wired import plain

TOKEN = "YIIGoAYJKoZIhvcSAQICAQBuggaP"
NOW = datetime(2026, 11, 30, 8, 15, tzinfo=UTC)


def lines(
    tell: Callable[[Transcript], None], *, clock: Callable[[], float] = lambda: 7.0, **endpoint: object
) -> list[str]:
    """Return what a transcript writes, on a clock that stands still unless told otherwise."""
    written: list[str] = []
    made = Transcript(
        plain(5985, **endpoint),
        written.append,
        withheld=Withheld(),
        bodies=False,
        clock=clock,
        now=lambda: NOW,
    )
    tell(made)
    return "".join(written).splitlines()


def request(token: str) -> str:
    """Return the head of a request that proves itself with a token."""
    return f"POST /wsman HTTP/1.1\r\nAuthorization: Negotiate {token}\r\nHost: web1"


def sent(size: int, message: bytes, *, fresh: bool) -> str:
    """Return the first line of what is told of a request."""
    return lines(lambda it: it.sent(request(TOKEN), size, message, fresh=fresh))[0]


@pytest.mark.parametrize(("via", "said"), [(None, ""), ("jump1", ", via jump1")])
def test_a_try_begins_with_where_it_goes(via: str | None, said: str) -> None:
    """The time, the script, the host, its address and port, and what stands before it."""
    head, first = lines(lambda it: it.begun("probe"), via=via)
    assert head == (
        f"== 2026-11-30T08:15:00.000+00:00 probe: web1, 127.0.0.1 port 5985 over http, auth ntlm{said}"
    )
    assert first == f"{0:>9} ms resolve"


@pytest.mark.parametrize(
    ("phase", "timings", "said"),
    [
        (Phase.CONNECT, {"resolve": 2}, "connect; resolve took 2 ms"),
        (Phase.TLS, {"resolve": 2, "connect": 3}, "tls; connect took 3 ms, with 192.0.2.7"),
        (Phase.AUTH, {"connect": 3, "tls": 5}, "auth; tls took 5 ms, certificate sha256:ab"),
        (Phase.OPEN, {"tls": 5, "auth": 9, "open": 0}, "open; auth took 9 ms"),
    ],
)
def test_a_phase_says_how_long_the_one_before_took(phase: Phase, timings: dict[str, int], said: str) -> None:
    """The address stands where it was connected to, the certificate where it was shown, and nowhere else."""
    facts = TryFacts(phase=phase, timings=timings, dialled="192.0.2.7", certificate="sha256:ab")
    assert lines(lambda it: it.entered(facts)) == [f"{0:>9} ms {said}"]


def test_a_phase_of_an_unknown_address_or_certificate_says_none() -> None:
    """Where nothing was connected or shown, there is no empty word."""
    for phase, before in ((Phase.TLS, "connect"), (Phase.AUTH, "tls")):
        facts = TryFacts(phase=phase, timings={before: 3})
        assert lines(lambda it, facts=facts: it.entered(facts)) == [f"{0:>9} ms {phase}; {before} took 3 ms"]


def test_a_request_says_its_size_what_was_sealed_and_whether_the_connection_is_new() -> None:
    """Sealed is what is longer on the wire than it was opened."""
    assert sent(40, b"", fresh=True) == f"{0:>9} ms > POST /wsman HTTP/1.1, 40 bytes, over a new connection"
    assert sent(4, b"text", fresh=False) == f"{0:>9} ms > POST /wsman HTTP/1.1, 4 bytes"
    assert sent(1040, b"text", fresh=False) == (
        f"{0:>9} ms > POST /wsman HTTP/1.1, 1,040 bytes sealed, 4 opened"
    )


def answer(body: bytes = b"", *challenges: str, last: bool = False, **said: str) -> Answer:
    """Make an answer of a host."""
    return Answer(status=200, headers=said, body=body, challenges=challenges, last=last)


def test_an_answer_says_how_long_it_took_its_size_and_its_action() -> None:
    """In milliseconds after the request; that the host ends the connection is said, too."""
    passing = iter((0.0, 1.0, 1.0, 1.25, 1.25))

    def tell(it: Transcript) -> None:
        it.sent("POST /wsman HTTP/1.1", 4, b"", fresh=False)
        it.heard(answer(b"<Action>http://host/Created</Action>", last=True))

    assert lines(tell, clock=lambda: next(passing))[-1] == (
        f"{1250:>9} ms < 200 after 250 ms, 36 bytes, http://host/Created, the last over this connection"
    )
    assert lines(lambda it: it.heard(answer(b"-"))) == [f"{0:>9} ms < 200 after 0 ms, 1 bytes"]


@pytest.mark.parametrize("kind", SEALED)
def test_of_a_sealed_answer_the_size_alone_is_known(kind: str) -> None:
    """What was in it is told when it was opened."""
    sealed = answer(b"<Action>x</Action>", **{"content-type": f"{kind};protocol=x"})
    assert lines(lambda it: it.heard(sealed))[0] == f"{0:>9} ms < 200 after 0 ms, 18 bytes sealed"
    assert lines(lambda it: it.opened(b"<Action>http://host/Shell</Action>")) == [
        f"{'':13}<   opened 34 bytes, http://host/Shell"
    ]


def test_each_challenge_is_told_and_no_token_of_it() -> None:
    """One line for each of them, whatever a dictionary of headers kept of them."""
    said = lines(
        lambda it: it.heard(answer(b"", "Negotiate", f"NTLM {TOKEN}", **{"www-authenticate": "Negotiate"}))
    )
    assert said[1:] == [
        f"{'':13}<   WWW-Authenticate: Negotiate, 9 characters",
        f"{'':13}<   WWW-Authenticate: NTLM, {5 + len(TOKEN)} characters",
    ]


def test_what_a_host_challenged_with_is_withheld_wherever_it_says_it_again() -> None:
    """Its own token lets somebody in as little as ours: in the same answer and in a later one."""

    def tell(it: Transcript) -> None:
        it.heard(answer(b"", f"Negotiate {TOKEN}", server=TOKEN))
        it.heard(answer(b"", server=f"again {TOKEN}"))

    text = "\n".join(lines(tell))
    assert (TOKEN in text, text.count("Server: [withheld]"), text.count("again [withheld]")) == (False, 1, 1)


def test_a_remark_is_freed_of_secrets_and_cleaned() -> None:
    """What a host's words bring into a remark moves no cursor, and holds nothing that was proved with."""

    def tell(it: Transcript) -> None:
        it.sent(request(TOKEN), 4, b"", fresh=False)
        it.noted(f"it said \x1b[2J{TOKEN}")

    assert lines(tell)[-1] == f"{0:>9} ms it said \\x1b[2J[withheld]"


def test_what_one_try_proved_itself_with_is_withheld_from_the_hosts_next(tmp_path: Path) -> None:
    """A host that repeats in its second session what it heard in the first."""
    folder = TraceFolder.open(tmp_path / "trace")
    tracer = Tracer(folder, bodies=False)
    tracer.watch(plain(5985)).sent(request(TOKEN), 4, b"", fresh=True)
    tracer.watch(plain(5985)).noted(f"it said {TOKEN}")
    folder.close()
    text = (tmp_path / "trace" / "00001.txt").read_text("utf-8")
    assert (TOKEN in text, "it said [withheld]" in text) == (False, True)
