"""Inventories that are programs: which are run, how they are ended, and what is taken of what they print."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inventory.errors import InventoryError
from inventory.names import names
from inventory.sources import program
from inventory.sources.load import load_all
from inventory.sources.source import Source
from tests.eventually import eventually

OPS = {"ops": {"username": "ops", "password": {"from": "env", "name": "FC"}}}
VARS = {"fleetcheck_credentials": OPS, "fleetcheck_credential": "ops", "fleetcheck_auth": "ntlm"}
Write = Callable[..., Path]


def output(**hostvars: Any) -> dict[str, Any]:
    """Make what a program prints: hosts with their variables, all with one logon."""
    return {"_meta": {"hostvars": hostvars}, "all": {"hosts": list(hostvars), "vars": VARS}}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a program; a document is printed as JSON."""
    tmp_path.chmod(0o755)

    def of(printed: Any, *, head: str = f"#!{sys.executable}", mode: int = 0o755) -> Path:
        text = printed if isinstance(printed, str) else f"print({json.dumps(printed)!r})"
        path = tmp_path / "cmdb"
        path.write_text(f"{head}\n{text}\n", "utf-8")
        path.chmod(mode)
        return path

    return of


def hosts(path: Path) -> Any:
    """Load what -i names."""
    return load_all((Source(path, runs=True),)).hosts


def refused(path: Path, *, runs: bool = True) -> str:
    """Return why a program's hosts are not taken."""
    with pytest.raises(InventoryError) as caught:
        load_all((Source(path, runs=runs),))
    return str(caught.value).removeprefix(f"{path}: ")


GATEWAY = {"fleetcheck_gateways": {"primary": "gw1"}}


def test_a_program_gives_hosts_groups_and_settings(write: Write) -> None:
    """Ansible's variables of WinRM count, and each `fleetcheck_KEY`; what is not known is left alone."""
    web1 = {
        "ansible_host": "10.0.0.1",
        "ansible_port": 6000,
        "motd": "{{ free }}",
        "fleetcheck_pin": 443,
        **GATEWAY,
    }
    printed = output(web1=web1, db1=GATEWAY) | {
        "paris": {"hosts": ["web1"], "vars": {"fleetcheck_site": "paris"}}
    }
    found = hosts(write(printed))
    assert [(host.address, host.port, host.site, host.groups) for host in found.values()] == [
        ("10.0.0.1", 6000, "paris", ("paris",)),
        ("db1", 5986, None, ()),
    ]
    assert dict(found["web1"].desired) == {"primary": 443, "backup": 443}
    assert found["web1"].credential == "ops"


def test_a_program_is_asked_once_with_list_in_its_folder(write: Write, tmp_path: Path) -> None:
    """No shell reads its name, and `--host` is never typed."""
    text = "import os, sys\nopen('asked', 'a').write(f'{sys.argv[1:]} {os.getcwd()}')\n"
    path = write(text + f"print({json.dumps(output(web1=GATEWAY))!r})")
    odd = path.rename(tmp_path / "a $(touch b); c")
    hosts(odd)
    assert (tmp_path / "asked").read_text() == f"['--list'] {tmp_path}"
    assert not (tmp_path / "b").exists()


def test_a_program_that_nobody_named_is_not_run(write: Write, tmp_path: Path) -> None:
    """./fleet.yaml, what a file says and what a shell completes are never run."""
    path = write("open('ran', 'w')")
    said = refused(path, runs=False)
    assert said.startswith("this is a program: it is run only where -i or FLEETCHECK_INVENTORY names it")
    assert names(path) == ()
    assert not (tmp_path / "ran").exists()


def test_without_the_x_bit_nothing_is_run(write: Write, tmp_path: Path) -> None:
    """A script that cannot be run is read as YAML, which it is not; what makes it a program is said first."""
    path = write("open('ran', 'w')", mode=0o644)
    assert refused(path).splitlines()[0].endswith(f"it is run for what it prints: chmod u+x {path}")
    assert not (tmp_path / "ran").exists()


def test_a_file_of_yaml_with_the_x_bit_is_yaml(write: Write) -> None:
    """As on a file system that has no bits."""
    yaml = "defaults: {auth: kerberos, gateways: {primary: gw}}\nhosts: {web1: {}}"
    assert list(hosts(write(yaml, head="# a fleet"))) == ["web1"]


def test_a_program_in_machine_code_is_run(tmp_path: Path) -> None:
    """It begins as an ELF file; `echo --list` prints no JSON."""
    tmp_path.chmod(0o755)
    path = Path(shutil.copy(shutil.which("echo") or "/bin/echo", tmp_path / "elf"))
    assert "what it printed is no JSON" in refused(path)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (
            {"_meta": {"hostvars": {"web1": ["x"]}}},
            "`hostvars` of host `web1`: expected a mapping, found",
        ),
        (
            output(web1=GATEWAY) | {"web": {"vars": ["x"]}},
            "`vars` of group `web`: expected a mapping",
        ),
        (
            output(web1=GATEWAY) | {"web": {"hosts": [{}]}},
            "`hosts` of group `web`: expected names, found",
        ),
        (
            output(web1=GATEWAY) | {"web": {"vars": {"fleetcheck_credentials": {"other": OPS["ops"]}}}},
            "`fleetcheck_credentials` of group `web`: credentials are for all hosts: describe",
        ),
        (
            output(web1=GATEWAY | {"fleetcheck_credentials": {"other": OPS["ops"]}}),
            "`fleetcheck_credentials` of host `web1`: credentials are for all hosts",
        ),
        (
            output(web1={"ansible_host": "a b"}),
            "its address cannot be used: `a b` is not a host name",
        ),
    ],
)
def test_what_a_program_says_in_vain_is_a_mistake(write: Write, printed: Any, said: str) -> None:
    """Nothing that it printed is passed over in silence."""
    assert said in refused(write(printed))


def test_a_program_under_two_names_is_two_inventories(write: Write, tmp_path: Path) -> None:
    """Some print the hosts that belong to the name by which they are run."""
    printed = json.dumps(output(NAME=GATEWAY))
    program = write(f"import os, sys; print({printed!r}.replace('NAME', os.path.basename(sys.argv[0])))")
    (tmp_path / "lyon").symlink_to(program)
    found = load_all((Source(program, runs=True), Source(tmp_path / "lyon", runs=True)))
    assert list(found.hosts) == ["cmdb", "lyon"]


def test_credentials_that_stand_at_every_host_are_those_of_all(write: Write) -> None:
    """As `ansible-inventory --list` writes out what a group says."""
    assert list(hosts(write(output(web1=VARS | GATEWAY)))) == ["web1"]


@pytest.mark.parametrize(
    ("port", "said"),
    [("9" * 5_000, "a number of too many digits"), ("[" * 5_000 + "]" * 5_000, "nested more than 64")],
    ids=["digits", "nested"],
)
def test_what_json_could_hold_and_nothing_here_can_is_told_by_its_line(
    write: Write, port: str, said: str
) -> None:
    """A number of thousands of digits, lists in lists in lists."""
    text = f'{{"_meta": {{"hostvars": {{"web1":\\n{{"ansible_port": {port}}}}}}}}}'
    found = refused(write(f"print('{text}')"))
    assert (":2: " in found, said in found) == (True, True), found[:200]


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_program_that_others_can_write_is_not_run(
    write: Write, tmp_path: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one in a folder where others can put another in its place."""
    monkeypatch.setattr("inventory.files.ownership._private", lambda *_: False)
    path = write("open('ran', 'w')", mode=mode)
    assert refused(path).startswith(
        f"this is a program, and is not run: others can write it (mode {mode:04o})"
    )
    path.chmod(0o755)
    tmp_path.chmod(mode)
    assert refused(path).startswith(
        f"this is a program, and is not run: its folder {tmp_path}: others can write"
    )
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_program_of_another_user_is_not_run(write: Write, tmp_path: Path) -> None:
    """Whoever owns it can change it at any time."""
    path = write("open('ran', 'w')")
    os.chown(path, 12345, -1)
    assert "it belongs to another user (number 12345)" in refused(path)
    assert not (tmp_path / "ran").exists()


def test_a_program_that_hangs_is_killed(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time is over, and no host was asked."""
    monkeypatch.setattr(program, "SECONDS", 0.5)
    assert refused(write("import time; time.sleep(60)")) == (
        "this is a program; it had not ended after 0 s, and was killed"
    )


def _closed(fifo: int) -> bool:
    """Say whether nobody has a FIFO open for writing any more."""
    try:
        return os.read(fifo, 16) == b""
    except BlockingIOError:
        return False


def test_what_a_program_started_is_killed_with_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that waits for another program leaves none of them behind, and holds nobody's pipe open."""
    monkeypatch.setattr(program, "SECONDS", 2.0)
    fifo = tmp_path / "held"
    os.mkfifo(fifo)
    path = write(f"(sh -c 'exec 9>{fifo}; echo begun >&9; sleep 90 & wait'; true) & wait", head="#!/bin/sh")
    held = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert "was killed" in refused(path)
        assert os.read(held, 16) == b"begun\n"
        assert eventually(lambda: _closed(held))
    finally:
        os.close(held)


def test_a_program_that_prints_too_much_is_killed(write: Write) -> None:
    """More than 16 MB is no fleet."""
    said = refused(write("while True: print('x' * 65536)"))
    assert said == "this is a program; it printed more than 16 MB, and was killed"


def test_a_program_that_fails_is_told(write: Write) -> None:
    """With its status, and how to see why."""
    path = write("import sys; print('{}'); sys.exit(3)")
    assert refused(path) == f"this is a program; it ended with status 3; run it yourself: {path} --list"


def test_a_program_in_the_current_folder_is_named_as_a_shell_takes_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bare name would be looked for in PATH."""
    write("import sys; sys.exit(3)")
    monkeypatch.chdir(tmp_path)
    assert refused(Path("cmdb")).endswith("ended with status 3; run it yourself: ./cmdb --list")


def test_a_program_that_cannot_be_run_is_told(write: Write) -> None:
    """Its interpreter is not there."""
    assert refused(write("", head="#!/no/such/interpreter")).startswith(
        "this is a program; it cannot be run: "
    )


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("print('hosts: {web1: {}}')", "what it printed is no JSON: Expecting value"),
        ("print('[' * 100000)", "what it printed is no JSON"),
        ("", "what it printed is no JSON"),
        ([], "expected Ansible's JSON of `--list`, an object of groups; it printed a list"),
        ({"all": {"hosts": ["web1"]}}, "expected `_meta` with `hostvars`"),
        ({"_meta": {"hostvars": []}}, "expected `_meta` with `hostvars`"),
        ({"_meta": {"hostvars": {}}}, "`hosts`: expected a mapping of names to hosts, found an empty one"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe{}')", "written as UTF-16"),
        (output(web1={"fleetcheck_pin": 99999, **GATEWAY}), "`hosts.web1.pin`: expected a port"),
        (output(web1={"fleetcheck_pni": 443, **GATEWAY}), "pni"),
    ],
)
def test_what_is_no_inventory_is_told(write: Write, printed: Any, expected: str) -> None:
    """Before the first host."""
    assert expected in refused(write(printed))


@pytest.mark.parametrize(
    "value", ["{{ lookup('pipe', 'id') }}", ["a", "{% if x %}"], {"primary": "{{ gw }}"}]
)
def test_a_template_in_a_variable_is_refused(write: Write, value: Any) -> None:
    """What a program prints is data."""
    said = refused(write(output(web1={"fleetcheck_site": value, **GATEWAY})))
    assert "`fleetcheck_site` of host `web1`: a program's variables are data, and" in said
    assert "is a template; let it print the value" in said


@pytest.mark.parametrize("name", ["fleetcheck_credentials", "anything"])
def test_a_secret_by_a_program_is_refused(write: Write, name: str) -> None:
    """Wherever it stands: whoever writes the CMDB's rows would run programs here."""
    command = {"ops": {"username": "x", "password": {"from": "command", "argv": ["id"]}}}
    printed = output(web1=GATEWAY) | {"paris": {"hosts": ["web1"], "vars": {name: command}}}
    assert f"`{name}` of group `paris`: a program's variables are data, and `from: command`" in refused(
        write(printed)
    )


def test_a_program_beside_a_file(write: Write, tmp_path: Path) -> None:
    """The file has the logons and what groups say, the program has the hosts."""
    base = tmp_path / "base.yaml"
    base.write_text(
        "credentials: {ops: {username: ops, password: {from: env, name: FC}}}\n"
        "groups: {paris: {credential: ops, auth: ntlm, repin: forbid, gateways: {primary: gw1}}}\n"
    )
    printed = {"_meta": {"hostvars": {"web1": {}}}, "paris": {"hosts": ["web1"]}}
    fleet = load_all((Source(base, runs=True), Source(write(printed), runs=True)))
    (host,) = fleet.hosts.values()
    assert (host.credential, host.repin, host.groups) == ("ops", "forbid", ("paris",))
    assert str(host.origins["repin"]) == f"{base}:2 (group paris)"


def test_hosts_that_ansible_reaches_otherwise_are_left_out_and_told(write: Write) -> None:
    """A CMDB has Linux, too; `inventory check` says which were left out."""
    printed = output(web1={"ansible_connection": "winrm", **GATEWAY}, lin1={"ansible_connection": "ssh"})
    path = write(printed)
    fleet = load_all((Source(path, runs=True),))
    assert list(fleet.hosts) == ["web1"]
    assert fleet.remarks == (f"{path}: 1 note on what it printed; `fleetcheck inventory check` has them",)
    assert "lin1" in fleet.notes[0]
