"""The small parts of a logon: what a host offers, what Kerberos says on this side,
what the environment may change.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
import spnego

from inventory.schema.shapes import is_ip
from orchestrator.remote.auth.credentials import credentials
from orchestrator.remote.auth.kerberos import kerberos_trouble
from orchestrator.remote.auth.logon import Negotiate, Started, offers
from orchestrator.remote.auth.nt_hash import NtHashes
from orchestrator.remote.auth.tickets import Tickets
from orchestrator.remote.faults.trouble import Garbled, Refused, Stage
from orchestrator.remote.net.http import Answer
from orchestrator.remote.session import Endpoint, Logon


def answer(*challenges: str) -> Answer:
    """Make a 401 with these headers."""
    return Answer(status=401, headers={}, challenges=challenges, body=b"")


@pytest.mark.parametrize(
    ("challenges", "schemes"),
    [
        ((), ()),
        (("Negotiate", 'Basic realm="WSMAN"'), ("Negotiate", "Basic")),
        (('Negotiate, Basic realm="a, b", Kerberos',), ("Negotiate", "Basic", "Kerberos")),
        (("Negotiate YWJj", "negotiate"), ("Negotiate",)),
        (("",), ()),
    ],
)
def test_the_offered_schemes_are_read(challenges: tuple[str, ...], schemes: tuple[str, ...]) -> None:
    """Several headers, or several schemes in one: each is named once, as the host writes it."""
    assert offers(answer(*challenges)) == schemes


@pytest.mark.parametrize(
    ("address", "is_one"),
    [("10.1.2.3", True), ("::1", True), ("web1.corp.example", False), ("10.1.2", False)],
)
def test_an_address_is_told_from_a_name(address: str, is_one: bool) -> None:
    """Only an IP address is used as it stands."""
    assert is_ip(address) == is_one


def dialled(address: str, auth: Literal["negotiate", "ntlm", "kerberos"]) -> Endpoint:
    """Return a host that is dialled so."""
    return Endpoint(host="web1", address=address, port=5985, transport="http", auth=auth)


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
@pytest.mark.parametrize("password", ["Passw0rd!", ":".join(["0123456789abcdef" * 2] * 2)])
def test_what_is_not_kerberos_is_ntlm_with_this_password(
    password: str, auth: Literal["ntlm", "negotiate"]
) -> None:
    """An IP address asks no domain controller; a password that looks like an LM and an NT hash is tried as
    what it is.
    """
    logon = Logon(username="svc", password=password)
    found = credentials(logon, dialled("10.1.2.3", auth), nt_hash=None, tickets=Tickets())
    assert (type(found.user), found.user.username, found.ticket) == (spnego.NTLMHash, "svc", None)
    assert found.user.nt_hash == NtHashes().of(logon)


def test_no_password_is_the_user_s_own_ticket_cache() -> None:
    """Without a password nobody is asked: Kerberos looks for a ticket of that name."""
    logon = Logon(username="svc", password=None)
    found = credentials(logon, dialled("web1.corp.example", "kerberos"), nt_hash=None, tickets=Tickets())
    assert (found.user, found.ticket) == ("svc", None)


class GssError(Exception):
    """An error as gssapi raises it."""

    min_code = -1765328347


def test_the_code_of_kerberos_is_found_down_the_chain() -> None:
    """Pyspnego wraps what gssapi said; the minor code is found where it is."""
    error = RuntimeError("wrapped")
    error.__cause__ = GssError("clock skew too great")
    trouble = kerberos_trouble(error)
    assert (trouble.minor, trouble.text) == (2529638949, "clock skew too great")


def test_an_error_without_a_code_keeps_its_words() -> None:
    """A missing library is named, with what to install."""
    trouble = kerberos_trouble(ImportError("No module named 'gssapi'"))
    assert (trouble.minor, "fleetcheck[kerberos]" in trouble.text) == (None, True)


def test_pypsrp_s_own_log_configuration_is_ignored(tmp_path: Path) -> None:
    """A file that PYPSRP_LOG_CFG names, to log every script and body, is not even opened;
    the variable stays set.
    """
    log = tmp_path / "leak.log"
    handler = {"class": "logging.FileHandler", "filename": str(log), "level": "DEBUG"}
    config = tmp_path / "log.json"
    config.write_text(
        json.dumps({"version": 1, "handlers": {"f": handler}, "root": {"level": "DEBUG", "handlers": ["f"]}})
    )
    code = "import os, orchestrator.remote.over_pypsrp.transport; print(os.environ['PYPSRP_LOG_CFG'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYPSRP_LOG_CFG": str(config)},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.strip(), log.exists()) == (str(config), False)


class Kerberos:
    """A context as pyspnego's: complete once it has seen the host's proof. `number` tells one token from
    another.
    """

    negotiated_protocol = None
    made = 0

    def __init__(self) -> None:
        Kerberos.made += 1
        self.number = Kerberos.made
        self.complete = False

    def step(self, token: bytes | None = None) -> bytes | None:
        """Return the first token, or take the host's proof."""
        if token is None:
            return b"ticket %d" % self.number
        self.complete = token == b"proof"
        return None


def by_ticket() -> Negotiate:
    """Begin a logon by Kerberos: its first token is there already."""
    Kerberos.made = 0
    context = Kerberos()
    started = Started(context, context.step() or b"", Kerberos)
    host = dialled("web1.corp.example", "negotiate")
    return Negotiate(host, Logon(username="svc", password="x"), None, started=started)


def said(status: int, token: bytes | None = None) -> Answer:
    """Make a host's answer, with a token or without one."""
    value = ["Negotiate"] if token is None else [f"Negotiate {base64.b64encode(token).decode()}"]
    return Answer(status=status, headers={}, challenges=tuple(value), body=b"", last=False)


def answered(scheme: Negotiate, answer: Answer) -> bytes:
    """Log on with one answer; return the token that was sent. Raises what the logon does."""
    trying = scheme.begin(b"")
    header, _ = next(trying)
    with contextlib.suppress(StopIteration):
        trying.send(answer)
    return base64.b64decode(header.split()[1])


def test_a_host_has_to_prove_which_one_it_is() -> None:
    """200 with Kerberos' answer is a logon; without it, it could be anybody's."""
    scheme = by_ticket()
    assert (answered(scheme, said(200, b"proof")), scheme.context.complete) == (b"ticket 1", True)
    for token in (None, b"nonsense"):
        with pytest.raises(Garbled, match="did not prove by Kerberos which host it is"):
            answered(by_ticket(), said(200, token))


def test_a_busy_service_has_nothing_to_prove() -> None:
    """503 instead of a logon is the service's trouble, and told as that."""
    assert answered(by_ticket(), said(503)) == b"ticket 1"


def test_a_ticket_that_is_refused_is_no_proof_of_a_password() -> None:
    """A bare 401 to a ticket locks nobody, and is told as the ticket's."""
    with pytest.raises(Refused) as caught:
        answered(by_ticket(), said(401))
    assert (caught.value.stage, caught.value.proof, caught.value.ticket) == (Stage.ASKED, False, True)


def test_a_new_connection_has_a_token_of_its_own() -> None:
    """A host that ends the connection is logged on to again; a Kerberos token serves once."""
    scheme = by_ticket()
    assert [answered(scheme, said(200, b"proof")) for _ in range(3)] == [
        b"ticket 1",
        b"ticket 2",
        b"ticket 3",
    ]
