"""Notices as CloudEvents, to a real HTTPS server."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

from orchestrator.demo.wire.certificates import Authority
from orchestrator.notify.letter import Letter, NotSentError
from orchestrator.notify.webhook import address_of, post
from tests.notify.servers import HOST, Webhook, webhook


@pytest.fixture
def hook(authority: Authority) -> Iterator[Webhook]:
    """Serve HTTPS."""
    with webhook(authority) as served:
        yield served


def test_a_receiver_reads_the_event(hook: Webhook, letter: Letter, ca: str) -> None:
    """CloudEvents' own library reads what arrives: id, source, type, time, and the notice as its data."""
    post(letter, url=hook.url(), token="t0ken", ca=ca)
    (posted,) = hook.posted
    event = from_http_event(HTTPMessage(headers=posted.headers, body=posted.body))
    assert (event.get_id(), event.get_source(), event.get_type(), event.get_subject()) == (
        letter.id,
        "urn:fleetcheck:emea",
        "fleetcheck.notice.v1",
        "scan/12",
    )
    assert event.get_time() == datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
    assert event.get_data() == letter.data
    assert (posted.path, posted.headers["Authorization"]) == ("/hook?key=s3cret", "Bearer t0ken")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_means_taken(hook: Webhook, letter: Letter, ca: str, status: int) -> None:
    """A receiver that takes a notice says so with any of them."""
    hook.status, hook.words = status, b""
    post(letter, url=hook.url(), token=None, ca=ca)
    assert "Authorization" not in hook.posted[0].headers


@pytest.mark.parametrize("status", [400, 401, 410, 500, 503])
def test_any_other_answer_is_told_with_its_first_line(
    hook: Webhook, letter: Letter, ca: str, status: int
) -> None:
    """The words are cleaned and short; they are no part of a URL or token."""
    hook.status, hook.words = status, b"no \x1b[31mroom\nsecond line"
    with pytest.raises(NotSentError) as caught:
        post(letter, url=hook.url(), token=None, ca=ca)
    assert str(caught.value) == rf"{HOST}:{hook.port} answered {status}: no \x1b[31mroom"
    assert not caught.value.away


def test_a_redirect_is_not_followed(hook: Webhook, letter: Letter, ca: str) -> None:
    """Where it leads nobody has vouched for."""
    hook.status, hook.headers = 307, {"Location": hook.url(path="/elsewhere")}
    with pytest.raises(NotSentError, match="a redirect: none is followed"):
        post(letter, url=hook.url(), token=None, ca=ca)
    assert len(hook.posted) == 1


def test_a_certificate_of_an_unknown_authority_is_refused(hook: Webhook, letter: Letter) -> None:
    """Without `ca` this machine's authorities count alone, and nothing is posted."""
    with pytest.raises(NotSentError, match="its certificate is not trusted"):
        post(letter, url=hook.url(), token="t0ken", ca=None)
    assert hook.posted == []


def test_proxies_of_the_environment_are_ignored(
    hook: Webhook, letter: Letter, ca: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that somebody has set for browsers learns nothing of the fleet."""
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    post(letter, url=hook.url(), token=None, ca=ca)
    assert len(hook.posted) == 1


def test_one_that_never_answers_ends_at_its_time(hook: Webhook, letter: Letter, ca: str) -> None:
    """The connection is given up, and the message says how long it was waited for."""
    hook.hold = threading.Event()
    with pytest.raises(NotSentError, match=r"did not answer within 0\.3 s|no answer within 0\.3 s") as caught:
        post(letter, url=hook.url(), token=None, ca=ca, seconds=0.3)
    assert caught.value.away


def test_one_that_drips_ends_at_its_time(hook: Webhook, letter: Letter, ca: str) -> None:
    """A byte now and then does not make the time longer."""
    hook.drip = True
    started = time.monotonic()
    with pytest.raises(NotSentError, match="did not answer within 1 s"):
        post(letter, url=hook.url(), token=None, ca=ca, seconds=1)
    assert time.monotonic() - started < 60  # for ever, were each byte's wait the limit


@pytest.mark.parametrize(
    ("begins", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nX", "did not answer within 1 s"),
        (b"HTTP/1.1 500 no\r\n\r\n", "answered 500: H+"),
    ],
)
def test_an_answer_that_drips_on_after_its_status_ends_at_its_time(
    hook: Webhook, letter: Letter, ca: str, begins: bytes, words: str
) -> None:
    """In its headers, which are no answer until they end, or in a body that names no length."""
    hook.drip, hook.begins = True, begins
    started = time.monotonic()
    with pytest.raises(NotSentError, match=words):
        post(letter, url=hook.url(), token=None, ca=ca, seconds=1)
    assert time.monotonic() - started < 60  # for ever, were each byte's wait the limit


def test_a_2xx_is_taken_once_its_headers_have_ended(hook: Webhook, letter: Letter, ca: str) -> None:
    """Its body changes nothing, and is not waited for."""
    hook.drip, hook.begins = True, b"HTTP/1.1 200 OK\r\n\r\n"
    post(letter, url=hook.url(), token=None, ca=ca, seconds=60)
    assert len(hook.posted) == 1


def test_headers_that_are_cut_off_are_no_answer(letter: Letter) -> None:
    """A server that dies in the middle of them may not have kept the notice: it is sent again."""
    with webhook(None) as relay:
        relay.begins = b"HTTP/1.1 200 OK\r\nX-Served-By: a\r\n"
        with pytest.raises(NotSentError, match="closed the connection without a whole answer"):
            post(letter, url=relay.url("http"), token=None, ca=None)


def test_plain_http_is_for_this_machine_alone(letter: Letter) -> None:
    """A relay on loopback may speak http; nothing else."""
    with webhook(None) as relay:
        post(letter, url=relay.url("http"), token=None, ca=None)
        assert len(relay.posted) == 1
    with pytest.raises(NotSentError, match="https is needed"):
        post(letter, url="http://hooks.example/x", token=None, ca=None)


@pytest.mark.parametrize(
    "url",
    [
        "hooks.example",
        "ftp://hooks.example/",
        "https://user:pw@hooks.example/",
        "https://a:b/",
        "https://hooks..example/",
        f"https://{'h' * 64}.example/",
        "",
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(url: str) -> None:
    """The whole URL may be a secret."""
    with pytest.raises(NotSentError) as caught:
        address_of(url)
    assert "not shown" in str(caught.value)
    assert not url or url not in str(caught.value)


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "Evil\x00", "Evil\u20ac", "Evil\xe4"])
def test_a_token_cannot_bring_a_header_of_its_own(hook: Webhook, letter: Letter, ca: str, token: str) -> None:
    """A secret with a line end or anything else in it that is no line of ASCII is refused, and not shown."""
    with pytest.raises(NotSentError, match="the token cannot stand in a header") as caught:
        post(letter, url=hook.url(), token=token, ca=ca)
    assert "Evil" not in str(caught.value)
    assert hook.posted == []


def test_a_server_that_speaks_no_tls_is_told(letter: Letter, ca: str) -> None:
    """A URL of https to a port of http: what is wrong there is said, not OpenSSL's name for it."""
    with webhook(None) as plain, pytest.raises(NotSentError) as caught:
        post(letter, url=plain.url(), token=None, ca=ca)
    assert re.fullmatch(
        rf"{HOST}:{plain.port}: no TLS with it \([a-z ]+\): does it speak TLS there\?", str(caught.value)
    )


def test_a_server_that_hangs_up_is_told(letter: Letter) -> None:
    """A relay that takes the request and closes has answered nothing."""
    with socketserver.TCPServer((HOST, 0), HangingUp) as relay:
        threading.Thread(target=relay.handle_request, daemon=True).start()
        port = relay.server_address[1]
        with pytest.raises(NotSentError) as caught:
            post(letter, url=f"http://{HOST}:{port}/", token=None, ca=None)
    assert str(caught.value) == f"{HOST}:{port}: it closed the connection without a whole answer"


class HangingUp(socketserver.StreamRequestHandler):
    """Read the head and the whole of a request, and say nothing."""

    def handle(self) -> None:
        """Do so."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.read(1)
        length = re.search(rb"(?i)content-length: (\d+)", head)
        self.rfile.read(int(length[1]) if length else 0)


def test_nobody_at_the_address_is_told(letter: Letter, ca: str) -> None:
    """A port where nobody listens says so."""
    with webhook(None) as gone:
        url = gone.url()
    with pytest.raises(NotSentError, match="Connection refused") as caught:
        post(letter, url=url, token=None, ca=ca)
    assert caught.value.away
