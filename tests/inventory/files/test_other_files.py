"""A file in a wrong place is named as what it is, and nothing of it is shown that may be a secret."""

from __future__ import annotations

import gzip
import os
import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from inventory.errors import InventoryError
from inventory.files.ownership import foreign_hands
from inventory.load import load
from inventory.profile import load_profile

OTHERS = {
    "gzip archive; unpack it first": gzip.compress(b"hosts: {}"),
    "ZIP archive, as Excel's .xlsx": b"PK\x03\x04\x14\x00\x06\x00",
    "document of an older Office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
    "PDF document": b"%PDF-1.7\n",
    "PNG picture": b"\x89PNG\r\n\x1a\n\0",
    "program of Windows": b"MZ\x90\x00",
    "tar archive": b"fleet.yaml".ljust(257, b"\0") + b"ustar\x0000",
    "certificate; `ca:` names it": b"-----BEGIN CERTIFICATE-----\n",
    "key or certificate (PEM)": b"-----BEGIN PRIVATE KEY-----\nhunter2\n",
    "Kerberos keytab": b"\x05\x02\0\0\0",
    "plan of a re-pin; `fleetcheck repin show`": b'{\n "fleetcheck": {\n  "document": "plan",\n  "v": 2\n }\n}\n',  # noqa: E501
    "JSON document of fleetcheck's (`scan`)": b'{"fleetcheck": {"version": "1", "document": "scan", "v": 1}}',
    "HTML page": b"<!DOCTYPE html>\n<html>",
    "XML document": b'<?xml version="1.0"?>\n<a/>',
    "script": b"#!/bin/sh\necho\n",
    "CSV table": b'#TYPE Selected.Microsoft.ActiveDirectory\n"Name"\n',
    "INI file; `fleetcheck inventory import`": b"# hosts\n\n[web]\nweb1 ansible_host=192.0.2.1\n",
    "profile; `profile:` in an inventory names it": b"name: own\nroles: {}\nports: [2147]\n",
    "inventory of Ansible's; `fleetcheck inventory import`": b"---\nall:\n  hosts:\n    web1: {}\n",
}


def refusal(path: Path) -> str:
    """Return the message with which an inventory is refused."""
    with pytest.raises(InventoryError) as caught:
        load(path)
    return str(caught.value)


@pytest.mark.parametrize("words", OTHERS)
def test_another_kind_of_file_is_named(tmp_path: Path, words: str) -> None:
    """Whoever mixes up two files is told what the one is, once, and not its mistakes as an inventory."""
    path = tmp_path / "fleet.yaml"
    path.write_bytes(OTHERS[words])
    message = refusal(path)
    assert re.search(f"fleet.yaml: this is an? {re.escape(words)}", message)
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("defaults: {pin: 443}\nhosts: {web1: {}}\n", "an inventory; `-i` names it"),
        ("-----BEGIN CERTIFICATE-----\n", "a certificate; `ca:` names it"),
    ],
)
def test_what_is_no_profile_is_named(tmp_path: Path, text: str, words: str) -> None:
    """Whoever hands an inventory to `profile check` is told once, and not of each of its keys."""
    (tmp_path / "agent.yaml").write_text(text)
    with pytest.raises(InventoryError) as caught:
        load_profile("./agent.yaml", tmp_path)
    assert str(caught.value) == f"{tmp_path}/agent.yaml: this is {words}"


def test_a_database_is_named_with_its_option(tmp_path: Path) -> None:
    """`-i fleet.db` is a slip for `--db`."""
    with closing(sqlite3.connect(tmp_path / "fleet.db")) as database:
        database.execute("CREATE TABLE scan (id)")
    assert refusal(tmp_path / "fleet.db").endswith("this is an SQLite database; name it with `--db`")


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "hunter2 hunter3",
        "12345678",
        "hunter2: x",
        "hunter2: 1\nhunter2: 2",
        "{hunter2}",
        "? hunter2",
        "- hunter2",
        "&hunter2 x",
        "username: hunter2\npassword: hunter2",
        '"hunter2',
        "@hunter2",
        "*hunter2",
        "hosts=hunter2",
    ],
)
def test_a_secret_given_as_inventory_or_profile_is_not_shown(tmp_path: Path, text: str) -> None:
    """`inventory check secrets/pw` says what was expected and shows no character of the file."""
    path = tmp_path / "pw.yaml"
    path.write_text(text + "\n")
    with pytest.raises(InventoryError) as caught:
        load_profile(str(path), tmp_path)
    messages = refusal(path) + str(caught.value)
    assert [word for word in ("hunter", "1234") if word in messages] == []


def test_a_slip_in_the_only_key_is_still_shown(tmp_path: Path) -> None:
    """A key that is nearly one of an inventory's tells that this is one."""
    path = tmp_path / "fleet.yaml"
    path.write_text("hots: {web1: {}}\n")
    assert "unknown key `hots`; did you mean `hosts`?" in refusal(path)


def test_a_fifo_in_a_profile_s_place_is_refused(tmp_path: Path) -> None:
    """What an inventory names is a file: a FIFO would hold the command."""
    os.mkfifo(tmp_path / "agent.yaml")
    with pytest.raises(InventoryError, match=r"agent\.yaml: a FIFO, where a profile was expected"):
        load_profile("agent.yaml", tmp_path)


def test_a_fifo_in_a_certificate_s_place_is_refused(tmp_path: Path) -> None:
    """`ca:` names a file, and a FIFO would hold every command that loads the inventory."""
    os.mkfifo(tmp_path / "ca.pem")
    message = refusal(commanding(tmp_path, 0o600, COMMAND.replace("pin: 443", "pin: 443, ca: ca.pem")))
    assert "(" + str(tmp_path / "ca.pem") + "): is a FIFO, where a PEM file was expected" in message


COMMAND = """
credentials: {ops: {username: svc, password: {from: command, argv: [pass, show, fleet]}}}
defaults: {credential: ops}
hosts: {web1: {address: 192.0.2.1, gateways: {primary: gw1}, pin: 443}}
"""


def commanding(folder: Path, mode: int, text: str = COMMAND) -> Path:
    """Write an inventory, by default one that runs a command."""
    path = folder / "fleet.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o666, 0o646])
def test_a_command_in_a_file_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever can write the inventory could run what they like as its user."""
    path = commanding(tmp_path, mode)
    expected = (
        f"{path}: this file names a command to run (credential `ops`), and others can write it (mode "
        f"{mode:04o}); run: chmod go-w {path}"
    )
    assert refusal(path) == expected


def test_a_group_of_several_is_others_and_a_private_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every user has a group of their own, files are group-writable and still nobody else's."""
    import grp
    import pwd

    path = commanding(tmp_path, 0o664)
    own = pwd.getpwuid(os.geteuid())
    os.chown(path, -1, own.pw_gid)

    def group(name: str, members: list[str]) -> None:
        found = grp.struct_group((name, "x", own.pw_gid, members))
        monkeypatch.setattr(grp, "getgrgid", lambda _gid: found)

    group(own.pw_name, [])
    assert load(path).hosts.keys() == {"web1"}
    for name, members in (("staff", []), (own.pw_name, ["eve"])):
        group(name, members)
        assert "others can write it (mode 0664)" in refusal(path)


def test_a_command_in_somebody_else_s_file_is_refused(tmp_path: Path) -> None:
    """An inventory of another user's can change at any time, whatever its mode;
    root's is the machine's own.
    """
    path = commanding(tmp_path, 0o644)
    found = list(path.stat())
    found[stat.ST_UID] = 65_533
    assert foreign_hands(path, os.stat_result(found)) == (
        "it belongs to another user (number 65533); copy it to a file of your own"
    )
    found[stat.ST_UID] = 0
    assert foreign_hands(path, os.stat_result(found)) is None


def test_an_inventory_without_a_command_may_be_anybody_s(tmp_path: Path) -> None:
    """What runs nothing is as good as the people who write it: teams share such files."""
    text = COMMAND.replace("{from: command, argv: [pass, show, fleet]}", "{from: prompt}")
    assert load(commanding(tmp_path, 0o666, text)).hosts.keys() == {"web1"}
