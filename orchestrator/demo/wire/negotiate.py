"""SPNEGO around NTLM, the accepting side (RFC 4178, MS-SPNG): just the DER that a WinRM logon exchanges;
and a ticket of Kerberos, which comes without it.
"""

from __future__ import annotations

from orchestrator.demo.wire.kerberos import KerberosAcceptor, is_ticket
from orchestrator.demo.wire.ntlm import SIGNATURE, Acceptor, LogonRejected

_OID_NTLM = bytes.fromhex("060a2b06010401823702020a")  # 1.3.6.1.4.1.311.2.2.10
_OID_SPNEGO = bytes.fromhex("06062b0601050502")  # 1.3.6.1.5.5.2
_ACCEPTED, _INCOMPLETE, _REQUEST_MIC = 0, 1, 3
_SEQUENCE, _OCTETS, _ENUMERATED = 0x30, 0x04, 0x0A
_TOKEN_FIELD, _MIC_FIELD = 0xA2, 0xA3


class NegotiateAcceptor:
    """One logon by the Negotiate scheme: raw NTLM, NTLM inside SPNEGO, or Kerberos where there is a key.

    `binding`: what a ticket has to be bound to, None without TLS.
    """

    def __init__(self, ntlm: Acceptor, binding: bytes | None = None) -> None:
        self.ntlm = ntlm
        self.kerberos: KerberosAcceptor | None = None
        self._binding = binding
        self.complete = False
        self._mechanisms = b""  # the initiator's list as it was sent: the MIC is over these bytes
        self._mic_wanted = False

    @property
    def user(self) -> str:
        """The name that was tried or accepted."""
        return self.ntlm.user if self.kerberos is None else self.kerberos.user

    @property
    def sealing(self) -> Acceptor | KerberosAcceptor:
        """What seals the messages from here on."""
        return self.kerberos or self.ntlm

    def step(self, token: bytes) -> bytes:
        """Take the initiator's next token; return ours (b"": none); raises LogonRejected."""
        if token.startswith(SIGNATURE):
            reply = self.ntlm.step(token)
            self.complete = self.ntlm.complete
            return reply
        if self.kerberos is not None or is_ticket(_inner(token)):
            return self._by_ticket(token)
        try:
            return self._first(token) if token[:1] == b"\x60" else self._next(token)
        except (IndexError, KeyError, ValueError) as exc:
            raise LogonRejected(f"malformed SPNEGO token: {exc}") from exc

    def _by_ticket(self, token: bytes) -> bytes:
        self.kerberos = self.kerberos or KerberosAcceptor(
            self._binding, wrapped=_inner(token).startswith(_OID_SPNEGO)
        )
        reply = self.kerberos.step(token)
        self.complete = self.kerberos.complete
        return reply

    def _first(self, token: bytes) -> bytes:
        inner = _value(token)
        if not inner.startswith(_OID_SPNEGO):
            raise LogonRejected("Kerberos is not spoken here")
        fields = _fields(_value(_value(inner[len(_OID_SPNEGO) :])))
        self._mechanisms = fields[0xA0]
        offered = _value(self._mechanisms)
        if _OID_NTLM not in offered:
            raise LogonRejected("no mechanism in common")
        if not offered.startswith(_OID_NTLM):  # its token is of another mechanism: ask for ours
            self._mic_wanted = True
            return _response(_REQUEST_MIC, mechanism=True)
        return _response(_INCOMPLETE, mechanism=True, token=self.ntlm.step(_value(fields[_TOKEN_FIELD])))

    def _next(self, token: bytes) -> bytes:
        fields = _fields(_value(_value(token)))
        reply = self.ntlm.step(_value(fields[_TOKEN_FIELD]))
        if not self.ntlm.complete:
            return _response(_INCOMPLETE, token=reply)
        mic = fields.get(_MIC_FIELD)
        if mic is None and (self._mic_wanted or self.ntlm.has_mic):
            raise LogonRejected("a MIC over the mechanisms is missing", self.user)
        self.complete = True
        if mic is None:
            return _response(_ACCEPTED)
        return _response(_ACCEPTED, mic=self.ntlm.exchange_mic(self._mechanisms, _value(mic)))


def _response(state: int, *, mechanism: bool = False, token: bytes = b"", mic: bytes = b"") -> bytes:
    parts = _der(0xA0, _der(_ENUMERATED, bytes([state])))
    if mechanism:
        parts += _der(0xA1, _OID_NTLM)
    if token:
        parts += _der(_TOKEN_FIELD, _der(_OCTETS, token))
    if mic:
        parts += _der(_MIC_FIELD, _der(_OCTETS, mic))
    return _der(0xA1, _der(_SEQUENCE, parts))


def _der(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:  # noqa: PLR2004  # DER's short form
        return bytes([tag, size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + value


def _split(data: bytes) -> tuple[int, bytes, bytes]:
    """Return (tag, value, rest) of the first element."""
    tag, size, at = data[0], data[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(data[2:at], "big")
    if at + size > len(data):
        raise ValueError("an element is longer than the token")
    return tag, data[at : at + size], data[at + size :]


def _inner(token: bytes) -> bytes:
    """Return the content of a GSS token, b"" where it is none."""
    try:
        return _value(token) if token[:1] == b"\x60" else b""
    except (IndexError, ValueError):
        return b""


def _value(data: bytes) -> bytes:
    return _split(data)[1]


def _fields(data: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    while data:
        tag, value, data = _split(data)
        fields[tag] = value
    return fields
