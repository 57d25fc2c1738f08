"""Tables as programs export them: what an inventory comes to, and what its head says of the rest,
line by line.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import InventoryError
from inventory.importers import import_inventory
from inventory.importers.table.addresses import address_in
from inventory.load import loads
from inventory.model import Fleet


def imported(folder: Path, data: bytes | str, name: str = "t.csv") -> tuple[list[str], Fleet]:
    """Import a table; return the notes at the head of what came out, and that loaded."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    made = import_inventory(path)
    head = [line.removeprefix("# ") for line in made.splitlines() if line.startswith("#")]
    return head[1:], loads(made.encode(), folder / "fleet.yaml")


def addresses(fleet: Fleet) -> dict[str, str]:
    """Return the address of each host."""
    return {name: host.address for name, host in fleet.hosts.items()}


def refusal(folder: Path, data: bytes | str, name: str = "t.csv") -> list[str]:
    """Return the messages with which a file is refused."""
    with pytest.raises(InventoryError) as caught:
        imported(folder, data, name)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


KNOWN = (
    "the name of a host has to be among them, and known are `name`, `address`, `transport`, `auth`, "
    "`profile`, `ca`, `tls_pin`, `configuration`, `site`, `repin`, `canary_address`, `port`, `pin`, "
    "`timeout`, `pin_primary`, `pin_backup`, `gateway_primary`, `gateway_backup`, `username`, `tags`, "
    "`groups`"
)

AD = """#TYPE Selected.Microsoft.ActiveDirectory.Management.ADComputer\r
"Name","DNSHostName","IPv4Address","OperatingSystem","LastLogonDate"\r
"SRV-WEB-01","srv-web-01.corp.example","192.0.2.11","Windows Server 2019 Standard",""\r
"SRV-DB-01","","192.0.2.12","Windows Server 2016 Standard",""\r
"SRV-DB-02","","","Windows Server 2016 Standard",""\r
"""


def test_an_export_of_active_directory_is_read(tmp_path: Path) -> None:
    """The #TYPE line is passed over; a DNS name is the address, else the IPv4 address, else the name."""
    notes, fleet = imported(tmp_path, AD)
    assert addresses(fleet) == {
        "SRV-WEB-01": "srv-web-01.corp.example",
        "SRV-DB-01": "192.0.2.12",
        "SRV-DB-02": "SRV-DB-02",
    }
    assert notes == [
        "Line 2: column `DNSHostName` was read as `address`.",
        "Line 2: column `IPv4Address` was read as `address`, where `DNSHostName` gives none.",
        "Line 2: column `OperatingSystem` was not taken over: it has no meaning here.",
        "Line 2: column `LastLogonDate` has no word in it and was passed over.",
    ]


@pytest.mark.parametrize(
    ("head", "row", "expected"),
    [
        ("Name;DNS-Name;IP-Adresse", "SRV01;srv01.corp.example;192.0.2.11", {"SRV01": "srv01.corp.example"}),
        ("Name0,IP_Addresses0", 'SRV01,"fe80::1, 192.0.2.11, 192.0.2.12"', {"SRV01": "192.0.2.11"}),
        ("Name,DNS Name,IP Address,Host", '"SRV 01",,192.0.2.11,esx1.corp.example', {"SRV-01": "192.0.2.11"}),
        ("VM,Host,DNS Name", "SRV01,esx1.corp.example,", {"SRV01": "SRV01"}),
        ("name,fqdn,ip_address", "srv01,,192.0.2.11", {"srv01": "192.0.2.11"}),
        ("Hostname,IP", "srv01,192.0.2.11", {"srv01": "192.0.2.11"}),
        ("Name,Hostname,IP", "a,srv01.corp.example,192.0.2.11", {"a": "srv01.corp.example"}),
        ("Name,Hostname,IP", "a,srv01,192.0.2.11", {"a": "192.0.2.11"}),
        ("Name,Hostname", "the web server,srv01", {"the-web-server": "srv01"}),
        ("DNSHostName,IPv4Address", "srv01.corp.example,192.0.2.11", {"srv01.corp.example": "srv01.corp.example"}),  # noqa: E501
        ("sAMAccountName", "SRV01$", {"SRV01": "SRV01"}),
        ("Name", r"CORP\SRV01", {"SRV01": "SRV01"}),
        ("PSComputerName\tIPAddress", "srv01\t192.0.2.11 fe80::1", {"srv01": "192.0.2.11"}),
        ("address", "192.0.2.11", {"192.0.2.11": "192.0.2.11"}),
    ],
)  # fmt: skip
def test_columns_are_known_by_other_programs_names(
    tmp_path: Path, head: str, row: str, expected: dict[str, str]
) -> None:
    """Exports of Active Directory, SCCM, vCenter, RVTools,
    ServiceNow and German Excel name host and address their way.
    """
    assert addresses(imported(tmp_path, f"{head}\n{row}\n")[1]) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("192.0.2.11/24", ("192.0.2.11", 5986)),
        ("192.0.2.11/255.255.255.0", ("192.0.2.11", 5986)),
        ("2001:db8::11/64", ("2001:db8::11", 5986)),
        ("192.0.2.11:15986", ("192.0.2.11", 15986)),
        ("[2001:db8::11]:15986", ("2001:db8::11", 15986)),
        ("[2001:db8::11]", ("2001:db8::11", 5986)),
        ("https://srv.corp.example:15986/wsman", ("srv.corp.example", 15986)),
        ("169.254.7.7; 192.0.2.11", ("192.0.2.11", 5986)),
        ("{192.0.2.11, fe80::1%4}", ("192.0.2.11", 5986)),
        ("127.0.0.1|192.0.2.11", ("192.0.2.11", 5986)),
        ("127.0.0.1", ("127.0.0.1", 5986)),
        ('="192.0.2.11"', ("192.0.2.11", 5986)),
        ("192.0.2.0/24", ("srv01", 5986)),
        ("fe80::1", ("srv01", 5986)),
        ("12 Rue de X", ("srv01", 5986)),
        ("N/A", ("srv01", 5986)),
        ("-", ("srv01", 5986)),
        ("#NV", ("srv01", 5986)),
        ("System.String[]", ("srv01", 5986)),
        ("192.0.2.11\u200b", ("192.0.2.11", 5986)),
    ],
)
def test_an_address_is_found_in_its_cell(tmp_path: Path, cell: str, expected: tuple[str, int]) -> None:
    """Length, port, brackets, URL and further addresses come off; what is none leaves the name,
    each with a note.
    """
    quoted = cell.replace('"', '""')
    notes, fleet = imported(tmp_path, f'name,address\nsrv01,"{quoted}"\n')
    host = fleet.hosts["srv01"]
    assert (host.address, host.port) == expected
    assert notes or cell in ("[2001:db8::11]", "127.0.0.1", '="192.0.2.11"')
    assert all(note.startswith("Line 2: ") for note in notes)


@pytest.mark.parametrize(
    ("cell", "port"),
    [
        ("5986.0", 5986), ("5986,0", 5986), ("5.986", 5986), ("5,986", 5986), ("5.986E+03", 5986), ("443.000", 443), ("5.986,00", 5986),  # noqa: E501
        ("tcp/5986", 5986), ("TRUE", None), ("5986.5", None), ("5.000", None), ("99999", None), ("0", None),
        ("\u0665", None), ("5_986", None),
    ],
)  # fmt: skip
def test_a_port_is_read_as_spreadsheets_write_it(tmp_path: Path, cell: str, port: int | None) -> None:
    """A number that can be one port only is that port; another cell is left out with a note,
    and the host stays.
    """
    notes, fleet = imported(tmp_path, f"name;pin\nsrv01;{cell}\n")
    assert dict(fleet.hosts["srv01"].desired) == (
        {} if port is None else dict.fromkeys(("primary", "backup"), port)
    )
    assert (port is not None) or notes[0].startswith("Line 2: `pin` was left out, a whole number")


@pytest.mark.parametrize(
    ("cell", "repin", "noted"),
    [("allow", "allow", 0), ("", "allow", 0), ("TRUE", "allow", 1), ("FALSE", "forbid", 1), ("nein", "forbid", 1),  # noqa: E501
     ("perhaps", "forbid", 1), ("forbid", "forbid", 0)],
)  # fmt: skip
def test_a_doubtful_repin_forbids(tmp_path: Path, cell: str, repin: str, noted: int) -> None:
    """Whatever is not clearly a yes keeps a host's pin from being rewritten."""
    notes, fleet = imported(tmp_path, f"name,repin,site\nsrv01,{cell},x\n")
    assert (fleet.hosts["srv01"].repin, sum("`repin`" in note and "Line 2" in note for note in notes)) == (
        repin,
        noted,
    )


def test_a_cell_is_never_split_at_a_blank(tmp_path: Path) -> None:
    """Names of groups and tags with blanks are one name each, written with a hyphen,
    and the note says old and new.
    """
    text = 'name,groups,tags\nsrv01,"web; Web Servers\nTier 1",a b\nsrv02,Web Servers|all,\nsrv03,SRV01,\n'
    notes, fleet = imported(tmp_path, text)
    assert {name: list(hosts) for name, hosts in fleet.groups.items()} == {
        "web": ["srv01"],
        "Web-Servers": ["srv01", "srv02"],
        "Tier-1": ["srv01"],
        "all-group": ["srv02"],
        "SRV01-group": ["srv03"],
    }
    assert fleet.hosts["srv01"].tags == ("a-b",)
    rule = "a name is letters, digits, `_`, `-` and `.`."
    assert notes == [
        f"Lines 2, 4: group `Web Servers` -> `Web-Servers`; {rule}",
        f"Line 2: group `Tier 1` -> `Tier-1`; {rule}",
        f"Line 2: tag `a b` -> `a-b`; {rule}",
        f"Line 4: group `all` -> `all-group`; {rule}",
        "Line 5: group `SRV01` -> `SRV01-group`; a host has that name.",
    ]


def test_a_host_is_renamed_and_keeps_its_address(tmp_path: Path) -> None:
    """A changed name takes no other host's, whatever its case;
    without an address it would be another machine.
    """
    text = "name,address\nSRV WEB 01,192.0.2.11\nsrv-web-01,192.0.2.12\nsrv02 (old),192.0.2.13\nSRV 04,\n"
    notes, fleet = imported(tmp_path, text)
    assert addresses(fleet) == {
        "SRV-WEB-01-2": "192.0.2.11",
        "srv-web-01": "192.0.2.12",
        "srv02-old": "192.0.2.13",
    }
    assert [note.partition(";")[0] for note in notes] == [
        "Line 2: host `SRV WEB 01` -> `SRV-WEB-01-2`",
        "Line 4: host `srv02 (old)` -> `srv02-old`",
        "Line 5: left out: no address, and its name `SRV 04` cannot be one.",
    ]


def test_a_second_host_of_a_name_or_an_address_is_left_out(tmp_path: Path) -> None:
    """The first stays, and gets the groups of the second; the note names both lines."""
    text = (
        "name,address,groups\nsrv01,192.0.2.11,web\nSRV01,192.0.2.11,db\nsrv01,192.0.2.99,\n"
        'alias,192.0.2.11,prod\n"srv01",192.0.2.11,web\n'
    )
    notes, fleet = imported(tmp_path, text)
    assert (addresses(fleet), fleet.hosts["srv01"].groups) == ({"srv01": "192.0.2.11"}, ("web", "db", "prod"))
    moved = "; its groups and tags went to that one."
    assert notes == [
        f"Line 3: left out: host `SRV01` stands in line 2 already{moved}",
        (
            "Line 4: left out: host `srv01` stands in line 2 already, and its address `192.0.2.99` was not "
            "taken over."
        ),
        f"Line 5: left out: host `alias` has the address and port of host `srv01` in line 2{moved}",
        "Line 6: left out: host `srv01` stands in line 2 already.",
    ]


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffsep=;\r\nname;site\r\nsrv01;K\u00f6ln\r\n".encode(),
        "name\tsite\r\nsrv01\tK\u00f6ln\r\n".encode("utf-16"),
        "name\tsite\r\nsrv01\tK\u00f6ln\r\n".encode("utf-16-le"),
        b"\xfe\xff" + "name\tsite\nsrv01\tK\u00f6ln\n".encode("utf-16-be"),
        "name;site\r\nsrv01;K\u00f6ln\r\n".encode("cp1252"),
        "name;site\r\nsrv01;K\u00f6ln\r\n".encode("cp850"),
        "name,site\rsrv01,K\u00f6ln\r".encode(),
        "\n\nname|site\nsrv01|K\u00f6ln\n".encode(),
        "Report of servers,\n,\nname,site,,\nsrv01,K\u00f6ln,,\n".encode(),
        "name,site\n----,----\nsrv01,K\u00f6ln\n\n(1 rows affected),\n".encode(),
        '"name", "site"\n"srv01", "K\u00f6ln"\n'.encode(),
        '"name,site"\n"srv01,""K\u00f6ln"""\n'.encode(),
    ],
    ids=[
        "sep",
        "utf-16",
        "no-mark",
        "big-endian",
        "1252",
        "850",
        "cr",
        "bars",
        "title",
        "sqlcmd",
        "blanks",
        "wrapped",
    ],
)
def test_a_table_is_read_in_every_writing(tmp_path: Path, data: bytes) -> None:
    """Marks, encodings, separators, line ends and what stands around the table make no difference."""
    _, fleet = imported(tmp_path, data)
    assert {name: host.site for name, host in fleet.hosts.items()} == {"srv01": "K\u00f6ln"}


def test_a_guessed_encoding_is_said(tmp_path: Path) -> None:
    """The note names the line and what a byte became; lines in UTF-8 stay what they are."""
    data = "name,site\nsrv01,Z\u00fcrich\n".encode() + "srv02,K\u00f6ln\n".encode("cp1252")
    notes, fleet = imported(tmp_path, data)
    assert [host.site for host in fleet.hosts.values()] == ["Z\u00fcrich", "K\u00f6ln"]
    assert notes == [
        (
            "Line 3: not UTF-8, so it was read as Windows-1252: byte 0xf6 became `\u00f6`. "
            "Where that is wrong, save the table as `CSV UTF-8`."
        )
    ]


def test_a_site_called_na_stays(tmp_path: Path) -> None:
    """`NA` is North America as well; `N/A` is nothing, and is said."""
    notes, fleet = imported(tmp_path, "name,site\nsrv01,NA\nsrv02,N/A\n")
    assert [host.site for host in fleet.hosts.values()] == ["NA", None]
    assert notes == ["Line 3: column `site` says nothing in: `N/A`."]


def test_a_gateway_is_told_where_it_was_changed(tmp_path: Path) -> None:
    """Gateways are addresses too; a pin for one role goes before the pin for all."""
    text = "name,gateway_primary,gateway_backup,pin,pin_backup\nsrv01,203.0.113.9/24,203.0.113.10,2147,443\n"
    notes, fleet = imported(tmp_path, text)
    host = fleet.hosts["srv01"]
    assert dict(host.gateways) == {"primary": "203.0.113.9", "backup": "203.0.113.10"}
    assert dict(host.desired) == {"backup": 443}
    assert notes == ["Line 2: `gateway_primary` was read as `203.0.113.9`: `203.0.113.9/24`."]


def test_lost_letters_are_said(tmp_path: Path) -> None:
    """A `?` inside a word is what Export-Csv of 5.1 leaves of an umlaut, and nobody can bring it back."""
    notes, fleet = imported(tmp_path, "name,site\nsrv01,K?ln\nsrv02,where?\n")
    assert [host.site for host in fleet.hosts.values()] == ["K?ln", "where?"]
    assert [(note[:13], note[-8:]) for note in notes] == [("Line 2: colum", " `K?ln`.")]


def test_an_account_in_two_lines_is_none(tmp_path: Path) -> None:
    """Nothing is logged on with a name that was put together."""
    notes, fleet = imported(tmp_path, 'name,username\nsrv01,"a\nb"\nsrv02,CORP\\svc\n')
    assert [host.credential for host in fleet.hosts.values()] == ["ops", "svc"]
    assert notes[0].startswith("Line 2: `username` was left out, ")


def test_one_odd_row_costs_no_other(tmp_path: Path) -> None:
    """Rows with a quote out of place, with too many cells or without a name are left out,
    each with its line.
    """
    text = (
        'name,address,site\nsrv01,192.0.2.11,"Paris\nsrv02,192.0.2.12,x\n"srv03"x,192.0.2.13,z\n'
        "srv04,192.0.2.14,a,b\nsrv05,192.0.2.15\n,,x\nsrv06,192.0.2.16,,\n"
    )
    notes, fleet = imported(tmp_path, text)
    assert list(fleet.hosts) == ["srv02", "srv05", "srv06"]
    assert [note.partition(" (")[0] for note in notes] == [
        "Lines 2, 4: left out: not CSV, look at its quotes",
        (
            "Line 5: left out: 4 cells where 3 columns have a name, so that one cannot tell which is which; "
            "a cell with the separator in it needs quotes."
        ),
        "Line 7: left out: no name.",
    ]


def test_rows_that_a_quote_may_have_swallowed_are_said(tmp_path: Path) -> None:
    """A cell that goes on for lines with separators in them is legal, and seldom meant."""
    notes, fleet = imported(tmp_path, 'name,site\nsrv01,"Paris\nsrv02,Lyon\nsrv03,"\nsrv04,"a\nb"\n')
    assert list(fleet.hosts) == ["srv01", "srv04"]
    assert notes == [
        (
            "Line 2: a cell between quotes goes on for 3 lines and holds `,` there; look whether a quote is "
            "missing."
        )
    ]


def test_headings_are_told(tmp_path: Path) -> None:
    """Secrets, unknown, double and nameless columns are noted and skipped;
    a slip of the pen gets a suggestion.
    """
    text = "name,adress,State,LAPS Password,name,,,port\nsrv01,a,On,hunter2,b,c,,\n"
    notes, fleet = imported(tmp_path, text)
    assert (list(fleet.hosts), "hunter2" in "".join(notes)) == (["srv01"], False)
    assert notes == [
        "Line 1: column `adress` was not taken over: it has no meaning here; did you mean `address`?",
        "Line 1: column `State` was not taken over: it has no meaning here.",
        "Line 1: column `LAPS Password` was not taken over: secrets do not belong in an inventory.",
        "Line 1: column `name` was not taken over: another has that name.",
        "Line 1: column 6, without a name, was not taken over: it has no meaning here.",
        "Line 1: column `port` has no word in it and was passed over.",
        "Line 1: columns without a name and without a word in them were passed over: 1.",
    ]


def test_what_cannot_be_kept_safely_costs_the_host(tmp_path: Path) -> None:
    """Without its profile or its CA a host would be judged or trusted otherwise;
    the rest of the table stays.
    """
    text = "name,ca,profile,auth,transport\na,no.pem,,,\nb,,nope,,\nc,,,BASIC,HTTP\nd,,,credssp,gopher\n"
    notes, fleet = imported(tmp_path, text)
    hosts = {name: (host.auth, host.transport) for name, host in fleet.hosts.items()}
    assert hosts == {"c": ("negotiate", "http"), "d": ("negotiate", "https")}
    assert [note[:30] for note in notes] == [
        "Line 2: left out: `ca` `no.pem",
        "Line 3: left out: `profile` `n",
        "Line 4: Basic over plain http ",
        "Line 5: `transport` was left o",
        "Line 5: `auth` was left out, `",
    ]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        (
            "t.csv",
            "foo,bar\n1,2\n",
            [
                "t.csv:1: no row names the columns; write one above the hosts, such as `name,address`: "
                + KNOWN
            ],
        ),
        (
            "t.csv",
            "\n",
            [
                "t.csv:1: an empty file, where a table was expected; "
                "write one above the hosts, such as `name,address`: " + KNOWN
            ],
        ),
        ("t.csv", "name\n", ["t.csv:1: no host: no row below the one that names the columns"]),
        (
            "t.csv",
            "name,address\nA B,\nC D,x y\n",
            [
                "t.csv:2: no host: no address, and its name `A B` cannot be one",
                "t.csv:3: no host: no address, and its name `C D` cannot be one",
            ],
        ),
        (
            "t.xlsx",
            b"PK\x03\x04...",
            [
                (
                    "t.xlsx: a workbook of Excel or LibreOffice, and no text; "
                    "save it as `CSV UTF-8` and import that file"
                )
            ],
        ),
        ("t.csv", b"\xff\xfen\x00a", []),
        (
            "t.csv",
            b"\xff\xfen\x00a\x00\xd8",
            ["t.csv:1: written as UTF-16, and damaged there; save it as `CSV UTF-8`"],
        ),
    ],
)
def test_a_table_without_a_host_is_refused(
    tmp_path: Path, name: str, data: bytes | str, expected: list[str]
) -> None:
    """The reason stands at each line, or with the file."""
    found = refusal(tmp_path, data, name)
    assert found[: len(expected)] == expected
    assert found


def test_a_table_is_known_without_its_ending(tmp_path: Path) -> None:
    """Excel's "Unicode text" is called .txt."""
    _, fleet = imported(tmp_path, "Name\tIP Address\nsrv01\t192.0.2.11\n".encode("utf-16"), "t.txt")
    assert addresses(fleet) == {"srv01": "192.0.2.11"}


CELLS = st.text(st.sampled_from("aB1.-_:/[];,|\"'\n\t= \u00e4\u202e%\\$0"), max_size=9) | st.sampled_from(
    ["all", "srv01", "SRV01", "192.0.2.1", "192.0.2.1/24", "443", "5986.0", "N/A", "basic", "http", "2001:db8::1", "~"]  # noqa: E501
)  # fmt: skip
HEADS = st.lists(
    st.sampled_from(["name", "Address", "IP", "port", "groups", "tags", "site", "username", "auth", "transport", "pin", "repin", "ca", "x", ""]),  # noqa: E501
    max_size=6,
)  # fmt: skip


@settings(deadline=None)  # a busy machine is no mistake
@given(HEADS, st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=5))
def test_whatever_comes_is_hosts_or_words(
    tmp_path_factory: pytest.TempPathFactory, head: list[str], rows: list[list[str]]
) -> None:
    """Any table either becomes an inventory that loads, or is refused at its own lines."""
    folder = tmp_path_factory.mktemp("table")
    text = "".join(",".join(row) + "\n" for row in [["name", *head], *rows])
    try:
        notes, fleet = imported(folder, text)
    except InventoryError as error:
        told = [problem.file == str(folder / "t.csv") for problem in error.problems]
    else:
        told = [bool(fleet.hosts), *(note.startswith("Line") for note in notes)]
    assert all(told)


def test_a_host_named_by_an_address_alone_is_called_what_the_address_is(tmp_path: Path) -> None:
    """Ports, lengths and URLs around an address do not come into the name that is made of it."""
    cells = [
        "srv01.corp.example:5985",
        "[2001:db8::1]:5986",
        "https://srv03.corp.example:5986/wsman",
        "192.0.2.7/24",
    ]
    _, fleet = imported(tmp_path, "FQDN\n" + "\n".join(cells))
    assert list(fleet.hosts) == ["srv01.corp.example", "2001:db8::1", "srv03.corp.example", "192.0.2.7"]
    assert addresses(fleet) == {name: name for name in fleet.hosts}


@pytest.mark.parametrize("title", ["AssetName", "System Name", "CI_Name"])
def test_an_asset_s_name_names_its_host(tmp_path: Path, title: str) -> None:
    """Programs that keep assets call the machine so; its address is not made the name."""
    _, fleet = imported(tmp_path, f"{title},Domain,IPAddress\nSRV01,CORP,192.0.2.1\n")
    assert addresses(fleet) == {"SRV01": "192.0.2.1"}


def test_a_certificate_that_no_table_can_name_is_noted(tmp_path: Path) -> None:
    """A table has no column for the file: the host keeps a logon that an inventory can have."""
    notes, fleet = imported(tmp_path, "name,auth,username\nweb1,certificate,CORP\\x\n")
    assert fleet.hosts["web1"].auth == "negotiate"
    assert "`auth: certificate` needs a credential" in " ".join(notes)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("W3SVC,srv01\nW3SVC,srv02\n", ["srv01", "srv02"]),
        ("W3SVC,srv01\nSpooler,srv02\nDhcp,srv01\n", ["srv01", "srv02"]),
        ("srv01,dc01\nsrv02,dc01\n", ["srv01", "srv02"]),
        ("srv01,\nsrv02,\n", ["srv01", "srv02"]),
    ],
    ids=["services", "several services", "asked through one machine", "not remote"],
)
def test_results_of_many_machines_are_named_by_their_machine(
    tmp_path: Path, rows: str, expected: list[str]
) -> None:
    """What Invoke-Command brought has the machine in PSComputerName, and in Name what was asked for."""
    assert list(imported(tmp_path, f"Name,PSComputerName\n{rows}")[1].hosts) == expected


def test_what_one_machine_says_of_others_is_named_by_the_others(tmp_path: Path) -> None:
    """Test-Connection has who asked in PSComputerName and `__SERVER`, and in Address who was asked."""
    head = "PSComputerName,IPV4Address,__SERVER,Address"
    rows = "ctrl,192.0.2.1,ctrl,srv01.corp.example\nctrl,192.0.2.2,ctrl,srv02.corp.example\n"
    assert list(imported(tmp_path, f"{head}\n{rows}")[1].hosts) == [
        "srv01.corp.example",
        "srv02.corp.example",
    ]


def test_a_row_that_was_made_a_comment_is_no_host(tmp_path: Path) -> None:
    """Who put `#` before a row wants that host left alone."""
    notes, fleet = imported(tmp_path, "name,address\n# srv01,192.0.2.1\nsrv02,192.0.2.2\n")
    assert list(fleet.hosts) == ["srv02"]
    assert notes == ["Line 2: left out: `# srv01` begins with `#`, as a comment does."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Name  Address\n----  -------\nsrv01 10.0.0.1\n", "this was drawn for a screen (Format-Table)"),
        ('"Length"\n"5"\n', "Export-Csv was given texts, of which it writes the length"),
    ],
)
def test_what_powershell_writes_in_a_tables_place_is_named(tmp_path: Path, text: str, said: str) -> None:
    """With what to do about it."""
    (message,) = refusal(tmp_path, text)
    assert said in message


@pytest.mark.parametrize("row", ["'srv01','192.0.2.1'", "'srv01,'192.0.2.1"])
def test_single_quotes_are_no_part_of_a_cell(tmp_path: Path, row: str) -> None:
    """Around it, or before it as a mark of Excel's."""
    assert addresses(imported(tmp_path, f"'name','address'\n{row}\n")[1]) == {"srv01": "192.0.2.1"}


def test_groups_of_a_directory_are_named_by_their_first_part(tmp_path: Path) -> None:
    """A distinguished name is one group, whatever commas are in it; each group is named once."""
    cell = "CN=Web Servers,OU=Groups,DC=corp,DC=example;CN=DB,OU=Groups,DC=corp,DC=example"
    notes, fleet = imported(
        tmp_path, f'name,address,groups\nsrv01,192.0.2.1,"{cell}"\nsrv02,192.0.2.2,"a,b,a"\n'
    )
    assert {name: tuple(hosts) for name, hosts in fleet.groups.items()} == {
        "Web-Servers": ("srv01",),
        "DB": ("srv01",),
        "a": ("srv02",),
        "b": ("srv02",),
    }
    assert any("of a distinguished name in `groups` the first part was taken" in note for note in notes)
    assert fleet.counted["a"] == ("srv02",)


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("192.0.2.13 (mgmt)", "192.0.2.13"),
        ("192.0.2.14 / 24", "192.0.2.14"),
        ("192.0.2.10-12", "srv01"),
        ("[2001:db8::14]:5987", "2001:db8::14"),
    ],
)
def test_an_address_is_taken_out_of_what_stands_around_it(tmp_path: Path, cell: str, address: str) -> None:
    """A range of addresses is none, and told."""
    notes, fleet = imported(tmp_path, f"name,address\nsrv01,{cell}\n")
    assert addresses(fleet) == {"srv01": address}
    assert any(cell in note or "port" in note for note in notes)


@pytest.mark.parametrize(
    "title",
    [
        "PrimaryIP",
        "PRIVATE IP ADDRESS",
        "IPADDR",
        "IPv4 Addresses",
        "Private IP",
        "Private IPv4 address",
        "primary_ip4",
        "AGENT_IP",
        "IPs",
        "Dirección IP",
    ],
)
def test_addresses_are_known_by_clouds_names(tmp_path: Path, title: str) -> None:
    """And by those of other programs that keep a list of machines."""
    assert addresses(imported(tmp_path, f"Name,{title}\nsrv01,192.0.2.1\n")[1]) == {"srv01": "192.0.2.1"}


def test_a_protocol_is_the_transport_where_it_is_one(tmp_path: Path) -> None:
    """Of any other there is a note."""
    notes, fleet = imported(tmp_path, "name,address,protocol\na,192.0.2.1,HTTP\nb,192.0.2.2,TCP\n")
    assert [host.transport for host in fleet.hosts.values()] == ["http", "https"]
    assert any("`transport` was left out" in note for note in notes)


@pytest.mark.parametrize(
    ("head", "taken"),
    [("AssetName,Username", False), ("AssetName,username", True), ("Name,Username", True)],
)
def test_who_works_on_a_machine_does_not_log_on_to_it(tmp_path: Path, head: str, taken: bool) -> None:
    """`Username` of Lansweeper and its like is the last user."""
    fleet = imported(tmp_path, f"{head}\nsrv01,bob\n")[1]
    assert ("bob" in fleet.credentials) is taken


@pytest.mark.parametrize("cell", ["?", "-", "n/a", "maybe"])
def test_a_cell_that_is_no_yes_lets_nothing_be_written(tmp_path: Path, cell: str) -> None:
    """A sign in its place is no yes either; it is told."""
    notes, fleet = imported(tmp_path, f"name,repin\nsrv01,{cell}\nsrv02,\n")
    assert [host.repin for host in fleet.hosts.values()] == ["forbid", "allow"]
    assert any("`repin` was read as `forbid`, to be safe" in note for note in notes)


def test_a_user_whom_no_host_knows_is_told(tmp_path: Path) -> None:
    """A table has no escapes: two backslashes are two."""
    notes, _ = imported(tmp_path, "name,username\nsrv01,CORP\\\\svc\n")
    assert any("`username` has two backslashes in a row" in note for note in notes)


def test_a_cell_full_of_blanks_is_read_at_once() -> None:
    """As long as a cell may be, it takes no more than a moment."""
    begun = time.process_time()
    with pytest.raises(ValueError, match="not a host name"):
        address_in("a" + " " * 100_000 + "b")
    assert time.process_time() - begun < 5
