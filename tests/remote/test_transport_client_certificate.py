"""Client certificates against the real WinRM kit: taken, and the ways of not being taken told apart."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.net import trust
from orchestrator.remote.session import ClientCertificate, Endpoint, Logon, Reply, Script
from tests import winhosts as kit
from tests.remote.certificates import pem, self_signed
from tests.remote.wired import run, transport

BOTH_WIRES = True
SCRIPT = Script("test", "param()\n'here'", "0" * 64)
WINHOST = """
from winhost import certs
made = certs.CertStore.__init__
def more(self, folder, **options):
    made(self, folder, **options)
    self.client("nobody", "", name="unmapped")
    self.client("fleet", "", name="expired", days=-1)
certs.CertStore.__init__ = more
from winhost.__main__ import main
main()
"""  # the kit's own authority signs two more: for a user that the host does not know, and one that has expired  # noqa: E501


@dataclass(frozen=True, slots=True)
class Place:
    """A host that takes client certificates, and the PEM files that its authority signed."""

    endpoint: Endpoint
    mapped: Path
    unmapped: Path
    expired: Path


@pytest.fixture(scope="module")
def place(winhost_kit: None, net: str) -> Iterator[Place]:  # noqa: ARG001  # it only skips
    """Start one host with the real engine that asks for client certificates."""
    argv = [sys.executable, "-c", WINHOST, "--hosts", "1", "--first", f"{net}.45", "--engine", "linux"]
    argv += ["--user", f"{kit.USER}:{kit.PASSWORD}", "--auth", "negotiate,certificate"]
    env = {**os.environ, **kit.SHORT_LIVED, "PYTHONPATH": str(kit.kit())}
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.readline())
        (host,) = found["hosts"]
        mapped = Path(found["client_certs"][kit.USER])
        try:
            yield Place(
                Endpoint(
                    host=host["name"],
                    address=host["address"],
                    port=host["https_port"],
                    transport="https",
                    auth="certificate",
                    ca=Path(found["ca"]),
                ),
                mapped,
                mapped.with_name("unmapped-nobody.pem"),
                mapped.with_name("expired-fleet.pem"),
            )
        finally:
            process.terminate()
            process.wait(30)


def asked(where: Endpoint, path: Path, key_password: str | None = None) -> Reply | Fault:
    """Run a script on the host with a certificate; return the reply or the fault."""

    async def main() -> Reply | Fault:
        logon = Logon(
            username="",
            password=None,
            certificate=ClientCertificate(path=path, key_password=key_password),
        )
        async with transport() as made:
            session = made.session(where, logon, deadline=30)
            try:
                return await session.run(SCRIPT, {})
            except Fault as fault:
                return fault
            finally:
                await session.close()

    result: Reply | Fault = run(main())
    return result


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ssl.TLSVersion:
    """Speak one version of TLS alone."""
    build = trust._build

    def only(kind: str, ca: str) -> ssl.SSLContext:
        context = build(kind, ca)
        context.minimum_version = context.maximum_version = request.param
        return context

    monkeypatch.setattr(trust, "_build", only)
    chosen: ssl.TLSVersion = request.param
    return chosen


@pytest.mark.usefixtures("version")
def test_a_mapped_certificate_logs_on(place: Place) -> None:
    """The host runs the script as the certificate's user; the report says how it was logged on."""
    reply = asked(place.endpoint, place.mapped)
    assert isinstance(reply, Reply), reply
    assert (reply.text, reply.auth) == ("here", "certificate")


@pytest.mark.usefixtures("version")
def test_the_certificates_that_are_not_taken_are_told_apart(place: Place, tmp_path: Path) -> None:
    """Unmapped is a refused logon; expired and foreign ones end TLS,
    and the words say which of the two it is.
    """
    certificate, key = self_signed("somebody")
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(
        pem(certificate) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    faults = [asked(place.endpoint, path) for path in (place.unmapped, place.expired, foreign)]
    assert [isinstance(fault, Fault) and fault.cause for fault in faults] == [
        Cause.LOGON_FAILED,
        Cause.CLIENT_CERTIFICATE_REFUSED,
        Cause.CLIENT_CERTIFICATE_REFUSED,
    ], faults
    unmapped, expired, wrong = map(str, faults)
    assert "for no user" in unmapped
    assert ("has expired on" in expired, "has expired on" in wrong) == (True, False)
    assert ("CN=fleet" in expired, "issuer CN=somebody" in wrong) == (True, True)
    assert not any(
        isinstance(fault, Fault) and fault.refused_by for fault in faults
    )  # no password is at stake


def test_an_encrypted_key_is_opened_by_its_password(place: Place, tmp_path: Path) -> None:
    """A wrong password is told before a connection; the right one logs on."""
    text = place.mapped.read_bytes()
    certificate, _, key = text.partition(b"-----BEGIN PRIVATE KEY-----")
    loaded = load_pem_private_key(b"-----BEGIN PRIVATE KEY-----" + key, None)
    path = tmp_path / "encrypted.pem"
    path.write_bytes(
        certificate
        + loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"opens it"))
    )
    path.chmod(0o600)
    reply, fault = asked(place.endpoint, path, "opens it"), asked(place.endpoint, path, "tries this")
    assert isinstance(reply, Reply), reply
    assert isinstance(fault, Fault)
    assert fault.cause is Cause.CLIENT_CERTIFICATE_REFUSED
    assert "tries this" not in f"{fault!r}{fault}{fault.advice}"


def test_a_certificate_is_never_shown_without_tls(place: Place) -> None:
    """Over http nothing is sent."""
    fault = asked(replace(place.endpoint, transport="http"), place.mapped)
    assert isinstance(fault, Fault)
    assert fault.cause is Cause.LOGON_NOT_OFFERED
