"""What is wrong with Kerberos on this machine, and what helps: its clock, krb5.conf, ticket cache, keytab."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adlabs import MAIN, Realm
from tests.fleet.adlab_scan import command, scan
from tests.fleet.test_kerberos_rows import ALIAS, ONE, TWO, UNSEEN, real, told
from tests.winhosts import Winhost

pytestmark = [pytest.mark.adlab, pytest.mark.xdist_group("adlab")]


def test_a_name_without_a_service_keeps_its_cure_where_other_hosts_took_the_same_password(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """An alias is refused by NTLM after others were logged on to by Kerberos: its real name is what helps."""
    hosts = {"good": real(mit_hosts[0], address=ONE), "alias": real(mit_hosts[0], address=ALIAS)}
    scanned = scan(mit_realm, tmp_path, hosts, user=mit_realm.accounts["fleet"], auth="negotiate")
    _, detail, advice = told(scanned)
    assert "kerberos-no-spn" in detail
    assert "Use the host's real, full name in `address:`" in advice


@pytest.mark.parametrize("kind", ["mit", "samba"])
def test_a_ticket_that_has_ended_when_it_comes_is_told_as_the_clock(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    """This machine is two days ahead: nobody who has named a password is told to get a ticket."""
    realm = request.getfixturevalue(f"{kind}_realm")
    scanned = scan(realm.at("+2d"), tmp_path, {ONE: UNSEEN}, user=realm.accounts["fleet"])
    cause, detail, advice = told(scanned)
    assert (cause, "has ended already" in detail) == ("kerberos-clock", True)
    assert "Compare the clocks of this machine" in advice


@pytest.mark.parametrize("cache", ["FILE:{folder}/garbled", "NOSUCH:kind"])
def test_a_ticket_cache_that_cannot_be_used_is_told_with_where_it_is_named(
    mit_realm: Realm, tmp_path: Path, cache: str
) -> None:
    """Another program's file, a type that this library does not know: KRB5CCNAME is the place to look."""
    (tmp_path / "garbled").write_text("no tickets\n")
    cause, detail, advice = told(
        scan(mit_realm.holding(cache.format(folder=tmp_path)), tmp_path, {ONE: UNSEEN})
    )
    assert (cause, "the ticket cache cannot be used" in detail) == ("kerberos-ticket", True)
    assert "KRB5CCNAME" in advice


@pytest.mark.parametrize("words", [("inventory", "check"), ("scan", "-i")], ids=" ".join)
def test_a_krb5_conf_that_cannot_be_read_is_told_before_the_first_host(
    mit_realm: Realm, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """With `auth: kerberos` no host could be logged on to; `inventory check` says it as well."""
    (tmp_path / "krb5.conf").write_text("[libdefaults\n default_realm = ADLAB.TEST\n}}}")
    inventory = tmp_path / "fleet.yaml"
    inventory.write_text(f"defaults: {{auth: kerberos}}\nhosts: {{{ONE}: {{}}, {TWO}: {{}}}}\n")
    env = {**os.environ, **mit_realm.env, "KRB5_CONFIG": str(tmp_path / "krb5.conf")}
    argv = [sys.executable, "-c", MAIN, *words, str(inventory)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"`auth: kerberos` of {ONE} and 1 more" in done.stderr
    assert "krb5.conf cannot be used on this machine: Improper format" in done.stderr
    assert "KRB5_CONFIG" in done.stderr


def test_a_keytab_whose_key_is_old_is_told_as_that(mit_realm: Realm, tmp_path: Path) -> None:
    """The account's password was changed since: nobody is asked to put a password right."""
    path = tmp_path / "old.keytab"
    path.write_bytes(_with_other_keys(Path(mit_realm.keytab).read_bytes()))
    path.chmod(0o600)
    (tmp_path / "fleet.yaml").write_text(
        f"credentials: {{ops: {{from: keytab, username: fleet, path: {path}}}}}\n"
        f"defaults: {{auth: kerberos, credential: ops}}\nhosts: {{{ONE}: {{}}}}\n"
    )
    scanned = command(mit_realm, tmp_path, "scan", "--json", "--db", str(tmp_path / "results.db"))
    (host,) = json.loads(scanned.stdout)["hosts"]
    failure = host["failure"]
    assert failure["cause"] == "logon-failed"
    assert f"The keytab {path} does not hold the account's key of today" in failure["advice"]
    assert "Put the password" not in failure["advice"]


def _with_other_keys(keytab: bytes) -> bytes:
    """Change one byte of each key: an entry ends with its key, then four bytes of the key's version."""
    data, at = bytearray(keytab), 2
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at)
        at += 4 + abs(size)
        data[at - 8] ^= 0xFF
    return bytes(data)
