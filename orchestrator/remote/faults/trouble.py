"""What can go wrong below the door of this room. Nothing of this tree leaves it: `classify` makes a `Fault`
of each.

Trouble
|-- Lost            the connection is gone
|-- Overdue         the time is up
|-- Garbled         what came cannot be read, is too large or too deep
|-- SpeaksTls       what answers our http is TLS
|-- OtherService    what answers is no HTTP at all
|-- NotKept         the connection does not outlast a logon
|-- BadStatus       an HTTP status without a SOAP body
|-- SoapFault       WSMan said no, with a code
|-- Refused         the logon did not come about
|-- KerberosTrouble Kerberos failed on this side
|-- ViaTrouble      the proxy or jump host in between gave no way to the host
|-- Untrusted       TLS did not come about
|-- BrokenPool      the host gave the shell up while it was opened
`-- TooOldShell     PowerShell 2 answered
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.domain.cause import Cause


class Trouble(Exception):  # noqa: N818  # the words of this tree are nouns, and never shown
    """Something went wrong while talking with a host."""


class Lost(Trouble):
    """The host, or something between, ended the connection. `at` says what we were doing."""

    def __init__(self, at: str, error: OSError | None = None) -> None:
        super().__init__(at, error)
        self.at = at
        self.error = error


class Overdue(Trouble):
    """The session's time is up."""


class Garbled(Trouble):
    """The answer cannot be used; `detail` says why, with size and place."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class SpeaksTls(Trouble):
    """The answer to a request in clear was a TLS alert."""


class OtherService(Trouble):
    """The first that was heard is no HTTP. `name` is the service that begins so, None for an unknown one."""

    def __init__(self, heard: bytes, name: str | None) -> None:
        super().__init__(heard, name)
        self.heard = heard
        self.name = name


class NotKept(Trouble):
    """The connection was to end, by the host's own word, where a logon needs it.

    Header names are in lower case.
    """

    def __init__(self, at: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(at)
        self.at = at
        self.headers = headers


class BadStatus(Trouble):
    """An HTTP answer that no WinRM service gives.

    Header names are in lower case; `body` is its first part.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


class SoapFault(Trouble):
    """A WSMan fault. `code` is unsigned, None where none came; `subcode` has no prefix: "TimedOut".

    `proof`: it answers the proof of a password, before the logon was taken.
    """

    proof = False

    def __init__(self, *, code: int | None, subcode: str, text: str, machine: str = "") -> None:
        super().__init__(code, subcode)
        self.code = code
        self.subcode = subcode
        self.text = text
        self.machine = machine


class Stage(enum.Enum):
    """How far a logon had come when the host said 401."""

    ASKED = "asked"  # no proof was sent yet: no password was tried
    PROVED = "proved"  # the proof was sent, the host did not take it
    RESTARTED = "restarted"  # after the proof came a new challenge
    LATER = "later"  # the logon had been taken before


class Refused(Trouble):
    """HTTP 401. `offers` are the schemes of WWW-Authenticate, as the host writes them.

    `proof`: what it refused was a proof of a password (NTLM's third message, Basic), so that it can lock an
    account. `ticket`: it was a Kerberos ticket.
    """

    def __init__(
        self,
        stage: Stage,
        offers: tuple[str, ...],
        headers: Mapping[str, str] = MappingProxyType({}),
        *,
        proof: bool = False,
        ticket: bool = False,
    ) -> None:
        super().__init__(stage, offers)
        self.stage = stage
        self.offers = offers
        self.headers = headers
        self.proof = proof
        self.ticket = ticket


class KerberosTrouble(Trouble):
    """Kerberos, or finding a credential for it, failed on this side.

    `minor` is libkrb5's code, unsigned, None where none came. `refused`: a domain controller did not take the
    account with its password, in an AS exchange; no host was asked. `advice` says what to do, "" where the
    code's own words fit.
    """

    def __init__(self, minor: int | None, text: str, *, refused: bool = False, advice: str = "") -> None:
        super().__init__(minor, text)
        self.minor = minor
        self.text = text
        self.refused = refused
        self.advice = advice


class ViaTrouble(Trouble):
    """The proxy or jump host in between gave no way to the host. `kind` is the cause; `detail` quotes it
    uncleaned.

    `advice` says what to do, "" where the cause's own words fit.
    """

    def __init__(self, kind: Cause, detail: str, *, advice: str = "") -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.advice = advice

    def again(self) -> ViaTrouble:
        """Return one more of the kind for the next host that it ends: an error that is raised twice grows."""
        return ViaTrouble(self.kind, self.detail, advice=self.advice)


class Untrusted(Trouble):
    """TLS did not come about; no user name was sent. `kind` is the cause, `detail` names the certificate
    seen.

    `pin` is what `tls_pin:` would have to say for this certificate, None where none was seen. `advice` says
    who mends it and how, "" where the cause's own words fit.
    """

    def __init__(self, kind: Cause, detail: str, pin: str | None = None, *, advice: str = "") -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.pin = pin
        self.advice = advice


class BrokenPool(Trouble):
    """The host answered the opening of the shell with the state Broken or Closed; `text` is its reason."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class TooOldShell(Trouble):
    """The PowerShell that answered is older than 3.0."""

    def __init__(self, version: str, protocol: str) -> None:
        super().__init__(version, protocol)
        self.version = version
        self.protocol = protocol
