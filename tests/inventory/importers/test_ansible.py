"""Ansible inventories as people have them: what is imported, what is left out, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.errors import InventoryError
from inventory.importers import Imported, convert
from inventory.load import loads
from inventory.model import Fleet, Host


class Case:
    """A folder of files to import from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, files: dict[str, str]) -> None:
        """Write files below the folder."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def made(self, name: str, text: str | None = None) -> Imported:
        """Import a file or folder, written first where a text is given."""
        if text is not None:
            self.write({name: text})
        return convert(self.folder / name)

    def fleet(self, name: str, text: str | None = None) -> Fleet:
        """Import, and load what came out."""
        return loads(self.made(name, text).text.encode(), self.folder / "fleet.yaml")

    def notes(self, name: str, text: str | None = None) -> list[str]:
        """Return what is said, the folder's own path taken out."""
        return [note.replace(f"{self.folder}/", "") for note in self.made(name, text).notes]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Return a folder that has no `group_vars` above it."""
    return Case(tmp_path / "a" / "b")


def reached(fleet: Fleet) -> dict[str, tuple[str, int, str]]:
    """Return how every host is reached."""
    return {name: (host.address, host.port, host.transport) for name, host in fleet.hosts.items()}


def users(fleet: Fleet) -> dict[str, str | None]:
    """Return the user name of each host."""
    return {
        name: fleet.credentials[host.credential].username if host.credential else None
        for name, host in fleet.hosts.items()
    }


LAYOUT = {
    "prod/hosts.yml": "all:\n  children:\n    windows:\n      children:\n        web: {hosts: "
    "{web1.corp.example: }}\n        db: {hosts: {db1.corp.example: }}\n",
    "prod/group_vars/windows.yml": 'ansible_user: svc@CORP.EXAMPLE\nansible_password: "{{ vault_password }}"\nansible_connection: winrm\nansible_winrm_transport: kerberos\nansible_port: 5985\nansible_winrm_scheme: http\n',  # noqa: E501
    "prod/group_vars/db/10-port": "ansible_port: 15985\n",
    "prod/group_vars/db/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n3031\n",
    "prod/host_vars/db1.corp.example.yml": "ansible_host: 192.0.2.44\n",
}


@pytest.mark.parametrize("name", ["prod", "prod/hosts.yml"])
def test_variables_beside_an_inventory_are_read(case: Case, name: str) -> None:
    """A folder, and a file of it, come to the same: with `group_vars` and `host_vars`."""
    case.write(LAYOUT)
    fleet = case.fleet(name)
    assert reached(fleet) == {
        "web1.corp.example": ("web1.corp.example", 5985, "http"),
        "db1.corp.example": ("192.0.2.44", 15985, "http"),
    }
    assert [host.auth for host in fleet.hosts.values()] == ["kerberos", "kerberos"]


def test_files_that_were_read_or_could_not_be_are_named(case: Case) -> None:
    """The notes name every file of variables, and the ones that ansible-vault keeps closed."""
    case.write(LAYOUT)
    assert case.notes("prod") == [
        (
            "Read beside the inventory: `group_vars/windows.yml`, `group_vars/db/10-port`, "
            "`host_vars/db1.corp.example.yml`."
        ),
        "Encrypted with ansible-vault, and not read: `group_vars/db/vault.yml`.",
        "`ansible_password` was not taken over: secrets do not belong in an inventory.",
    ]


def test_variables_of_nobody_are_told_of(case: Case) -> None:
    """A file whose name is spelt otherwise than its group says nothing, in Ansible too."""
    case.write(
        {
            "p/hosts": "[web_servers]\nweb1\n",
            "p/group_vars/web-servers.yml": "ansible_connection: winrm",
            "p/group_vars/web_servers.yaml": "site: x",
            "p/group_vars/.hidden": "",
            "p/host_vars/web2/a.yml": "x: 1",
        }
    )
    words = "Not read, because the inventory has no group or host of that name:"
    assert f"{words} `group_vars/web-servers.yml`, `host_vars/web2`." in case.notes("p")


def test_variables_of_the_playbooks_are_told_of(case: Case) -> None:
    """`group_vars` one folder up belong to the playbooks: a note has the command that takes them in."""
    case.write({**LAYOUT, "group_vars/all.yml": "ansible_port: 1\n"})
    found = [note for note in case.notes("prod") if note.startswith("Not read")]
    assert len(found) == 1
    assert f"`ansible-inventory -i prod --playbook-dir {case.folder} --list --yaml`" in found[0]


def test_a_mistake_in_a_file_beside_is_told_at_its_line(case: Case) -> None:
    """A file of variables that nobody can read refuses the import, with its own name and line."""
    case.write({**LAYOUT, "prod/host_vars/db1.corp.example.yml": "a: 1\n- b\n"})
    with pytest.raises(InventoryError) as caught:
        case.made("prod")
    assert caught.value.problems[0].file == str(case.folder / "prod/host_vars/db1.corp.example.yml")
    assert caught.value.problems[0].line == 2


def test_what_only_ansible_can_ask_is_named(case: Case) -> None:
    """In a folder, scripts, plugins and files of another kind are passed over, each with a note."""
    case.write({
        **LAYOUT, "prod/aws.yml": "plugin: amazon.aws.aws_ec2\n", "prod/dyn": "#!/bin/sh\n", "prod/x.toml": "[a]\n",  # noqa: E501
        "prod/vault_pass": "hunter2\n", "prod/list.csv": "a,b\n", "prod/notes.md": "x\n",
    })  # fmt: skip
    notes = [note for note in case.notes("prod") if note.startswith("Not read")]
    advice = "`ansible-inventory -i prod --list --yaml` prints what it comes to, which can be imported"
    assert notes == [
        f"Not read: `aws.yml`: configures the inventory plugin `amazon.aws.aws_ec2`; {advice}.",
        f"Not read: `dyn`: a program, which is not run from here; {advice}.",
        "Not read: `list.csv`: no inventory, by its name.",
        "Not read: `vault_pass`: holds a secret, by its name.",
        f"Not read: `x.toml`: TOML, which is not read here; {advice}.",
    ]


MIXED = """\
localhost
[linux]
lx1 ansible_host=192.0.2.31
[linux:vars]
ansible_user=deploy
ansible_ssh_private_key_file=~/.ssh/id
[firewalls]
fw1 ansible_connection=httpapi
[odd]
odd1 ansible_connection="{{ lookup('env', 'X') }}"
[windows]
dc1 ansible_connection=psrp ansible_psrp_port=5986
srv[01:02]
[windows:vars]
ansible_connection=ansible.builtin.winrm
"""


def test_hosts_without_a_connection_are_left_out_where_others_have_one(case: Case) -> None:
    """Absent means ssh, as soon as one host says winrm or psrp;
    each kind of the rest has a note with lines.
    """
    assert list(case.fleet("hosts.ini", MIXED).hosts) == ["dc1", "srv01", "srv02"]
    assert case.notes("hosts.ini") == [
        "Left out, because it is the machine that Ansible runs on: `localhost` (hosts.ini:1).",
        (
            "Left out, because nothing says `ansible_connection` of them, which is ssh, while it says "
            "winrm or psrp of others: `lx1` (hosts.ini:3)."
        ),
        "Left out, because Ansible does not reach them over WinRM: `fw1` (hosts.ini:8).",
        (
            "Left out, because only Ansible can tell how they are reached (`ansible_connection`): `odd1` "
            "(hosts.ini:10)."
        ),
    ]


@pytest.mark.parametrize(
    ("line", "kept"),
    [("localhost", ["w1"]), ("localhost ansible_port=55986 ansible_host=127.0.0.1", ["localhost", "w1"])],
)
def test_this_machine_is_taken_only_where_its_own_line_says_so(
    case: Case, line: str, kept: list[str]
) -> None:
    """A bare `localhost` is the machine that Ansible runs on, whatever its groups say;
    a forwarded port is meant.
    """
    text = f"{line}\nw1\n[all:vars]\nansible_connection=winrm\n"
    assert list(case.fleet("hosts.ini", text).hosts) == kept


@pytest.mark.parametrize(
    ("name", "text", "user"),
    [
        ("h.ini", r"w1 ansible_user='CORP\\svc'", r"CORP\\svc"),
        ("h.ini", r"w1 ansible_user=.\Administrator", ".Administrator"),
        ("h.yml", r"all: {hosts: {w1: {ansible_user: 'CORP\\svc'}}}", r"CORP\\svc"),
    ],
)
def test_a_user_that_cannot_be_one_is_told(case: Case, name: str, text: str, user: str) -> None:
    """It is Ansible's reading, and no host would take it."""
    assert users(case.fleet(name, text)) == {"w1": user}
    assert any(f"comes to `{user}`, in Ansible too" in note for note in case.notes(name))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("l.json", '[WARNING]: x\n{"all": {}}', ":1: a warning that Ansible printed"),
        ("l.yml", "[DEPRECATION WARNING]: x\nall:\n", ":1: a warning that Ansible printed"),
        ("hosts", "\n[WARNING]: x\n[web]\nw1\n", ":1: a warning that Ansible printed"),
        ("l.json", '{"all": {}}\n{"all": {}}', ":2: not JSON: Extra data"),
        ("l.json", '{"all": {}', ":1: not JSON: Expecting ',' delimiter"),
    ],
)
def test_what_is_not_ansibles_alone_is_named(case: Case, name: str, text: str, said: str) -> None:
    """As it comes of a redirection, or of two of them."""
    with pytest.raises(InventoryError) as caught:
        case.made(name, text)
    assert said in str(caught.value)


def test_no_user_of_a_host_that_is_left_out_is_written(case: Case) -> None:
    """What groups of Linux hosts say does not come into the inventory."""
    assert "deploy" not in case.made("hosts.ini", MIXED).text


def test_where_no_connection_is_said_all_are_taken(case: Case) -> None:
    """An inventory that says nothing of it is taken as one of Windows, but for this machine;
    a note says so.
    """
    assert list(case.fleet("hosts.ini", "localhost\nweb1\n").hosts) == ["web1"]
    assert case.notes("hosts.ini") == [
        "Left out, because it is the machine that Ansible runs on: `localhost` (hosts.ini:1).",
        (
            "No host says `ansible_connection: winrm` or `psrp`; all that say nothing were taken as hosts "
            "with WinRM."
        ),
    ]


@pytest.mark.parametrize(
    ("line", "user"),
    [
        (r'[win:vars]\nansible_user="CORP\\svc"', "CORP\\svc"),
        (r"[win:vars]\nansible_user=CORP\\svc", "CORP\\\\svc"),
        (r"[win:vars]\nansible_user=CORP\svc", "CORP\\svc"),
        (r"[win:vars]\nansible_user='op' # who", "op"),
        (r"[win:vars]\nansible_user=op # who", "op # who"),
        (r"[win:vars]\nansible_user=None", "CHANGE-ME"),
        (r"[win:vars]\nansible_user=0815", "0815"),
    ],
)
def test_a_user_under_vars_is_ansibles(case: Case, line: str, user: str) -> None:
    """Quotes make a Python literal, whose backslashes are escapes; without them every character counts."""
    text = "[win]\nsrv1 ansible_connection=winrm\n" + line.replace(r"\n", "\n") + "\n"
    assert users(case.fleet("hosts.ini", text)) == {"srv1": user}


@pytest.mark.parametrize(
    ("said", "user"),
    [(r'"CORP\\svc"', "CORP\\svc"), (r"CORP\\svc", "CORP\\svc"), (r"'CORP\svc'", "CORP\\svc"), ("a#b", "a"), (r"CORP\svc", "CORPsvc")],  # noqa: E501
)  # fmt: skip
def test_a_user_on_a_hosts_line_is_ansibles(case: Case, said: str, user: str) -> None:
    """There a shell's rules come first: a backslash without quotes is gone, and `#` begins a comment."""
    text = f"srv1 ansible_connection=winrm ansible_user={said}\n"
    assert users(case.fleet("hosts.ini", text)) == {"srv1": user}


LISTED = """\
{"_meta": {"hostvars": {
   "db1": {"ansible_connection": "winrm", "ansible_host": "192.0.2.44", "ansible_port": 5985, "ansible_user": {"__ansible_unsafe": "svc{{x}}"},
           "ansible_password": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256"}},
   "web1": {"ansible_connection": "winrm", "ansible_port": 5985, "ansible_user": "svc{{x}}", "note": "\\ud83d\\ude00"}}},
 "all": {"children": ["ungrouped", "win"]}, "win": {"children": ["web", "db"], "vars": {"site": "Paris"}},
 "web": {"hosts": ["web1"]}, "db": ["db1"]}
"""  # noqa: E501


def test_the_json_of_a_list_is_read(case: Case) -> None:
    """`ansible-inventory --list` and inventory scripts: lists of names, `_meta.hostvars`,
    marks of vaulted and unsafe values.
    """
    fleet = case.fleet("list.json", LISTED)
    assert reached(fleet) == {"web1": ("web1", 5985, "http"), "db1": ("192.0.2.44", 5985, "http")}
    assert users(fleet) == {"web1": "CHANGE-ME", "db1": "svc{{x}}"}
    assert {name: list(hosts) for name, hosts in fleet.groups.items()} == {
        "win": ["web1", "db1"],
        "web": ["web1"],
        "db": ["db1"],
    }
    assert {host.site for host in fleet.hosts.values()} == {"Paris"}


FLAT = """\
{"_meta": {"hostvars": {
  "web1": {
    "ansible_connection": "winrm",
    "ansible_port": 5985,
    "ansible_user": "op"},
  "web2": {
    "ansible_connection": "winrm",
    "ansible_port": 5985,
    "ansible_user": "op",
    "site": "Lyon"}}},
"all": {
  "hosts": ["web1", "web2"]}}
"""


def test_what_all_hosts_of_a_flat_list_share_stands_once(case: Case) -> None:
    """Where each host says everything itself, `defaults` says what they have in common."""
    text = case.made("list.json", FLAT).text
    assert text.endswith(
        "defaults:\n  port: 5985\n  credential: op\n  transport: http\n\nhosts:\n  web1: {}\n  web2: "
        "{site: Lyon}\n"
    )


TWICE = """\
[dc]
dc01 ansible_host=192.0.2.10
[dns]
dns01 ansible_host=192.0.2.10
[app]
app01 ansible_host=APP.corp.example
app02 ansible_host=app.corp.example. ansible_port=15986
APP.corp.example
[dns:vars]
ansible_port=5986
site=Lyon
[all:vars]
ansible_connection=winrm
ansible_user=op
"""


def test_a_second_name_of_an_address_is_left_out(case: Case) -> None:
    """The first keeps Ansible's settings and joins the groups of the second; another port is another host."""
    fleet = case.fleet("hosts.ini", TWICE)
    assert reached(fleet) == {
        "dc01": ("192.0.2.10", 5986, "https"),
        "app01": ("APP.corp.example", 5986, "https"),
        "app02": ("app.corp.example.", 15986, "https"),
    }
    assert (fleet.groups["dns"], fleet.hosts["dc01"].site) == (("dc01",), None)
    assert case.notes("hosts.ini") == [
        (
            "Left out, because another host has the address and port, which is in their groups now:"
            " `dns01` (hosts.ini:4) of `dc01` (hosts.ini:2), `APP.corp.example` (hosts.ini:8) of `app01` "
            "(hosts.ini:6)."
        ),
    ]


PSRP = """\
all:
  children:
    windows:
      vars:
        ansible_connection: psrp
        ansible_psrp_protocol: https
        ansible_psrp_auth: kerberos
        ansible_psrp_configuration_name: PowerShell.7
        ansible_psrp_ca_cert: ca.pem
        ansible_psrp_proxy: http://proxy.corp.example:3128
        ansible_winrm_transport: basic
        ansible_winrm_port: 1
        ansible_user: !unsafe svc{{probe}}@CORP.EXAMPLE
        ansible_password: !vault |
          $ANSIBLE_VAULT;1.1;AES256
          3031
      hosts:
        web01.corp.example: {ansible_host: 192.0.2.21}
        web02.corp.example: {ansible_connection: winrm, ansible_user: !vault "$ANSIBLE_VAULT;1.1;AES256 30"}
"""


def test_variables_count_for_their_own_plugin(case: Case) -> None:
    """Psrp variables for psrp hosts, winrm variables for winrm hosts; where one group has both,
    each host has its own.
    """
    case.write({"ca.pem": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"})
    hosts = case.fleet("psrp.yml", PSRP).hosts

    def told(host: Host) -> tuple[object, ...]:
        return host.port, host.auth, host.configuration, host.ca

    assert told(hosts["web01.corp.example"]) == (5986, "kerberos", "PowerShell.7", case.folder / "ca.pem")
    assert told(hosts["web02.corp.example"]) == (1, "basic", "Microsoft.PowerShell", None)


def test_vaulted_values_are_told_and_unsafe_ones_taken(case: Case) -> None:
    """An encrypted user name is left open with a note; an unsafe one is no template."""
    case.write({"ca.pem": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"})
    assert users(case.fleet("psrp.yml", PSRP)) == {
        "web01.corp.example": "svc{{probe}}@CORP.EXAMPLE",
        "web02.corp.example": "CHANGE-ME",
    }
    assert (
        "`ansible_user` is encrypted with ansible-vault, and was not taken over: `web02.corp.example`."
        in case.notes("psrp.yml")
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read: No such file or directory"), ("x", ("is not a PEM file: no `-----BEGIN "
                                                                "CERTIFICATE-----` in it (openssl x509 "
                                                                "-inform der -in FILE makes one)"))],
)  # fmt: skip
def test_a_ca_that_cannot_be_used_is_told_with_the_line_to_add(
    case: Case, content: str | None, reason: str
) -> None:
    """A file that is not here does not stop the import; the note has the line."""
    case.write({"ca.pem": content} if content else {})
    made = case.made("psrp.yml", PSRP)
    assert "\n    ca:" not in made.text
    assert (
        f"psrp.yml:9: `ansible_psrp_ca_cert` is not written, because that file {reason}."
        " The line to add once it can be used: `ca: ca.pem`." in made.notes
    )


TEMPLATED = """\
all:
  vars:
    ansible_connection: winrm
    domain: corp.example
    ansible_host: "{{ inventory_hostname }}.{{ domain }}"
    ansible_user: "svc@{{ domain | title }}"
    site: "{{ admin_password }}"
    admin_password: hunter2
  hosts:
    lab[1:2]:
    lab9: {ansible_host: "{{ lookup('dig', 'x') }}", ansible_user: "op@{{ domain }}"}
"""


def test_plain_templates_are_filled_in_and_the_rest_names_its_hosts(case: Case) -> None:
    """The name with its domain is resolved; any filter but the commonest is left to Ansible,
    and nothing is made of a password.
    """
    fleet = case.fleet("app.yml", TEMPLATED)
    assert {name: host.address for name, host in fleet.hosts.items()} == {
        "lab1": "lab1.corp.example",
        "lab2": "lab2.corp.example",
        "lab9": "lab9",
    }
    assert users(fleet)["lab9"] == "op@corp.example"
    assert "hunter2" not in case.made("app.yml").text
    stays = "stays a template, which only Ansible can fill in, for"
    where = "where that leaves none, `at which address?` stands behind the host"
    assert case.notes("app.yml")[:3] == [
        f"`ansible_user` {stays} `lab1` (app.yml:6), `lab2` (app.yml:6).",
        f"`site` {stays} `lab1` (app.yml:7), `lab2` (app.yml:7), `lab9` (app.yml:7).",
        f"`ansible_host` {stays} `lab9` (app.yml:11); {where}.",
    ]
    assert "\n  lab9: {credential: op}  # <- at which address?\n" in case.made("app.yml").text


def test_notes_about_a_file_of_one_line_name_the_host(case: Case) -> None:
    """JSON that no person is to read has everything in line 1, which tells nobody where to look."""
    hosts = (
        '"web1": {"ansible_port": "x", "ansible_connection": "winrm"}, "web2": {"ansible_connection": "ssh"}'
    )
    assert case.notes("list.json", f'{{"all": {{"hosts": {{{hosts}}}}}}}') == [
        "Left out, because Ansible does not reach them over WinRM: `web2`.",
        "`web1`: `ansible_port` is no port from 1 to 65535, and was passed over.",
    ]


def test_a_user_that_only_ansible_knows_is_asked_for_with_kerberos_too(case: Case) -> None:
    """Where somebody is meant, no other account takes the place of the name that could not be read."""
    text = 'a ansible_user="{{ vault_user }}"\nb\n[all:vars]\nansible_connection=psrp\nansible_psrp_auth=kerberos\n'  # noqa: E501
    assert users(case.fleet("hosts.ini", text)) == {"a": "CHANGE-ME", "b": None}


NAMES = """\
all:
  vars: {ansible_connection: winrm, ansible_user: op}
  hosts:
    "SRV WEB 01": {ansible_host: 192.0.2.11}
    SRV-WEB-01: {ansible_host: 192.0.2.12}
    srv-web-01: {ansible_host: 192.0.2.13}
    "SRV 9":
    web: {ansible_host: 192.0.2.14}
    all.corp: {}
  children:
    "Windows Servers": {hosts: {"SRV WEB 01": }}
    WEB: {hosts: {web: }}
    win-2019/prod: {hosts: {srv3: }}
    win-2019-prod: {hosts: {srv4: }}
"""


def test_names_that_cannot_stand_are_changed(case: Case) -> None:
    """Blanks and signs, a name in other letters, a group with a host's name: renamed,
    with the address kept.
    """
    fleet = case.fleet("hosts.yml", NAMES)
    assert {name: host.address for name, host in fleet.hosts.items()} == {
        "SRV-WEB-01-2": "192.0.2.11",
        "SRV-WEB-01": "192.0.2.12",
        "srv-web-01-3": "192.0.2.13",
        "web": "192.0.2.14",
        "all.corp": "all.corp",
        "srv3": "srv3",
        "srv4": "srv4",
    }
    assert {name: list(hosts) for name, hosts in fleet.groups.items()} == {
        "Windows-Servers": ["SRV-WEB-01-2"],
        "WEB-group": ["web"],
        "win-2019-prod-2": ["srv3"],
        "win-2019-prod": ["srv4"],
    }


def test_every_changed_name_is_told(case: Case) -> None:
    """The notes have old and new name with the line,
    and the host that has neither a usable name nor an address.
    """
    assert case.notes("hosts.yml", NAMES) == [
        "Left out, because the name is no address, and nothing else says one: `SRV 9` (hosts.yml:7).",
        (
            "Renamed, because `--limit` could not tell the old names from its own signs: `SRV WEB 01` -> "
            "`SRV-WEB-01-2` (hosts.yml:4), `Windows Servers` -> `Windows-Servers` (hosts.yml:11), "
            "`win-2019/prod` -> `win-2019-prod-2` (hosts.yml:13)."
        ),
        (
            "Renamed, because another one has the name, and capitals make no difference in names of Windows:"
            " `srv-web-01` -> `srv-web-01-3` (hosts.yml:6)."
        ),
        "Renamed, because a host has the group's name: `WEB` -> `WEB-group` (hosts.yml:12).",
    ]


FORMS = """\
[v6]
[2001:db8::10]:5985
v6b ansible_host=[2001:db8::13]
[2001:db8::11]
[open]
q[:2]
h[x:C]:5985
srv[3:1]
bad[1:x]
[open:vars]
ansible_port=http
ansible_winrm_scheme=ftp
[all:vars]
ansible_connection=winrm
ansible_user=op
"""


def test_every_form_of_a_name_is_read(case: Case) -> None:
    """Addresses in brackets, open ranges, ranges over small and large letters."""
    assert reached(case.fleet("hosts.ini", FORMS)) == {
        "2001:db8::10": ("2001:db8::10", 5985, "http"),
        "v6b": ("2001:db8::13", 5986, "https"),
        "2001:db8::11": ("2001:db8::11", 5986, "https"),
        **{f"q{number}": (f"q{number}", 5986, "https") for number in range(3)},
        **{f"h{letter}": (f"h{letter}", 5985, "http") for letter in "xyzABC"},
    }


def test_a_form_that_cannot_be_read_is_told_with_its_line(case: Case) -> None:
    """Ranges that stand for nothing and values that are none are passed over; the rest is imported."""
    assert case.notes("hosts.ini", FORMS) == [
        "hosts.ini:8: `srv[3:1]` stands for no host: its end comes before its begin.",
        (
            "hosts.ini:9: `bad[1:x]` was left out: [1:x] is no range: letters or numbers on both sides, "
            "the first not after the last, and a step of 1 or more."
        ),
        "hosts.ini:11: `ansible_port` is no port from 1 to 65535, and was passed over.",
        "hosts.ini:12: `ansible_winrm_scheme` is neither `http` nor `https`, and was passed over.",
    ]


def test_a_group_with_a_hosts_name_takes_its_variables(case: Case) -> None:
    """As in Ansible, what stands on a host's line goes to the group of that name; a note says so."""
    text = "[dc01]\ndc01 ansible_host=192.0.2.10 ansible_connection=winrm\ndc02 ansible_host=192.0.2.11\n"
    fleet = case.fleet("hosts.ini", text)
    assert {name: host.address for name, host in fleet.hosts.items()} == {
        "dc01": "192.0.2.10",
        "dc02": "192.0.2.11",
    }
    assert (
        "hosts.ini:2: `dc01` is a group and a host; Ansible gives what stands here to the group."
        in case.notes("hosts.ini")
    )


MERGED = """\
all:
  vars: &v {ansible_connection: winrm, ansible_user: Administrator}
  hosts:
    srv01: &h {ansible_host: 192.0.2.11, site: Paris}
    srv02: {<<: *h, ansible_host: 192.0.2.12}
    srv03: {ansible_host: 192.0.2.13, ansible_host: 192.0.2.14}
"""


def test_merge_keys_and_keys_given_twice_are_read_as_by_ansible(case: Case) -> None:
    """What `<<` brings gives way to what stands beside it; of two equal keys the last counts,
    and a note says so.
    """
    fleet = case.fleet("hosts.yml", MERGED)
    assert {name: (host.address, host.site) for name, host in fleet.hosts.items()} == {
        "srv01": ("192.0.2.11", "Paris"),
        "srv02": ("192.0.2.12", "Paris"),
        "srv03": ("192.0.2.14", None),
    }
    assert case.notes("hosts.yml") == [
        (
            "hosts.yml:6: `ansible_host` stands here for the second time; the first is in line 6; as in "
            "Ansible, the last one counts."
        ),
    ]


def test_http_without_a_port_keeps_ansibles_port(case: Case) -> None:
    """Ansible's winrm takes 5986 whatever the scheme, psrp the port of the scheme."""
    text = (
        "a ansible_connection=winrm ansible_winrm_scheme=http\nb ansible_connection=psrp "
        "ansible_psrp_protocol=http\n"
    )
    assert reached(case.fleet("hosts.ini", text)) == {"a": ("a", 5986, "http"), "b": ("b", 5985, "http")}


def test_an_old_files_comments_need_not_be_utf_8(case: Case) -> None:
    """Ansible does not look at comments; nor do we."""
    case.write({"hosts.ini": ""})
    (case.folder / "hosts.ini").write_bytes(b"# f\xfcr Wien\nweb1\n")
    assert list(case.fleet("hosts.ini").hosts) == ["web1"]


def test_what_many_lines_say_alike_is_one_note(case: Case) -> None:
    """`--list` repeats a group's variables at each host:
    the note names the first lines and counts the rest.
    """
    hosts = [f'"w{n}": {{\n"ansible_connection": "winrm",\n"ansible_port": "x"}}' for n in range(9)]
    text = '{"_meta": {"hostvars": {' + ",\n".join(hosts) + '}}, "all": {"hosts": ['
    names = ", ".join(f'"w{n}"' for n in range(9))
    assert case.notes("list.json", f"{text}{names}]}}}}") == [
        (
            "list.json:3, list.json:6, list.json:9 and 6 more: `ansible_port` is no port from 1 to 65535, "
            "and was passed over."
        )
    ]
    ranged = "[w]\nw[1:60] ansible_connection=winrm ansible_host=a_b/c\nx ansible_connection=winrm\n"
    (note,) = case.notes("hosts.ini", ranged)
    assert note.startswith("Left out: `w1` (hosts.ini:2), `w2` (hosts.ini:2), ")
    assert " and 10 more: its address cannot be used: " in note


def test_a_client_certificate_becomes_a_credential(case: Case) -> None:
    """Certificate and key belong into one file here, which a note says; who logs on otherwise keeps that."""
    text = (
        "[win]\nweb1 ansible_host=10.0.0.1\nweb2 ansible_host=10.0.0.2 ansible_winrm_transport=ntlm "
        "ansible_user=x\n[win:vars]\nansible_connection=winrm\nansible_winrm_transport=certificate\nansible_winrm_cert_pem=c.pem\n"
        "ansible_winrm_cert_key_pem=c.key\n"
    )
    fleet = case.fleet("hosts.ini", text)
    found = fleet.credentials[fleet.hosts["web1"].credential or ""]
    assert (found.kind, found.path, fleet.hosts["web1"].auth) == (
        "certificate",
        case.folder / "c.pem",
        "certificate",
    )
    assert fleet.hosts["web2"].auth == "ntlm"
    first, second = case.notes("hosts.ini")
    assert "put `c.key` into the same file" in first
    assert second.endswith("a client certificate stands beside `ntlm`, and was passed over.")


LONG = "9" * 5_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hosts.ini", f"[web]\nweb1:{LONG}\n[web:vars]\nansible_group_priority={LONG}\nsite=x"),
        ("hosts.ini", "[web]\nweb1 ansible_port=0x" + "f" * 5_000 + "\n[web:vars]\nsite=x"),
        ("hosts.ini", "[web]\nweb1\n[web:vars]\nsite=x\nansible_group_priority=+-1"),
        ("hosts.ini", f"[web]\nweb1\nweb[1:{LONG}]\n[web:vars]\nsite=x"),
        ("h.yml", f"web: {{hosts: {{web1: {{ansible_port: 0x{'f' * 5_000}}}}}, vars: {{site: x}}}}"),
        ("h.yml", f"web: {{hosts: {{web1: {{ansible_port: 1{':59' * 400}.5}}}}, vars: {{site: x}}}}"),
        ("h.yml", f"web: {{hosts: {{web1: }}, vars: {{site: x, ansible_group_priority: {LONG}}}}}"),
    ],
    ids=["port", "hex", "signs", "range", "hex of YAML", "sexagesimal", "priority"],
)
def test_a_number_that_nothing_can_hold_is_passed_over(case: Case, name: str, text: str) -> None:
    """Whichever way it is written; no note repeats all of it."""
    (host,) = case.fleet(name, text).hosts.values()
    assert (host.name, host.port, host.site) == ("web1", 5986, "x")
    assert all(len(note) < 500 for note in case.notes(name))


def test_a_group_without_a_part_of_one_is_a_host(case: Case) -> None:
    """As by Ansible, which deprecates it; that it was taken so is said."""
    text = '{"_meta": {"hostvars": {}}, "web1": {"ansible_host": "192.0.2.1"}}'
    assert reached(case.fleet("list.json", text)) == {"web1": ("192.0.2.1", 5986, "https")}
    assert any("`web1` has none of `hosts`" in note for note in case.notes("list.json"))


def test_what_a_group_of_a_list_has_beside_its_parts_is_told(case: Case) -> None:
    """As it is in YAML."""
    text = '{"_meta": {"hostvars": {}}, "g": {"hosts": ["web1"], "hostvars": {"web1": {}}}}'
    assert any("unexpected key `hostvars` in group `g`" in note for note in case.notes("list.json", text))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "'[2001:db8::14]:5987'",
            "`[2001:db8::14]:5987` has a port in it; write `port: 5987` beside the address",
        ),
        ("3221225985", '`"3221225985"` is not an IPv4 address'),
        ("192.0.2.10-12", "`192.0.2.10-12` is not an IPv4 address"),
    ],
)
def test_an_address_that_is_none_is_told_as_it_stands(case: Case, address: str, said: str) -> None:
    """Its host is left out, which would be asked somewhere else."""
    notes = case.notes("h.yml", f"all: {{hosts: {{a: {{ansible_host: {address}}}, b: }}}}")
    assert any(said in note for note in notes)


def test_a_port_of_ssh_that_winrm_hosts_inherit_is_told(case: Case) -> None:
    """`ansible_port: 22` for everybody counts for WinRM as well, in Ansible too: the note says where."""
    text = "[win]\na\n[win:vars]\nansible_connection=winrm\n[all:vars]\nansible_port=22\n"
    assert "hosts.ini:6: `ansible_port` comes to 22, in Ansible too, which is SSH's port." in case.notes(
        "hosts.ini", text
    )
