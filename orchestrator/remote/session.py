"""The seam between fleetcheck and a host: run one constant script with parameters, get one reply.

Transports live behind it (`orchestrator.remote.over_pypsrp.transport`, ...) and none of their types cross it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol

from inventory.schema.via import network
from orchestrator.domain.execution.examination import AccountFacts
from orchestrator.domain.outcome import Phase

Parameter = int | str | list[int] | list[str]

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""A host name to its IP addresses, best first. Raises OSError where there is none."""


@dataclass(frozen=True, slots=True)
class Script:
    """PowerShell text that never changes, and its SHA-256 in hex."""

    name: str
    text: str
    sha256: str

    @classmethod
    def load(cls, name: str) -> Script:
        """Read a script that is shipped in `orchestrator.remote.scripts`, such as "probe"."""
        text = resources.files("orchestrator.remote.scripts").joinpath(f"{name}.ps1").read_text("ascii")
        return cls(name, text, hashlib.sha256(text.encode()).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A PEM file with a client certificate and its key;
    `key_password` is None where the key is not encrypted.
    """

    path: Path
    key_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logon:
    """A user name and its secret, alive only as long as a session needs it; the secret shows in no repr.

    Without a password it is a Kerberos ticket: by the `keytab`, else the user's own; or a `certificate`.
    `of_host`: the password is one host's alone, so no domain controller is asked; `ask` gives it, in a
    thread, for a host's name and address (it raises SecretError), and is None where it was asked for. `scope`
    "domain": the user is a domain's all the same.
    """

    username: str
    password: str | None = field(repr=False)
    keytab: Path | None = None
    certificate: ClientCertificate | None = None
    of_host: bool = False
    ask: Callable[[str, str], str] | None = field(default=None, repr=False, compare=False)
    scope: Literal["host", "domain"] = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a host's WinRM listens and how to trust it."""

    host: str  # the inventory's name, for messages
    address: str  # a name or an IP address; TLS and Kerberos check against it
    port: int
    transport: Literal["https", "http"]
    auth: Literal["negotiate", "ntlm", "kerberos", "basic", "certificate"]
    via: str | None = None  # the proxy or jump host in between, as the inventory has it
    via_credential: str | None = None  # who logs on there
    ca: Path | None = None
    tls_pin: str | None = None
    configuration: str = "Microsoft.PowerShell"
    credential: str | None = None  # its name in the inventory, for messages

    @property
    def place(self) -> tuple[str, str, int]:
        """Which host this is, for what is remembered of hosts: the network behind `via`, address, port."""
        return network(self.via), self.address, self.port


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """One record of a pipeline's error stream, uncleaned."""

    kind: str  # the fully qualified error id, or the exception's type
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a script run brought back; timings in milliseconds.

    `text` is the script's document, `beside` the other texts that the pipeline wrote: all of them where none
    is one.
    """

    text: str
    beside: tuple[str, ...] = ()
    errors: tuple[ErrorRecord, ...] = ()
    auth: str | None = None
    certificate: str | None = None
    timings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    received: int = 0
    dialled: str | None = None  # the IP address that the connection went to
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TryFacts:
    """How far a try has come, also where it failed: milliseconds by phase, those of the phase it is in so
    far.

    `rights` is how many of OPEN's passed until the host had given a shell, None where that was not seen.
    """

    phase: Phase
    timings: Mapping[str, int]
    dialled: str | None = None
    certificate: str | None = None  # "sha256:" and hex, once it was trusted
    rights: int | None = None


class Session(Protocol):
    """One conversation with one host. Not shared between tasks."""

    @property
    def phase(self) -> Phase:
        """How far it is, or how far it came. OPEN or later: the host took the logon. Before AUTH: no user
        name left.

        May be read at any time, by a deadline that wants to say where it hung.
        """

    @property
    def facts(self) -> TryFacts:
        """What is known of the try so far. May be read at any time."""

    async def run(self, script: Script, parameters: Mapping[str, Parameter]) -> Reply:
        """Open a shell, run the script once, return its reply.

        Raises `orchestrator.remote.faults.fault.Fault` and nothing else. Cancelling it (a deadline) cuts the
        connection; whatever runs underneath is gone within a second.
        """

    async def account(self, seconds: float) -> AccountFacts:
        """Ask, over a `run` that has ended well, for the account's quotas and shells.

        What is not answered is a remark.
        """

    async def close(self) -> tuple[str, ...]:
        """Close what is open; never raises. What went wrong comes back as remarks."""


class Transport(Protocol):
    """Makes sessions. Holds what is worth having once for a whole run: trust settings, threads."""

    def session(
        self,
        endpoint: Endpoint,
        logon: Logon,
        *,
        deadline: float,
        before_logon: Callable[[], Awaitable[None]] | None = None,
        accepted: Callable[[], None] | None = None,
    ) -> Session:
        """Make a session that may take `deadline` seconds in all; nothing is sent yet.

        `before_logon` is awaited once the connection stands, before a user name is sent: it may wait for
        another host's logon, and what it raises comes out of `run` as it is. `accepted` is called once, in
        the event loop's thread, as soon as the host took the logon: others who wait to know whether this
        credential is good need not wait for the answer of the script.
        """

    async def aclose(self) -> None:
        """Give back threads and sockets. Sessions still open are cut."""
