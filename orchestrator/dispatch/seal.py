"""A message and its sender's signature: checked over the exact bytes that came, before they are read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from orchestrator.dispatch.errors import SealError

MOST = 4 * 1024 * 1024  # characters of a message
_WRAPPED = 2 * MOST + 256  # of what carries it: JSON may double its quotes and backslashes


class Kind(StrEnum):
    """What a message is: it is part of what is signed, so none is taken for another."""

    BATCH = "batch"
    REPORT = "report"
    HELLO = "hello"
    CONTROL = "control"


def seal(kind: Kind, text: str, key: Ed25519PrivateKey) -> str:
    """Put text (ASCII) and signature into one message."""
    signature = base64.b64encode(key.sign(_signed(kind, text))).decode("ascii")
    return json.dumps({"text": text, "signature": signature})


def unwrapped(body: object) -> object:
    """Return what the broker's JSON holds. Raises SealError; what is too long is not looked at."""
    if not isinstance(body, str | bytes | memoryview) or len(body) > _WRAPPED:
        raise SealError("no message of ours, or one that is too long")
    try:
        return json.loads(bytes(body) if isinstance(body, memoryview) else body)
    except (ValueError, RecursionError):
        raise SealError("no JSON") from None


def opened(kind: Kind, message: object, key: Ed25519PublicKey) -> str:
    """Return the text of a message that this key has sealed. Raises SealError; nothing else is read of it."""
    if not isinstance(message, str) or len(message) > MOST:
        raise SealError("no message of ours, or one that is too long")
    try:
        outer = json.loads(message)
        text, signature = outer["text"], base64.b64decode(outer["signature"], validate=True)
        signed = _signed(kind, text)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        raise SealError("no sealed message") from None
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        raise SealError("its signature is not by the key that is known for it") from None
    return str(text)


def _signed(kind: Kind, text: str) -> bytes:
    return f"fleetcheck {kind.value}\0".encode() + text.encode("ascii")


def digest(text: str) -> str:
    """Return the SHA-256 of a text, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def ticket(secret: bytes, *parts: str | int) -> str:
    """Return the hub's own proof that it handed a unit out: nobody else can make one."""
    return hmac.new(secret, json.dumps(parts).encode(), hashlib.sha256).hexdigest()[:40]


def same(one: str, other: object) -> bool:
    """Compare tickets without telling how far they agree."""
    return isinstance(other, str) and hmac.compare_digest(one.encode(), other.encode())
