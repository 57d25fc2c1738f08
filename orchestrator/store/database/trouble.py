"""The door where the drivers' errors stop: each becomes a `DatabaseError` with words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from orchestrator.store.database import foreign, pooler
from orchestrator.store.database.folder import free_bytes, trouble_of
from orchestrator.store.errors import DatabaseError, StoreError, StoreTrouble
from orchestrator.store.place import Place, PostgresPlace

# By the name's beginning, the more telling ones first: https://www.sqlite.org/rescode.html
_SQLITE = (
    ("SQLITE_FULL", StoreTrouble.FULL),
    ("SQLITE_READONLY", StoreTrouble.READ_ONLY),
    ("SQLITE_BUSY", StoreTrouble.LOCKED),
    ("SQLITE_LOCKED", StoreTrouble.LOCKED),
    ("SQLITE_CORRUPT", StoreTrouble.DAMAGED),
    ("SQLITE_IOERR", StoreTrouble.DISK),
    ("SQLITE_CANTOPEN", StoreTrouble.DENIED),
    ("SQLITE_PERM", StoreTrouble.DENIED),
    ("SQLITE_AUTH", StoreTrouble.DENIED),
)
# Python's own words for a text that is no UTF-8, and SQLite's for a schema of which a part is gone.
_SQLITE_SAID = (
    ("Could not decode to UTF-8", StoreTrouble.DAMAGED),
    ("no such table", StoreTrouble.DAMAGED),
    ("no such column", StoreTrouble.DAMAGED),
    ("no such index", StoreTrouble.DAMAGED),
)
# By SQLSTATE's beginning: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = (
    ("53100", StoreTrouble.FULL),
    ("25006", StoreTrouble.READ_ONLY),
    ("55P03", StoreTrouble.LOCKED),
    ("40P01", StoreTrouble.LOCKED),
    ("XX001", StoreTrouble.DAMAGED),
    ("XX002", StoreTrouble.DAMAGED),
    ("58030", StoreTrouble.DISK),
    ("42501", StoreTrouble.DENIED),
    ("28", StoreTrouble.LOGON),
    ("3D000", StoreTrouble.MISSING),
    ("3F000", StoreTrouble.MISSING),
    ("08", StoreTrouble.UNREACHABLE),
    ("57P", StoreTrouble.UNREACHABLE),
    ("53300", StoreTrouble.UNREACHABLE),
)
# A logon that fails carries no SQLSTATE out of libpq, only text; it is English unless the server was told
# otherwise.
_SAID = (
    ("password authentication failed", StoreTrouble.LOGON),
    ("no password supplied", StoreTrouble.LOGON),
    ("no pg_hba.conf entry", StoreTrouble.LOGON),
    ("does not exist", StoreTrouble.MISSING),
)


@contextmanager
def translated(place: Place) -> Iterator[None]:
    """Let StoreErrors through and turn every other error of a database or of the disk into one.

    An error about the values themselves (DataError, IntegrityError) comes out as it is: a bug, like all else.
    """
    try:
        yield
    except StoreError:
        raise
    except (
        UnicodeDecodeError
    ) as error:  # the driver's, of a text in the file: nothing that is stored is decoded
        raise _undecodable(place, error) from error
    except (DataError, IntegrityError):  # what was to be stored is wrong, not the database
        raise
    except DBAPIError as error:
        raise _known(place, error.orig or error) from error
    except sqlite3.Error as error:
        raise _known(place, error) from error
    except OSError as error:
        raise DatabaseError(place.shown, trouble_of(error), error.strerror or str(error)) from error


@contextmanager
def read_from(place: Place) -> Iterator[None]:
    """Do as `translated`, where nothing but reading is done: what makes no sense is damage, and told as that.

    What we wrote can be read back: no number that is none, no word that no list has, no JSON text cut off.
    """
    try:
        with translated(place):
            yield
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        detail = " ".join(f"{type(error).__name__}: {error}".split())[:_SHOWN]
        raise DatabaseError(
            place.shown, StoreTrouble.DAMAGED, f"what is stored cannot be read: {detail}"
        ) from error
    except (DataError, IntegrityError) as error:  # PostgreSQL's DataError: a text that is no number, say
        raise _known(place, error.orig or error) from error


def damaged(connection: Connection, place: Place) -> DatabaseError | None:
    """Look for damage in a database that refused a value, outside of a transaction; None where there is none.

    SQLite's own check reads the whole file. PostgreSQL has none, and looks after its indexes itself.
    """
    if isinstance(place, PostgresPlace):
        return None
    try:
        with translated(place), connection.begin():
            said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    except DatabaseError as error:
        return error
    return None if said == "ok" else DatabaseError(place.shown, StoreTrouble.DAMAGED, said)


_MAPPED = 32_768  # bytes that SQLite's shared memory grows by; a disk with less gives an "I/O error"
_SHOWN = 200  # characters of another program's words


def _undecodable(place: Place, error: UnicodeDecodeError) -> DatabaseError:
    return DatabaseError(place.shown, StoreTrouble.DAMAGED, f"a text in it is not UTF-8: {error.reason}")


def _known(place: Place, error: BaseException) -> StoreError:
    """Name what a driver's error means; nothing secret is in its text when this is done with it."""
    detail = " ".join(str(error).split())
    if isinstance(place, PostgresPlace):
        for secret in place.secrets:
            detail = detail.replace(secret, "***")
        if pooler.STATEMENTS in detail:
            return pooler.shared(place.shown, "statement")
        return DatabaseError(place.shown, _postgresql(error, detail), detail)
    name: str = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_NOTADB"):
        return foreign.refused(place.path)
    known = next((trouble for begin, trouble in _SQLITE if name.startswith(begin)), None)
    trouble = known or next(
        (trouble for begin, trouble in _SQLITE_SAID if detail.startswith(begin)), StoreTrouble.OTHER
    )
    free = free_bytes(place.path) if trouble is StoreTrouble.DISK else None
    if free is not None and free < _MAPPED:
        trouble = StoreTrouble.FULL
    return DatabaseError(place.shown, trouble, detail)


def _postgresql(error: BaseException, detail: str) -> StoreTrouble:
    state: str = getattr(error, "sqlstate", None) or ""
    for begin, trouble in _POSTGRESQL:
        if state.startswith(begin):
            return trouble
    if state:
        return StoreTrouble.OTHER
    # No SQLSTATE: the connection itself failed or broke.
    return next((trouble for said, trouble in _SAID if said in detail), StoreTrouble.UNREACHABLE)
