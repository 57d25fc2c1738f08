"""`fleetcheck inventory` and `fleetcheck profile`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import HOSTS, fleetcheck

GOOD = """\
credentials:
  ops: {username: ops, password: {from: env, name: PW}}
defaults: {credential: ops, profile: livevault, pin: 2147, gateways: {primary: 203.0.113.10, backup: 203.0.113.20}}
groups:
  paris: {hosts: [web1], site: paris, pin: 443}
hosts:
  web1: {address: 10.0.0.1}
  web2: {address: 10.0.0.2}
waivers:
  - {hosts: web1, verdict: drifted, reason: change 4711, until: 2020-01-31}
"""  # noqa: E501


def test_a_good_inventory_is_counted(inventory_file: Callable[[str], Path]) -> None:
    """A check without mistakes says so with counts, exits 0, and names waivers that have ended."""
    path = inventory_file(GOOD)
    ended = fleetcheck("inventory", "check", str(path))
    assert (ended.code, ended.out) == (
        0,
        f"{path}: no mistakes. hosts: 2, groups: 1, credentials: 1, waivers: 1\n",
    )
    assert ended.err == (
        f"warning: {path}:10: the waiver for drifted ended on 2020-01-31 and counts no more: change 4711 "
        "(web1)\n"
    )


def test_every_mistake_is_said_at_once(inventory_file: Callable[[str], Path]) -> None:
    """A bad inventory prints each mistake as file:line: words, then their number; exit code 1."""
    path = inventory_file(
        GOOD.replace("10.0.0.1}", "10.0.0.1, port: 0}").replace("10.0.0.2}", "10.0.0.2, sitte: x}")
    )
    ended = fleetcheck("inventory", "check", str(path))
    lines = ended.err.splitlines()
    assert (ended.code, ended.out) == (1, "")
    assert [line.split(": ")[0] for line in lines[:2]] == [f"{path}:7", f"{path}:8"]
    assert lines[2] == "fleetcheck: 2 mistakes, named above"


def test_mistakes_come_as_json_too(inventory_file: Callable[[str], Path]) -> None:
    """`check --json` lists problems with file, line and message, and exits 1."""
    path = inventory_file(GOOD.replace("10.0.0.1}", "10.0.0.1, port: 0}"))
    ended = fleetcheck("inventory", "check", str(path), "--json")
    content = json.loads(ended.out)
    assert (ended.code, content["hosts"], len(content["problems"])) == (1, None, 1)
    assert content["problems"][0]["line"] == 7


def test_a_missing_inventory_is_said() -> None:
    """A file that is not there is exit code 1 with its name."""
    ended = fleetcheck("inventory", "check", "none.yaml")
    assert (ended.code, "none.yaml" in ended.err, "Traceback" in ended.err) == (1, True, False)


def test_settings_are_shown_with_their_origin(inventory_file: Callable[[str], Path]) -> None:
    """`show HOST --origin` says which line of which layer set each value."""
    path = inventory_file(GOOD)
    rows = [
        line.split("\t")
        for line in fleetcheck("inventory", "show", "web1", "-i", str(path), "--origin").out.splitlines()
    ]
    origins = {row[0]: row[2] for row in rows}
    assert origins["address"] == f"{path}:7 (host web1)"
    assert origins["pin"] == f"{path}:5 (group paris)"
    assert origins["credential"] == f"{path}:3 (defaults)"


def test_an_unknown_host_is_told_with_the_nearest(inventory_file: Callable[[str], Path]) -> None:
    """A mistyped host is exit code 2 with the name that was probably meant."""
    ended = fleetcheck("inventory", "show", "wbe1", "-i", str(inventory_file(GOOD)))
    assert (ended.code, "did you mean web1" in ended.err) == (2, True)


def test_hosts_are_listed_by_selection(simulated: Path) -> None:
    """`list` gives a line per selected host; `--json` their settings."""
    ended = fleetcheck("inventory", "list", "-i", str(simulated), "--limit", "madrid")
    assert [line.split("\t")[0] for line in ended.out.splitlines()] == ["mad-mail-02", "mad-db-01"]
    content = json.loads(fleetcheck("inventory", "list", "-i", str(simulated), "--json").out)
    assert [host["name"] for host in content["hosts"]] == list(HOSTS)


def test_the_starter_is_an_inventory_and_overwrites_nothing(tmp_path: Path) -> None:
    """`init` writes a file that passes its own check; a second `init` leaves it alone."""
    assert fleetcheck("inventory", "init").code == 0
    assert fleetcheck("inventory", "check").code == 0
    (tmp_path / "fleet.yaml").write_text("mine")
    ended = fleetcheck("inventory", "init")
    assert (ended.code, (tmp_path / "fleet.yaml").read_text()) == (1, "mine")
    assert "left alone" in ended.err


def test_an_ansible_inventory_is_turned_into_ours(tmp_path: Path) -> None:
    """`import FILE -o OUT` writes an inventory that passes the check, and never overwrites one."""
    (tmp_path / "hosts.ini").write_text("[web]\nweb[1:2].corp.example ansible_connection=winrm\n")
    ended = fleetcheck("inventory", "import", "hosts.ini", "-o", "new.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert fleetcheck("inventory", "check", "new.yaml").out.startswith("new.yaml: no mistakes. hosts: 2,")
    assert fleetcheck("inventory", "import", "hosts.ini", "-o", "new.yaml").code == 1


def test_an_ansible_folder_is_imported_with_its_notes_on_standard_error(tmp_path: Path) -> None:
    """A folder is read with what stands beside; each note of the head is said, too,
    and the list goes to the pipe alone.
    """
    (tmp_path / "prod" / "group_vars").mkdir(parents=True)
    (tmp_path / "prod" / "hosts").write_text("[win]\nweb1\nlinux1 ansible_connection=ssh\n")
    (tmp_path / "prod" / "group_vars" / "win.yml").write_text(
        "ansible_connection: winrm\nansible_port: 5985\n"
    )
    ended = fleetcheck("inventory", "import", "prod")
    notes = [line.removeprefix("note: ") for line in ended.err.splitlines()]
    head = [line.removeprefix("# ") for line in ended.out.splitlines() if line.startswith("# ")]
    assert (ended.code, head[1:]) == (0, notes)
    assert notes == [
        "Read beside the inventory: `group_vars/win.yml`.",
        "Left out, because Ansible does not reach them over WinRM: `linux1` (hosts:3).",
    ]


def test_the_schema_is_json() -> None:
    """`schema` prints a JSON Schema for editors."""
    assert "$schema" in json.loads(fleetcheck("inventory", "schema").out)


def test_a_profile_is_printed_as_it_could_be_written(tmp_path: Path) -> None:
    """`profile show` prints YAML that loads as a profile again; `--json` the same as a document."""
    text = fleetcheck("profile", "show", "livevault").out
    (tmp_path / "copy.yaml").write_text(text)
    again = json.loads(fleetcheck("profile", "show", "copy.yaml", "--json").out)["profile"]
    shipped = json.loads(fleetcheck("profile", "show", "livevault", "--json").out)["profile"]
    assert again | {"source": ""} == shipped | {"source": ""}
    assert [port["number"] for port in shipped["ports"]][:2] == [2147, 554]


@pytest.mark.parametrize("name", ["livevalt", "none.yaml"])
def test_an_unknown_profile_is_an_error(name: str) -> None:
    """A profile that is neither shipped nor a file is told with words."""
    ended = fleetcheck("profile", "show", name)
    assert (ended.code, ended.out, "Traceback" in ended.err) == (1, "", False)
    assert name in ended.err


def test_profiles_are_listed() -> None:
    """`profile list` names the shipped ones."""
    assert "livevault" in fleetcheck("profile", "list").out


def test_an_import_says_how_many_notes_it_left(tmp_path: Path) -> None:
    """What was left out stands at the head of the file, and the screen sends the reader there."""
    table, made = tmp_path / "hosts.csv", tmp_path / "made.yaml"
    table.write_text("name,x\nSRV 01,a\nsrv02,\n", encoding="utf-8")
    ended = fleetcheck("inventory", "import", str(table), "-o", str(made))
    assert (ended.code, ended.out.startswith(f"{made} written, with 2 notes at its head. ")) == (0, True)
    assert fleetcheck("inventory", "check", str(made)).code == 0


def test_a_certificate_without_its_key_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    """`inventory check` looks at the files of credentials, and remarks on a program that is not there."""
    (tmp_path / "client.pem").write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    (tmp_path / "client.pem").chmod(0o600)
    path = tmp_path / "fleet.yaml"
    path.write_text(
        "credentials:\n  cert: {from: certificate, path: client.pem}\n"
        "  ops: {username: x, password: {from: command, argv: [no-such-program]}}\n"
        "defaults: {credential: ops}\nhosts: {web1: {}}\n"
    )
    path.chmod(0o600)
    ended = fleetcheck("inventory", "check", str(path))
    assert (ended.code, f"{path}:2: credential `cert`: " in ended.err) == (1, True)
    assert "holds a certificate and no key" in ended.err
    path.write_text(path.read_text().replace("  cert: {from: certificate, path: client.pem}\n", ""))
    ended = fleetcheck("inventory", "check", str(path))
    assert (ended.code, "the command `no-such-program` cannot be run" in ended.err) == (0, True)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("{from: env, name: FC_NOWHERE}", "the environment variable `FC_NOWHERE` is not set"),
        ("{from: file, path: secrets/ops}", "secrets/ops is not there"),
    ],
)
def test_a_secret_that_is_not_there_is_a_remark_with_its_line(
    tmp_path: Path, reference: str, words: str
) -> None:
    """`inventory check` remarks on an unset variable and a missing secret file, and exits 0: tonight's job
    may have them.
    """
    path = tmp_path / "fleet.yaml"
    path.write_text(
        f"credentials:\n  ops: {{username: x, password: {reference}}}\n"
        "defaults: {credential: ops}\nhosts: {web1: {}}\n"
    )
    ended = fleetcheck("inventory", "check", str(path))
    assert (ended.code, f"remark: {path}:2: credential `ops`: the " in ended.err) == (0, True)
    assert words in ended.err


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        ("{from: certificate, path: client.pem}", "the certificate {folder}/client.pem is not there"),
        ("{username: CHANGE-ME, password: {from: prompt}}", "its user is CHANGE-ME yet: write who logs on"),
    ],
)
def test_what_an_import_leaves_to_be_done_is_a_remark_with_its_line(
    tmp_path: Path, credential: str, words: str
) -> None:
    """A client certificate of another machine, a user whom nobody named: neither is a mistake."""
    path = tmp_path / "fleet.yaml"
    path.write_text(
        f"credentials:\n  ops: {credential}\ndefaults: {{credential: ops}}\nhosts: {{web1: {{}}}}\n"
    )
    ended = fleetcheck("inventory", "check", str(path))
    assert ended.err == f"remark: {path}:2: credential `ops`: {words.format(folder=tmp_path)}\n"
    assert ended.code == 0
