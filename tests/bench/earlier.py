"""Fleetcheck of an earlier commit beside the one at hand, and one fleet's results in a database of each.

The earlier program makes an empty database in its own schema, and gets the rows in the columns that it
knows. The one at hand gets a copy of that and migrates it, as a user's is.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from orchestrator.store.reader import Reader

ROOT = Path(__file__).parents[2]
_TABLES = ("document", "registry_value", "gist", "scan", "host_result", "attempt", "connection")
_EMPTY = """
import sys
from orchestrator.store.writer import Writer
Writer.open(sys.argv[1], command="bench", user="bench").close()
"""


def program(commit: str, folder: Path) -> Path:
    """Put a commit's program into a folder and return it: what PYTHONPATH has to name."""
    wanted = ("inventory", "migrations", "orchestrator")
    packed = subprocess.run(
        ["git", "archive", "--format=tar", commit, *wanted], cwd=ROOT, check=True, capture_output=True
    )
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
    return folder


def environment(program: Path) -> dict[str, str]:
    """Return the environment that runs a program: no settings of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLEETCHECK_")}
    return kept | {"PYTHONPATH": str(program), "COLUMNS": "80"}


def empty(program: Path, url: str) -> None:
    """Let a program make its database."""
    subprocess.run([sys.executable, "-c", _EMPTY, url], cwd=program, env=environment(program), check=True)


def both(source: Path, program: Path, old: Path, new: Path) -> None:
    """Give the rows of `source` to an SQLite database of `program`, and a migrated copy of that to ours."""
    empty(program, f"sqlite:///{old}")
    with closing(sqlite3.connect(old)) as using:
        using.execute("ATTACH ? AS source", (str(source),))
        for table, columns in _shared(using):
            using.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM source.{table}")  # noqa: S608  # names from above
        using.commit()
        using.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        using.execute("PRAGMA journal_mode = WAL").close()
    shutil.copy(old, new)
    Reader.open(f"sqlite:///{new}").close()


def both_on_server(source: Path, program: Path, server: str, old: str, new: str) -> tuple[str, str]:
    """Do the same on a PostgreSQL server, in databases of these names, made anew; return their URLs."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as using:
        for name in (old, new):
            using.execute(f'DROP DATABASE IF EXISTS "{name}"')  # type: ignore[call-overload]  # names from above
        using.execute(f'CREATE DATABASE "{old}"')  # type: ignore[call-overload]
    urls = tuple(server.rpartition("/")[0] + f"/{name}" for name in (old, new))
    empty(program, urls[0])
    with closing(sqlite3.connect(source)) as rows, psycopg.connect(urls[0]) as into:
        _copied(rows, into)
    with psycopg.connect(urls[0], autocommit=True) as using:
        using.execute("ANALYZE")
    with psycopg.connect(server, autocommit=True) as using:
        using.execute(f'CREATE DATABASE "{new}" TEMPLATE "{old}"')  # type: ignore[call-overload]
    Reader.open(urls[1]).close()
    return urls[0], urls[1]


def _shared(using: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield each table with the columns that both databases have."""
    for table in _TABLES:
        own, source = (
            [row[1] for row in using.execute(f"PRAGMA {schema}.table_info({table})")]
            for schema in ("main", "source")
        )
        yield table, ", ".join(f'"{column}"' for column in own if column in source)


def _copied(rows: sqlite3.Connection, into: object) -> None:
    """Copy all tables, in the types that the server's columns have."""
    for table in _TABLES:
        with into.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s",
                (table,),
            )
            kinds = dict(cursor.fetchall())
            known = [row[1] for row in rows.execute(f"PRAGMA table_info({table})") if row[1] in kinds]
            names = ", ".join(f'"{name}"' for name in known)
            truths = [place for place, name in enumerate(known) if kinds[name] == "boolean"]
            times = [place for place, name in enumerate(known) if kinds[name].startswith("timestamp")]
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows.execute(f"SELECT {names} FROM {table}"):  # noqa: S608  # names from above
                    cells = list(row)
                    for place in truths:
                        cells[place] = bool(cells[place])
                    for place in times:
                        cells[place] = cells[place] and f"{cells[place]}+00"
                    copy.write_row(cells)
    into.commit()  # type: ignore[attr-defined]
