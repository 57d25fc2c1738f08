"""Certificates of the field, shown by a real server: what is accepted,
and of the rest what is wrong and whose it is to mend.
"""

from __future__ import annotations

import _ssl
import asyncio
import base64
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.fault import Again, Fault
from orchestrator.remote.net import handshake, stream
from orchestrator.remote.net.chain import judge
from orchestrator.remote.net.trust import Trust
from orchestrator.remote.over_pypsrp import tls
from orchestrator.remote.session import Reply
from tests.remote.certificates import NAME, Issuer, Key, by_sha1, ec_key, pem, rsa_key, self_signed, server
from tests.remote.wired import fault_of, plain, raw_server, read_request, run

BOTH_WIRES = True
ROOT = Issuer("Corp Root")
ISSUING = Issuer("Corp Issuing", ROOT, key=rsa_key())  # RSA, for SHA-1
OTHER = Issuer("Other Root")
ADDRESS = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
CLIENTS, REMOTE_DESKTOP = "1.3.6.1.5.5.7.3.2", "1.3.6.1.4.1.311.54.1.2"
ELSEWHERE = x509.NameConstraints(permitted_subtrees=[x509.DNSName("elsewhere.test")], excluded_subtrees=None)
NOT_HERE = x509.NameConstraints(permitted_subtrees=None, excluded_subtrees=[x509.DNSName("test")])
ACCEPTED = Cause.NO_LISTENER  # what the server answers once TLS has come about

Leaf = tuple[x509.Certificate, Key]


def talk(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    """Shake hands, then answer 404."""

    def behave(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as secured:
            if read_request(secured):
                secured.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")

    return behave


def told(context: ssl.SSLContext, **where: Any) -> Fault:
    """Talk with a server of this context; return the fault."""
    with raw_server(talk(context)) as port:
        found = run(fault_of(plain(port, **{"transport": "https", "auth": "basic", "address": NAME} | where)))
    assert isinstance(found, Fault)
    return found


def shown(
    folder: Path, leaf: Leaf, *above: x509.Certificate, ca: Sequence[x509.Certificate], **more: Any
) -> Fault:
    """Talk with a host that sends the leaf and what is above it where `ca:` holds those; return the fault."""
    (folder / "corp.pem").write_bytes(pem(*ca))
    return told(server(leaf[1], leaf[0], *above), ca=folder / "corp.pem", **more)


@pytest.mark.parametrize(
    ("leaf", "above", "ca"),
    [
        (ISSUING.leaf(), [ISSUING], [ROOT]),
        (ISSUING.leaf(), [], [ROOT, ISSUING]),
        (ISSUING.leaf(), [], [ISSUING]),
        (ISSUING.leaf(), [ISSUING], [ISSUING]),
        (ISSUING.leaf(), [ISSUING, ROOT], [OTHER, ISSUING]),
        (ISSUING.leaf(names=None), [ISSUING], [ROOT]),
    ],
    ids=[
        "root",
        "both",
        "issuing alone",
        "issuing, chain sent",
        "issuing among others",
        "name in the subject alone",
    ],
)
def test_who_issued_may_be_named_at_any_tier(
    tmp_path: Path, leaf: Leaf, above: list[Issuer], ca: list[Issuer]
) -> None:
    """`ca:` takes the root's certificate, or the issuing CA's alone:
    whoever signed is whom the file names.
    """
    fault = shown(tmp_path, leaf, *(one.certificate for one in above), ca=[one.certificate for one in ca])
    assert fault.cause == ACCEPTED, fault.detail


@pytest.mark.parametrize(
    ("leaf", "shows", "cause"),
    [
        (ISSUING.leaf(), NAME, ACCEPTED),
        (self_signed(), NAME, ACCEPTED),
        (ISSUING.leaf(), "web2.test", Cause.TLS_WRONG_NAME),
        (self_signed(life=(-9, -2)), NAME, Cause.TLS_EXPIRED),
        (ISSUING.leaf(uses=[CLIENTS]), NAME, Cause.TLS_BAD_CERTIFICATE),
    ],
    ids=["of a CA", "self-signed", "another's name", "ended", "wrong purpose"],
)
def test_a_host_s_own_certificate_may_be_named_where_all_of_it_fits(
    tmp_path: Path, leaf: Leaf, shows: str, cause: Cause
) -> None:
    """A leaf as `ca:` is that host's alone: its name, dates and purpose are looked at as ever."""
    assert shown(tmp_path, leaf, ca=[leaf[0]], address=shows).cause == cause


def test_another_host_s_own_certificate_signs_nobody(tmp_path: Path) -> None:
    """A leaf as `ca:` is no CA: what its key signed is refused."""
    own = Issuer("srv02.test", ISSUING, ca=False)
    fault = shown(tmp_path, own.leaf(), own.certificate, ca=[own.certificate])
    assert fault.cause == Cause.TLS_BAD_CERTIFICATE, fault.detail


def test_the_system_s_store_is_trusted_from_its_roots_alone() -> None:
    """A partial chain is for a file that somebody named:
    the system's store holds other people's certificates.
    """
    found = Trust().context(plain(5986, transport="https"))
    assert not found.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A chain that is refused: its cause, words of the detail, and how the advice begins."""

    leaf: Leaf
    above: Sequence[Issuer] = (ISSUING,)
    ca: Sequence[Issuer] = (ROOT,)
    address: str = NAME
    cause: Cause
    says: str
    advice: str


RENEWED, OLD_ROOT = Issuer("Corp Issuing", OTHER), Issuer("Old Root", life=(-900, -5))
OLD_ISSUING = Issuer("Old Issuing", ROOT, life=(-900, -5))
FOR_CLIENTS = Issuer("Client CA", ROOT, more=[x509.ExtendedKeyUsage([x509.ObjectIdentifier(CLIENTS)])])
NO_CA, NARROW, BARRED = (
    Issuer("No CA", ca=False),
    Issuer("Narrow CA", ROOT, more=[ELSEWHERE]),
    Issuer("Barred CA", ROOT, more=[NOT_HERE]),
)
WEAK = Issuer("Weak CA", ROOT, key=rsa_key(1024))
WRONG = {
    "intermediate missing": Wrong(
        leaf=ISSUING.leaf(), above=(), cause=Cause.TLS_UNKNOWN_CA,
        says="the host sends no certificate of CN=Corp Issuing, and {ca} has none (it holds CN=Corp Root)",
        advice="On this side: add the certificate of CN=Corp Issuing to {ca}",
    ),
    "another CA's file": Wrong(
        leaf=ISSUING.leaf(), above=(ISSUING, ROOT), ca=(OTHER,), cause=Cause.TLS_UNKNOWN_CA,
        says="the chain ends at CN=Corp Root, which {ca} does not hold (it holds CN=Other Root)",
        advice="On this side: add the certificate of CN=Corp Root to {ca}",
    ),
    "the CA's former certificate": Wrong(
        leaf=ISSUING.leaf(), above=(), ca=(RENEWED,), cause=Cause.TLS_UNKNOWN_CA,
        says="{ca} holds a certificate of CN=Corp Issuing, but not the one that signed",
        advice="On this side: the CA was renewed, or another has its name. Add its present certificate to "
               "{ca}",
    ),
    "the CA's former key": Wrong(
        leaf=ROOT.leaf(), above=(), ca=(Issuer("Corp Root"),), cause=Cause.TLS_UNKNOWN_CA,
        says="{ca} holds a certificate of CN=Corp Root, but not the one that signed", advice="On this side: ",
    ),
    "self-signed": Wrong(
        leaf=self_signed(), above=(), cause=Cause.TLS_UNKNOWN_CA,
        says="nobody but the host itself signed it, and {ca} holds another (it holds CN=Corp Root)",
        advice="Once the fingerprint was compared on the host, pin it: `tls_pin: ",
    ),
    "ended": Wrong(
        leaf=ISSUING.leaf(life=(-90, -3)), cause=Cause.TLS_EXPIRED, says="it ended ", advice="Renew it on "
                                                                                             "the host",
    ),
    "not yet": Wrong(
        leaf=ISSUING.leaf(life=(3, 90)), cause=Cause.TLS_EXPIRED, says="it is valid only from ",
        advice="Renew it on the host, and compare this machine's clock",
    ),
    "root ended": Wrong(
        leaf=OLD_ROOT.leaf(), above=(), ca=(OLD_ROOT,), cause=Cause.TLS_EXPIRED,
        says="the CA's, CN=Old Root, ended ", advice="On this side: put the CA's present certificate into "
                                                     "{ca}",
    ),
    "intermediate ended": Wrong(
        leaf=OLD_ISSUING.leaf(), above=(OLD_ISSUING,), cause=Cause.TLS_EXPIRED,
        says="the CA's, CN=Old Issuing, ended ", advice="On the host: install the CA's present certificate",
    ),
    "for clients": Wrong(
        leaf=ISSUING.leaf(uses=[CLIENTS]), cause=Cause.TLS_BAD_CERTIFICATE,
        says="it is for client authentication, not for servers",
        advice="On the host: give the listener a certificate for server authentication",
    ),
    "for remote desktop": Wrong(
        leaf=ISSUING.leaf(uses=[REMOTE_DESKTOP]), cause=Cause.TLS_BAD_CERTIFICATE,
        says="it is for remote desktop, not for servers", advice="On the host: give the listener",
    ),
    "the CA is for clients": Wrong(
        leaf=FOR_CLIENTS.leaf(), above=(FOR_CLIENTS,), cause=Cause.TLS_BAD_CERTIFICATE,
        says="the CA's, CN=Client CA, is for client authentication, not for servers", advice="At the CA: ",
    ),
    "the CA is none": Wrong(
        leaf=NO_CA.leaf(), above=(), ca=(NO_CA,), cause=Cause.TLS_BAD_CERTIFICATE,
        says="CN=No CA may not sign certificates for hosts", advice="At the CA: ",
    ),
    "outside of the CA's names": Wrong(
        leaf=NARROW.leaf(), above=(NARROW,), cause=Cause.TLS_BAD_CERTIFICATE,
        says="CN=Narrow CA, may sign for: only elsewhere.test", advice="On the host: give the listener",
    ),
    "barred by the CA": Wrong(
        leaf=BARRED.leaf(), above=(BARRED,), cause=Cause.TLS_BAD_CERTIFICATE,
        says="CN=Barred CA, may sign for: never test", advice="On the host: give the listener",
    ),
    "SHA-1": Wrong(
        leaf=by_sha1(ISSUING), cause=Cause.TLS_TOO_OLD, says="it is signed with SHA-1; seen: subject "
                                                             "CN=srv01.test",
        advice="On the host: give the listener a certificate that is signed with SHA-256",
    ),
    "small key": Wrong(
        leaf=ISSUING.leaf(rsa_key(1024)), cause=Cause.TLS_TOO_OLD, says="too small: RSA, 1024 bits",
        advice="On the host: give the listener a certificate that",
    ),
    "the CA's small key": Wrong(
        leaf=WEAK.leaf(), above=(WEAK,), cause=Cause.TLS_TOO_OLD,
        says="the CA's, CN=Weak CA, has a key that is too small: RSA, 1024 bits", advice="At the CA: ",
    ),
    "no name but another's in the subject": Wrong(
        leaf=ISSUING.leaf(names=None, title="SRV01"), cause=Cause.TLS_WRONG_NAME,
        says="it has no alternative name (SAN), and its subject (CN=SRV01) does not name srv01.test",
        advice="On this side: set `address:` to a name that it has (SRV01)",
    ),
    "short name": Wrong(
        leaf=ISSUING.leaf(names=[x509.DNSName("SRV01")]), cause=Cause.TLS_WRONG_NAME,
        says="srv01.test is not among its names", advice="On this side: set `address:` to a name that it "
                                                         "has (SRV01)",
    ),
    "a dot at its end": Wrong(
        leaf=ISSUING.leaf(names=[x509.DNSName(f"{NAME}.")]), cause=Cause.TLS_WRONG_NAME,
        says="with a dot at its end", advice="On the host: give the listener a certificate with srv01.test "
                                             "as a DNS name",
    ),
    "an address as a DNS name": Wrong(
        leaf=ISSUING.leaf(names=[x509.DNSName("127.0.0.1")]), address="127.0.0.1", cause=Cause.TLS_WRONG_NAME,
        says="it names 127.0.0.1 as a DNS name, and an address counts only as an IP address",
        advice="On the host: give the listener a certificate with 127.0.0.1 as an IP address",
    ),
    "an address in the subject alone": Wrong(
        leaf=ISSUING.leaf(names=None, title="127.0.0.1"), address="127.0.0.1", cause=Cause.TLS_WRONG_NAME,
        says="it has no alternative name (SAN)", advice="On the host: give the listener a certificate with "
                                                        "127.0.0.1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_refused_chain_says_what_is_wrong_and_who_mends_it(tmp_path: Path, name: str) -> None:
    """The fault names the certificate that is meant and a step that is still to be taken;
    the CA's file is named already.
    """
    wrong = WRONG[name]
    above = [one.certificate for one in wrong.above]
    ca = [one.certificate for one in wrong.ca]
    fault = shown(tmp_path, wrong.leaf, *above, ca=ca, address=wrong.address)
    path = str(tmp_path / "corp.pem")
    assert (fault.cause, fault.phase, fault.again) == (wrong.cause, Phase.TLS, Again.NEVER), fault.detail
    assert wrong.says.format(ca=path) in fault.detail, fault.detail
    assert fault.advice.startswith(wrong.advice.format(ca=path)), fault.advice
    assert ("Name the CA's file" in fault.advice, "at most" in fault.detail) == (False, False)


def test_without_a_named_file_the_step_is_to_name_it() -> None:
    """Where `ca:` is not set, the issuer is named, and so is the key that takes its file."""
    leaf, key = ISSUING.leaf()
    fault = told(server(key, leaf, ISSUING.certificate))
    assert (fault.cause, "this machine does not know CN=Corp Root" in fault.detail) == (
        Cause.TLS_UNKNOWN_CA,
        True,
    )
    assert fault.advice.startswith("Name the CA's file (`ca: certs/ca.pem`)")


@pytest.mark.parametrize("name", ["SHA-1", "small key", "for clients", "ended"])
def test_the_pin_that_is_offered_takes_the_certificate(tmp_path: Path, name: str) -> None:
    """Whatever is wrong with a certificate, a pin that was compared on the host is enough."""
    wrong = WRONG[name]
    fault = shown(tmp_path, wrong.leaf, ca=[ROOT.certificate])
    pin = fault.advice.partition('`tls_pin: "')[2].partition('"')[0]
    assert told(server(wrong.leaf[1], wrong.leaf[0]), tls_pin=pin).cause == ACCEPTED


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_an_old_version_is_told_with_the_version(tmp_path: Path, version: str) -> None:
    """A host that speaks TLS 1.1 at most is told so, and that the step is to be taken there."""
    leaf, key = ISSUING.leaf(rsa_key())
    (tmp_path / "ca.pem").write_bytes(pem(ISSUING.certificate))
    only = ssl.TLSVersion[version]
    context = server(key, leaf, minimum_version=only, maximum_version=only)
    fault = told(context, ca=tmp_path / "ca.pem")
    assert (fault.cause, f"offers {version.replace('_', '.')} at most" in fault.detail) == (
        Cause.TLS_TOO_OLD,
        True,
    )
    assert fault.advice.startswith("On the host: switch TLS 1.2 on")


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_present_version_is_spoken(tmp_path: Path, version: str) -> None:
    """TLS 1.2 and 1.3 are accepted."""
    leaf, key = ISSUING.leaf()
    (tmp_path / "ca.pem").write_bytes(pem(ISSUING.certificate))
    only = ssl.TLSVersion[version]
    context = server(key, leaf, minimum_version=only, maximum_version=only)
    assert told(context, ca=tmp_path / "ca.pem").cause == ACCEPTED


# RFC 2409 6.2, the second Oakley group: 1024 bits.
OAKLEY_2 = bytes.fromhex(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE65381FFFFFFFFFFFFFFFF"
)


@pytest.mark.parametrize(
    ("ciphers", "reason"),
    [("NULL-SHA256:@SECLEVEL=0", "SSLV3_ALERT_HANDSHAKE_FAILURE"), ("DHE:@SECLEVEL=0", "DH_KEY_TOO_SMALL")],
)
def test_a_server_with_old_ciphers_is_told_as_old(tmp_path: Path, ciphers: str, reason: str) -> None:
    """No cipher in common, or a key exchange that is too small: the host is too old, not unknown."""
    leaf, key = ISSUING.leaf(rsa_key())
    (tmp_path / "ca.pem").write_bytes(pem(ISSUING.certificate))
    context = server(key, leaf, ciphers=ciphers, maximum_version=ssl.TLSVersion.TLSv1_2)
    group = bytes.fromhex("30818702818100") + OAKLEY_2 + bytes.fromhex("020102")  # PKCS #3: the prime, then 2
    (tmp_path / "dh.pem").write_text(
        f"-----BEGIN DH PARAMETERS-----\n{base64.encodebytes(group).decode()}-----END DH PARAMETERS-----\n"
    )
    context.load_dh_params(str(tmp_path / "dh.pem"))
    fault = told(context, ca=tmp_path / "ca.pem")
    assert (fault.cause, fault.again, reason in fault.detail) == (Cause.TLS_TOO_OLD, Again.NEVER, True), (
        fault.detail
    )


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_demanded_certificate_is_told_at_the_first_try(tmp_path: Path, version: str) -> None:
    """TLS 1.2 refuses within the handshake, TLS 1.3 after it, at the first read:
    neither is a lost session.
    """
    leaf, key = ISSUING.leaf()
    (tmp_path / "ca.pem").write_bytes(pem(ISSUING.certificate))
    context = server(key, leaf, verify_mode=ssl.CERT_REQUIRED, maximum_version=ssl.TLSVersion[version])
    context.load_verify_locations(cadata=pem(ROOT.certificate).decode())
    fault = told(context, ca=tmp_path / "ca.pem")
    assert (fault.cause, fault.phase, fault.again) == (
        Cause.TLS_CLIENT_CERTIFICATE,
        Phase.TLS,
        Again.NEVER,
    ), fault.detail


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_demanded_certificate_is_told_without_an_alert_too(tmp_path: Path, version: str) -> None:
    """A server of asyncio's ends the connection without a word: what it asked for in the handshake tells."""
    leaf, key = ISSUING.leaf()
    (tmp_path / "ca.pem").write_bytes(pem(ISSUING.certificate))
    context = server(key, leaf, verify_mode=ssl.CERT_REQUIRED, maximum_version=ssl.TLSVersion[version])
    context.load_verify_locations(cadata=pem(ROOT.certificate).decode())

    async def main() -> Fault | Reply:
        served = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
        port = served.sockets[0].getsockname()[1]
        async with served:
            where = plain(port, transport="https", auth="basic", address=NAME, ca=tmp_path / "ca.pem")
            return await fault_of(where)

    fault = run(main())
    assert isinstance(fault, Fault)
    assert (fault.cause, fault.again) == (Cause.TLS_CLIENT_CERTIFICATE, Again.NEVER), fault.detail
    assert fault.detail.endswith("it asked for one, and ended the connection when there was none")


def test_a_name_that_the_server_does_not_serve_is_a_wrong_name(tmp_path: Path) -> None:
    """What stands before several hosts ends the handshake where it knows none of that name."""
    leaf, key = ISSUING.leaf()
    (tmp_path / "ca.pem").write_bytes(pem(ISSUING.certificate))
    context = server(key, leaf)
    context.sni_callback = lambda _tls, name, _context: (
        ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME if name else None
    )
    fault = told(context, ca=tmp_path / "ca.pem")
    assert (fault.cause, fault.again) == (Cause.TLS_WRONG_NAME, Again.NEVER), fault.detail
    assert "set `address:` to the name that it knows" in fault.advice


def test_an_alert_that_nobody_expects_is_unclassified_with_a_step(tmp_path: Path) -> None:
    """OpenSSL's word is quoted, and the step is one that can be taken."""
    leaf, key = ISSUING.leaf()
    (tmp_path / "ca.pem").write_bytes(pem(ISSUING.certificate))
    context = server(key, leaf)
    context.sni_callback = lambda _tls, name, _context: ssl.ALERT_DESCRIPTION_INTERNAL_ERROR if name else None
    fault = told(context, ca=tmp_path / "ca.pem")
    assert (fault.cause, "TLSV1_ALERT_INTERNAL_ERROR" in fault.detail) == (Cause.UNCLASSIFIED, True), (
        fault.detail
    )
    assert fault.advice.startswith("That is OpenSSL's word for it. On the host, the event log")


def test_a_certificate_that_is_only_asked_for_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows asks for one where certificates may log on, and goes on without:
    a connection lost there is a lost one.
    """
    leaf, key = ISSUING.leaf()
    (tmp_path / "ca.pem").write_bytes(pem(ISSUING.certificate))
    context = server(key, leaf, verify_mode=ssl.CERT_OPTIONAL)
    context.load_verify_locations(cadata=pem(ROOT.certificate).decode())
    assert told(context, ca=tmp_path / "ca.pem").cause == ACCEPTED

    def rude(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as secured, contextlib.suppress(OSError):
            read_request(secured)

    monkeypatch.setattr(stream, "LOOK", 0.4)
    monkeypatch.setattr(tls, "LOOK", 0.4)
    with raw_server(rude) as port:
        where = plain(port, transport="https", auth="basic", address=NAME, ca=tmp_path / "ca.pem")
        fault = run(fault_of(where))
    assert (fault.cause, fault.again) == (Cause.SESSION_LOST, Again.BACKOFF)


@pytest.mark.parametrize(
    ("said", "cause", "words"),
    [
        (
            b"SSH-2.0-OpenSSH_for_Windows_8.1\r\n",
            Cause.NOT_WINRM,
            "SSH: SSH-2.0-OpenSSH_for_Windows_8.1 answers",
        ),
        (b"220 mail.example ESMTP ready\r\n", Cause.NOT_WINRM, "a mail server (SMTP)"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Cause.NOT_TLS, "HTTP in clear"),
        (b"what is this?" * 3, Cause.NOT_TLS, "which begins with"),
    ],
)
def test_what_speaks_no_tls_is_named(said: bytes, cause: Cause, words: str) -> None:
    """Another service on the port is told apart from WinRM over http, by what it says first."""

    def behave(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(said)
        sock.recv(65536)

    with raw_server(behave) as port:
        fault = run(fault_of(plain(port, transport="https", auth="basic")))
    assert (fault.cause, words in fault.detail, fault.again) == (cause, True, Again.NEVER), fault.detail
    assert ("`transport: http`" in fault.advice) is said.startswith(b"HTTP/")


def test_each_reason_is_a_name_that_python_knows() -> None:
    """The tables hold names of `ssl`, not OpenSSL's texts: a wrong one would never be met,
    and nobody would notice.
    """
    path = getattr(_ssl, "__file__", None)
    if path is None:
        pytest.skip("_ssl is built into this interpreter: there is no shared object to look into")
    table = Path(path).read_bytes()
    assert [name for name in sorted(handshake.REASONS) if b"\0%b\0" % name.encode() not in table] == []


@pytest.mark.parametrize("content", [b"\x30\x82\x01", "-----BEGIN CERTIFICATE-----".encode("utf-16")])
def test_a_named_file_that_is_no_pem_says_how_to_make_one(tmp_path: Path, content: bytes) -> None:
    """What Windows exports (DER, PKCS #7) is told with the command that turns it into PEM,
    not asked for again.
    """
    (tmp_path / "corp.cer").write_bytes(content)
    leaf, key = ISSUING.leaf()
    fault = told(server(key, leaf), ca=tmp_path / "corp.cer")
    assert (
        fault.cause,
        "openssl x509 -inform der" in fault.advice,
        "Name the CA's file" in fault.advice,
    ) == (
        Cause.TLS_UNKNOWN_CA,
        True,
        False,
    )


@pytest.mark.parametrize("code", [2, 7, 9, 10, 18, 20, 26, 47, 62, 64, 66, 68, 79, 9999])
def test_a_certificate_that_cannot_be_read_is_judged_by_the_number_alone(tmp_path: Path, code: int) -> None:
    """Nonsense in the place of a certificate is no error of ours, and never asks for a file that is named."""
    where = plain(5986, transport="https", ca=tmp_path / "ca.pem")
    for sent in ([], [b"nonsense"]):
        found = judge(code, "no", sent, [], where, "`tls_pin:`")
        assert (found.why, "Name the CA's file" in found.advice) == ("no", False)
    assert judge(code, "no", [], [], where, "").cause is not Cause.UNCLASSIFIED


def test_a_hostile_name_in_a_chain_is_shown_harmlessly(tmp_path: Path) -> None:
    """Escape sequences and braces of an issuer's name reach the advice cleaned, and fill in nothing."""
    bad = Issuer("{pin}\x1b[31m\u202eCA", ROOT, key=ec_key())
    fault = shown(tmp_path, bad.leaf(), ca=[ROOT.certificate])
    assert r"{pin}\x1b[31m\u202eCA" in fault.advice
    assert (fault.detail + fault.advice).isprintable()
