"""Where the database is: what the user named, or the state folder. Imports no driver and no SQL."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from orchestrator.store.errors import DriverMissingError, PlaceError

ENVIRONMENT = "FLEETCHECK_DB"
FILE_NAME = "fleetcheck.db"
_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_SLIP = re.compile(
    r"postgres(ql)?(\+\w+)?:", re.IGNORECASE
)  # as a file's name it would be shown, password and all
_PATH = re.compile(r"(\.{0,2}|~[^/:@]*)/(?!/)|[A-Za-z]:[\\/](?!/)|[^:@]*\Z")  # what nobody can mean as a URL
_LOGON = re.compile(r"[^/\s:@]*:[^/]*@")  # user:password@
# As libpq and other drivers spell them, whatever their case:
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_SECRET_KEY = re.compile(
    r"pass|\w*(password|passwd|passphrase|pwd)|.*secret|.*token|scram_\w+_key", re.IGNORECASE
)
_KEYWORDS = re.compile(
    r"(host(addr)?|port|dbname|database|user|uid|username|server|service|sslmode|connect_timeout|options|driver)\s*=",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(r"(?:^|[\s;?&,'\"(])([A-Za-z_]+)\s*=")
_SQLITE_URI = re.compile(r"file:|:memory:\Z", re.IGNORECASE)
_EXPECTED = "Expected the path of a file, or postgresql://user@server/name."


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    """A file, by its absolute path."""

    path: Path

    @property
    def shown(self) -> str:
        """The place as messages name it."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A database on a server. `url` holds the password and stays out of messages; `shown` does not."""

    url: str

    @property
    def shown(self) -> str:
        """The place as the user writes it: without the driver's name, the password as `***`."""
        return hide(self.url).replace("postgresql+psycopg://", "postgresql://", 1)

    def __repr__(self) -> str:
        """Show no password."""
        return f"PostgresPlace({self.shown!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in a message, as written in the URL and as sent."""
        parts = urlsplit(self.url)
        written = [parts.password or ""]
        written += [value for key, value in parse_qsl(parts.query) if is_secret(key)]
        return tuple({text for secret in written if secret for text in (secret, unquote(secret))})


Place = SqlitePlace | PostgresPlace


def default_folder() -> Path:
    """Return the user's state folder for fleetcheck; it need not exist."""
    from platformdirs import user_state_path  # only a command that stores or reads needs it

    return user_state_path("fleetcheck", appauthor=False)


def database_url(option: str | None, environ: Mapping[str, str], *, folder: Path | None = None) -> str:
    """Return the URL of the database: `option` (`--db`), else FLEETCHECK_DB, else a file in the state folder.

    A path becomes absolute, from `folder` (None: the current one) on; `~` is the home folder,
    `postgresql://` becomes `postgresql+psycopg://`. Raises PlaceError for what is neither path nor URL,
    DriverMissingError where PostgreSQL's driver is not installed.
    """
    named = option if option is not None else environ.get(ENVIRONMENT) or str(default_folder() / FILE_NAME)
    if not named.strip() or "\0" in named:
        raise PlaceError(repr(named), "this names no file", _EXPECTED)
    place = parse(named, folder)
    if isinstance(place, SqlitePlace):
        return f"{_SQLITE}{place.path}"
    if importlib.util.find_spec("psycopg") is None:
        raise DriverMissingError(place.shown, "psycopg", "it is not installed")
    return place.url


def is_secret(key: str) -> bool:
    """Say whether a key of a URL or of a keyword string holds a secret, in whatever case it is written."""
    return _SECRET_KEY.fullmatch(key) is not None


def parse(named: str, folder: Path | None = None) -> Place:
    """Turn a path or URL into a place. Raises PlaceError for another kind of URL, or one not well-formed.

    What may be a URL or a keyword string with a slip in it is refused: as a file's name it would be shown.
    """
    url = named.strip()
    scheme, separator, rest = url.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        _refuse_slips(url)
        return SqlitePlace(_absolute(named, folder))
    if scheme == "sqlite":
        _refuse_slips(rest.removeprefix("/"))
        return SqlitePlace(_absolute(rest.removeprefix("/"), folder))
    if scheme.lower() not in _POSTGRESQL:
        raise PlaceError(hide(url), f"{scheme}:// is not known", _EXPECTED)
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is none
    except ValueError as error:
        raise PlaceError(hide(url), f"this is no URL ({_cause(error)})", _EXPECTED) from None
    if parts.netloc.count("@") > 1:
        # The driver would take the end of the password for the server's name, and show it.
        raise PlaceError(hide(url), "its user or password holds a `@` as it is; write it as %40", _EXPECTED)
    if not parts.path.strip("/") and "dbname" not in parts.query:
        raise PlaceError(hide(url), "the URL names no database", _EXPECTED)
    if any(is_secret(key) and key != key.lower() for key, _ in parse_qsl(parts.query)):
        raise PlaceError(hide(url), "the driver knows its keys in small letters only: password", _EXPECTED)
    return PostgresPlace(f"postgresql+psycopg://{rest}")  # urlunsplit drops the // of a URL without a server


def as_typed(word: str) -> str:
    """Return a word of a command line as it may be stored and shown: a URL with `***`,
    a keyword string not.
    """
    if "://" in word:
        return hide(word)
    return "***" if any(is_secret(key) for key in _ASSIGNED.findall(word)) else word


def _refuse_slips(named: str) -> None:
    """Raise PlaceError, without a word of it, for what nobody means as a path, and may hold a password."""
    if _SLIP.match(named):
        raise PlaceError("postgresql:***", "this is no URL (`//` does not follow the colon)", _EXPECTED)
    if any(is_secret(key) for key in _ASSIGNED.findall(named)):
        reason = "it has a password in it (it is not shown), and no file is named with one"
        raise PlaceError("***", reason, _EXPECTED)
    if _KEYWORDS.match(named):
        reason = "this is a keyword string (it is not shown)"
        advice = "Write it as a URL: postgresql://user@server/name. A file that is called so: ./NAME"
        raise PlaceError("***", reason, advice)
    if _SQLITE_URI.match(named):
        raise PlaceError(
            named, "this is a word of SQLite's for another kind of place, and no path", _EXPECTED
        )
    if not _PATH.match(named) and ("://" in named or _LOGON.search(named)):
        raise PlaceError(
            "***", "this looks like a URL with a logon, and is none (it is not shown)", _EXPECTED
        )


def hide(url: str) -> str:
    """Return the URL with every password replaced by `***`; of what cannot be read as one, the scheme only.

    A `/`, `?` or `#` in a password that was not percent-encoded splits the URL inside the password.
    """
    nothing = f"{url.partition('://')[0]}://***"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return nothing
    if "@" in parts.path + parts.query + parts.fragment:
        return nothing
    user, at, server = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    query = urlencode([(k, "***" if is_secret(k) else v) for k, v in parse_qsl(parts.query)], safe="*")
    place = f"{name}{colon}{'***' if colon else ''}{at}{server}{parts.path}"
    return f"{parts.scheme}://{place}{'?' if query else ''}{query}"


def _absolute(named: str, folder: Path | None) -> Path:
    path = Path(named)
    with suppress(RuntimeError):  # `~` of a user that does not exist: a file of this name, then
        path = path.expanduser()
    return Path.cwd() / (folder or Path()) / path


def _cause(error: ValueError) -> str:
    """Say what is wrong with a URL, without the piece of it that may be a password."""
    return "its port is no number" if "port" in str(error).lower() else "its address is not well-formed"
