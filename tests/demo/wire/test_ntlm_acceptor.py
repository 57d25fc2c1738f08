"""NTLM and SPNEGO, the accepting side, against pyspnego as the initiator."""

from __future__ import annotations

import pytest
import spnego
from spnego.channel_bindings import GssChannelBindings

from orchestrator.demo.wire.auth import Account
from orchestrator.demo.wire.negotiate import NegotiateAcceptor
from orchestrator.demo.wire.ntlm import Acceptor, LogonRejected, md4

HASH = bytes(range(32))


PASSWORD = "Pässw0rd 🔑"


def meet(
    protocol: str,
    password: str = PASSWORD,  # what the simulated account has
    *,
    username: str = "CORP\\ops",
    account: str = "CORP\\ops",
    bound: bytes | None = None,
    binding: bytes | None = None,
) -> tuple[spnego.ContextProxy, NegotiateAcceptor]:
    """Let an initiator log on; return both ends."""
    known = Account(account, PASSWORD)
    acceptor = NegotiateAcceptor(
        Acceptor(lambda d, u: known.password if known.fits(d, u) else None, "web1", binding)
    )
    bindings = GssChannelBindings(application_data=b"tls-server-end-point:" + bound) if bound else None
    client = spnego.client(
        username, password, hostname="web1", service="http", protocol=protocol, channel_bindings=bindings
    )
    token = client.step()
    while token:
        reply = acceptor.step(token)
        token = client.step(reply) if reply else None
    return client, acceptor


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        (b"message digest", "d9130a8164549fe818874806e1c7014b"),
        (b"1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
    ],
)
def test_md4_gives_the_digests_of_rfc_1320(data: bytes, digest: str) -> None:
    """The password hash is the one that the standard's own examples show."""
    assert md4(data).hex() == digest


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
def test_a_right_password_logs_on_and_messages_travel_sealed(protocol: str) -> None:
    """What one end seals the other end reads, in both directions and several times."""
    client, acceptor = meet(protocol)
    assert (client.complete, acceptor.complete, acceptor.user) == (True, True, "CORP\\ops")
    for number in range(3):
        sent = client.wrap_winrm(b"from the client %d" % number)
        assert acceptor.ntlm.unseal(sent.header, sent.data) == b"from the client %d" % number
        signature, sealed = acceptor.ntlm.seal(b"from the host %d" % number)
        assert sealed != b"from the host %d" % number
        assert client.unwrap_winrm(signature, sealed) == b"from the host %d" % number


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
def test_a_wrong_password_is_rejected_with_the_name_that_was_tried(protocol: str) -> None:
    """The host knows whose password was wrong."""
    with pytest.raises(LogonRejected, match="wrong password") as caught:
        meet(protocol, "wrong")
    assert caught.value.user == "CORP\\ops"


@pytest.mark.parametrize(
    ("username", "account", "fits"),
    [
        ("corp\\OPS", "CORP\\ops", True),
        ("ops@corp.example", "CORP\\ops", True),
        ("OTHER\\ops", "CORP\\ops", False),
        ("ops", "CORP\\ops", False),
        ("WEB1\\ops", "ops", True),
        ("ops", "ops", True),
        ("else", "ops", False),
    ],
)
def test_a_name_fits_an_account_in_any_case_and_with_its_domain(
    username: str, account: str, *, fits: bool
) -> None:
    """A domain account needs its domain, a local one takes any."""
    if fits:
        assert meet("ntlm", username=username, account=account)[1].complete
    else:
        with pytest.raises(LogonRejected, match="unknown user"):
            meet("ntlm", username=username, account=account)


def test_a_logon_that_was_bound_to_another_certificate_is_rejected() -> None:
    """Somebody in between, with a certificate of his own, gets nowhere."""
    assert meet("negotiate", bound=HASH, binding=HASH)[1].complete
    with pytest.raises(LogonRejected, match="another certificate"):
        meet("negotiate", bound=HASH, binding=bytes(32))


def test_a_message_that_was_changed_is_not_read() -> None:
    """A flipped bit in a sealed message is noticed."""
    client, acceptor = meet("ntlm")
    sent = client.wrap_winrm(b"do this")
    changed = bytes([sent.data[0] ^ 1]) + sent.data[1:]
    with pytest.raises(LogonRejected, match="changed"):
        acceptor.ntlm.unseal(sent.header, changed)


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"NTLMSSP\x00",
        b"NTLMSSP\x00\x03\x00\x00\x00" + bytes(80),
        b"NTLMSSP\x00\x01\x00\x00\x00" + bytes(8),
        b"\x60",
        b"\x60\x82\xff\xff",
        b"\x60\x03\x01\x02\x03",
        b"\xa1\x03\x30\x01\x00",
    ],
)
def test_a_token_that_is_none_is_rejected(token: bytes) -> None:
    """Nonsense in the place of a token ends in a rejection and nothing else."""
    acceptor = NegotiateAcceptor(Acceptor(lambda *_: "x", "web1"))
    with pytest.raises(LogonRejected):
        acceptor.step(token)
