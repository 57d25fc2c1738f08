"""Kerberos, the accepting side, by a real keytab: where `KRB5_KTNAME` names one, as for any service of MIT's.

Only then is a ticket taken; without it a simulated host says, as ever, that Kerberos is not spoken here.
"""

from __future__ import annotations

import os
from typing import Any

from orchestrator.demo.wire.ntlm import LogonRejected

_OID = bytes.fromhex("06092a864886f712010202")  # 1.2.840.113554.1.2.2
_SPNEGO = bytes.fromhex("06062b0601050502")  # 1.3.6.1.5.5.2
_LIST = 40  # bytes after which the first mechanism of a list has begun, at the latest
_KEYTAB = "KRB5_KTNAME"


def has_key() -> bool:
    """Whether there is a key to read tickets with."""
    return bool(os.environ.get(_KEYTAB))


def is_ticket(inner: bytes) -> bool:
    """Whether the content of a GSS token (RFC 2743, 3.1) is Kerberos', and there is a key to read it with.

    Inside SPNEGO it is where Kerberos is the first mechanism of the list: its token is optimistic then.
    """
    named = inner.startswith(_OID) or (inner.startswith(_SPNEGO) and _OID in inner[: _LIST + len(_OID)])
    return named and has_key()


class KerberosAcceptor:
    """One logon by a ticket; `seal` and `unseal` as those of NTLM."""

    def __init__(self, binding: bytes | None, *, wrapped: bool) -> None:
        """`binding`: the hash of the certificate that TLS showed, None without TLS; `wrapped`: in SPNEGO."""
        import spnego
        from spnego.channel_bindings import GssChannelBindings

        data = None if binding is None else b"tls-server-end-point:" + binding  # RFC 5929, 4.1
        bound = None if data is None else GssChannelBindings(application_data=data)
        protocol = "negotiate" if wrapped else "kerberos"
        self._context: Any = spnego.server(protocol=protocol, channel_bindings=bound)
        self.user = ""

    @property
    def complete(self) -> bool:
        """Whether both sides know each other."""
        return bool(self._context.complete)

    def step(self, token: bytes) -> bytes:
        """Take the initiator's token, return ours (b"": none); raises LogonRejected."""
        try:
            reply: bytes | None = self._context.step(token)
            if self._context.complete:
                self.user = str(self._context.client_principal)
        except Exception as exc:  # a wrong key, an old ticket; a KRB-ERROR beside it comes as AttributeError
            raise LogonRejected(f"the ticket is refused: {type(exc).__name__}: {exc}") from exc
        return reply or b""

    def seal(self, data: bytes) -> tuple[bytes, bytes]:
        """Return (header, sealed data) of the next message to the initiator."""
        header, sealed, _ = self._context.wrap_winrm(data)
        return header, sealed

    def unseal(self, header: bytes, sealed: bytes) -> bytes:
        """Return the plain data; raises LogonRejected where the seal is broken."""
        try:
            plain: bytes = self._context.unwrap_winrm(header, sealed)
        except Exception as exc:
            raise LogonRejected(f"a seal that is broken: {type(exc).__name__}: {exc}") from exc
        return plain
