"""The views for dashboards and notebooks: one list, from which every upgrade makes them anew as its last act.

A view holds plain columns only: names from the inventory, words of fixed lists, numbers, times. Nothing is
cut out of a document, and no free text of a host is shown: on PostgreSQL one stored U+0000 makes such a cast
fail for every row.

`migrations/env.py` calls `drop` before the first step and `make` after the last, so a step may change or
rebuild any table: SQLite refuses to rename a table while a view names one that is gone, PostgreSQL to change
a column under a view.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, text

from orchestrator.store.database import schema
from orchestrator.store.database.view_list import FIRST, VIEWS
from orchestrator.store.errors import ViewsInTheWayError

NAMES = tuple(view.name for view in VIEWS)

_GRANTS = """
SELECT class.relname, coalesce(quote_ident(role.rolname), 'PUBLIC') AS grantee, entry.is_grantable
FROM pg_class AS class
CROSS JOIN LATERAL aclexplode(class.relacl) AS entry
LEFT JOIN pg_roles AS role ON role.oid = entry.grantee
WHERE class.relkind = 'v' AND class.relname IN :names AND class.relowner <> entry.grantee
  AND class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
  AND entry.privilege_type = 'SELECT'
ORDER BY 1, 2
"""
_STANDING_ON_OURS = """
SELECT DISTINCT other.relname
FROM pg_class AS class
JOIN pg_depend AS needs ON needs.refobjid = class.oid AND needs.refclassid = 'pg_class'\\:\\:regclass
JOIN pg_rewrite AS rule ON rule.oid = needs.objid AND needs.classid = 'pg_rewrite'\\:\\:regclass
JOIN pg_class AS other ON other.oid = rule.ev_class
WHERE class.relkind = 'v' AND class.relname IN :names AND other.relname NOT IN :names
  AND class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
ORDER BY 1
"""
_TAKEN = {
    "postgresql": (
        "SELECT relname FROM pg_class WHERE relname IN :names"
        " AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) ORDER BY 1"
    ),
    "sqlite": "SELECT name FROM sqlite_master WHERE name IN :names ORDER BY 1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What `make` puts back: the right of others to read ours, and on SQLite their own views, as SQL."""

    statements: Sequence[str] = ()


def drop(using: Connection, revision: str | None) -> Kept:
    """Drop our views from a database at `revision` (None: an empty one), and keep what others had with them.

    On SQLite other views are dropped too, to be made again: a table under them could not be rebuilt. Raises
    ViewsInTheWayError where something else has the name of one of ours, and where somebody's view on
    PostgreSQL stands on one of ours: it would go with it.
    """
    if not _had(revision):
        _refuse("has the name of one of fleetcheck's views", _named(using, _TAKEN[using.dialect.name]))
    if using.dialect.name == "sqlite":
        return _drop_every(using)
    if not _had(revision):
        return Kept()
    _refuse("stands on fleetcheck's own views, which an upgrade makes anew", _named(using, _STANDING_ON_OURS))
    kept = Kept(statements=[*_grants(using)])
    for name in reversed(NAMES):
        using.execute(text(f"DROP VIEW IF EXISTS {name}"))
    return kept


def make(using: Connection, revision: str | None, kept: Kept) -> None:
    """Make the views in a database that is at `revision` now, where that has the tables for them; put back
    what was kept.
    """
    if _had(revision):
        for view in VIEWS:
            using.execute(text(view.statement))
    for statement in kept.statements:
        using.execute(text(statement.replace(":", r"\:")))


def _drop_every(using: Connection) -> Kept:
    every = using.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'view'").all()
    for name, _ in every:
        using.exec_driver_sql('DROP VIEW "{}"'.format(name.replace('"', '""')))
    return Kept(statements=[sql for name, sql in every if name not in NAMES])


def _refuse(what: str, found: Sequence[str]) -> None:
    if found:
        raise ViewsInTheWayError(what, found)


def _had(revision: str | None) -> bool:
    """Whether a database at this revision has our views; one that is unknown here is a newer one."""
    if revision is None or revision not in schema.REVISIONS:
        return revision is not None
    return schema.REVISIONS.index(revision) >= schema.REVISIONS.index(FIRST)


def _named(using: Connection, query: str) -> list[str]:
    wanted = text(query).bindparams(bindparam("names", expanding=True))
    return list(using.execute(wanted, {"names": NAMES}).scalars())


def _grants(using: Connection) -> Iterator[str]:
    wanted = text(_GRANTS).bindparams(bindparam("names", expanding=True))
    for name, grantee, further in using.execute(wanted, {"names": NAMES}):
        yield f"GRANT SELECT ON {name} TO {grantee}{' WITH GRANT OPTION' if further else ''}"
