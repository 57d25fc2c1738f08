"""A throw-away CA, and the certificates that a fleet's listeners show: one good leaf for all,
and the bad ones.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from orchestrator.demo.behaviour import Listener

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_LIFE = timedelta(days=30)
_PEM = serialization.Encoding.PEM


class Authority:
    """A CA that lives as long as the process, and one certificate of each kind, made when it is first wanted.

    The leaves are for `names` and `addresses`; all hosts of a fleet share one.
    """

    def __init__(
        self, names: Sequence[str], addresses: Sequence[str], *, title: str = "Simulated fleet CA"
    ) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(title)
        self._names = tuple(names)
        self._addresses = tuple(addresses)
        self.certificate = self._sign_self()
        self.context = functools.lru_cache(maxsize=None)(self._context)

    @property
    def pem(self) -> str:
        """The CA's certificate, for `ca:` in an inventory."""
        return self.certificate.public_bytes(_PEM).decode()

    def _sign_self(self) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder(
                self._name, self._name, self._key.public_key(), x509.random_serial_number()
            )
            .not_valid_before(now - _LIFE)
            .not_valid_after(now + _LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _context(self, kind: Listener) -> tuple[ssl.SSLContext, bytes]:
        """Return a server's context and its certificate's SHA-256."""
        if kind is Listener.UNKNOWN_CA:
            return Authority(self._names, self._addresses, title="Nobody knows this CA").context(
                Listener.GOOD
            )
        key: PrivateKey = ec.generate_private_key(ec.SECP256R1())
        if kind is Listener.SMALL_KEY:
            key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # the point of it
        leaf = self._leaf(kind, key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if kind is Listener.SMALL_KEY:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        if kind is Listener.CLIENT_CERTIFICATE:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=self.pem)
        _load(context, leaf, key)
        return context, hashlib.sha256(leaf.public_bytes(serialization.Encoding.DER)).digest()

    def _leaf(self, kind: Listener, key: PrivateKey) -> x509.Certificate:
        wrong = kind is Listener.WRONG_NAME
        names: list[x509.GeneralName] = [
            x509.DNSName(n) for n in (("elsewhere.example",) if wrong else self._names)
        ]
        if not wrong:
            names += [x509.IPAddress(ipaddress.ip_address(address)) for address in self._addresses]
        end = datetime.now(UTC) + (-timedelta(days=1) if kind is Listener.EXPIRED else _LIFE)
        use = ExtendedKeyUsageOID.SERVER_AUTH
        if kind is Listener.WRONG_PURPOSE:
            use = ExtendedKeyUsageOID.CLIENT_AUTH
        subject = "elsewhere.example" if wrong else self._names[0]
        return (
            x509.CertificateBuilder(self._name, _name(subject), key.public_key(), x509.random_serial_number())
            .not_valid_before(end - 2 * _LIFE)
            .not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _load(context: ssl.SSLContext, leaf: x509.Certificate, key: PrivateKey) -> None:
    """Give the context its certificate; OpenSSL reads it from a file only, which is gone at once."""
    pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with tempfile.TemporaryDirectory(prefix="fleetcheck-") as folder:
        path = Path(folder, "leaf.pem")
        path.touch(mode=0o600)
        path.write_bytes(leaf.public_bytes(_PEM) + pem)
        context.load_cert_chain(path)
