"""A database opened beside the program: rows asked for, steps run by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.config import Config
from sqlalchemy import Connection, text

from orchestrator.store.database import engine, schema
from orchestrator.store.place import parse


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Open a database to write, and commit at the end."""
    source = engine.writing(parse(url))
    with source.connect() as connection, connection.begin():
        yield connection
    source.dispose()


def config(connection: Connection) -> Config:
    """Return settings for Alembic: the program's own steps and this connection."""
    made = Config()
    made.set_main_option("script_location", str(schema.scripts()))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def rows(url: str, query: str) -> list[dict[str, Any]]:
    """Ask the database."""
    with connected(url) as connection:
        return [dict(row._mapping) for row in connection.execute(text(query))]
