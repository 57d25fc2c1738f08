"""The small parts of a logon: what a host offers, what Kerberos says on this side, what the environment may change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import spnego

from inventory.schema.shapes import is_ip
from orchestrator.remote.auth.credentials import credentials
from orchestrator.remote.auth.kerberos import kerberos_trouble
from orchestrator.remote.auth.logon import offers
from orchestrator.remote.auth.nt_hash import NtHashes
from orchestrator.remote.auth.tickets import Tickets
from orchestrator.remote.net.http import Answer
from orchestrator.remote.session import Logon


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


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
@pytest.mark.parametrize("password", ["Passw0rd!", ":".join(["0123456789abcdef" * 2] * 2)])
def test_what_is_not_kerberos_is_ntlm_with_this_password(password: str, auth: str) -> None:
    """An IP address asks no domain controller; a password that looks like an LM and an NT hash is tried as what it is."""
    logon = Logon(username="svc", password=password)
    found = credentials(logon, auth, by_name=False, nt_hash=None, tickets=Tickets())
    assert (type(found.user), found.user.username, found.ticket) == (spnego.NTLMHash, "svc", None)
    assert found.user.nt_hash == NtHashes().of(logon)


def test_no_password_is_the_user_s_own_ticket_cache() -> None:
    """Without a password nobody is asked: Kerberos looks for a ticket of that name."""
    logon = Logon(username="svc", password=None)
    found = credentials(logon, "kerberos", by_name=True, nt_hash=None, tickets=Tickets())
    assert (found.user, found.ticket) == ("svc", None)


class GssError(Exception):
    """An error as gssapi raises it."""

    min_code = -1765328347


def test_the_code_of_kerberos_is_found_down_the_chain() -> None:
    """Pyspnego wraps what gssapi said; the minor code is found where it is."""
    error = RuntimeError("wrapped")
    error.__cause__ = GssError("clock skew too great")
    trouble = kerberos_trouble(error)
    assert (trouble.minor, trouble.text) == (2529638949, "wrapped")


def test_an_error_without_a_code_keeps_its_words() -> None:
    """A missing library is named, with what to install."""
    trouble = kerberos_trouble(ImportError("No module named 'gssapi'"))
    assert (trouble.minor, "fleetcheck[kerberos]" in trouble.text) == (None, True)


def test_pypsrp_s_own_log_configuration_is_ignored(tmp_path: Path) -> None:
    """A file that PYPSRP_LOG_CFG names, to log every script and body, is not even opened; the variable stays set."""
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
