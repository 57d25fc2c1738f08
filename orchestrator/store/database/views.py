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
from typing import Any

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
_COLUMN_GRANTS = """
SELECT class.relname, quote_ident(attribute.attname) AS attname,
  coalesce(quote_ident(role.rolname), 'PUBLIC') AS grantee, entry.is_grantable
FROM pg_class AS class
JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid AND NOT attribute.attisdropped
CROSS JOIN LATERAL aclexplode(attribute.attacl) AS entry
LEFT JOIN pg_roles AS role ON role.oid = entry.grantee
WHERE class.relkind = 'v' AND class.relname IN :names AND class.relowner <> entry.grantee
  AND class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
  AND entry.privilege_type = 'SELECT'
ORDER BY 1, 2, 3
"""
_SETTINGS = """
SELECT relname, array_to_string(reloptions, ', ')
FROM pg_class
WHERE relkind = 'v' AND relname IN :names AND reloptions IS NOT NULL
  AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
ORDER BY 1
"""
_HANGING_ON_OURS = """
SELECT other.name
FROM pg_class AS class
JOIN (
  SELECT tgrelid AS of, tgname AS name FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT ev_class, rulename FROM pg_rewrite WHERE rulename <> '_RETURN'
) AS other ON other.of = class.oid
WHERE class.relkind = 'v' AND class.relname IN :names
  AND class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
ORDER BY 1
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
_GRANTABLE = " WITH GRANT OPTION"
_TAKEN = {
    "postgresql": (
        "SELECT relname FROM pg_class WHERE relname IN :names"
        " AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) ORDER BY 1"
    ),
    "sqlite": "SELECT name FROM sqlite_master WHERE name IN :names ORDER BY 1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What `make` puts back, as SQL: on SQLite other views and their triggers; `on_ours` has what hung on our
    own views: triggers there, on PostgreSQL the right of others to read them, and their settings.
    """

    statements: Sequence[str] = ()
    on_ours: Sequence[str] = ()


def drop(using: Connection, revision: str | None) -> Kept:
    """Drop our views from a database at `revision` (None: an empty one), and keep what others had with them.

    On SQLite other views are dropped too, to be made again: a table under them could not be rebuilt. Raises
    ViewsInTheWayError where something else has the name of one of ours, and where somebody's view, trigger or
    rule on PostgreSQL is made on one of ours: it would go with it.
    """
    if not _had(revision):
        _refuse("has the name of one of fleetcheck's views", _named(using, _TAKEN[using.dialect.name]))
    if using.dialect.name == "sqlite":
        return _drop_every(using)
    if not _had(revision):
        return Kept()
    _refuse("stands on fleetcheck's own views, which an upgrade makes anew", _named(using, _STANDING_ON_OURS))
    _refuse("is a trigger or rule on fleetcheck's own views", _named(using, _HANGING_ON_OURS))
    kept = Kept(on_ours=[*_settings(using), *_grants(using)])
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
    for statement in (*kept.statements, *(kept.on_ours if _had(revision) else ())):
        using.execute(text(statement.replace(":", r"\:")))


def _drop_every(using: Connection) -> Kept:
    every = using.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'view'").all()
    triggers = using.exec_driver_sql(
        "SELECT lower(tbl_name), sql FROM sqlite_master WHERE type = 'trigger'"  # the name is as it was typed
        " AND lower(tbl_name) IN (SELECT lower(name) FROM sqlite_master WHERE type = 'view')"
    ).all()  # they go with their views
    for name, _ in every:
        using.exec_driver_sql('DROP VIEW "{}"'.format(name.replace('"', '""')))
    return Kept(
        statements=[sql for name, sql in (*every, *triggers) if name not in NAMES],
        on_ours=[sql for name, sql in triggers if name in NAMES],
    )


def _refuse(what: str, found: Sequence[str]) -> None:
    if found:
        raise ViewsInTheWayError(what, found)


def _had(revision: str | None) -> bool:
    """Whether a database at this revision has our views; one that is unknown here is a newer one."""
    if revision is None or revision not in schema.REVISIONS:
        return revision is not None
    return schema.REVISIONS.index(revision) >= schema.REVISIONS.index(FIRST)


def _named(using: Connection, query: str) -> list[str]:
    return [row[0] for row in _rows(using, query)]


def _rows(using: Connection, query: str) -> Sequence[Any]:
    wanted = text(query).bindparams(bindparam("names", expanding=True))
    return using.execute(wanted, {"names": NAMES}).all()


def _settings(using: Connection) -> Iterator[str]:
    """Yield what brings back the views' own settings: `security_invoker`, for one, holds a reader back."""
    for name, settings in _rows(using, _SETTINGS):
        yield f"ALTER VIEW {name} SET ({settings})"


def _grants(using: Connection) -> Iterator[str]:
    """Yield what gives the right to read back: to whole views, and to columns that there still are."""
    for name, grantee, further in _rows(using, _GRANTS):
        yield f"GRANT SELECT ON {name} TO {grantee}{_GRANTABLE if further else ''}"
    columns = {(view.name, column.name) for view in VIEWS for column in view.columns}
    for name, column, grantee, further in _rows(using, _COLUMN_GRANTS):
        if (name, column) in columns:
            yield f"GRANT SELECT ({column}) ON {name} TO {grantee}{_GRANTABLE if further else ''}"
