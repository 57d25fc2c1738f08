"""`fleetcheck firewall`."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.reading import Identity, Interface, Result, Source
from orchestrator.domain.record import HostRecord
from orchestrator.store.writer import Writer
from tests.cli.conftest import Scanned, fleetcheck
from tests.domain import build
from tests.domain.build import PRIMARY
from tests.report import samples


def test_rows_are_lines(scanned: Scanned) -> None:
    """Down a pipe each source, destination and port is a line; hosts without a reading are remarked."""
    ended = fleetcheck("firewall", "--db", str(scanned.database))
    assert ended.code == 0
    rows = [line.split("\t") for line in ended.out.splitlines()]
    assert ["203.0.113.10", "tcp/2147", "permit", "closed", "pin", "mad-mail-02", "madrid"] in [
        row[1:] for row in rows
    ]
    assert "hosts left out, since no reading says what they need: 3" in ended.err


def test_rows_are_csv(scanned: Scanned) -> None:
    """`--format csv` has a heading and as many cells in each row."""
    ended = fleetcheck("firewall", "--format", "csv", "--db", str(scanned.database))
    rows = list(csv.reader(io.StringIO(ended.out)))
    assert rows[0][:4] == ["source", "destination", "service", "action"]
    assert {len(row) for row in rows} == {8}


def test_rows_are_aerleons(scanned: Scanned) -> None:
    """`--format aerleon` is one mapping with definitions and policy."""
    ended = fleetcheck("firewall", "--format", "aerleon", "--db", str(scanned.database))
    assert list(json.loads(ended.out)) == ["filename", "networks", "services", "filters"]


def test_rows_are_drawn_or_one_document(scanned: Scanned) -> None:
    """`--table` folds them by site, `--json` has all."""
    assert "madrid" in fleetcheck("firewall", "--table", "--db", str(scanned.database)).out
    content = json.loads(fleetcheck("firewall", "--json", "--db", str(scanned.database)).out)
    assert sorted(content["unknown"]) == ["ber-file-03", "lyo-web-01", "mad-db-01"]


@pytest.mark.parametrize("other", ["--json", "--table"])
def test_two_ways_at_once_are_a_usage_error(scanned: Scanned, other: str) -> None:
    """`--format` with `--json` or `--table` is exit code 2."""
    ended = fleetcheck("firewall", "--format", "csv", other, "--db", str(scanned.database))
    assert (ended.code, ended.out) == (2, "")


@pytest.fixture
def with_subnets(scanned: Scanned, tmp_path: Path) -> str:
    """Name subnets for every host, all of which lie in some 10.1x network; the inventory's path."""
    text = scanned.inventory.read_text(encoding="utf-8").replace(
        "defaults:\n", "defaults:\n  subnets: [10.10.0.0/15, 10.12.0.0/15]\n"
    )
    path = scanned.inventory.with_name(f"subnets-{tmp_path.name}.yaml")  # beside the CA and the secrets
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_rows_are_merged_by_subnet(scanned: Scanned, with_subnets: str) -> None:
    """`--collapse` gives a row per subnet with how many hosts it covers, in every form."""
    options = ("firewall", "--collapse", "-i", with_subnets, "--db", str(scanned.database))
    rows = [line.split("\t") for line in fleetcheck(*options).out.splitlines()]
    permitted = [row for row in rows if row[1:4] == ["203.0.113.10", "tcp/2147", "permit"]]
    assert {row[0] for row in permitted} <= {"10.10.0.0/15", "10.12.0.0/15"}
    assert sum(int(row[6]) for row in permitted) == len(
        {name for row in permitted for name in row[7].split()}
    )
    head = next(csv.reader(io.StringIO(fleetcheck(*options, "--format", "csv").out)))
    assert head[6:] == ["hosts", "names", "sites"]
    assert json.loads(fleetcheck(*options, "--json").out)["fleetcheck"]["document"] == "firewall-merged"
    assert "/15" in fleetcheck(*options, "--format", "aerleon").out
    assert "10.10.0.0/15" in fleetcheck(*options, "--table").out


def test_unblock_tells_hosts_apart_by_subnet(scanned: Scanned, with_subnets: str) -> None:
    """The subnet stands behind the site."""
    ended = fleetcheck("unblock", "-i", with_subnets, "--db", str(scanned.database), "--table")
    assert re.search(r"madrid 10\.1[02]\.0\.0/15, 1 host: mad-mail-02", ended.out)


def test_collapsing_needs_subnets(scanned: Scanned) -> None:
    """Without an inventory, or with one that names none, nothing is guessed: exit code 1,
    and what to write.
    """
    database = ("--db", str(scanned.database))
    alone = fleetcheck("firewall", "--collapse", *database)
    assert (alone.code, alone.out) == (1, "")
    assert "--collapse needs an inventory that names subnets" in alone.err
    none = fleetcheck("firewall", "--collapse", "-i", str(scanned.inventory), *database)
    assert (none.code, none.out) == (1, "")
    assert "Say `subnets: [10.1.0.0/16]` in a group" in none.err


def test_what_a_host_may_need_is_held_back_and_named(scanned: Scanned) -> None:
    """The split host of Madrid holds rows there: in no list and no file, but counted,
    and named in the document.
    """
    database = ("--db", str(scanned.database))
    content = json.loads(fleetcheck("firewall", "--json", *database).out)
    assert {each["site"] for each in content["held_back"]} >= {"madrid"}
    madrid = [each for each in content["held_back"] if each["site"] == "madrid"]
    assert {holder["host"] for each in madrid for holder in each["held_by"]} >= {"mad-db-01"}
    held = {(row, each["destination"], each["port"]) for each in madrid for row in each["hosts"]}
    for form in ([], ["--format", "csv"]):
        ended = fleetcheck("firewall", *form, *database)
        said = csv.reader(io.StringIO(ended.out), delimiter="," if form else "\t")
        removed = {(row[6], row[1], int(row[2].removeprefix("tcp/"))) for row in said if row[3] == "remove"}
        assert removed.isdisjoint(held)
        assert re.search(
            r"rows to remove held back, since a host may need them: \d+ \(.*mad-db-01", ended.err
        )
    assert "mad-db-01 (the pin of one registry view)" in fleetcheck("firewall", "--table", *database).out


def test_hosts_that_are_no_more_are_set_aside(scanned: Scanned) -> None:
    """`--set-aside` takes names and globs, with an inventory or without; the output says whom,
    an unknown name is an error.
    """
    database = ("--db", str(scanned.database))
    for inventory in ((), ("-i", str(scanned.inventory))):
        options = ("firewall", "--set-aside", "mad-db-01", "--set-aside", "lyo-*", *inventory, *database)
        content = json.loads(fleetcheck(*options, "--json").out)
        assert content["set_aside"] == ["lyo-mail-02", "lyo-web-01", "mad-db-01"]
        assert content["unknown"] == ["ber-file-03"]
        assert "mad-db-01" not in json.dumps([content["rows"], content["held_back"]])
        assert "hosts set aside: 3 (lyo-mail-02, lyo-web-01, mad-db-01)" in fleetcheck(*options).err
    ended = fleetcheck("firewall", "--set-aside", "mad-db-02", *database)
    assert (ended.code, ended.out) == (2, "")
    assert "mad-db-01" in ended.err


def _told(name: str, *said: str, dialled: str, registry: str = PRIMARY) -> HostRecord:
    """Make a host's record: pinned to 2147, its registry's gateway,
    and a tunnel to the inventory's on 443.
    """
    at = build.target("primary", registry, source=Source.REGISTRY)
    found = build.reading(
        [build.view(64, build.dword("PrimaryTunnelPort", 2147))],
        targets=[at, build.target("primary", decides=False)],
        attempts=[build.attempt(at, port, Result.CONNECTED) for port in build.PORTS],
        connections=[build.live(PRIMARY, 443)],
        identity=Identity(computer=name, interfaces=(Interface(name="lan", addresses=said),)),
    )
    trace = replace(build.TRACE, dialled=dialled)
    return build.record(name, found, product=build.profile("primary"), trace=trace)


@pytest.fixture
def lied_to(tmp_path: Path) -> Path:
    """Store a scan of an honest host, of one whose registry is old, and of a liar; the database's path."""
    records = [
        _told("honest", "10.1.1.1", dialled="10.1.1.1"),
        _told("old", "10.1.1.2", dialled="10.1.1.2", registry="203.0.113.99"),
        _told("liar", "10.1.1.1", "10.6.6.6", PRIMARY, dialled="10.6.6.6", registry="198.51.100.66"),
    ]
    writer = Writer.open(f"sqlite:///{tmp_path / 'lied.db'}", command="test", user="ann")
    number = asyncio.run(
        writer.begin_scan(replace(samples.scan(), id=None, hosts=tuple(record.host for record in records)))
    )

    async def put() -> None:
        await asyncio.gather(*(writer.put(number, record) for record in records))

    asyncio.run(put())
    writer.close()
    return tmp_path / "lied.db"


def test_a_host_speaks_only_for_itself_in_every_file(lied_to: Path) -> None:
    """No file has a row from another's address, from a gateway's, or to one that a registry alone names;
    tunnels go to theirs.
    """
    database = ("--db", str(lied_to))
    lines = [line.split("\t") for line in fleetcheck("firewall", *database).out.splitlines()]
    permitted = {(row[6], row[0], row[1], row[2]) for row in lines if row[3] == "permit"}
    assert permitted == {
        ("honest", "10.1.1.1", PRIMARY, "tcp/2147"),
        ("honest", "10.1.1.1", PRIMARY, "tcp/443"),
        ("old", "10.1.1.2", PRIMARY, "tcp/443"),
        ("liar", "10.6.6.6", PRIMARY, "tcp/443"),
    }
    ended = fleetcheck("firewall", "--format", "aerleon", *database)
    assert re.search(r"198\.51\.100\.66|203\.0\.113\.99", ended.out) is None
    assert "rows left out, since the source is the address at which another host answers: " in ended.err
    marked = json.loads(fleetcheck("firewall", "--json", *database).out)["marked"]
    assert {(row["host"], row["mark"]) for row in marked} == {
        ("liar", "claimed"),
        ("liar", "gateway"),
        ("liar", "destination"),
        ("old", "destination"),
    }
