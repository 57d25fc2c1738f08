"""The WSMan envelopes of one script run (MS-WSMV, MS-PSRP 3.1.5.3): Create, Receive, Command, Send, Delete.
Pure.

Everything that is the same in all requests of a session is written once a session.
"""

from __future__ import annotations

import base64
import functools
import uuid
from html import escape

from orchestrator.remote.psrp.speaker import url
from orchestrator.remote.session import Endpoint

IDLE = 90  # seconds after which a host ends a shell that nobody asks for any more
ENVELOPE = 150_000  # bytes; what Windows Server 2008 R2 takes
SMALLEST_ENVELOPE = 32_768  # the least that Windows can be set to
OPERATION = 60  # seconds that a host may keep a request open before it answers "still running"
_ROOM = 4096  # bytes of an envelope that are not payload; measured 1.6 KB, names may be long
_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
_ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
SHELLS = _SHELL
_ITEMS = 50  # of an enumeration in one answer
_ANYBODY = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
_START = (
    f'<s:Envelope xmlns:rsp="{_SHELL}" xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:wsman="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
    'xmlns:wsmv="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header>'
    '<wsmv:DataLocale s:mustUnderstand="false" xml:lang="en-US"/>'
    '<wsman:Locale s:mustUnderstand="false" xml:lang="en-US"/>'
    f'<wsa:ReplyTo><wsa:Address s:mustUnderstand="true">{_ANYBODY}</wsa:Address></wsa:ReplyTo>'
)
_KEEP_ALIVE = '<wsman:Option Name="WSMAN_CMDSHELL_OPTION_KEEPALIVE">True</wsman:Option>'
_VERSION = '<wsman:Option MustComply="true" Name="protocolversion">2.3</wsman:Option>'
_IN_POWERSHELL = '<wsman:Option Name="WINRS_SKIP_CMD_SHELL">False</wsman:Option>'


class Envelopes:
    """Writes the envelopes of one session with one host."""

    def __init__(
        self, endpoint: Endpoint, *, seconds: float, small: bool, resource: str | None = None
    ) -> None:
        """`seconds`: what the session has left; `small`: ask for answers in the smallest envelope.

        `resource`: what is asked about, None for the endpoint's PowerShell.
        """
        size = SMALLEST_ENVELOPE if small else ENVELOPE
        self.room = (size - _ROOM) // 4 * 3  # bytes of PSRP in one envelope: they travel as Base64
        self.pool = uuid.uuid4()
        self.message = ""  # the id of the request that was written last: its answer repeats it
        self._shell = ""
        self._ids = _id()[:-12]  # the last group counts the session's requests: random once, and unique still
        self._written = 0
        uri = (
            resource
            or f"http://schemas.microsoft.com/powershell/{escape(endpoint.configuration, quote=False)}"
        )
        self._head = (
            f'{_START}<wsman:MaxEnvelopeSize s:mustUnderstand="true">{size}</wsman:MaxEnvelopeSize>'
            f"<wsman:OperationTimeout>PT{max(1, min(OPERATION, int(seconds)))}S</wsman:OperationTimeout>"
            f'<wsman:ResourceURI s:mustUnderstand="true">{uri}</wsman:ResourceURI>'
            f'<wsmv:SessionId s:mustUnderstand="false">uuid:{self._ids}{0:012X}</wsmv:SessionId>'
            f"<wsa:To>{escape(url(endpoint), quote=False)}</wsa:To>"
        )

    def create(self, messages: bytes) -> bytes:
        """Write the request for a shell, with the fragments that open its pool."""
        return self._envelope(
            f"{_TRANSFER}/Create",
            _VERSION,
            f'<rsp:Shell ShellId="{str(self.pool).upper()}"><rsp:InputStreams>stdin pr</rsp:InputStreams>'
            f"<rsp:OutputStreams>stdout</rsp:OutputStreams><rsp:IdleTimeOut>PT{IDLE}S</rsp:IdleTimeOut>"
            '<creationXml xmlns="http://schemas.microsoft.com/powershell">',
            messages,
            "</creationXml></rsp:Shell>",
        )

    def created(self, shell: str) -> None:
        """Take the id that the host gave the shell: all later requests name it."""
        self._shell = (
            '<wsman:SelectorSet><wsman:Selector Name="ShellId">'
            f"{escape(shell, quote=False)}</wsman:Selector></wsman:SelectorSet>"
        )

    def command(self, command: str, fragment: bytes) -> bytes:
        """Write the request for a pipeline, with the first fragment of the message that creates it."""
        return self._envelope(
            f"{_SHELL}/Command",
            _IN_POWERSHELL,
            f'<rsp:CommandLine CommandId="{command}"><rsp:Command/><rsp:Arguments>',
            fragment,
            "</rsp:Arguments></rsp:CommandLine>",
        )

    def send(self, command: str, fragment: bytes) -> bytes:
        """Write the request that carries a further fragment."""
        return self._envelope(
            f"{_SHELL}/Send",
            "",
            f'<rsp:Send><rsp:Stream Name="stdin" CommandId="{command}">',
            fragment,
            "</rsp:Stream></rsp:Send>",
        )

    def receive(self, command: str = "") -> bytes:
        """Ask for what the pool has to say, or a pipeline of it."""
        of = f' CommandId="{command}"' if command else ""
        return self._envelope(
            f"{_SHELL}/Receive",
            _KEEP_ALIVE,
            f"<rsp:Receive><rsp:DesiredStream{of}>stdout</rsp:DesiredStream></rsp:Receive>",
        )

    def delete(self) -> bytes:
        """Write the request that ends the shell."""
        return self._envelope(f"{_TRANSFER}/Delete", "", "")

    def get(self) -> bytes:
        """Ask for the resource itself."""
        return self._envelope(f"{_TRANSFER}/Get", "", "")

    def enumerate(self) -> bytes:
        """Ask for the resource's instances, the first of them with the answer."""
        return self._envelope(
            f"{_ENUMERATION}/Enumerate",
            "",
            f'<n:Enumerate xmlns:n="{_ENUMERATION}"><wsman:OptimizeEnumeration/>'
            f"<wsman:MaxElements>{_ITEMS}</wsman:MaxElements></n:Enumerate>",
        )

    def pull(self, context: str) -> bytes:
        """Ask for more of an enumeration."""
        return self._envelope(
            f"{_ENUMERATION}/Pull",
            "",
            f'<n:Pull xmlns:n="{_ENUMERATION}"><n:EnumerationContext>{escape(context, quote=False)}'
            "</n:EnumerationContext>"
            f"<n:MaxElements>{_ITEMS}</n:MaxElements></n:Pull>",
        )

    def _envelope(self, action: str, options: str, body: str, data: bytes = b"", rest: str = "") -> bytes:
        """Write one; `data` goes between `body` and `rest` as Base64, and is never text:
        a script's is 60 KB.
        """
        if options:
            options = f'<wsman:OptionSet s:mustUnderstand="true">{options}</wsman:OptionSet>'
        self._written += 1
        self.message = f"uuid:{self._ids}{self._written:012X}"
        start = (
            f'{self._head}<wsa:Action s:mustUnderstand="true">{action}</wsa:Action>'
            f"<wsa:MessageID>{self.message}</wsa:MessageID>{options}{self._shell}</s:Header><s:Body>{body}"
        )
        end = f"{rest}</s:Body></s:Envelope>"
        return b"".join((start.encode(), *_encoded(data), end.encode()))


def _encoded(data: bytes) -> tuple[bytes, bytes]:
    """Write bytes as Base64, in two pieces: what follows a script's ids is the same for a whole fleet."""
    if len(data) < _LONG:
        return base64.b64encode(data), b""
    return base64.b64encode(data[:_OWN]), _encoded_once(_Long(data[_OWN:]))


_OWN = 63  # bytes, of which 61 are a fragment's and a message's header; Base64 takes three at a time
_LONG = 8192  # bytes; what is shorter than a script is one session's alone, and costs little


class _Long(bytes):
    """Bytes that are looked up by their length, and then compared: a hash of 60 KB costs five times that."""

    __slots__ = ()

    def __hash__(self) -> int:
        return len(self)


@functools.lru_cache(maxsize=8)
def _encoded_once(data: _Long) -> bytes:
    return base64.b64encode(data)


def _id() -> str:
    return str(uuid.uuid4()).upper()
