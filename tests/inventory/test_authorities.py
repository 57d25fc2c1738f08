"""Files that are named as certificate authority: what serves, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.resolving.hostchecks import no_authority

BEGIN, END = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"
ONE = f"{BEGIN}TUlJ\nQg==\n{END}"
SIGNED = b"\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02"  # the name of PKCS#7's signed data


@pytest.mark.parametrize(
    "data",
    [
        ONE.encode(),
        ONE.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + ONE.encode(),
        f"subject=CN=Corp Root\n{ONE}\n# issuing\n{ONE}".encode(),
        ONE.replace("CERTIFICATE", "TRUSTED CERTIFICATE").encode(),
    ],
    ids=["one", "CRLF", "byte order mark", "several with remarks", "openssl's own form"],
)
def test_a_pem_file_serves(tmp_path: Path, data: bytes) -> None:
    """However it was written."""
    (tmp_path / "ca.pem").write_bytes(data)
    assert no_authority(tmp_path / "ca.pem") is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x30\x82\x03\x01\x30\x82", "(openssl x509 -inform der -in FILE makes one)"),
        (b"\x30\x82\x03\x01" + SIGNED, "(openssl pkcs7 -inform der -print_certs -in FILE makes one)"),
        (b"-----BEGIN PKCS7-----\nAA==\n-----END PKCS7-----\n", "(openssl pkcs7 -print_certs -in FILE makes"),
        (b"\x30\x82\x03\x01\x02\x01\x03\x30", "(openssl pkcs12 -nokeys -in FILE makes one)"),
        (ONE.encode("utf-16"), "(it is UTF-16; save it as ASCII or UTF-8)"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nAA==\n", "(a private key is in it, which does not belong there)"),
        (
            b"-----BEGIN CERTIFICATE REQUEST-----\nAA==\n",
            "(a request is in it; the authority answers it by a",
        ),
        (f"{ONE}{BEGIN}TUlJ\n".encode(), "of 2 certificates in it 1 cut, or not in lines of their own"),
        (ONE.replace("\n", " ").encode(), "of 1 certificates in it 1 cut, or not in lines of their own"),
        (b"", "no `-----BEGIN CERTIFICATE-----` in it"),
    ],
    ids=["DER", "p7b", "p7b as text", "pfx", "UTF-16", "key", "request", "cut", "one line", "empty"],
)
def test_another_file_is_told_with_what_makes_one_of_it(tmp_path: Path, data: bytes, said: str) -> None:
    """`inventory check` says so: else every host would fail in the night."""
    (tmp_path / "ca.pem").write_bytes(data)
    reason = no_authority(tmp_path / "ca.pem")
    assert reason is not None
    assert said in reason
