"""Certificates as they are met in the field, made when a test wants one: real ones,
and real servers that show them.
"""

from __future__ import annotations

import ssl
import tempfile
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
NAME = "srv01.test"
_PEM = serialization.Encoding.PEM
_DAY = timedelta(days=1)
_SHA_256_RSA, _SHA_1_RSA = bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06092a864886f70d010105")


def ec_key() -> ec.EllipticCurvePrivateKey:
    """Make a key, which takes a millisecond."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Make a key, once: it takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class Issuer:
    """A CA: its certificate and its key. `life` are days from today,
    `more` what its certificate says besides.
    """

    def __init__(
        self,
        title: str,
        above: Issuer | None = None,
        *,
        life: tuple[int, int] = (-1, 900),
        ca: bool = True,
        key: Key | None = None,
        more: Sequence[x509.ExtensionType] = (),
    ) -> None:
        self.key = key or ec_key()
        basic: list[x509.ExtensionType] = [x509.BasicConstraints(ca=True, path_length=None)] if ca else []
        self.certificate = _signed(title, self.key, above, life, [*basic, *more])

    def leaf(
        self,
        key: Key | None = None,
        *,
        title: str = NAME,
        names: Sequence[x509.GeneralName] | None = (x509.DNSName(NAME),),
        life: tuple[int, int] = (-1, 300),
        uses: Sequence[str] = (),
    ) -> tuple[x509.Certificate, Key]:
        """Sign a host's certificate."""
        key = key or ec_key()
        more: list[x509.ExtensionType] = [x509.SubjectAlternativeName(names)] if names else []
        if uses:
            more.append(x509.ExtendedKeyUsage([ObjectIdentifier(use) for use in uses]))
        return _signed(title, key, self, life, more), key


def _signed(
    title: str, key: Key, issuer: Issuer | None, life: tuple[int, int], more: Sequence[x509.ExtensionType]
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + life[0] * _DAY)
        .not_valid_after(now + life[1] * _DAY)
    )
    for extension in more:
        builder = builder.add_extension(
            extension, critical=isinstance(extension, x509.BasicConstraints | x509.NameConstraints)
        )
    return builder.sign(issuer.key if issuer else key, hashes.SHA256())


def self_signed(title: str = NAME, *, life: tuple[int, int] = (-1, 300)) -> tuple[x509.Certificate, Key]:
    """Make what `New-SelfSignedCertificate` makes: a leaf that signed itself."""
    own = Issuer(title, life=life, ca=False, more=[x509.SubjectAlternativeName([x509.DNSName(title)])])
    return own.certificate, own.key


def by_sha1(issuer: Issuer) -> tuple[x509.Certificate, Key]:
    """Sign a leaf with SHA-1, which the library that makes the others does not any more. `issuer` has an RSA
    key.
    """
    made, key = issuer.leaf()
    assert isinstance(issuer.key, rsa.RSAPrivateKey)
    asked = made.tbs_certificate_bytes.replace(_SHA_256_RSA, _SHA_1_RSA)
    signature = issuer.key.sign(asked, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  # the point of it
    der = made.public_bytes(serialization.Encoding.DER).replace(_SHA_256_RSA, _SHA_1_RSA)
    return x509.load_der_x509_certificate(der.replace(made.signature, signature)), key


def pem(*certificates: x509.Certificate) -> bytes:
    """Write certificates one after the other."""
    return b"".join(one.public_bytes(_PEM) for one in certificates)


def server(key: Key, *chain: x509.Certificate, **settings: Any) -> ssl.SSLContext:
    """Make a server's context that shows a chain, whatever OpenSSL thinks of it. `settings` are its
    attributes.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(settings.pop("ciphers", "ALL:@SECLEVEL=0"))
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # TLS 1.0, the point of it
        for name, value in settings.items():
            setattr(context, name, value)
    secret = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "chain.pem")
        path.write_bytes(pem(*chain) + secret)
        context.load_cert_chain(path)
    return context
