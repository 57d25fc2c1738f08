"""WSMan's messages over one connection: logged on, sealed where there is no TLS, every answer checked before
it is read.

No I/O: a conversation is a generator that yields HTTP requests and is sent their answers. A thread drives it
over its socket (`orchestrator.remote.over_pypsrp.conversation`), the event loop over its stream
(`orchestrator.remote.native`).
"""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.domain.cause import Cause
from orchestrator.remote.auth.logon import LogonScheme, offers
from orchestrator.remote.auth.sealing import SEALED, Sealing
from orchestrator.remote.faults.codes import CODES
from orchestrator.remote.faults.trouble import BadStatus, Garbled, NotKept, Refused, Stage
from orchestrator.remote.net.exchange import Exchange
from orchestrator.remote.net.http import Answer, Fresh, Idle
from orchestrator.remote.psrp.soap import read_fault
from orchestrator.remote.psrp.xml_guard import guard
from orchestrator.remote.session import Endpoint
from orchestrator.remote.watch import Watcher

_OK = 200
_UNAUTHORISED = 401
_PLAIN = "application/soap+xml;charset=UTF-8"
_PAGES = ("text/html", "text/plain", "application/xhtml", "application/json")  # what WinRM never answers


class Speaker:
    """Sends SOAP messages, gives the SOAP answers. One conversation."""

    def __init__(
        self,
        endpoint: Endpoint,
        logon: LogonScheme,
        accepted: Callable[[], None],
        watcher: Watcher | None = None,
    ) -> None:
        """Nothing is sent yet. `accepted` is called once, as soon as the host took the logon."""
        self.sealing = endpoint.transport == "http"
        self.logged_on = False
        self._logon = logon
        self._accepted = accepted
        self._watcher = watcher
        self._sealing: Sealing | None = None
        self._ended = False  # whether the last answer was the last one over its connection
        self._head = (
            f"POST /wsman HTTP/1.1\r\nHost: {authority(endpoint)}\r\nUser-Agent: fleetcheck\r\n"
            "Accept-Encoding: identity\r\nConnection: Keep-Alive\r\n"
        )

    def exchange(self, message: bytes) -> Exchange[bytes]:
        """Send a SOAP envelope and return the answer's bytes. Where the connection has ended, log on over a
        new one first.

        Raises SoapFault, BadStatus, Refused, Garbled, NotKept, KerberosTrouble; the driver of the generator
        may raise more.
        """
        if self.logged_on and not self._ended:
            self._ended = (yield Idle()).last
        if not self.logged_on or self._ended:
            answer = yield from self._begin(message)
            if answer is not None:
                return self._read(answer)
        requests = [self._request(self._logon.header(), message)]
        message = b""  # a script's is large, and its answer may take long
        answer = yield requests.pop()
        self._hear(answer)
        return self._read(answer)

    def _hear(self, answer: Answer) -> None:
        """Note of an answer whether another one can follow it."""
        self._ended = answer.last
        if self._watcher is not None:
            self._watcher.heard(answer)

    def _begin(self, message: bytes) -> Exchange[Answer | None]:
        """Log on. Gives the answer to the message where it went along, None where it has yet to be sent."""
        self._sealing = None
        answer, carried = yield from self._try(b"" if self.sealing else message)
        if answer.status != _OK:
            self._refuse(answer, carried=carried)
        if not self.logged_on:
            self.logged_on = True
            if self._watcher is not None:
                self._watcher.noted(f"the host took the logon, by {self._logon.used}")
            self._accepted()
        if not carried and self._ended:
            raise NotKept("as soon as the logon was through", answer.headers)
        if self.sealing:
            self._sealing = Sealing(self._logon.context, self._logon.name)
        return answer if carried else None

    def _refuse(self, answer: Answer, *, carried: bool) -> None:
        """Raise what an error in answer to the logon is; nothing where it speaks of the message that went
        along.

        Some hosts word a refused logon as a WSMan fault: that one was not taken, whatever went along.
        """
        fault = read_fault(answer.body)
        if fault is None:
            raise BadStatus(answer.status, answer.headers, answer.body)
        if CODES.get(fault.code or 0) is Cause.LOGON_FAILED:
            fault.proof = self._logon.proved
            raise fault
        if not carried:
            raise fault

    def _try(self, body: bytes) -> Exchange[tuple[Answer, bool]]:
        trying = self._logon.begin(body)
        request = self._request(*next(trying))
        if self._ended:
            request = Fresh(request)
        while True:
            answer = yield request
            self._hear(answer)
            if answer.status == _OK and _is_page(answer):
                raise BadStatus(answer.status, answer.headers, answer.body)
            try:
                ask = trying.send(answer)
            except StopIteration as end:
                result: tuple[Answer, bool] = end.value
                return result
            if self._ended:
                raise NotKept("in the middle of the logon", answer.headers)
            request = self._request(*ask)

    def _request(self, authorization: str, body: bytes) -> bytes:
        head, message = self._head, body
        if authorization:
            head += f"Authorization: {authorization}\r\n"
        if self._sealing is not None:
            body = self._sealing.wrap(body)
            head += f"Content-Type: {self._sealing.content_type}\r\n"
        elif body:
            head += f"Content-Type: {_PLAIN}\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        if self._watcher is not None:
            self._watcher.sent(head, len(body), message, fresh=self._ended)
        return head.encode("latin-1", "replace") + body

    def _read(self, answer: Answer) -> bytes:
        content_type = answer.headers.get("content-type", "")
        sealed = content_type.lower().startswith(SEALED)
        coding = answer.headers.get("content-encoding", "identity").strip().lower()
        if coding != "identity":
            raise Garbled(f"an answer in Content-Encoding {coding[:40]!r}, which nobody asked for")
        body = self._unseal(answer.body, content_type) if sealed else answer.body
        if answer.status == _UNAUTHORISED:
            raise Refused(Stage.LATER, offers(answer), answer.headers)
        if answer.status != _OK:
            raise read_fault(body) or BadStatus(answer.status, answer.headers, body)
        if self.sealing and not sealed:
            raise Garbled("an answer in clear where messages are encrypted")
        guard(body, "the answer")
        return body

    def _unseal(self, body: bytes, content_type: str) -> bytes:
        if self._sealing is None:
            raise Garbled("an encrypted answer where none was agreed")
        message = self._sealing.unwrap(body, content_type)
        if self._watcher is not None:
            self._watcher.opened(message)
        return message


def _is_page(answer: Answer) -> bool:
    """Whether it is what people read in a browser, a portal's or another server's."""
    return answer.headers.get("content-type", "").strip().lower().startswith(_PAGES)


def authority(endpoint: Endpoint) -> str:
    """Return the address and port as URLs and the Host header write them."""
    address = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    return f"{address}:{endpoint.port}"


def url(endpoint: Endpoint) -> str:
    """Return the URL that WSMan names as the receiver."""
    return f"{endpoint.transport}://{authority(endpoint)}/wsman"
