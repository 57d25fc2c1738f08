"""Tables that say how a session to each host is opened (mRemoteNG, PuTTY) or what a CMDB lists of it."""

from __future__ import annotations

from pathlib import Path

from tests.inventory.importers.test_tables import addresses, imported

MREMOTE = (
    "Name;Id;Parent;NodeType;Description;Icon;Panel;Username;Password;Domain;Hostname;Port;VmId;Protocol\n"
    "Paris;1;root;Container;;mRemoteNG;General;;;;;3389;;RDP\n"
    "Web, old;2;1;Container;;mRemoteNG;General;;;;;3389;;RDP\n"
    "web1;3;2;Connection;;mRemoteNG;General;svc;hunter2;CORP;web1.corp.example;3389;;RDP\n"
    "web2;4;1;Connection;;mRemoteNG;General;svc@corp.example;hunter2;CORP;192.0.2.12;3390;;RDP\n"
    "lx1;5;1;Connection;;mRemoteNG;General;root;hunter2;;lx1.corp.example;22;;SSH2\n"
)


def test_the_folders_of_mremoteng_become_groups(tmp_path: Path) -> None:
    """A host stands in every folder around it; a folder is no host."""
    _, fleet = imported(tmp_path, MREMOTE)
    assert addresses(fleet) == {"web1": "web1.corp.example", "web2": "192.0.2.12"}
    assert dict(fleet.groups) == {
        "Paris": ("web1", "web2"),
        "Web-old": ("web1",),
    }


def test_the_port_of_a_remote_desktop_is_not_winrms(tmp_path: Path) -> None:
    """3389 and 3390 are where RDP answers: the hosts keep WinRM's own port, and a note says so."""
    notes, fleet = imported(tmp_path, MREMOTE)
    assert {name: host.port for name, host in fleet.hosts.items()} == {"web1": 5986, "web2": 5986}
    said = "Lines 4, 5: `port` was left out, because it is the one of RDP; WinRM's own holds: "
    assert said + '`"3389"`, `"3390"`.' in notes


def test_a_session_by_ssh_gives_no_host(tmp_path: Path) -> None:
    """What is reached by SSH is left out, as Ansible's importer does, and named."""
    notes, _ = imported(tmp_path, MREMOTE)
    assert "Line 6: left out: `lx1` is reached by SSH2, and not over WinRM." in notes


def test_user_and_domain_of_mremoteng_are_one_name(tmp_path: Path) -> None:
    """`CORP` and `svc` stand in two columns; a name that has its domain already keeps it."""
    _, fleet = imported(tmp_path, MREMOTE)
    users = {name: (fleet.credentials[host.credential or ""].username) for name, host in fleet.hosts.items()}
    assert users == {"web1": r"CORP\svc", "web2": "svc@corp.example"}


def test_a_port_of_ssh_or_remote_desktop_is_left_out_without_a_protocol(tmp_path: Path) -> None:
    """A column `Port` may be anybody's; WinRM answers at neither of these."""
    notes, fleet = imported(tmp_path, "Name,IP,Port\na,192.0.2.1,3389\nb,192.0.2.2,22\nc,192.0.2.3,5985\n")
    assert {name: host.port for name, host in fleet.hosts.items()} == {"a": 5986, "b": 5986, "c": 5985}
    assert [note for note in notes if "`port`" in note] == [
        "Line 2: `port` was left out, because it is Remote Desktop's; WinRM's own holds: `\"3389\"`.",
        "Line 3: `port` was left out, because it is SSH's; WinRM's own holds: `\"22\"`.",
    ]


def test_the_addresses_of_glpi_are_read(tmp_path: Path) -> None:
    """GLPI calls the column after its tab, and writes several addresses with a break of HTML between."""
    table = (
        '"Name";"Operating System - Name";"Network - IP";\n'
        '"WEB1";"Windows Server 2019";"fe80::1<br>192.0.2.11";\n'
        '"WEB2";"Windows Server 2019";"192.0.2.12";\n'
    )
    _, fleet = imported(tmp_path, table)
    assert addresses(fleet) == {"WEB1": "192.0.2.11", "WEB2": "192.0.2.12"}


def test_one_column_as_name_and_address_is_told_once(tmp_path: Path) -> None:
    """A `Hostname` beside a `Name` is the address, with a dot in it or without; the note says it once."""
    notes, _ = imported(tmp_path, "Name,Hostname,Site\nWeb one,web1,Paris\n")
    assert [note for note in notes if "address" in note] == [
        "Line 1: column `Hostname` was read as `address`."
    ]


def test_the_port_of_a_monitoring_agent_is_not_winrms(tmp_path: Path) -> None:
    """Zabbix exports the port of its own agent, some lists put Remote Desktop's behind the address."""
    table = "Host,IP,Port\nweb1,192.0.2.11,10050\nweb2,192.0.2.12:3389,\n"
    notes, fleet = imported(tmp_path, table)
    assert {name: host.port for name, host in fleet.hosts.items()} == {"web1": 5986, "web2": 5986}
    assert notes[-2:] == [
        "Line 2: `port` was left out, because it is the Zabbix agent's; WinRM's own holds: `\"10050\"`.",
        'Line 3: the port behind an address was left out, because it is Remote Desktop\'s: `"3389"`.',
    ]


def test_records_of_a_zone_that_hold_no_address_give_no_host(tmp_path: Path) -> None:
    """An alias is another name of a machine that stands there already, a service is none."""
    table = (
        '"HostName","RecordType","RecordData"\n"web1","A","192.0.2.11"\n"www","CNAME","web1.corp.example."\n'
        '"_ldap._tcp","SRV","[0][100][389][dc1.corp.example.]"\n'
    )
    notes, fleet = imported(tmp_path, table)
    assert addresses(fleet) == {"web1": "192.0.2.11"}
    assert "Line 3: left out: a DNS record of type CNAME, which is no host's own name." in notes


def test_rows_that_are_doubtful_are_taken_and_named(tmp_path: Path) -> None:
    """Another system, an account that is disabled, a machine that is off: whoever runs the import decides."""
    table = (
        '"Name","IPv4Address","Enabled","OperatingSystem","PowerState"\n'
        '"WEB1","192.0.2.11","True","Windows Server 2019 Standard","PoweredOn"\n'
        '"WEB2","192.0.2.12","False","Windows Server 2019 Standard","PoweredOff"\n'
        '"LX1","192.0.2.13","True","Red Hat Enterprise Linux 8 (64-bit)","PoweredOn"\n'
    )
    notes, fleet = imported(tmp_path, table)
    assert sorted(fleet.hosts) == ["LX1", "WEB1", "WEB2"]
    assert [note for note in notes if "taken, though" in note] == [
        'Line 3: taken, though `Enabled` speaks against it; take out what does not run: `"False"`.',
        "Line 3: taken, though `PowerState` speaks against it; take out what does not run: `PoweredOff`.",
        (
            "Line 4: taken, though `OperatingSystem` says no Windows; take out what has no WinRM: "
            "`Red Hat Enterprise Linux 8 (64-bit)`."
        ),
    ]


def test_scanners_name_a_host_by_its_dns_column(tmp_path: Path) -> None:
    """Where no column is a name, `DNS` is one; the address stays the IP, since `DNS` may be a server's."""
    _, fleet = imported(tmp_path, "IP,DNS,OS\n192.0.2.11,web1.corp.example,Windows Server 2019\n")
    assert addresses(fleet) == {"web1.corp.example": "192.0.2.11"}
