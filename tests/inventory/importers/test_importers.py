"""Inventories made of Ansible's and of tables: what they come to when they are loaded, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import InventoryError
from inventory.importers import import_inventory
from inventory.load import loads
from inventory.model import Fleet, Host

INI = r"""
lonely ansible_host=10.0.0.9
[web]
web[01:03].corp.example ansible_port=5985 colour=red
10.1.1.1:5986
[db]
db-[a:c] ansible_password="hunter2"
web01.corp.example
[db:vars]
ansible_user=CORP\dba
ansible_winrm_transport=basic
[web:vars]
ansible_user=webby@corp.example
[paris:children]
web
db
[paris:vars]
site=Paris Nord
ansible_winrm_server_cert_validation=ignore
ansible_password=hunter2
[linux]
l1 ansible_connection=ssh
[all:vars]
ansible_connection=winrm
"""

YAML = r"""
all:
  vars:
    ansible_user: 'CORP\op'
    ansible_password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162
  hosts:
    w1: {ansible_host: 10.0.0.1}
  children:
    site_a:
      vars: {ansible_winrm_transport: [kerberos, ntlm]}
      children:
        a1:
          hosts: {w2: , "x[1:3]": {ansible_port: 5985}}
        a2:
          hosts: {w2: }
          vars: {ansible_port: 1234, ansible_winrm_transport: basic, ansible_winrm_scheme: http}
        a3: {hosts: {w2: }, vars: {ansible_port: 1235, ansible_user: "{{ vault_user }}"}}
"""

TABLE = """Name;Address;Port;Tags;Groups;Pin;Pin Primary;Password;Username;Site
web1;10.0.0.1;5986;a,b;paris;2147;;hunter2;CORP\\svc;Paris
web2;10.0.0.2;;;paris new;;443;;CORP\\svc;
"web3";;;;;443;;;;
"""


def imported(folder: Path, name: str, text: str) -> tuple[str, Fleet]:
    """Import text, and load what came out."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    made = import_inventory(path)
    return made, loads(made.encode(), folder / "fleet.yaml")


def refusal(folder: Path, name: str, text: str) -> list[str]:
    """Return the messages with which a file is refused."""
    with pytest.raises(InventoryError) as caught:
        imported(folder, name, text)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def brief(host: Host) -> tuple[object, ...]:
    """Return what an Ansible inventory says of a host."""
    return (host.address, host.port, host.transport, host.auth, host.credential, host.site)


def test_an_ini_inventory_keeps_ansibles_answers(tmp_path: Path) -> None:
    """Ranges are written out; where two groups quarrel each host says what Ansible made of it."""
    _, fleet = imported(tmp_path, "hosts.ini", INI)
    assert {name: brief(host) for name, host in fleet.hosts.items()} == {
        "lonely": ("10.0.0.9", 5986, "https", "negotiate", "ops", None),
        "web01.corp.example": ("web01.corp.example", 5985, "http", "negotiate", "webby", "Paris Nord"),
        "web02.corp.example": ("web02.corp.example", 5985, "http", "negotiate", "webby", "Paris Nord"),
        "web03.corp.example": ("web03.corp.example", 5985, "http", "negotiate", "webby", "Paris Nord"),
        "10.1.1.1": ("10.1.1.1", 5986, "https", "negotiate", "webby", "Paris Nord"),
        "db-a": ("db-a", 5986, "https", "basic", "dba", "Paris Nord"),
        "db-b": ("db-b", 5986, "https", "basic", "dba", "Paris Nord"),
        "db-c": ("db-c", 5986, "https", "basic", "dba", "Paris Nord"),
    }


def test_an_ini_inventory_keeps_its_groups(tmp_path: Path) -> None:
    """Groups and their children are as before; hosts that Ansible reaches by ssh are left out."""
    _, fleet = imported(tmp_path, "hosts.ini", INI)
    web = ["web01.corp.example", "web02.corp.example", "web03.corp.example", "10.1.1.1"]
    assert {name: list(hosts) for name, hosts in fleet.groups.items()} == {
        "web": web,
        "db": ["web01.corp.example", "db-a", "db-b", "db-c"],
        "paris": [*web, "db-a", "db-b", "db-c"],
        "linux": [],
    }


def test_the_head_says_what_was_left_out(tmp_path: Path) -> None:
    """Secrets, hosts of another kind and variables without a meaning are listed at the top."""
    made, _ = imported(tmp_path, "hosts.ini", INI)
    head = [line for line in made.splitlines() if line.startswith("#")]
    assert sorted(head) == sorted([
        "# fleet.yaml, made from hosts.ini.",
        "# Left out, because Ansible does not reach them over WinRM: `l1` (hosts.ini:22).",
        "# Basic over plain http shows the password to the network; `auth: negotiate` is written instead.",
        "# `ansible_password` was not taken over: secrets do not belong in an inventory.",
        "# `ansible_winrm_server_cert_validation` has no meaning here (see `ca` and `tls_pin`).",
        "# `colour` has no meaning here.",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("proxy", "note"),
    [
        ("socks5://127.0.0.1:1080", "look it over first. The line to add: `via: socks5h://127.0.0.1:1080`."),
        (
            "socks5h://me:hunter2@proxy.site",
            (
                "look it over first. The line to add: `via: socks5h://proxy.site:1080`, and for its user "
                "and password a credential: `via_credential: NAME`."
            ),
        ),
        (
            "http://me:hunter2@proxy.site:3128",
            (
                "only SOCKS5 proxies and SSH jump hosts are supported. The line to add: `via: "
                "socks5h://HOST:1080`."
            ),
        ),
    ],
)
def test_a_proxy_of_ansible_is_a_note_with_the_line_to_add(tmp_path: Path, proxy: str, note: str) -> None:
    """Nobody is sent another way without being asked, and a password in a proxy's URL is not repeated."""
    text = (
        f"[win]\nw1 ansible_host=10.0.0.1\n[win:vars]\nansible_connection=psrp\nansible_psrp_proxy={proxy}\n"
    )
    made, fleet = imported(tmp_path, "hosts.ini", text)
    assert (
        f"# `ansible_psrp_proxy` of `w1` was not taken over: {note}"
        in made.replace("\n#   ", " ").splitlines()
    )
    assert (fleet.hosts["w1"].via, "hunter2" in made) == (None, False)


def test_a_yaml_inventory_keeps_ansibles_answers(tmp_path: Path) -> None:
    """Of three groups at one depth the last by name decides,
    and a user that only Ansible can fill in is left open.
    """
    _, fleet = imported(tmp_path, "hosts.yml", YAML)
    assert {name: brief(host) for name, host in fleet.hosts.items()} == {
        "w1": ("10.0.0.1", 5986, "https", "negotiate", "op", None),
        "w2": ("w2", 1235, "http", "negotiate", "ops", None),
        "x1": ("x1", 5985, "http", "kerberos", "op", None),
        "x2": ("x2", 5985, "http", "kerberos", "op", None),
        "x3": ("x3", 5985, "http", "kerberos", "op", None),
    }


def test_a_table_gives_hosts_groups_and_pins(tmp_path: Path) -> None:
    """Each row is a host; empty cells say nothing; a pin by role goes before one for all."""
    _, fleet = imported(tmp_path, "hosts.csv", TABLE)
    got = [
        (host.address, host.tags, host.groups, dict(host.desired), host.credential)
        for host in fleet.hosts.values()
    ]
    assert got == [
        ("10.0.0.1", ("a", "b"), ("paris",), {"primary": 2147, "backup": 2147}, "svc"),
        ("10.0.0.2", (), ("paris-new",), {"primary": 443}, "svc"),
        ("web3", (), (), {"primary": 443, "backup": 443}, "ops"),
    ]


@pytest.mark.parametrize(("name", "text"), [("hosts.ini", INI), ("hosts.yml", YAML), ("hosts.csv", TABLE)])
def test_no_secret_is_taken_over(tmp_path: Path, name: str, text: str) -> None:
    """Passwords in the file do not come into the inventory; each credential asks for its own."""
    made, fleet = imported(tmp_path, name, text)
    assert ("hunter2" in made, "VAULT" in made) == (False, False)
    assert {
        credential.password.source for credential in fleet.credentials.values() if credential.password
    } == {"prompt"}


PRINTS = "--list --yaml` prints what it comes to, which can be imported"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("h.ini", "[web\nweb1\n", ["h.ini:1: expected [group], [group:children] or [group:vars]"]),
        (
            "h.ini",
            "web[3:1]\nweb1 x\nweb2 a='\n",
            [
                "h.ini:2: expected a host's name and then key=value pairs; one part has no `=` in it",
                "h.ini:3: a quote is opened and not closed",
            ],
        ),
        (
            "h.ini",
            "[a:children]\nb\n[b:children]\na\n[a]\nweb1\n",
            ["h.ini:1: groups contain each other in a circle, or more than 64 deep: a < b < a"],
        ),
        ("h.ini", "[a:vars]\nx=1\n", ["h.ini: no host in this Ansible inventory"]),
        (
            "h.ini",
            "l1 ansible_connection=local\n",
            ["h.ini: no host that is reached over WinRM; `ansible_connection` says so of `l1`"],
        ),
        (
            "h.yml",
            "all:\n  hsts: {}\n",
            [
                "h.yml: no host in this Ansible inventory",
                (
                    "h.yml:2: unexpected key `hsts` in group `all`; "
                    "a group has `hosts`, `children` and `vars`; passed over, as by Ansible."
                ),
            ],
        ),
        ("h.yml", "all: [web1]\n", ["h.yml:1: group `all`: expected a mapping, found a list"]),
        ("h.yml", "- web1\n", ["h.yml:1: expected an Ansible inventory, a mapping of groups; found a list"]),
        (
            "h.yml",
            "plugin: amazon.aws.aws_ec2\n",
            [
                (
                    "h.yml: configures the inventory plugin `amazon.aws.aws_ec2`; "
                    f"`ansible-inventory -i h.yml {PRINTS}"
                )
            ],
        ),
        (
            "h",
            "#!/bin/sh\n",
            [f"h: a program, which is not run from here; `ansible-inventory -i h {PRINTS}"],
        ),
        (
            "h.ini",
            "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
            [f"h.ini: encrypted with ansible-vault; `ansible-inventory -i h.ini {PRINTS}"],
        ),
        (
            "h.yml",
            "all: {hosts: {web1: {<<: 5}}}\n",
            ["h.yml:1: `<<` takes a mapping or a list of mappings, and not `5`"],
        ),
    ],
)
def test_a_bad_file_is_refused_with_its_own_lines(
    tmp_path: Path, name: str, text: str, expected: list[str]
) -> None:
    """Mistakes are told at the lines of the file that is imported."""
    assert refusal(tmp_path, name, text) == expected


def test_a_file_without_an_ending_is_told_by_its_first_line(tmp_path: Path) -> None:
    """An Ansible `hosts` file may be INI or YAML."""
    ini = imported(tmp_path, "hosts", "# c\n[web]\nweb1\n")[1]
    other = imported(tmp_path, "hosts", "---\nall: {hosts: {web2: }}\n")[1]
    assert (list(ini.hosts), list(other.hosts)) == (["web1"], ["web2"])


def outcome(folder: Path, name: str, text: str) -> str:
    """Say what came of importing a text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    try:
        made = import_inventory(path)
    except InventoryError as error:
        own = all(problem.file == str(path) and problem.message for problem in error.problems)
        return "refused at its own lines" if own else "refused elsewhere"
    return "hosts" if loads(made.encode(), folder / "fleet.yaml").hosts else "no hosts"


CELLS = st.sampled_from(
    ["", "web1", "web2", "10.0.0.1", "443", "0", "yes", "a b", "basic", "http", "kerberos", "svc", "CORP\\x", "\u202e", "#", ": ", "- x", "'"]  # noqa: E501
)  # fmt: skip


@settings(deadline=None)  # a busy machine is no mistake
@given(st.lists(st.tuples(*[CELLS] * 9), min_size=1, max_size=4))
def test_whatever_is_imported_loads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    """A table either is refused with words or becomes an inventory without a mistake."""
    head = "name\taddress\tport\tpin\tsite\ttags\tgroups\tauth\tusername\n"
    text = head + "".join("\t".join(row) + "\n" for row in rows)
    folder = tmp_path_factory.mktemp("table")
    assert outcome(folder, "hosts.csv", text) in ("hosts", "refused at its own lines")


VARIABLES = st.dictionaries(
    st.sampled_from(["ansible_host", "ansible_port", "ansible_user", "ansible_winrm_transport", "ansible_winrm_scheme", "ansible_connection", "ansible_winrm_ca_trust_path", "site", "x"]),  # noqa: E501
    st.sampled_from(["web1", "10.0.0.1", "[fd00::1]", "5985", "5986", "basic", "ntlm", "http", "https", "winrm", "psrp", "'{{ x }}'", "'{{ inventory_hostname }}.b'", "ü", "CORP/x", "None", "''", '"\\x00"', "[1]"]),  # noqa: E501
    max_size=4,
)  # fmt: skip
PAIRS = VARIABLES.map(lambda pairs: [f"{key}={value}" for key, value in pairs.items()])
NAMES = st.sampled_from(
    ["web1", "WEB1", "web2", "'a b'", "a-b", "ü", "-", "all", "a", "[fd00::1]:81", "[fd00::1]", "db[1:2]", "db[:1]", "db[", "d[x:C]",  # noqa: E501
     "web[3:1]", "localhost", "a/b", "web1:5985", "CORP\\x", "x" * 300, "10.0.0.1", "web1.", "\u202e", "1.2.3"]  # noqa: E501
)  # fmt: skip
SECTIONS = st.one_of(
    st.tuples(
        st.sampled_from(["a", "A", "b", "web1", "all", "ungrouped", "a/b", "ü", "x" * 300]),
        st.lists(st.tuples(NAMES, PAIRS), max_size=4),
    ).map(lambda part: [f"[{part[0]}]", *(" ".join([name, *pairs]) for name, pairs in part[1])]),
    st.tuples(st.sampled_from(["a", "b", "all", "web1"]), PAIRS).map(
        lambda part: [f"[{part[0]}:vars]", *part[1]]
    ),
    st.sampled_from([["[b:children]", "a"], ["[web1:children]", "a", "b"], ["[a:children]", "nowhere"]]),
)


@settings(deadline=None)  # a busy machine is no mistake
@given(st.lists(SECTIONS, max_size=6))
def test_no_oddity_refuses_a_whole_inventory(
    tmp_path_factory: pytest.TempPathFactory, sections: list[list[str]]
) -> None:
    """Whatever stands beside a host that can be imported, it is,
    and the result is an inventory without a mistake.
    """
    lines = "\n".join(line for section in sections for line in section)
    text = f"good ansible_host=192.0.2.250 ansible_port=5999 ansible_connection=winrm\n{lines}\n"
    assert outcome(tmp_path_factory.mktemp("ini"), "hosts.ini", text) == "hosts"


RDCMAN = '<?xml version="1.0"?>\n<RDCMan><file><password>sesame</password></file></RDCMan>\n'


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.rdg", RDCMAN, "x.rdg: no host: it lists no host"),
        ("x", RDCMAN, "x: no host: it lists no host"),
        ("x.html", "<html>sesame</html>", "this is an HTML page; expected"),
        ("x.yaml", "hosts:\n  web1: {}\n", "this is an inventory of fleetcheck's already; `fleetcheck inv"),
        ("x.json", '[{"Colour": "red"}]', "found a list"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    """And nothing of it is shown."""
    (tmp_path / name).write_text(text)
    with pytest.raises(InventoryError) as caught:
        import_inventory(tmp_path / name)
    assert said in str(caught.value)
    assert "sesame" not in str(caught.value)
