"""Ed25519 keys of the hub and its sites: made, kept in files of the user's own, written as one line."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from inventory.errors import SecretError
from inventory.files.private import private_bytes
from orchestrator.dispatch.errors import KeyFileError

_PREFIX = "ed25519:"
_MOST = 8192  # bytes of a key's file


def make_key(path: Path) -> Ed25519PrivateKey:
    """Make a key and store it at `path`, for this user alone. Raises KeyFileError where one is there."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(pem)
    except FileExistsError:
        raise KeyFileError(f"{path}: a key is there already, and was left as it is") from None
    except OSError as error:
        raise KeyFileError(f"{path}: the key cannot be stored: {error.strerror or error}") from None
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a key. Raises KeyFileError where it is none, or others can read it."""
    try:
        data = private_bytes(path, "key", most=_MOST)
        key = serialization.load_pem_private_key(data, password=None)
    except (SecretError, ValueError, TypeError) as error:
        words = str(error) if isinstance(error, SecretError) else f"{path}: this is no private key"
        raise KeyFileError(words) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: this is a key of another kind; expected an Ed25519 key")
    return key


def public_text(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Write the public half as one word, such as `ed25519:MCow...`."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return _PREFIX + base64.b64encode(raw).decode("ascii")


def read_public(text: str) -> Ed25519PublicKey:
    """Read what `public_text` wrote. Raises KeyFileError."""
    prefix, _, word = text.strip().partition(":")
    try:
        raw = base64.b64decode(word if f"{prefix}:" == _PREFIX else "", validate=True)
        return Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error):
        raise KeyFileError(
            f"expected the public half of a key, {_PREFIX} and 44 characters, as `fleetcheck worker init` "
            "and `fleetcheck hub site add` print it"
        ) from None


def ticket_secret(key: Ed25519PrivateKey) -> bytes:
    """Return the secret by which the hub knows units that it handed out again, also after it was killed."""
    raw = key.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return hashlib.sha256(b"fleetcheck tickets\0" + raw).digest()
