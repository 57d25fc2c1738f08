"""Facts of docs/developers/field-notes.md, seen on the real tool: where one of these fails,
what rests on it has to be looked at.
"""

from __future__ import annotations

import io
import sqlite3
import ssl
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from rich.console import Console


def test_rich_reads_some_bracketed_addresses_as_markup() -> None:
    """A tag begins with a letter: `[fd00::1]` goes, `[2001:db8::1]` stays; without markup both stay."""
    said = "to [fd00::1] and [2001:db8::1]"
    shown = {}
    for markup in (True, False):
        Console(file=(into := io.StringIO()), width=80, markup=markup, highlight=False).print(said)
        shown[markup] = into.getvalue().strip()
    assert shown == {True: "to  and [2001:db8::1]", False: said}


def test_alembics_batch_drops_triggers_and_autoincrement() -> None:
    """SQLite's table is made anew from what was reflected, and neither is."""
    with sa.create_engine("sqlite://").connect() as using:
        using.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)")
        using.exec_driver_sql("CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'no'); END")
        with Operations(MigrationContext.configure(using)).batch_alter_table("t") as batch:
            batch.alter_column("a", new_column_name="b")
        left = {
            name: sql for _, name, sql in using.exec_driver_sql("SELECT type, name, sql FROM sqlite_master")
        }
    assert "g" not in left
    assert "AUTOINCREMENT" not in left["t"]


def test_executemany_of_psycopg_keeps_nothing_where_a_loop_keeps_two(postgresql_server: str) -> None:
    """Also with autocommit: it is one implicit transaction, a pipeline."""
    import psycopg

    with psycopg.connect(postgresql_server, autocommit=True) as using:
        using.execute("CREATE TEMPORARY TABLE kept (n integer PRIMARY KEY)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            using.cursor().executemany("INSERT INTO kept VALUES (%s)", [(1,), (2,), (1,)])
        assert using.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        for number in (1, 2):
            using.execute("INSERT INTO kept VALUES (%s)", [number])
        with pytest.raises(psycopg.errors.UniqueViolation):
            using.execute("INSERT INTO kept VALUES (1)")
        assert using.execute("SELECT count(*) FROM kept").fetchone() == (2,)


def test_sqlites_executemany_keeps_what_came_before_the_mistake() -> None:
    """The same call on the other database: two rows are there until somebody rolls back."""
    with sqlite3.connect(":memory:", isolation_level=None) as using:
        using.execute("CREATE TABLE kept (n INTEGER PRIMARY KEY)")
        with pytest.raises(sqlite3.IntegrityError):
            using.executemany("INSERT INTO kept VALUES (?)", [(1,), (2,), (1,)])
        assert using.execute("SELECT count(*) FROM kept").fetchone() == (2,)


def test_a_reason_of_ssl_is_a_name() -> None:
    """`reason` is OpenSSL's name with underscores, and not the text that its own tools print."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="web1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    incoming.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ssl.SSLError) as caught:
        client.do_handshake()
    assert caught.value.reason in {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}


@pytest.fixture
def postgresql_server() -> str:
    """Return the tests' server as psycopg takes it, or skip."""
    import os

    server = os.environ.get("FLEETCHECK_TEST_PG_URL")
    if not server:
        pytest.skip("FLEETCHECK_TEST_PG_URL names no PostgreSQL database")
    return server.replace("postgresql+psycopg://", "postgresql://")


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    """Return the real loader of inventories, or skip where ansible-core is not installed."""
    pytest.importorskip("ansible", reason="ansible-core is not installed: pip install '.[test]'")
    return Ansible(tmp_path)


class Ansible:
    """Loads INI inventories as `ansible-inventory` does."""

    def __init__(self, folder: Path) -> None:
        """Write the files to `folder`."""
        self.folder = folder

    def load(self, text: str, limit: str = "") -> tuple[dict[str, dict[str, object]], dict[str, object]]:
        """Return the chosen hosts with their variables,
        and those of the group `w`. `limit` is a limit file's text.
        """
        from ansible.inventory.manager import InventoryManager
        from ansible.parsing.dataloader import DataLoader

        path, chosen = self.folder / "hosts.ini", self.folder / "limit"
        path.write_text(text, "utf-8")
        manager = InventoryManager(loader=DataLoader(), sources=[str(path)])
        if limit:
            chosen.write_text(limit, "utf-8")
            manager.subset(f"@{chosen}")
        hosts = {host.name: dict(host.vars) for host in manager.get_hosts()}
        return hosts, dict(manager.groups["w"].vars) if "w" in manager.groups else {}


def test_ansible_takes_a_blank_limit_file_for_every_host(ansible: Ansible) -> None:
    """A file that was to name the failed hosts, and names none, selects the fleet."""
    assert list(ansible.load("[w]\nweb1\nweb2\n", limit="\n")[0]) == ["web1", "web2"]


def test_a_windows_account_has_three_readings_in_an_ini_inventory(ansible: Ansible) -> None:
    r"""On a host's line bare backslashes are read twice, quoted ones stay;
    under `:vars` it is the other way round.
    """
    lines = (
        "[w]",
        r"bare user=CORP\\svc u=1",
        r"single user=CORP\svc u=1",
        r"quoted user='CORP\\svc' u=1",
        "[w:vars]",
        r"bare=CORP\\svc",
        r"quoted='CORP\\svc'",
    )
    hosts, group = ansible.load("\n".join(lines))
    assert {name: found["user"] for name, found in hosts.items()} == {
        "bare": r"CORP\svc",
        "single": "CORPsvc",
        "quoted": r"CORP\\svc",
    }
    assert group == {"bare": r"CORP\\svc", "quoted": r"CORP\svc"}


def test_ansible_keeps_what_stands_above_a_mistake(ansible: Ansible) -> None:
    """The mistake is a warning; beside a file that is right, the hosts above it are part of `all`."""
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader

    folder = ansible.folder / "inventory"
    folder.mkdir()
    (folder / "a-broken").write_text("[w]\nweb1\n[w:nonsense]\nweb2\n", "utf-8")
    (folder / "b-right").write_text("[v]\ndb1\n", "utf-8")
    manager = InventoryManager(loader=DataLoader(), sources=[str(folder)])
    assert sorted(host.name for host in manager.get_hosts()) == ["db1", "web1"]


def test_psrpcore_writes_a_tuple_as_an_object_without_content() -> None:
    """Numbers for a script have to be a list; a tuple of them arrives as nothing, and no error is raised."""
    from psrpcore._crypto import PSRemotingCrypto
    from psrpcore.types import serialize

    written = {
        type(value): [part.text for part in serialize(value, PSRemotingCrypto()).iter("I32")]
        for value in ([443, 2147], (443, 2147))
    }
    assert written == {list: ["443", "2147"], tuple: []}
