"""Trust before anything else: a certificate that is not right stops the session before a user name is
sent.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from inventory.model import Host
from orchestrator.demo.behaviour import Listener
from orchestrator.demo.scenes.rows import ROWS
from orchestrator.demo.wire.certificates import Authority
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.fault import Again, Fault
from orchestrator.remote.faults.trouble import Untrusted
from orchestrator.remote.net import stream
from orchestrator.remote.net.certificate import binding, describe, fingerprint
from orchestrator.remote.net.trust import Trust
from orchestrator.remote.over_pypsrp import tls
from orchestrator.remote.probe import endpoint
from tests.remote.wired import ask, fault_of, fleet_of, plain, raw_server, run, simulated, transport

BOTH_WIRES = True


def asked(folder: Path, row: str | None, **changes: object) -> tuple[object, int, Host]:
    """Probe a host whose TLS is like that; return the result, the HTTP requests that it saw, and the host."""

    async def main() -> tuple[object, int, Host]:
        spec = simulated("web1", *([ROWS[row]] if row else []))
        async with fleet_of(folder, spec) as (fleet, hosts), transport() as made:
            host = replace(hosts[0], **changes)  # type: ignore[arg-type]  # what a test wants different
            return await ask(made, host, deadline=10), fleet.host("web1").counters.requests, host

    found: tuple[object, int, Host] = run(main())
    return found


def refused(folder: Path, row: str | None, **changes: object) -> Fault:
    """Return the fault of a host that was not trusted; nothing was sent to it."""
    found, requests, _ = asked(folder, row, **changes)
    assert isinstance(found, Fault)
    assert (requests, found.phase, found.again) == (0, Phase.TLS, Again.NEVER)
    return found


@pytest.mark.parametrize("pin", [None, "ab" * 32])
def test_tls_1_2_is_asked_for_whatever_python_was_built_with(tmp_path: Path, pin: str | None) -> None:
    """A distribution's Python may leave the lowest version to OpenSSL's configuration; Debian's does."""
    _, _, host = asked(tmp_path, None)
    context = Trust().context(endpoint(replace(host, tls_pin=pin)))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("row", ["tls-unknown-ca", "tls-wrong-name", "tls-expired", "tls-too-old/small-key"])
def test_a_bad_certificate_is_shown_with_all_that_tells_it(tmp_path: Path, row: str) -> None:
    """Subject, issuer, dates and SHA-256 of the certificate seen are in the detail, and nothing was sent."""
    fault = refused(tmp_path, row)
    assert fault.cause == Cause(row.partition("/")[0])
    assert re.search(
        r"subject CN=\S+, issuer CN=.+, valid \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d, names .+, SHA-256 "
        r"[0-9a-f]{64}",
        fault.detail,
    )


def test_the_line_that_is_offered_works_when_it_is_pasted(tmp_path: Path) -> None:
    """The advice on an unknown CA holds a `tls_pin:` line; with it in the inventory the host is probed."""

    async def main() -> tuple[str, bool]:
        async with (
            fleet_of(tmp_path, simulated("web1", ROWS["tls-unknown-ca"])) as (_, hosts),
            transport() as made,
        ):
            first = await ask(made, hosts[0])
            assert isinstance(first, Fault)
            pin = re.search(r'`tls_pin: "(sha256:[0-9a-f]{64})"`', first.advice)
            assert pin is not None
            second = await ask(made, replace(hosts[0], ca=None, tls_pin=pin[1]))
            return first.cause, isinstance(second, Fault)

    assert run(main()) == (Cause.TLS_UNKNOWN_CA, False)


def test_a_pin_that_does_not_fit_stops_before_anything_is_sent(tmp_path: Path) -> None:
    """A certificate that is not the pinned one is refused, though its CA is known,
    and both prints are named.
    """
    fault = refused(tmp_path, "tls-pin-mismatch")
    assert (fault.cause, "pinned sha256:000" in fault.detail, "Nothing was sent" in fault.advice) == (
        Cause.TLS_PIN_MISMATCH,
        True,
        True,
    )


def test_a_private_ca_is_unknown_to_the_system(tmp_path: Path) -> None:
    """Without `ca:` the system's CAs decide, and a private one is not among them."""
    assert refused(tmp_path, None, ca=None).cause == Cause.TLS_UNKNOWN_CA


def test_a_server_without_tls_is_told_as_such(tmp_path: Path) -> None:
    """HTTP where TLS was expected: the wrong scheme for the port."""
    fault = refused(tmp_path, "not-tls")
    assert (fault.cause, "`transport: http`" in fault.advice) == (Cause.NOT_TLS, True)


def test_old_tls_is_told_as_such(tmp_path: Path) -> None:
    """A host that speaks TLS 1.1 at most is named as too old for OpenSSL, not as broken."""
    assert refused(tmp_path, "tls-too-old").cause == Cause.TLS_TOO_OLD


def test_a_host_that_hangs_when_looked_at_again_is_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second handshake is for the words alone: without it the CA is unknown all the same,
    long before the deadline.
    """
    context, _ = Authority(["web1"], ["127.0.0.1"]).context(Listener.GOOD)
    seen: list[socket.socket] = []

    def behave(sock: socket.socket) -> None:
        seen.append(sock)
        if len(seen) == 1:
            with contextlib.suppress(OSError):
                context.wrap_socket(sock, server_side=True)
        else:
            sock.recv(65536)
            sock.recv(65536)  # until the client gives up

    monkeypatch.setattr(stream, "LOOK", 0.2)
    monkeypatch.setattr(tls, "LOOK", 0.2)
    with raw_server(behave) as port:
        fault = run(fault_of(plain(port, transport="https", auth="basic"), deadline=5.0))
    assert (fault.cause, "no certificate was shown" in fault.detail) == (Cause.TLS_UNKNOWN_CA, True)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_ca_file_that_is_no_use_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A missing, empty or wrong CA file is a fault that names the file."""
    path = tmp_path / "wrong.pem"
    if content is not None:
        path.write_bytes(content)
    fault = refused(tmp_path, None, ca=path)
    assert (fault.cause, str(path) in fault.detail) == (Cause.TLS_UNKNOWN_CA, True)


def test_a_trust_setting_is_loaded_once_a_run(tmp_path: Path) -> None:
    """Hosts with one CA file share what was loaded from it; a pinned host does not share it."""

    async def main() -> tuple[Host, Path]:
        async with fleet_of(tmp_path, simulated("web1")) as (_, hosts):
            return hosts[0], tmp_path / "ca.pem"

    host, _ = run(main())
    trust, one = Trust(), endpoint(host)
    assert trust.context(one) is trust.context(replace(one, address="other.test"))
    assert trust.context(one) is not trust.context(replace(one, ca=None, tls_pin="sha256:" + "0" * 64))


def test_a_bad_ca_file_is_refused_by_the_trust_itself(tmp_path: Path) -> None:
    """Whoever asks for such a context hears why."""
    with pytest.raises(Untrusted):
        Trust().context(plain(5986, transport="https", ca=tmp_path / "none.pem"))


def certificate(algorithm: hashes.HashAlgorithm, common_name: str = "web1") -> bytes:
    """Make a self-signed certificate as DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, algorithm)
    )
    return built.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(("algorithm", "name"), [(hashes.SHA256(), "sha256"), (hashes.SHA384(), "sha384")])
def test_the_channel_binding_uses_the_signature_s_hash(algorithm: hashes.HashAlgorithm, name: str) -> None:
    """A logon inside TLS is bound to the certificate as RFC 5929 says."""
    der = certificate(algorithm)
    assert binding(der) == b"tls-server-end-point:" + hashlib.new(name, der).digest()


def test_a_certificate_that_cannot_be_read_is_still_named_by_its_print() -> None:
    """Nonsense in the place of a certificate gives a fingerprint and no error."""
    assert (
        describe(b"nonsense")
        == f"an unreadable certificate, SHA-256 {hashlib.sha256(b'nonsense').hexdigest()}"
    )
    assert binding(b"nonsense") == b"tls-server-end-point:" + hashlib.sha256(b"nonsense").digest()


def test_a_hostile_subject_is_shown_harmlessly() -> None:
    """Escape sequences and bidirectional marks in a subject are made visible."""
    shown = describe(certificate(hashes.SHA256(), "web\x1b[31m\u202e1"))
    assert (r"\x1b[31m\u202e1" in shown, "\x1b" in shown, "\u202e" in shown) == (True, False, False)


def test_a_fingerprint_is_written_as_the_inventory_wants_it() -> None:
    """`sha256:` and 64 lower-case hex digits."""
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", fingerprint(b"x"))
