"""The accepting side of NTLMv2, as far as a WinRM listener needs it: challenge, check, sign, seal.

Source: MS-NLMP (message layouts 2.2.1, NTLMv2 3.3.2, keys 3.4.5, sealing 3.4.3). NTLMv1 and sessions without
extended security are turned away, as a current Windows does. Not a security product: it guards a simulated
host.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
import struct
import time
from collections.abc import Callable, Mapping

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

SIGNATURE = b"NTLMSSP\x00"
_SHORTEST = 16  # signature, type, flags
_NEGOTIATE, _CHALLENGE, _AUTHENTICATE = 1, 2, 3

_UNICODE, _SIGN, _SEAL = 0x1, 0x10, 0x20
_EXTENDED, _KEY_128, _KEY_EXCHANGE = 0x80000, 0x20000000, 0x40000000
_OURS = (
    0x00000004 | 0x200 | 0x8000 | 0x20000 | 0x800000
)  # request target, NTLM, always sign, server, target info
_VERSION_FLAG = 0x02000000
_VERSION = struct.pack("<BBH3xB", 10, 0, 17763, 15)  # Windows Server 2019, revision 15

_AV_COMPUTER, _AV_DOMAIN, _AV_DNS_COMPUTER, _AV_FLAGS, _AV_TIME, _AV_BINDINGS = 1, 2, 3, 6, 7, 10
_FLAG_MIC = 0x2
_EPOCH_1601 = 116444736000000000  # 100 ns between 1601 and 1970
_NONE_BOUND = bytes(16)  # an initiator that does not bind sends no hash, or this one

Passwords = Callable[[str, str], str | None]
"""(domain, user) as the initiator wrote them -> the password that the host knows, None for a stranger."""


class LogonRejected(Exception):  # noqa: N818  # the event's name; every listener turns it into a 401
    """The token is malformed, the user unknown, or the password wrong. `user` is the name that was tried."""

    def __init__(self, reason: str, user: str = "") -> None:
        super().__init__(reason)
        self.user = user


class Acceptor:
    """One logon: `step` with NEGOTIATE gives CHALLENGE, `step` with AUTHENTICATE gives b"" and completes.

    `binding` is the certificate's hash where the connection is TLS; an initiator that binds must have seen
    it.
    """

    def __init__(self, passwords: Passwords, computer: str, binding: bytes | None = None) -> None:
        self.user = ""
        self.complete = False
        self.has_mic = False
        self._passwords = passwords
        self._computer = computer
        self._binding = None if binding is None else _bindings_hash(binding)
        self._negotiate = self._challenge = b""
        self._nonce = b""
        self._out: _Direction | None = None
        self._in: _Direction | None = None

    def step(self, token: bytes) -> bytes:
        """Take the next token; raises LogonRejected."""
        if len(token) < _SHORTEST or token[:8] != SIGNATURE:
            raise LogonRejected("no NTLM message")
        (kind,) = struct.unpack_from("<I", token, 8)
        if kind == _NEGOTIATE:
            self._negotiate = token
            self._challenge = self._build_challenge(struct.unpack_from("<I", token, 12)[0])
            return self._challenge
        if kind != _AUTHENTICATE or not self._challenge:
            raise LogonRejected("NTLM message out of order")
        try:
            self._authenticate(token)
        except (struct.error, UnicodeDecodeError, IndexError) as exc:
            raise LogonRejected(f"malformed NTLM message: {exc}") from exc
        return b""

    def _build_challenge(self, flags: int) -> bytes:
        if not flags & _EXTENDED or not flags & _UNICODE:
            raise LogonRejected("an initiator without extended session security or Unicode")
        self._nonce = os.urandom(8)
        name = self._computer.upper()[:15].encode("utf-16-le")
        stamp = struct.pack("<Q", time.time_ns() // 100 + _EPOCH_1601)
        info = b"".join(
            struct.pack("<HH", kind, len(value)) + value
            for kind, value in (
                (_AV_DOMAIN, name),
                (_AV_COMPUTER, name),
                (_AV_DNS_COMPUTER, self._computer.encode("utf-16-le")),
                (_AV_TIME, stamp),
                (0, b""),
            )
        )
        kept = (flags & ~0x2 & ~0x80) | _OURS | _VERSION_FLAG  # no OEM text, no LM key
        return (
            SIGNATURE
            + struct.pack("<IHHI", _CHALLENGE, len(name), len(name), 56)
            + struct.pack("<I8s8x", kept, self._nonce)
            + struct.pack("<HHI", len(info), len(info), 56 + len(name))
            + _VERSION
            + name
            + info
        )

    def _authenticate(self, token: bytes) -> None:
        response = _field(token, 20)
        domain = _field(token, 28).decode("utf-16-le")
        user = _field(token, 36).decode("utf-16-le")
        (flags,) = struct.unpack_from("<I", token, 60)
        self.user = f"{domain}\\{user}" if domain else user
        password = self._passwords(domain, user)
        if password is None:
            raise LogonRejected("unknown user", self.user)
        if len(response) <= 24:  # noqa: PLR2004  # the fixed length of an NTLMv1 response
            raise LogonRejected("not NTLMv2", self.user)
        key = _response_key(user, domain, password)
        proof = _hmac(key, self._nonce + response[16:])
        if not hmac.compare_digest(proof, response[:16]):
            raise LogonRejected("wrong password", self.user)
        pairs = _av_pairs(response[16 + 28 :])
        self._check_bindings(pairs)
        session = _hmac(key, proof)
        if flags & _KEY_EXCHANGE and flags & (_SIGN | _SEAL):
            session = Cipher(ARC4(session), mode=None).encryptor().update(_field(token, 52))
        self._check_mic(token, pairs, session)
        sealing = session if flags & _KEY_128 else session[:7]
        exchanged = bool(flags & _KEY_EXCHANGE)
        self._in = _Direction(session, sealing, b"client-to-server", exchanged=exchanged)
        self._out = _Direction(session, sealing, b"server-to-client", exchanged=exchanged)
        self.complete = True

    def _check_bindings(self, pairs: Mapping[int, bytes]) -> None:
        sent = pairs.get(_AV_BINDINGS, _NONE_BOUND)
        if self._binding is not None and sent not in (_NONE_BOUND, self._binding):
            raise LogonRejected("channel bindings of another certificate", self.user)

    def _check_mic(self, token: bytes, pairs: Mapping[int, bytes], session: bytes) -> None:
        self.has_mic = bool(struct.unpack("<I", pairs.get(_AV_FLAGS, bytes(4)))[0] & _FLAG_MIC)
        if self.has_mic:
            blank = token[:72] + bytes(16) + token[88:]
            if _hmac(session, self._negotiate + self._challenge + blank) != token[72:88]:
                raise LogonRejected("the messages were changed on their way", self.user)

    def seal(self, data: bytes) -> tuple[bytes, bytes]:
        """Return (signature, sealed data) of the next message to the initiator."""
        return self._ready(self._out).seal(data)

    def unseal(self, signature: bytes, sealed: bytes) -> bytes:
        """Return the plain data; raises LogonRejected where the signature does not fit."""
        return self._ready(self._in).unseal(signature, sealed)

    def exchange_mic(self, data: bytes, mic: bytes) -> bytes:
        """Check SPNEGO's mechListMIC and answer with ours;
        both cipher streams start over (MS-SPNG 3.3.5.1).
        """
        inward, outward = self._ready(self._in), self._ready(self._out)
        if inward.sign(data) != mic:
            raise LogonRejected("the list of mechanisms was changed on its way", self.user)
        ours = outward.sign(data)
        inward.restart()
        outward.restart()
        return ours

    def _ready(self, direction: _Direction | None) -> _Direction:
        if direction is None:
            raise LogonRejected("nobody is logged on")
        return direction


class _Direction:
    """Keys, cipher stream and message number of one direction."""

    def __init__(self, session: bytes, sealing: bytes, name: bytes, *, exchanged: bool) -> None:
        self._sign_key = _md5(session + b"session key to " + name + b" signing key magic constant\x00")
        self._seal_key = _md5(sealing + b"session key to " + name + b" sealing key magic constant\x00")
        self._exchanged = exchanged
        self._number = 0
        self.restart()

    def restart(self) -> None:
        self._stream = Cipher(ARC4(self._seal_key), mode=None).encryptor()

    def sign(self, data: bytes) -> bytes:
        number = struct.pack("<I", self._number)
        self._number += 1
        checksum = _hmac(self._sign_key, number + data)[:8]
        if self._exchanged:
            checksum = self._stream.update(checksum)
        return b"\x01\x00\x00\x00" + checksum + number

    def seal(self, data: bytes) -> tuple[bytes, bytes]:
        sealed = self._stream.update(data)
        return self.sign(data), sealed

    def unseal(self, signature: bytes, sealed: bytes) -> bytes:
        data = self._stream.update(sealed)
        if self.sign(data) != signature:
            raise LogonRejected("a message was changed on its way")
        return data


def _field(token: bytes, at: int) -> bytes:
    length, _, offset = struct.unpack_from("<HHI", token, at)
    return token[offset : offset + length]


def _av_pairs(data: bytes) -> dict[int, bytes]:
    pairs: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == 0:
            break
        pairs[kind] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return pairs


def _bindings_hash(certificate_hash: bytes) -> bytes:
    data = b"tls-server-end-point:" + certificate_hash
    return _md5(bytes(16) + struct.pack("<I", len(data)) + data)  # RFC 2744 structure without addresses


@functools.lru_cache(maxsize=4096)
def _response_key(user: str, domain: str, password: str) -> bytes:
    return _hmac(md4(password.encode("utf-16-le")), (user.upper() + domain).encode("utf-16-le"))


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "md5")


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


_MD4_ROUNDS: tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...] = (
    (0, tuple(range(16)), (3, 7, 11, 19)),
    (0x5A827999, (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), (3, 5, 9, 13)),
    (0x6ED9EBA1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)),
)


def md4(data: bytes) -> bytes:
    """Hash by RFC 1320: NTLM's password hash, which OpenSSL 3 no longer offers."""
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + struct.pack("<Q", len(data) * 8)
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for block in struct.iter_unpack("<16I", padded):
        a, b, c, d = state
        for number, (constant, order, shifts) in enumerate(_MD4_ROUNDS):
            for step, word in enumerate(order):
                mixed = ((b & c) | (~b & d), (b & c) | (b & d) | (c & d), b ^ c ^ d)[number]
                total = (a + mixed + block[word] + constant) & 0xFFFFFFFF
                shift = shifts[step % 4]
                a, b, c, d = d, ((total << shift) | (total >> (32 - shift))) & 0xFFFFFFFF, b, c
        state = [(old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d), strict=True)]
    return struct.pack("<4I", *state)
