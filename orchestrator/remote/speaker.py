"""WSMan's messages over one wire: logged on, sealed where there is no TLS, every answer checked before it is read.

A `Speaker` stands where pypsrp's WSMan keeps its HTTP transport, so that nothing of `requests` runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.remote.logon import LogonScheme, offers
from orchestrator.remote.quiet_pypsrp import WinRMEncryption
from orchestrator.remote.session import Endpoint
from orchestrator.remote.soap import read_fault
from orchestrator.remote.trouble import BadStatus, Garbled, Refused, Stage
from orchestrator.remote.wire import Answer, Wire
from orchestrator.remote.xml_guard import guard

_OK = 200
_UNAUTHORISED = 401
_PLAIN = "Content-Type: application/soap+xml;charset=UTF-8"
_SEALED = ("multipart/encrypted", "multipart/x-multi-encrypted")
_BOUNDARY = "Encrypted Boundary"


class Speaker:
    """Sends one SOAP message, gives the SOAP answer. One conversation, one thread."""

    def __init__(
        self, wire: Wire, endpoint: Endpoint, logon: LogonScheme, accepted: Callable[[], None]
    ) -> None:
        """Nothing is sent yet. `accepted` is called once, as soon as the host took the logon."""
        self.wire = wire
        self.endpoint = url(endpoint)
        self.sealing = endpoint.transport == "http"
        self.logged_on = False
        self._logon = logon
        self._accepted = accepted
        self._encryption: WinRMEncryption | None = None
        host = self.endpoint.split("/")[2]
        self._head = (
            "POST /wsman HTTP/1.1",
            f"Host: {host}",
            "User-Agent: fleetcheck",
            "Accept-Encoding: identity",
            "Connection: Keep-Alive",
        )

    def send(self, message: bytes, **_: object) -> bytes:
        """Send a SOAP envelope and give the answer's bytes. Called by pypsrp, whose retries and time-outs are void.

        Raises SoapFault, BadStatus, Refused, Garbled, KerberosTrouble, Lost, Overdue.
        """
        if not self.logged_on:
            answer = self._begin(message)
            if answer is not None:
                return self._read(answer)
        return self._read(self._post(self._logon.header(), message))

    def close(self) -> None:
        """Do nothing: the wire's owner closes it. pypsrp calls this."""

    def _begin(self, message: bytes) -> Answer | None:
        """Log on. Gives the answer to the message where it went along, None where it has yet to be sent."""
        answer, carried = self._logon.begin(self._post, b"" if self.sealing else message)
        if answer.status != _OK and not (carried and read_fault(answer.body)):
            raise BadStatus(answer.status, answer.headers, answer.body)
        self.logged_on = True
        if self.sealing:
            protocol = WinRMEncryption.KERBEROS if self._logon.name == "Kerberos" else WinRMEncryption.SPNEGO
            self._encryption = WinRMEncryption(self._logon.context, protocol)
        self._accepted()
        return answer if carried else None

    def _post(self, authorization: str, body: bytes) -> Answer:
        head = [*self._head]
        if authorization:
            head.append(f"Authorization: {authorization}")
        if self._encryption is not None:
            kind, body = self._encryption.wrap_message(body)
            head.append(f'Content-Type: {kind};protocol="{self._encryption.protocol}";boundary="{_BOUNDARY}"')
        elif body:
            head.append(_PLAIN)
        return self.wire.post(head, body)

    def _read(self, answer: Answer) -> bytes:
        sealed = answer.headers.get("content-type", "").lower().startswith(_SEALED)
        body = self._unseal(answer) if sealed else answer.body
        if answer.status == _UNAUTHORISED:
            raise Refused(Stage.LATER, offers(answer), answer.headers)
        if answer.status != _OK:
            raise read_fault(body) or BadStatus(answer.status, answer.headers, body)
        if self.sealing and not sealed:
            raise Garbled("an answer in clear where messages are encrypted")
        guard(body, "the answer")
        return body

    def _unseal(self, answer: Answer) -> bytes:
        """Decrypt a body. Raises Garbled for whatever does not fit."""
        if self._encryption is None:
            raise Garbled("an encrypted answer where none was agreed")
        kind: Any = answer.headers["content-type"]
        boundary = _BOUNDARY if _BOUNDARY in kind else kind.rpartition("boundary=")[2].strip("\"' ")
        try:
            body: bytes = self._encryption.unwrap_message(answer.body, boundary)
        except Exception as error:  # struct.error, IndexError, a MIC that is wrong: nonsense or tampering
            raise Garbled(
                f"an encrypted answer that does not open: {type(error).__name__}: {error}"
            ) from error
        return body


def url(endpoint: Endpoint) -> str:
    """Give the URL that WSMan names as the receiver."""
    address = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    return f"{endpoint.transport}://{address}:{endpoint.port}/wsman"
