"""Lists of hosts that other programs keep as documents: what an inventory comes to, and what is told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from inventory.errors import InventoryError
from inventory.importers import convert
from inventory.load import loads
from inventory.model import Fleet

RDG = r"""<?xml version="1.0" encoding="utf-8"?>
<RDCMan programVersion="2.93" schemaVersion="3">
  <file>
    <credentialsProfiles>
      <credentialsProfile inherit="None">
        <profileName scope="File">local</profileName>
        <userName>Administrator</userName><password>hunter2</password><domain>[server]</domain>
      </credentialsProfile>
    </credentialsProfiles>
    <properties><expanded>True</expanded><name>corp</name></properties>
    <logonCredentials inherit="None">
      <profileName scope="Local">Custom</profileName>
      <userName>svc</userName><password>hunter2</password><domain>CORP</domain>
    </logonCredentials>
    <group>
      <properties><name>Paris</name></properties>
      <group>
        <properties><name>Web</name></properties>
        <server>
          <properties><displayName>web1</displayName><name>web1.corp.example</name></properties>
        </server>
        <server>
          <properties><name>192.0.2.12</name></properties>
          <logonCredentials inherit="None">
            <profileName scope="File">local</profileName><password>hunter2</password>
          </logonCredentials>
          <connectionSettings inherit="None"><port>3390</port></connectionSettings>
        </server>
      </group>
      <server>
        <properties>
          <displayName>vm7</displayName><connectionType>VirtualMachineConsoleConnect</connectionType>
          <vmId>0a0a</vmId><name>hyperv1.corp.example</name>
        </properties>
      </server>
      <server>
        <properties><name>db1.corp.example</name></properties>
        <logonCredentials inherit="None"><profileName scope="Global">mine</profileName></logonCredentials>
      </server>
    </group>
  </file>
</RDCMan>
"""

MREMOTE = """<?xml version="1.0" encoding="utf-8"?>
<mrng:Connections xmlns:mrng="http://mremoteng.org" Name="Connections" ConfVersion="2.6">
  <Node Name="Paris" Type="Container" Username="svc" Domain="CORP" Password="x" Hostname="" Protocol="RDP">
    <Node Name="web1" Type="Connection" Username="" Domain="" Password="x" Hostname="web1.corp.example"
      Protocol="RDP" Port="3389" InheritUsername="true" InheritDomain="true" />
    <Node Name="lx1" Type="Connection" Hostname="lx1.corp.example" Protocol="SSH2" Port="22" />
  </Node>
</mrng:Connections>
"""

NMAP = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" args="nmap -p 5985,5986 -oX scan.xml 192.0.2.0/28">
<scaninfo type="syn" protocol="tcp" numservices="2" services="5985-5986"/>
<host><status state="up"/><address addr="192.0.2.11" addrtype="ipv4"/>
<address addr="00:00:5E:00:53:01" addrtype="mac"/>
<hostnames><hostname name="web1.corp.example" type="PTR"/></hostnames>
<ports><port protocol="tcp" portid="5985"><state state="open"/></port></ports></host>
<host><status state="up"/><address addr="192.0.2.12" addrtype="ipv4"/>
<hostnames><hostname name="web2.corp.example" type="user"/></hostnames>
<ports><port protocol="tcp" portid="5985"><state state="open"/></port>
<port protocol="tcp" portid="5986"><state state="open"/></port></ports></host>
<host><status state="up"/><address addr="192.0.2.13" addrtype="ipv4"/><hostnames/>
<ports><extraports state="closed" count="2"/></ports></host>
<host><status state="down"/><address addr="192.0.2.14" addrtype="ipv4"/></host>
</nmaprun>
"""

BOLT = r"""version: 2
config:
  transport: winrm
  winrm: {user: 'CORP\svc', password: hunter2}
groups:
  - name: web
    targets:
      - {name: web1, uri: 'winrm://web1.corp.example:15986'}
      - web2.corp.example
    groups:
      - name: old
        config: {winrm: {ssl: false}}
        targets: [192.0.2.13]
  - name: linux
    config: {transport: ssh}
    targets: [lx1.corp.example, 'winrm://win9.corp.example']
  - name: found
    targets:
      _plugin: puppetdb
      query: nodes {}
"""


def imported(folder: Path, name: str, text: str) -> tuple[list[str], Fleet]:
    """Import a text; return the notes, and the fleet that the written file comes to."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    made = convert(path)
    assert "hunter2" not in made.text
    return list(made.notes), loads(made.text.encode(), folder / "fleet.yaml")


def refusal(folder: Path, name: str, text: str) -> list[str]:
    """Return the messages with which a file is refused."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InventoryError) as caught:
        convert(path)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def users(fleet: Fleet) -> dict[str, str]:
    """Return who logs on to each host."""
    return {name: fleet.credentials[host.credential or ""].username for name, host in fleet.hosts.items()}


def places(fleet: Fleet) -> dict[str, tuple[str, str, int]]:
    """Return address, transport and port of each host."""
    return {name: (host.address, host.transport, host.port) for name, host in fleet.hosts.items()}


def test_the_servers_of_rdcman_are_hosts(tmp_path: Path) -> None:
    """The name is the display name, the address the server's, whatever port Remote Desktop has."""
    _, fleet = imported(tmp_path, "servers.rdg", RDG)
    assert places(fleet) == {
        "web1": ("web1.corp.example", "https", 5986),
        "192.0.2.12": ("192.0.2.12", "https", 5986),
        "db1.corp.example": ("db1.corp.example", "https", 5986),
    }


def test_the_groups_of_rdcman_are_groups(tmp_path: Path) -> None:
    """A server stands in every group around it."""
    _, fleet = imported(tmp_path, "servers.rdg", RDG)
    assert dict(fleet.groups) == {
        "Paris": ("web1", "192.0.2.12", "db1.corp.example"),
        "Web": ("web1", "192.0.2.12"),
    }


def test_the_logons_of_rdcman_are_inherited(tmp_path: Path) -> None:
    """The nearest settings count, a profile of the file by its name; `[server]` is the host's own account."""
    notes, fleet = imported(tmp_path, "servers.rdg", RDG)
    assert users(fleet) == {
        "web1": r"CORP\svc",
        "192.0.2.12": r".\Administrator",
        "db1.corp.example": "CHANGE-ME",
    }
    assert "Line 38: a credential profile stands in another file; say who logs on: `mine`." in notes


def test_a_console_of_rdcman_is_not_the_machine_at_its_address(tmp_path: Path) -> None:
    """The address of a virtual machine's console is the Hyper-V host's, which nobody listed."""
    notes, _ = imported(tmp_path, "servers.rdg", RDG)
    words = "`vm7` is the console of a virtual machine, and the address is its Hyper-V host's"
    assert f"Line 30: left out: {words}." in notes


def test_an_old_rdcman_file_has_its_names_elsewhere(tmp_path: Path) -> None:
    """Version 2.2 writes `name` into the server itself."""
    text = (
        '<RDCMan schemaVersion="1"><version>2.2</version><file><group>'
        "<properties><name>Paris</name></properties><server><name>web1.corp.example</name>"
        '<displayName>web1</displayName><logonCredentials inherit="FromParent" /></server></group></file>'
        "</RDCMan>"
    )
    _, fleet = imported(tmp_path, "old.rdg", text)
    assert places(fleet) == {"web1": ("web1.corp.example", "https", 5986)}


def test_the_sessions_of_mremoteng_are_hosts(tmp_path: Path) -> None:
    """Folders are groups, user and domain may be inherited, and what SSH reaches is left out."""
    notes, fleet = imported(tmp_path, "confCons.xml", MREMOTE)
    assert places(fleet) == {"web1": ("web1.corp.example", "https", 5986)}
    assert users(fleet) == {"web1": r"CORP\svc"}
    assert dict(fleet.groups) == {"Paris": ("web1",)}
    assert "Line 6: left out: `lx1` is reached by SSH2, and not over WinRM." in notes


def test_an_encrypted_file_of_mremoteng_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Nothing can be read of it here."""
    text = '<Connections FullFileEncryption="true" ConfVersion="2.6">c2VjcmV0</Connections>'
    assert refusal(tmp_path, "confCons.xml", text) == [
        "confCons.xml:1: encrypted as a whole; in mRemoteNG, File > Export writes the connections without it"
    ]


def test_nmap_says_where_winrm_answers(tmp_path: Path) -> None:
    """Who has 5985 alone is reached by http; a host with neither port open is left out, and told."""
    notes, fleet = imported(tmp_path, "scan.xml", NMAP)
    assert places(fleet) == {
        "web1.corp.example": ("192.0.2.11", "http", 5985),
        "web2.corp.example": ("web2.corp.example", "https", 5986),
    }
    assert notes[1:3] == [
        "Line 13: left out: neither 5985 nor 5986 is open on `192.0.2.13`.",
        "Line 15: hosts that were down were passed over: `192.0.2.14`.",
    ]


def test_the_winrm_targets_of_bolt_are_hosts(tmp_path: Path) -> None:
    """The nearest config counts, a URI's scheme over all; https on 5986 unless `ssl: false`."""
    _, fleet = imported(tmp_path, "inventory.yaml", BOLT)
    assert places(fleet) == {
        "web1": ("web1.corp.example", "https", 15986),
        "web2.corp.example": ("web2.corp.example", "https", 5986),
        "192.0.2.13": ("192.0.2.13", "http", 5985),
        "win9.corp.example": ("win9.corp.example", "https", 5986),
    }
    assert set(users(fleet).values()) == {r"CORP\svc"}


def test_what_only_bolt_can_tell_is_a_note(tmp_path: Path) -> None:
    """A target by ssh is left out; targets of a plugin are named with the command that prints them."""
    notes, _ = imported(tmp_path, "inventory.yaml", BOLT)
    shows = "`bolt inventory show --detail --format json` prints what it comes to"
    assert "Line 16: left out: `lx1.corp.example` is reached by ssh, and not over WinRM." in notes
    assert f"Line 18: `targets` is worked out by Bolt; {shows}." in notes


@pytest.mark.parametrize(
    "text",
    [
        '[{"Name":  "web1",\n "DNSHostName":  "web1.corp.example", "Enabled":  true}]',
        '{"Name":  "web1", "DNSHostName":  "web1.corp.example"}',
        '{"records":[{"name":"web1","fqdn":"web1.corp.example","ip_address":""}]}',
        '{"result":[{"name":{"display_value":"web1","link":"x"},"fqdn":"web1.corp.example"}]}',
        '{"web1":"web1.corp.example"}',
        '{"web1": {"fqdn": "web1.corp.example", "ipv4": ["127.0.0.1", "192.0.2.11"]}}',
        "web1:\n  hostname: web1.corp.example\n  groups: []\n",
        "web1:\n  host: web1.corp.example\n  passwd: hunter2\n  port: 22\n",
    ],
)
def test_records_are_the_rows_of_a_table(tmp_path: Path, text: str) -> None:
    """ConvertTo-Json, ServiceNow, Terraform, Salt, Nornir: one host with its address."""
    _, fleet = imported(tmp_path, "hosts.json" if text[0] in "[{" else "hosts.yaml", text)
    assert places(fleet) == {"web1": ("web1.corp.example", "https", 5986)}


def test_a_list_of_names_in_json_is_read(tmp_path: Path) -> None:
    """`(Get-ADComputer ...).Name | ConvertTo-Json` writes names without a domain."""
    _, fleet = imported(tmp_path, "names.json", '["WEB1", "db7.corp.example", "192.0.2.3"]')
    assert list(fleet.hosts) == ["WEB1", "db7.corp.example", "192.0.2.3"]


def test_nested_records_of_netbox_say_site_address_and_tags(tmp_path: Path) -> None:
    """Of a mapping in a record the part counts that says what it is."""
    record = (
        '{"count":1,"results":[{"id":7,"name":"web1","site":{"id":1,"slug":"paris"},"tags":[{"name":"prod"}],'
        '"primary_ip":{"id":3,"address":"192.0.2.11/24"}}]}'
    )
    _, fleet = imported(tmp_path, "devices.json", record)
    host = fleet.hosts["web1"]
    assert (host.address, host.site, host.tags) == ("192.0.2.11", "paris", ("prod",))


def test_a_hosts_file_is_read(tmp_path: Path) -> None:
    """The address is the one in front; what every such file says of its own machine gives no host."""
    text = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n\n192.0.2.11 web1.corp.example web1 # first\n"
    notes, fleet = imported(tmp_path, "hosts", text)
    assert places(fleet) == {"web1.corp.example": ("192.0.2.11", "https", 5986)}
    said = "Lines 1, 2: passed over, because it names the machine of the file itself: `localhost`."
    assert notes[0] == said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("web1.corp.example ssh-ed25519 AAAAC3Nz\n", "a known_hosts file"),
        ("# Nmap 7.93 scan initiated Mon as: nmap\nNmap scan report for web1\n", "`nmap -oX FILE` is read"),
        ("Host web1\n  HostName web1.corp.example\n", "a configuration of SSH's"),
        ("$ORIGIN corp.example.\nweb1 IN A 192.0.2.11\n", "a DNS zone"),
        ("dn: CN=WEB1,DC=corp\ncn: WEB1\n\ndn: CN=WEB2,DC=corp\ncn: WEB2\n", "an LDIF file"),
        ('"CN=WEB1,OU=Servers,DC=corp,DC=example"\n', "a list of distinguished names"),
        ("Server Name            Remark\n\n---\n\\\\WEB1       web server\n", "a list of `net view`"),
        ('{"ips": {"sensitive": false, "type": ["list", "string"], "value": []}}', "NAME being one of `ips`"),
        ('{"Reservations": [{"Instances": []}]}', "an answer of AWS's"),
        ("Name : WEB1\nFQDN : web1.corp\n\nName : WEB2\n", "drawn for a screen (Format-List)"),
        ("- hosts: win\n  tasks:\n    - win_ping:\n", "a playbook of Ansible's; import the inventory"),
    ],
)
def test_a_list_that_is_not_read_is_named_with_the_way_out(tmp_path: Path, text: str, words: str) -> None:
    """One message says what the file is, and the command that writes one which can be imported."""
    said = refusal(tmp_path, "list.json" if text[0] == "{" else "list.txt", text)
    assert len(said) == 1
    assert words in said[0]


def test_xml_of_nobody_known_is_refused_by_its_root(tmp_path: Path) -> None:
    """The name of the root says what was given."""
    said = refusal(tmp_path, "x.xml", "<project><node/></project>")
    assert said[0].startswith("x.xml:1: this is an XML document with `project` as its root; expected ")


def test_broken_xml_is_refused_with_its_line(tmp_path: Path) -> None:
    """A file that was cut off ends where it ends."""
    assert refusal(tmp_path, "x.rdg", "<RDCMan>\n<file>\n") == ["x.rdg:3: not XML: no element found"]


def test_entities_of_a_document_are_not_read(tmp_path: Path) -> None:
    """No list of hosts needs any."""
    text = '<!DOCTYPE a [<!ENTITY e "web1">]>\n<RDCMan><file/></RDCMan>'
    words = "entities of the document's own are not read; save it without a DTD"
    assert refusal(tmp_path, "x.rdg", text) == [f"x.rdg:1: {words}"]


def test_groups_of_ansible_with_a_slip_are_not_taken_for_hosts(tmp_path: Path) -> None:
    """`host:` for `hosts:` gives no host, and is told by its line."""
    said = refusal(tmp_path, "hosts.yml", "web:\n  host:\n    web1:\n")
    assert said[0] == "hosts.yml: no host in this Ansible inventory"


ONE_LINE = '[{"Name":"web1","IPAddress":"192.0.2.1","Port":"x"},{"Name":"a/b"},{"Name":"c/d"}]'


def test_records_of_one_line_are_told_by_their_number(tmp_path: Path) -> None:
    """Line 1 is where all of them are: the notes count the records, and their keys have no place."""
    notes, _ = imported(tmp_path, "hosts.json", ONE_LINE)
    assert notes[0] == "Column `IPAddress` was read as `address`."
    assert notes[1].startswith("Record 1: `port` was left out")
    assert notes[2].startswith("Record 2: left out: no address, and its name `a/b`")


def test_every_record_of_one_line_has_its_reason(tmp_path: Path) -> None:
    """Where none gives a host, each is named, not the first alone."""
    found = refusal(tmp_path, "hosts.json", '[{"Name":"a/b"},{"Name":"c/d"}]')
    assert [line.partition(": no host")[0] for line in found] == [
        "hosts.json: record 1",
        "hosts.json: record 2",
    ]


def test_many_hosts_in_one_line_are_told_apart(tmp_path: Path) -> None:
    """A list without line breaks loses the record that gives no host, and no other."""
    text = '[{"name":"web1","ip":"192.0.2.1"},{"name":"a b","ip":"-"},{"name":"web3","ip":"192.0.2.3"}]'
    notes, fleet = imported(tmp_path, "hosts.json", text)
    assert sorted(fleet.hosts) == ["web1", "web3"]
    assert "Record 2: left out: no address, and its name `a b` cannot be one." in notes


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("s.rdg", RDG, "a list of hosts in XML; `fleetcheck inventory import` reads it"),
        ("n.xml", NMAP, "a list of hosts in XML; `fleetcheck inventory import` reads it"),
        ("b.yaml", BOLT, "an inventory of Bolt's; `fleetcheck inventory import` reads it"),
        ("h.txt", "# all\nweb1.corp.example\nweb2.corp.example\n", "a list of words"),
        ("j.json", '[{"Name": "web1"}]', "a JSON list"),
        ("l.json", '{"win": ["web1"], "_meta": {"hostvars": {}}}', "an inventory of Ansible's in JSON"),
        ("p.yml", "plugin: amazon.aws.aws_ec2\n", "the configuration of a plugin of Ansible's"),
    ],
)
def test_what_import_reads_is_named_where_an_inventory_was_expected(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    """Whoever hands such a file to `-i` is told of `inventory import`."""
    with pytest.raises(InventoryError) as caught:
        loads(text.encode(), tmp_path / name)
    assert caught.value.problems[0].message.startswith(f"this is {words}")


def test_names_with_their_addresses_behind_are_read(tmp_path: Path) -> None:
    """So people write down what they have: a name, a blank, an address."""
    _, fleet = imported(tmp_path, "list.txt", "# paris\nweb1 192.0.2.11\ndb7\t192.0.2.12\n")
    assert places(fleet) == {
        "web1": ("192.0.2.11", "https", 5986),
        "db7": ("192.0.2.12", "https", 5986),
    }


def test_what_was_drawn_for_a_screen_gives_no_host_called_name(tmp_path: Path) -> None:
    """`Get-ADComputer ... | select Name > hosts.txt` has headings; the command that helps is named."""
    (said,) = refusal(tmp_path, "hosts.txt", "\nName\n----\nWEB1\nWEB2\n")
    assert said.startswith("hosts.txt: this is drawn for a screen (Format-Table); `| Export-Csv hosts.csv`")


def test_a_list_that_windows_powershell_wrote_is_read(tmp_path: Path) -> None:
    """`> hosts.txt` writes UTF-16 there."""
    path = tmp_path / "hosts.txt"
    path.write_bytes("WEB1\r\nWEB2\r\n".encode("utf-16"))
    fleet = loads(convert(path).text.encode(), tmp_path / "fleet.yaml")
    assert sorted(fleet.hosts) == ["WEB1", "WEB2"]


CLIXML = """<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0"><TN RefId="0"><T>Selected.Microsoft.ActiveDirectory.Management.ADComputer</T></TN>
    <MS><S N="Name">web1</S><S N="DNSHostName">web1.corp.example</S></MS></Obj>
</Objs>"""


@pytest.mark.parametrize(
    "text",
    [
        CLIXML,
        "<xml><cmdb_ci_win_server><name>web1</name><fqdn>web1.corp.example</fqdn></cmdb_ci_win_server></xml>",
        '<project><node name="web1" hostname="web1.corp.example" osFamily="windows"/></project>',
    ],
)
def test_elements_of_xml_are_the_rows_of_a_table(tmp_path: Path, text: str) -> None:
    """Export-Clixml, ServiceNow, Rundeck: one host with its address."""
    _, fleet = imported(tmp_path, "hosts.xml", text)
    assert places(fleet) == {"web1": ("web1.corp.example", "https", 5986)}


def test_standard_input_is_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`ansible-inventory --list | fleetcheck inventory import -` needs no file in between."""
    stdin = io.TextIOWrapper(io.BytesIO(b'{"win": {"hosts": ["web1"]}, "_meta": {"hostvars": {}}}'))
    monkeypatch.setattr("sys.stdin", stdin)
    made = convert(Path("-"))
    assert made.text.startswith("# fleet.yaml, made from standard input.")
    assert list(loads(made.text.encode(), tmp_path / "fleet.yaml").hosts) == ["web1"]


def test_two_documents_in_one_file_are_told_by_their_line(tmp_path: Path) -> None:
    """`---` behind a group is YAML's, and no line below a heading."""
    (said,) = refusal(tmp_path, "hosts.yml", "all: {hosts: {web1: }}\n---\nall: {hosts: {web2: }}\n")
    assert said.startswith("hosts.yml:2: a second document begins here (`---`)")
