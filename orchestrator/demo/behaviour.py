"""How a simulated host misbehaves on the wire, as data: at which step, what it does, how often.

Nothing here talks to anybody: `orchestrator.demo.host` and `orchestrator.demo.wire.wsman` act it out, and
`orchestrator.demo.scenes.rows` has one behaviour for each row of WinRM's ways to fail.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from orchestrator.domain.cause import Cause


class Step(enum.StrEnum):
    """Where on a session's way something happens, in order.

    OPEN is the shell's first answer, RUN the script's work, RECEIVE its answer, INQUIRE a question about
    the service or its shells.
    """

    LISTEN = "listen"
    CONNECT = "connect"
    LOGON = "logon"
    CREATE = "create"
    OPEN = "open"
    COMMAND = "command"
    RUN = "run"
    RECEIVE = "receive"
    INQUIRE = "inquire"
    SIGNAL = "signal"
    DELETE = "delete"


class Listener(enum.StrEnum):
    """What a port is like before any HTTP. All but the last four answer, with TLS where the host has it."""

    GOOD = "good"
    UNKNOWN_CA = "unknown-ca"  # a certificate from a CA that nobody was given
    WRONG_NAME = "wrong-name"  # ... for another name
    EXPIRED = "expired"
    SMALL_KEY = "small-key"  # RSA of 1024 bits
    WRONG_PURPOSE = "wrong-purpose"  # a certificate for clients
    CLIENT_CERTIFICATE = "client-certificate"  # one is demanded of the client
    OLD_TLS = "old-tls"  # TLS 1.1 at most
    PLAIN = "plain"  # HTTP where TLS is expected
    SILENT = "silent"  # takes the connection and says nothing
    CLOSED = "closed"  # nothing listens: the connection is refused
    DROPPED = "dropped"  # no SYN is answered


@dataclass(frozen=True, slots=True)
class Listen:
    """The port is like that (at LISTEN)."""

    kind: Listener


@dataclass(frozen=True, slots=True)
class Offer:
    """The 401 offers these schemes, and says these headers with it (at LISTEN)."""

    schemes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Password:
    """The host's password is not the one that the inventory gives (at LISTEN)."""


@dataclass(frozen=True, slots=True)
class Status:
    """An HTTP status with no SOAP, before anybody is asked who they are."""

    code: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Bounce:
    """401 to everything. `fresh`: with a new challenge each time, as a balancer that mixes up connections."""

    fresh: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Close:
    """Each SOAP reply ends its connection, and says so (at LISTEN).

    `empty`: the logon's last reply too, which has no body.
    """

    empty: bool = False


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A WSMan fault. A `code` of None leaves only the subcode, as some services do."""

    code: int | None
    subcode: str = "w:InternalError"
    text: str = "The WS-Management service cannot process the request."
    status: int = 500


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is reset; `half`: in the middle of the reply."""

    half: bool = False


@dataclass(frozen=True, slots=True)
class Hang:
    """No reply, ever."""


@dataclass(frozen=True, slots=True)
class Drip:
    """The right reply, one byte every `interval` seconds."""

    interval: float = 0.2


@dataclass(frozen=True, slots=True)
class Wait:
    """The right reply after `seconds`. At RUN: a Receive meanwhile hears "timed out" at its own time-out."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Body:
    """This in the place of the SOAP reply, sealed where the connection is."""

    data: bytes
    status: int = 200


@dataclass(frozen=True, slots=True)
class Flood:
    """A reply of so many bytes, streamed for as long as somebody reads."""

    size: int


@dataclass(frozen=True, slots=True)
class Say:
    """The script's output is this text (at RUN)."""

    text: str


@dataclass(frozen=True, slots=True)
class Noise:
    """Objects come with the script's output, as CLIXML: `before` it and `after` it;
    b"" is how some write $null (at RUN).
    """

    before: tuple[bytes, ...] = ()
    after: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Fail:
    """The pipeline fails with this error record (at RUN)."""

    error_id: str
    exception: str
    message: str


@dataclass(frozen=True, slots=True)
class Age:
    """The host speaks an old PowerShell (at LISTEN): version and protocol as it announces them."""

    powershell: str = "2.0"
    protocol: str = "2.1"


Act = (
    Listen
    | Offer
    | Password
    | Status
    | Bounce
    | Close
    | SoapFault
    | Cut
    | Hang
    | Drip
    | Wait
    | Body
    | Flood
    | Say
    | Noise
    | Fail
    | Age
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One way to misbehave.

    `cause` is what a controller should file it under, None where the host gives its reading in the end.
    `times` is how often it happens before the host is well, None for always. `inventory` are keys of the
    host's entry in the inventory that belong to it, such as an address that has no name.
    """

    name: str
    cause: Cause | None
    step: Step
    act: Act
    times: int | None = None
    inventory: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


class Troubles:
    """The behaviours of one running host, and how often each still happens."""

    def __init__(self, behaviours: tuple[Behaviour, ...]) -> None:
        self._left: list[tuple[Behaviour, list[int | None]]] = [(b, [b.times]) for b in behaviours]

    def setting(self, kind: type[Act]) -> Act | None:
        """Return the act of this kind that is in force from the start, if there is one."""
        return next((b.act for b, _ in self._left if b.step is Step.LISTEN and isinstance(b.act, kind)), None)

    def take(self, step: Step) -> Act | None:
        """Return what happens at a step now, and count it."""
        for behaviour, left in self._left:
            if behaviour.step is not step or left[0] == 0:
                continue
            if left[0] is not None:
                left[0] -= 1
            return behaviour.act
        return None
